#include <fmt/format.h>

#include <set>

#include "apps/commands.h"
#include "apps/validate_talk.h"
#include "core/json.h"
#include "models/power.h"
#include "models/validation.h"

namespace tessera::apps {

namespace {

using models::Accuracy;
using models::ErrorSummary;
using models::Part;

/// What `validate` compares: the designs with our estimates and those of the baselines.
struct Comparison {
    std::vector<models::PublishedDesign> designs;
    models::Estimates ours;
    std::map<std::string, models::Estimates> baselines;
};

Comparison compare() {
    Comparison made{models::published_data().designs, {}, {}};
    made.ours = models::our_estimates(made.designs, models::cost_data().fitted);
    made.baselines = models::baseline_estimates(made.designs);
    return made;
}

Json to_json(const ErrorSummary& summary) {
    return {{"count", summary.count},
            {"median_ape", summary.median_ape},
            {"p90_ape", summary.p90_ape},
            {"rank_correlation", summary.rank_correlation},
            {"measured_over_estimated", {{"p10", summary.low_ratio}, {"p90", summary.high_ratio}}}};
}

Json to_json(const Accuracy& accuracy) {
    Json json;
    json["lut"] = to_json(accuracy.lut);
    json["ff"] = to_json(accuracy.ff);
    json["dsp"] = to_json(accuracy.dsp);
    json["bram"] = to_json(accuracy.bram);
    json["latency"] = to_json(accuracy.latency);
    json["ii"] = {{"count", accuracy.interval.count}, {"exact", accuracy.interval.exact}};
    return json;
}

std::set<std::string> families(const Comparison& all) {
    std::set<std::string> found;
    for (const auto& design : all.designs) found.insert(design.family);
    return found;
}

Json optional(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json row(const models::PublishedDesign& design, const models::DesignEstimate& ours) {
    const auto& m = design.measured;
    return {{"name", design.name},
            {"source", design.source},
            {"family", design.family},
            {"part", design.fitted ? "fit" : "test"},
            {"hardware", design.is_hardware()},
            {"measured",
             {{"lut", optional(m.lut)},
              {"ff", optional(m.ff)},
              {"dsp", optional(m.dsp)},
              {"bram", optional(m.bram36)},
              {"latency", optional(m.latency_cycles)},
              {"ii", optional(m.interval_cycles)}}},
            {"estimated",
             {{"lut", ours.resources.lut},
              {"ff", ours.resources.ff},
              {"dsp", ours.resources.dsp},
              {"bram", ours.resources.bram36},
              {"latency", ours.latency_cycles},
              {"ii", ours.interval_cycles}}}};
}

/// Published power and ours; the first rows are those that the energies come from.
Json power_table() {
    Json rows = Json::array();
    for (const models::PublishedPower& design : models::power_data().published) {
        rows.push_back({{"name", design.name},
                        {"source", design.source},
                        {"kind", design.measured ? "measured" : "vendor's estimate"},
                        {"part", design.fitted() ? "fit" : "test"},
                        {"published_w", design.published_w},
                        {"estimated_w", models::estimated_power_w(design)}});
    }
    return rows;
}

Json json_of(const Comparison& all) {
    Json json;
    json["schema"] = "tessera.validation/1";
    json["test"] = to_json(accuracy(all.designs, all.ours, Part::test));
    json["fit"] = to_json(accuracy(all.designs, all.ours, Part::fit));
    json["all"] = to_json(accuracy(all.designs, all.ours, Part::all));
    json["baselines"] = Json::object();
    for (const auto& [name, estimates] : all.baselines) json["baselines"][name] = to_json(accuracy(all.designs, estimates, Part::test));
    json["families"] = Json::object();
    for (const auto& family : families(all)) json["families"][family] = to_json(accuracy(all.designs, all.ours, Part::all, family));
    json["jet_taggers"] = jet_tagger_table(all.designs, all.ours);
    json["on_chip"] = on_chip_table();
    json["power"] = power_table();
    json["designs"] = Json::array();
    for (std::size_t i = 0; i < all.designs.size(); ++i) json["designs"].push_back(row(all.designs[i], all.ours[i]));
    return json;
}

std::string cell(const ErrorSummary& summary) {
    if (summary.count == 0) return "-";
    return fmt::format("{:.0f}/{:.0f}% r{:.2f} n{}", 100 * summary.median_ape, 100 * summary.p90_ape, summary.rank_correlation,
                       summary.count);
}

void print_line(const std::string& name, const Accuracy& of) {
    const std::string exact = of.interval.count == 0 ? "-" : fmt::format("{:.0f}% n{}", 100 * of.interval.exact, of.interval.count);
    fmt::print("{:<26} {:<22} {:<22} {:<22} {:<22} {:<22} {}\n", name, cell(of.lut), cell(of.ff), cell(of.dsp), cell(of.bram),
               cell(of.latency), exact);
}

void print_tables(const Comparison& all) {
    fmt::print("Estimates beside published results: median/90th percentile of the absolute error, rank correlation r, designs n.\n");
    fmt::print("LUT, FF and BRAM: synthesised and routed designs alone. II: hits to the cycle.\n\n");
    fmt::print("{:<26} {:<22} {:<22} {:<22} {:<22} {:<22} {}\n", "", "LUT", "FF", "DSP", "BRAM36", "latency", "II exact");
    print_line("test part", accuracy(all.designs, all.ours, Part::test));
    for (const auto& [name, estimates] : all.baselines) print_line("  " + name, accuracy(all.designs, estimates, Part::test));
    print_line("fitting part", accuracy(all.designs, all.ours, Part::fit));
    for (const auto& [name, estimates] : all.baselines) print_line("  " + name, accuracy(all.designs, estimates, Part::fit));
    print_line("all", accuracy(all.designs, all.ours, Part::all));
    for (const auto& family : families(all)) print_line("  " + family, accuracy(all.designs, all.ours, Part::all, family));
}

void print_power(const Json& rows) {
    fmt::print("\nPower beside published figures, in W\n\n");
    fmt::print("{:<52} {:<18} {:<5} {:>9} {:>6}\n", "", "by", "part", "published", "ours");
    for (const auto& row : rows) {
        fmt::print("{:<52} {:<18} {:<5} {:>9.2f} {:>6.2f}\n", row["name"].get<std::string>(), row["kind"].get<std::string>(),
                   row["part"].get<std::string>(), row["published_w"].get<double>(), row["estimated_w"].get<double>());
    }
}

}  // namespace

int validate(const Console& console) {
    const Comparison all = compare();
    if (console.json) {
        fmt::print("{}\n", json_of(all).dump(1));
    } else {
        print_tables(all);
        print_talk(jet_tagger_table(all.designs, all.ours), on_chip_table());
        print_power(power_table());
    }
    return 0;
}

}  // namespace tessera::apps
