#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "apps/report.h"
#include "apps/report_text.h"

namespace tessera::apps {

namespace {

/// How a bar shows each kind of time.
constexpr std::array<std::pair<const char*, char>, 6> kMarks{
    {{"compute", '#'}, {"link", '-'}, {"serialise", '='}, {"switch", '+'}, {"wait", '.'}, {"input", '>'}}};

char mark_of(const std::string& kind) {
    const auto* const found = std::find_if(kMarks.begin(), kMarks.end(), [&](const auto& each) { return kind == each.first; });
    return found == kMarks.end() ? '?' : found->second;
}

/// Characters on a terminal: bytes that do not continue a UTF-8 character.
std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

/// `text` in exactly `width` characters; what is too long loses its middle.
std::string fitted(const std::string& text, std::size_t width) {
    const auto actual = width_of(text);
    if (actual <= width) return text + std::string(width - actual, ' ');
    if (actual != text.size()) return text;  // cut no character in two: a ragged line is better
    return text.substr(0, width / 2 - 1) + ".." + text.substr(text.size() - (width - width / 2 - 1));
}

/// The whole path as one line of marks, each for the kind that fills most of its share of the time.
std::string timeline(const Json& breakdown, double latency, std::size_t width) {
    std::string line;
    double end = 0;
    auto step = breakdown.begin();
    for (std::size_t column = 0; column < width; ++column) {
        const double middle = latency * (static_cast<double>(column) + 0.5) / static_cast<double>(width);
        while (step != breakdown.end() && end + real((*step)["ns"]) < middle) end += real((*step++)["ns"]);
        line += step == breakdown.end() ? ' ' : mark_of(text((*step)["kind"]));
    }
    return line;
}

std::string longest_kind(const Json& kinds) {
    std::string longest;
    for (const auto& [kind, ns] : kinds.items()) {
        if (longest.empty() || real(ns) > real(kinds[longest])) longest = kind;
    }
    return longest;
}

/// One line a row: its name, its time, and its part of the timeline.
std::string waterfall_chart(const Json& report) {
    constexpr std::size_t kName = 40;
    constexpr std::size_t kBar = 48;
    const auto& latency = report["latency_ns"];
    const double total = real(latency["simulated"]["max"]);
    const auto line = timeline(latency["breakdown"], total, kBar);
    const auto column = [&](double ns) { return std::min(kBar, static_cast<std::size_t>(std::lround(ns / total * kBar))); };
    std::string chart;
    for (const auto& row : latency["waterfall"]) {
        const double begin = real(row["begin_ns"]);
        const auto from = std::min(column(begin), kBar - 1);
        const auto to = column(begin + real(row["ns"]));
        const auto bar = to > from ? line.substr(from, to - from) : std::string(1, mark_of(longest_kind(row["kinds"])));
        chart += fmt::format("  {} {:>8.1f} ns  {}{}\n", fitted(text(row["stage"]), kName), real(row["ns"]), std::string(from, ' '), bar);
    }
    std::string sums;
    for (const auto& [kind, ns] : time_by_kind(report))
        sums += fmt::format("{}{} {} {:.1f} ns", sums.empty() ? "" : "   ", mark_of(kind), kind, ns);
    return chart + "  " + sums + "\n";
}

std::string system_lines(const Json& report) {
    const auto& boards = report["boards"];
    const auto& latency = report["latency_ns"];
    const auto& interval = report["interval_ns"];
    const auto& events = report["events"];
    const auto& links = report["links"];
    const double simulated = real(latency["simulated"]["max"]);
    const double budget = real(latency["budget"]);
    std::string out;
    const auto spare = count(boards["spare"]);
    out += fmt::format("  boards    {}{} of {} {} (TMUX period {}: time nodes of {}); {}\n", count(boards["used"]),
                       spare > 0 ? fmt::format(" and {} spare", spare) : "", count(boards["available"]), text(boards["type"]),
                       count(boards["tmux_period"]), count(boards["of_one_time_node"]),
                       over_bound(static_cast<double>(count(boards["used"])), static_cast<double>(count(boards["lower_bound"]))));
    if (const auto types = boards_by_type(report); !types.empty()) out += fmt::format("  types     {}\n", types);
    if (const auto outside = text(report["boards"]["outside_at"]); !outside.empty()) out += fmt::format("  outside   {}\n", outside);
    out += fmt::format("  links     {} lanes, {:.1f} Tb/s, the busiest at {:.0f} %\n", count(links["used"]),
                       real(links["total_gbps"]) / 1000, 100 * real(links["max_utilisation"]));
    if (!report["simulated"].get<bool>()) return out;
    out += fmt::format("  latency   {:.1f} ns simulated, {:.1f} ns analytic, budget {:.1f} ns: slack {:.1f} ns; {} of these boards\n",
                       simulated, real(latency["analytic"]), budget, budget - simulated,
                       over_bound(simulated, real(latency["lower_bound_on_boards"])));
    out += fmt::format("  interval  {:.2f} ns, required {:.2f} ns\n", real(interval["simulated_max"]), real(interval["required"]));
    out += fmt::format("  events    {} injected, {} completed ({} late), {} corrupted, {} lost, {} in flight\n", count(events["injected"]),
                       count(events["completed"]), count(events["late"]), count(events["corrupted"]), count(events["lost"]),
                       count(events["in_flight"]));
    for (const auto& each : report["faults"]) {
        out += fmt::format("  fault     {}: {} events lost, {} corrupted, {} late{}\n", text(each["what"]), count(each["lost"]),
                           count(each["corrupted"]), count(each["late"]), takeover_of(each).empty() ? "" : "; " + takeover_of(each));
    }
    const auto& traffic = report["traffic"];
    if (text(traffic["kind"]) != "full") {
        out +=
            fmt::format("  traffic   {:.1f} objects an event, {} at most, {} taken: {} events truncated\n", real(traffic["mean_objects"]),
                        count(traffic["max_objects"]), count(traffic["capacity_objects"]), count(traffic["truncated_events"]));
    }
    out += fmt::format("  doubt     {}\n  power     {}\n", doubt(report), power(report));
    return out;
}

}  // namespace

std::string terminal_summary(const Json& report) {
    const auto& network = report["network"];
    std::string out = fmt::format("{}  {}\n", verdict_word(report), text(report["study"]));
    for (const auto& failure : failures(report)) out += "  " + failure + "\n";
    out += fmt::format("  network   {}: {} parameters, {} MAC, {:.3g} EBOPs an event\n", text(network["name"]),
                       count(network["parameters"]), count(network["macs"]), real(network["ebops"]));
    if (report.contains("no_mapping")) return out;
    for (const auto& each : report["precisions"]) {
        out += fmt::format("  precision {}: {}; {}\n", each["precision"].dump(), each["taken"].get<bool>() ? "taken" : "not taken",
                           layout_figures(each["layout"]));
    }
    for (const auto& each : report["compressions"]) {
        out += fmt::format("  compress  {}: {}; {} with it, {} without\n", text(each["tensor"]),
                           each["taken"].get<bool>() ? "taken" : "left out", layout_figures(each["with"]), layout_figures(each["without"]));
    }
    for (const auto& each : report["input_cuts"])
        out +=
            fmt::format("  cut       {}: input channels in {} parts, an adder behind them\n", text(each["operator"]), count(each["parts"]));
    if (report.contains("reuse")) out += fmt::format("  earlier   {}\n", reuse_text(report["reuse"]));
    out += system_lines(report);
    if (!report["latency_ns"]["breakdown"].empty()) out += "\nLatency of the slowest event\n" + waterfall_chart(report);
    return out;
}

}  // namespace tessera::apps
