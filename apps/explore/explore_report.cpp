#include "apps/explore/explore_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "apps/explore/answers.h"

namespace tessera::apps::explore {

namespace {

Json axes_json(const Exploration& exploration) {
    Json axes = Json::array();
    for (const auto& axis : exploration.axes) {
        Json labels = Json::array();
        for (const auto& value : axis.values) labels.push_back(value.label);
        axes.push_back({{"name", axis.name}, {"values", labels}});
    }
    return axes;
}

Json measures_json() {
    Json measures = Json::array();
    for (const auto& measure : kMeasures) {
        measures.push_back(
            {{"name", measure.name}, {"column", measure.column()}, {"unit", measure.unit}, {"more_is_better", measure.more_is_better}});
    }
    return measures;
}

/// How many points ended how, and what binds where they do not pass.
Json summary_json(const std::vector<PointResult>& results) {
    std::map<std::string, int> by_status;
    std::map<std::string, int> by_binding;
    double seconds = 0;
    for (const auto& result : results) {
        ++by_status[to_text(result.status)];
        if (result.status != Status::kPass) ++by_binding[result.binding];
        seconds += result.seconds;
    }
    return {{"points", results.size()}, {"status", by_status}, {"binding", by_binding}, {"processor_s", seconds}};
}

Json frontier_json(const std::vector<PointResult>& results, const std::vector<std::string>& names) {
    std::vector<std::size_t> measures;
    measures.reserve(names.size());
    for (const auto& name : names) measures.push_back(find_measure(name));
    Json ids = Json::array();
    for (const auto* result : frontier(results, measures)) ids.push_back(result->id);
    return {{"measures", names}, {"points", ids}};
}

Json best_json(const std::vector<PointResult>& results, const std::string& name) {
    Json best = Json::array();
    for (const auto& each : best_of_each(results, find_measure(name)))
        best.push_back({{"axis", each.axis}, {"value", each.label}, {"point", each.result == nullptr ? Json() : Json(each.result->id)}});
    return {{"measure", name}, {"of_each", best}};
}

Json effects_json(const std::vector<PointResult>& results) {
    Json all = Json::array();
    for (const auto& effect : effects(results)) {
        all.push_back({{"coordinates", effect.coordinates},
                       {"status", to_text(effect.status)},
                       {"changes_verdict", effect.changes_verdict},
                       {"boards", effect.boards},
                       {"latency_ns", effect.latency_ns},
                       {"interaction_ns", effect.interaction_ns}});
    }
    return all;
}

/// A field of a CSV file (RFC 4180).
std::string field(const std::string& text) {
    if (text.find_first_of(",\"\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + "\"";
}

std::string shown(const Json& label) { return label.is_string() ? label.get<std::string>() : label.dump(); }

std::string shown_coordinates(const Json& coordinates) {
    std::string text;
    for (const auto& [axis, label] : coordinates.items()) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", axis, shown(label));
    return text.empty() ? "the unchanged study" : text;
}

/// One point on a line of a terminal.
std::string point_line(const Json& point) {
    std::string line = fmt::format("  {:<44} {:<10}", shown_coordinates(point["coordinates"]), point["status"].get<std::string>());
    if (point["boards"].is_number()) line += fmt::format("  {:>5.0f} boards", point["boards"].get<double>());
    if (point["latency_ns"].is_number()) line += fmt::format("  {:>8.1f} ns", point["latency_ns"].get<double>());
    return line + "\n";
}

const Json& find_point(const Json& report, const Json& id) {
    return *std::find_if(report["points"].begin(), report["points"].end(), [&](const Json& point) { return point["id"] == id; });
}

std::string best_lines(const Json& report) {
    const auto& best = report["best"];
    const auto measure = kMeasures.at(find_measure(best["measure"].get<std::string>()));
    std::string text = fmt::format("\nBest {} that passes, for each value of each axis\n", measure.name);
    for (const auto& each : best["of_each"]) {
        text += fmt::format("  {:<44} ", each["axis"].get<std::string>() + " " + shown(each["value"]));
        text += each["point"].is_null()
                    ? "none passes\n"
                    : fmt::format("{:.0f} {}\n", find_point(report, each["point"])[measure.column()].get<double>(), measure.unit);
    }
    return text;
}

std::string effect_lines(const Json& report) {
    constexpr std::size_t kMostListed = 20;
    std::string text = "\nWhat moves the answer, the most first\n";
    for (std::size_t i = 0; i < std::min(kMostListed, report["sensitivity"].size()); ++i) {
        const auto& effect = report["sensitivity"][i];
        text += fmt::format("  {:<44} {:<10} {:>+8.0f} boards {:>+10.1f} ns\n", shown_coordinates(effect["coordinates"]),
                            effect["status"].get<std::string>(), effect["boards"].get<double>(), effect["latency_ns"].get<double>());
    }
    return text;
}

}  // namespace

Json make_report(const Exploration& exploration, const Options& options, const std::vector<PointResult>& results) {
    Json json{{"schema", "tessera.explore/1"},    {"name", exploration.name},
              {"question", exploration.question}, {"study", exploration.study},
              {"axes", axes_json(exploration)},   {"measures", measures_json()},
              {"summary", summary_json(results)}, {"frontier", frontier_json(results, options.frontier)}};
    if (!options.maximise.empty()) json["best"] = best_json(results, options.maximise);
    if (options.sensitivity) json["sensitivity"] = effects_json(results);
    json["points"] = Json::array();
    for (const auto& result : results) json["points"].push_back(to_json(result));
    return json;
}

std::string points_csv(const std::vector<PointResult>& results) {
    std::vector<std::string> axes;
    for (const auto& result : results) {
        for (const auto& [axis, label] : result.coordinates.items()) {
            if (std::find(axes.begin(), axes.end(), axis) == axes.end()) axes.push_back(axis);
        }
    }
    std::string csv = "id,run";
    for (const auto& axis : axes) csv += "," + field(axis);
    csv += ",status,binding,explanation";
    for (const auto& measure : kMeasures) csv += "," + measure.column();
    csv += ",seconds\n";
    for (const auto& result : results) {
        csv += result.id + "," + run_of(result);
        for (const auto& axis : axes) csv += "," + (result.coordinates.contains(axis) ? field(shown(result.coordinates[axis])) : "");
        csv += fmt::format(",{},{},{}", to_text(result.status), field(result.binding), field(result.explanation));
        for (const auto& measure : result.measures) csv += "," + (measure ? fmt::format("{}", *measure) : "");
        csv += fmt::format(",{:.3f}\n", result.seconds);
    }
    return csv;
}

std::string terminal_summary(const Json& report) {
    const auto& summary = report["summary"];
    std::string text = fmt::format("{}: {} points", report["name"].get<std::string>(), summary["points"].get<int>());
    for (const auto& [status, count] : summary["status"].items()) text += fmt::format(", {} {}", count.get<int>(), status);
    text += "\n";
    for (const auto& [binding, count] : summary["binding"].items())
        text += fmt::format("  {} of those that do not pass: {}\n", count.get<int>(), binding);
    const auto& frontier = report["frontier"];
    if (!frontier["points"].empty())
        text += "\nPoints that no other beats in " +
                fmt::format("{}", fmt::join(frontier["measures"].get<std::vector<std::string>>(), " and ")) + "\n";
    for (const auto& id : frontier["points"]) text += point_line(find_point(report, id));
    if (report.contains("best")) text += best_lines(report);
    if (report.contains("sensitivity")) text += effect_lines(report);
    return text;
}

}  // namespace tessera::apps::explore
