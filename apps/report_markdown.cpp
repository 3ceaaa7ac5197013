#include <fmt/format.h>

#include <algorithm>

#include "apps/published.h"
#include "apps/report.h"
#include "apps/report_text.h"

namespace tessera::apps {

namespace {

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
    row("resources", fmt::format("{} boards", count(boards["used"])),
        fmt::format("at most {} boards, none over capacity", count(boards["available"])));
    row("links", fmt::format("{:.0f} % at most", 100 * real(report["links"]["max_utilisation"])), "at most 100 %, nothing lost");
    row("events", fmt::format("{} of {} completed", count(events["completed"]), count(events["injected"])), "all");
    return rows + "\n";
}

std::string traffic_paragraph(const Json& report) {
    const auto& traffic = report["traffic"];
    if (text(traffic["kind"]) == "full") return "";
    return fmt::format("Traffic: {:.1f} objects an event, {} at most; the network takes {}: {} events truncated, {} objects cut off.\n\n",
                       real(traffic["mean_objects"]), count(traffic["max_objects"]), count(traffic["capacity_objects"]),
                       count(traffic["truncated_events"]), count(traffic["objects_cut"]));
}

std::string bounds_paragraph(const Json& report) {
    const auto& latency = report["latency_ns"];
    const auto& boards = report["boards"];
    const double simulated = real(latency["simulated"]["max"]);
    return fmt::format(
        "Latency: {:.1f} ns simulated, {:.1f} ns analytic, slack {:.1f} ns; {} of computing alone ({:.1f} ns), {} on as "
        "many boards, with the hops that they force ({:.1f} ns), {} with the hops that any number of such boards forces ({:.1f} ns).\n\n"
        "Boards: {} of {} {}, TMUX period {} BX; {} ({}, set by {}).\n\n",
        simulated, real(latency["analytic"]), real(latency["budget"]) - simulated, over_bound(simulated, real(latency["lower_bound"])),
        real(latency["lower_bound"]), over_bound(simulated, real(latency["lower_bound_on_boards"])), real(latency["lower_bound_on_boards"]),
        over_bound(simulated, real(latency["lower_bound_with_hops"])), real(latency["lower_bound_with_hops"]), count(boards["used"]),
        count(boards["available"]), text(boards["type"]), count(boards["tmux_period"]),
        over_bound(static_cast<double>(count(boards["used"])), static_cast<double>(count(boards["lower_bound"]))),
        count(boards["lower_bound"]), text(boards["binding_resource"]));
}

std::string waterfall_table(const Json& report) {
    std::string rows =
        "## Where the time of the slowest event goes\n\n| stage | begins, ns | takes, ns | of which |\n| --- | --- | --- | --- |\n";
    for (const auto& row : report["latency_ns"]["waterfall"]) {
        std::string kinds;
        for (const auto& [kind, ns] : row["kinds"].items()) kinds += fmt::format("{}{} {:.1f}", kinds.empty() ? "" : ", ", kind, real(ns));
        rows += fmt::format("| {} | {:.1f} | {:.1f} | {} |\n", text(row["stage"]), real(row["begin_ns"]), real(row["ns"]), kinds);
    }
    std::string sums;
    for (const auto& [kind, ns] : time_by_kind(report)) sums += fmt::format("{}{} {:.1f} ns", sums.empty() ? "" : ", ", kind, ns);
    return rows + "\nIn all: " + sums + ".\n\n";
}

/// The rows of a section that are largest in a figure, in its order.
std::vector<Json> largest(const Json& rows, const char* figure) {
    constexpr std::size_t kMostRows = 12;
    std::vector<Json> sorted(rows.begin(), rows.end());
    std::stable_sort(sorted.begin(), sorted.end(), [&](const Json& a, const Json& b) { return real(a[figure]) > real(b[figure]); });
    if (sorted.size() > kMostRows) sorted.resize(kMostRows);
    return sorted;
}

std::string depth(const Json& peak, const Json& places) {
    return count(places) > 0 ? fmt::format("{} of {}", count(peak), count(places)) : std::to_string(count(peak));
}

std::string activity_tables(const Json& report) {
    const auto& activity = report["activity"];
    std::string rows =
        "## What limits the rate, and what waits\n\n| slowest stages | least interval, ns | longest, ns |\n| --- | --- | --- |\n";
    for (const auto& each : largest(report["interval_ns"]["stages"], "max"))
        rows += fmt::format("| {} | {:.2f} | {:.2f} |\n", text(each["stage"]), real(each["min"]), real(each["max"]));
    rows += "\n| busiest boards | busy | idle | deepest buffer, chunks | chunks lost |\n| --- | --- | --- | --- | --- |\n";
    for (const auto& each : largest(activity["boards"], "busy")) {
        rows += fmt::format("| board {} | {:.0f} % | {:.0f} % | {} | {} |\n", count(each["board"]), 100 * real(each["busy"]),
                            100 * real(each["idle"]), depth(each["peak_buffer_chunks"], each["buffer_chunks"]), count(each["lost_chunks"]));
    }
    rows += "\n| busiest links | busy | idle | deepest buffer, frames a lane | chunks lost |\n| --- | --- | --- | --- | --- |\n";
    for (const auto& each : largest(activity["links"], "busy")) {
        const auto& link = report["links"]["of_one_time_node"][static_cast<std::size_t>(count(each["link"]))];
        rows +=
            fmt::format("| {} to {} | {:.0f} % | {:.0f} % | {} | {} |\n", text(link["from"]), text(link["to"]), 100 * real(each["busy"]),
                        100 * real(each["idle"]), depth(each["peak_buffer_frames"], each["buffer_frames"]), count(each["lost_chunks"]));
    }
    std::string words;
    for (const auto& [kind, number] : activity["line_words"].items())
        words += fmt::format("{}{} {}", words.empty() ? "" : ", ", kind, count(number));
    return rows + "\nWords on all lines: " + words + ".\n\n";
}

/// What a fault did to the events that it reached, and what ended it.
std::string fault_lines(const Json& report) {
    if (report["faults"].empty() && report["losses"].empty()) return "";
    std::string rows = "## What went wrong\n\n";
    if (!report["faults"].empty())
        rows += "| fault | reached events | lost | corrupted | late | in BX | ended by |\n| --- | --- | --- | --- | --- | --- | --- |\n";
    for (const auto& each : report["faults"]) {
        rows += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", text(each["what"]), count(each["reached"]), count(each["lost"]),
                            count(each["corrupted"]), count(each["late"]), crossings_of(each), takeover_of(each));
    }
    if (!report["losses"].empty()) rows += "\nThe first events that were lost, corrupted or late:\n\n";
    for (const auto& each : report["losses"]) rows += "- " + text(each) + "\n";
    return rows + "\n";
}

std::string candidate_table(const std::string& title, const Json& candidates) {
    std::string rows = fmt::format("## {}\n\n| TMUX period | boards | latency | note |\n| --- | --- | --- | --- |\n", title);
    for (const auto& each : candidates) {
        const auto boards = count(each["boards"]);
        rows += fmt::format("| {} BX | {} | {} | {} |\n", count(each["tmux_period_bx"]), boards > 0 ? std::to_string(boards) : "-",
                            boards > 0 ? fmt::format("{:.1f} ns", real(each["latency_ns"])) : "-", text(each["note"]));
    }
    return rows + "\n";
}

std::string precision_table(const Json& report) {
    if (report["precisions"].empty()) return "";
    std::string rows = "## Precisions tried\n\n| precision | taken | layout |\n| --- | --- | --- |\n";
    for (const auto& each : report["precisions"]) {
        rows += fmt::format("| `{}` | {} | {} |\n", each["precision"].dump(), each["taken"].get<bool>() ? "yes" : "no",
                            layout_figures(each["layout"]));
    }
    return rows + "\n";
}

std::string input_cut_table(const Json& report) {
    if (report["input_cuts"].empty()) return "";
    std::string rows = "## Operators cut along their input channels\n\n| operator | parts |\n| --- | --- |\n";
    for (const auto& each : report["input_cuts"]) rows += fmt::format("| {} | {} |\n", text(each["operator"]), count(each["parts"]));
    return rows + "\n";
}

std::string compression_table(const Json& report) {
    if (report["compressions"].empty()) return "";
    std::string rows = "## Compressions tried\n\n| tensor | taken | with it | without |\n| --- | --- | --- | --- |\n";
    for (const auto& each : report["compressions"]) {
        rows += fmt::format("| {} | {} | {} | {} |\n", text(each["tensor"]), each["taken"].get<bool>() ? "yes" : "no",
                            layout_figures(each["with"]), layout_figures(each["without"]));
    }
    return rows + "\n";
}

std::string assumption_table(const Json& report) {
    std::string rows = "## What the verdict rests on\n\n| what | value | source |\n| --- | --- | --- |\n";
    for (const auto& each : report["assumptions"]) {
        rows += fmt::format("| {} | {} | {} |\n", text(each["what"]), text(each["value"]), text(each["source"]));
    }
    return rows;
}

}  // namespace

std::string markdown_report(const Json& report) {
    std::string out = fmt::format("# {}: {}\n\n", text(report["study"]), verdict_word(report));
    if (!text(report["question"]).empty()) out += text(report["question"]) + "\n\n";
    const auto missed = failures(report);
    for (const auto& each : missed) out += "- " + each + "\n";
    if (!missed.empty()) out += "\n";
    const auto& network = report["network"];
    out += fmt::format("Network {} ({}): {} parameters, {} multiply-accumulates and {:.4g} effective bit operations an event.\n\n",
                       text(network["name"]), text(network["source"]), count(network["parameters"]), count(network["macs"]),
                       real(network["ebops"]));
    if (!report.contains("no_mapping")) {
        out += requirement_table(report) + bounds_paragraph(report) + traffic_paragraph(report);
        if (const auto types = boards_by_type(report); !types.empty()) out += fmt::format("Boards by type: {}.\n\n", types);
        if (const auto outside = text(report["boards"]["outside_at"]); !outside.empty())
            out += fmt::format("The outside: {}.\n\n", outside);
        out += fmt::format("Costs: {}.\n\nPower, a first estimate: {}.\n\n", doubt(report), power(report));
        if (!report["latency_ns"]["breakdown"].empty()) out += waterfall_table(report);
        if (report["simulated"].get<bool>()) out += fault_lines(report) + activity_tables(report);
    }
    if (!report["published"].empty()) out += "## What is published\n\n" + comparison_table({report}) + "\n";
    if (!report["front"].empty()) out += candidate_table("Pareto front of boards and latency", report["front"]);
    if (report.contains("reuse")) out += fmt::format("Incremental mapping: {}.\n\n", reuse_text(report["reuse"]));
    return out + candidate_table("TMUX periods tried", report["candidates"]) + precision_table(report) + compression_table(report) +
           input_cut_table(report) + assumption_table(report);
}

}  // namespace tessera::apps
