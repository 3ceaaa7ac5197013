#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "apps/report.h"

namespace tessera::apps {

namespace {

double real(const Json& json) { return json.get<double>(); }

std::string text(const Json& json) { return json.get<std::string>(); }

std::string verdict_line(const Json& report) {
    if (report.contains("no_mapping")) return "NO MAPPING";
    return report["verdict"]["pass"].get<bool>() ? "PASS" : "FAIL";
}

/// "x1.12 the lower bound", where there is a bound.
std::string over_bound(double value, double bound) {
    return bound > 0 ? fmt::format("{:.2f} x the lower bound", value / bound) : "no bound";
}

/// The waterfall with what each stage and kind adds up to, longest first.
std::vector<std::pair<std::string, double>> time_by_kind(const Json& breakdown) {
    std::map<std::string, double> sums;
    for (const auto& step : breakdown) sums[text(step["kind"])] += real(step["ns"]);
    std::vector<std::pair<std::string, double>> sorted(sums.begin(), sums.end());
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    return sorted;
}

std::string shortened(const std::string& name, std::size_t most) {
    return name.size() <= most ? name : name.substr(0, most / 2 - 1) + ".." + name.substr(name.size() - (most - most / 2 - 1));
}

/// The longest steps of the waterfall in the order in which they happen; the rest are summed up.
std::string waterfall(const Json& breakdown, double latency) {
    constexpr std::size_t kMostRows = 18;
    constexpr double kBarWidth = 32;
    std::vector<double> lengths;
    for (const auto& step : breakdown) lengths.push_back(real(step["ns"]));
    std::sort(lengths.rbegin(), lengths.rend());
    const double threshold = lengths.size() > kMostRows ? lengths[kMostRows] : -1;
    std::string rows;
    double at = 0;
    double rest = 0;
    std::size_t left_out = 0;
    for (const auto& step : breakdown) {
        const double ns = real(step["ns"]);
        if (ns > threshold) {
            const auto begin = static_cast<std::size_t>(at / latency * kBarWidth);
            const auto length = std::max<std::size_t>(1, static_cast<std::size_t>(ns / latency * kBarWidth + 0.5));
            rows += fmt::format("  {:<44} {:<9} {:>8.1f} ns  {}{}\n", shortened(text(step["stage"]), 44), text(step["kind"]), ns,
                                std::string(begin, ' '), std::string(length, '#'));
        } else {
            rest += ns;
            ++left_out;
        }
        at += ns;
    }
    if (left_out > 0) rows += fmt::format("  {:<44} {:<9} {:>8.1f} ns\n", fmt::format("({} shorter steps)", left_out), "", rest);
    return rows;
}

std::string requirement_table(const Json& report) {
    const auto& latency = report["latency_ns"];
    const auto& interval = report["interval_ns"];
    const auto& boards = report["boards"];
    const auto& events = report["events"];
    std::string rows = "| requirement | met | found | asked for |\n| --- | --- | --- | --- |\n";
    const auto row = [&](const char* name, const std::string& found, const std::string& asked) {
        rows += fmt::format("| {} | {} | {} | {} |\n", name, report["verdict"][name].get<bool>() ? "yes" : "**no**", found, asked);
    };
    row("latency", fmt::format("{:.1f} ns", real(latency["simulated"]["max"])), fmt::format("at most {:.1f} ns", real(latency["budget"])));
    row("interval", fmt::format("{:.2f} ns", real(interval["simulated_max"])),
        fmt::format("at most {:.2f} ns", real(interval["required"])));
    row("resources", fmt::format("{} boards", boards["used"].get<int>()),
        fmt::format("at most {} boards, none over capacity", boards["available"].get<int>()));
    row("links", fmt::format("{:.0f} % at most", 100 * real(report["links"]["max_utilisation"])), "at most 100 %, nothing lost");
    row("events", fmt::format("{} of {} completed", events["completed"].get<std::int64_t>(), events["injected"].get<std::int64_t>()),
        "all");
    return rows;
}

std::string candidate_table(const Json& report) {
    std::string rows = "| TMUX period | boards | latency | note |\n| --- | --- | --- | --- |\n";
    for (const auto& each : report["candidates"]) {
        const int boards = each["boards"].get<int>();
        rows += fmt::format("| {} BX | {} | {} | {} |\n", each["tmux_period_bx"].get<int>(), boards > 0 ? std::to_string(boards) : "-",
                            boards > 0 ? fmt::format("{:.1f} ns", real(each["latency_ns"])) : "-", text(each["note"]));
    }
    return rows;
}

}  // namespace

std::string terminal_summary(const Json& report) {
    const auto& latency = report["latency_ns"];
    const auto& boards = report["boards"];
    const auto& network = report["network"];
    std::string out = fmt::format("{}  {}\n", verdict_line(report), text(report["study"]));
    for (const auto& failure : failures(report)) out += "  " + failure + "\n";
    out += fmt::format("  network   {}: {} parameters, {} MAC, {:.3g} EBOPs an event\n", text(network["name"]),
                       network["parameters"].get<std::int64_t>(), network["macs"].get<std::int64_t>(), real(network["ebops"]));
    if (report.contains("no_mapping")) return out;
    const double simulated = real(latency["simulated"]["max"]);
    out += fmt::format("  boards    {} of {} {} ({} time nodes of {}); {}\n", boards["used"].get<int>(), boards["available"].get<int>(),
                       text(boards["type"]), boards["tmux_period"].get<int>(), boards["of_one_time_node"].get<int>(),
                       over_bound(boards["used"].get<int>(), boards["lower_bound"].get<int>()));
    out += fmt::format("  latency   {:.1f} ns simulated (max), {:.1f} ns analytic, budget {:.1f} ns, slack {:.1f} ns; {}\n", simulated,
                       real(latency["analytic"]), real(latency["budget"]), real(latency["budget"]) - simulated,
                       over_bound(simulated, real(latency["lower_bound"])));
    out += fmt::format("  interval  {:.2f} ns, required {:.2f} ns\n", real(report["interval_ns"]["simulated_max"]),
                       real(report["interval_ns"]["required"]));
    out += fmt::format("  events    {} injected, {} completed, {} lost, {} in flight\n", report["events"]["injected"].get<std::int64_t>(),
                       report["events"]["completed"].get<std::int64_t>(), report["events"]["lost"].get<std::int64_t>(),
                       report["events"]["in_flight"].get<std::int64_t>());
    if (simulated <= 0) return out;
    out += "\nLatency of the slowest event\n" + waterfall(latency["breakdown"], simulated);
    std::string sums;
    for (const auto& [kind, ns] : time_by_kind(latency["breakdown"]))
        sums += fmt::format("{}{} {:.1f} ns", sums.empty() ? "" : ", ", kind, ns);
    return out + "  in all: " + sums + "\n";
}

std::string markdown_report(const Json& report) {
    std::string out = fmt::format("# {}: {}\n\n", text(report["study"]), verdict_line(report));
    if (!text(report["question"]).empty()) out += text(report["question"]) + "\n\n";
    for (const auto& failure : failures(report)) out += "- " + failure + "\n";
    if (!failures(report).empty()) out += "\n";
    const auto& network = report["network"];
    out += fmt::format("Network {} ({}): {} parameters, {} multiply-accumulates and {:.4g} effective bit operations an event.\n\n",
                       text(network["name"]), text(network["source"]), network["parameters"].get<std::int64_t>(),
                       network["macs"].get<std::int64_t>(), real(network["ebops"]));
    if (!report.contains("no_mapping")) {
        const auto& latency = report["latency_ns"];
        const double simulated = real(latency["simulated"]["max"]);
        out += requirement_table(report) + "\n";
        out += fmt::format(
            "Latency: {:.1f} ns simulated, {:.1f} ns analytic, lower bound {:.1f} ns; slack {:.1f} ns. Boards: {} of {} {}, lower bound {} "
            "({}).\n\n",
            simulated, real(latency["analytic"]), real(latency["lower_bound"]), real(latency["budget"]) - simulated,
            report["boards"]["used"].get<int>(), report["boards"]["available"].get<int>(), text(report["boards"]["type"]),
            report["boards"]["lower_bound"].get<int>(), text(report["boards"]["binding_resource"]));
        out += "## Where the time of the slowest event goes\n\n| stage | kind | ns |\n| --- | --- | --- |\n";
        for (const auto& step : latency["breakdown"])
            out += fmt::format("| {} | {} | {:.1f} |\n", text(step["stage"]), text(step["kind"]), real(step["ns"]));
        out += "\n";
    }
    out += "## TMUX periods tried\n\n" + candidate_table(report);
    out += "\n## What the verdict rests on\n\n| what | value | source |\n| --- | --- | --- |\n";
    for (const auto& each : report["assumptions"])
        out += fmt::format("| {} | {} | {} |\n", text(each["what"]), text(each["value"]), text(each["source"]));
    return out;
}

}  // namespace tessera::apps
