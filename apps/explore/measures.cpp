#include "apps/explore/measures.h"

#include <algorithm>

#include "apps/report.h"
#include "core/error.h"

namespace tessera::apps::explore {

namespace {

constexpr std::array<std::pair<Status, const char*>, 4> kStatusTexts{
    {{Status::kPass, "pass"}, {Status::kFail, "fail"}, {Status::kNoMapping, "no mapping"}, {Status::kError, "error"}}};

Status status_of(const Json& report) {
    if (report.contains("no_mapping")) return Status::kNoMapping;
    return report["verdict"]["pass"].get<bool>() ? Status::kPass : Status::kFail;
}

std::string binding_of(const Json& report) {
    if (report.contains("no_mapping")) return report["no_mapping"]["constraint"].get<std::string>();
    for (const auto& [requirement, holds] : report["verdict"].items()) {
        if (requirement != "pass" && !holds.get<bool>()) return requirement;
    }
    return report["boards"]["binding_resource"].get<std::string>();
}

}  // namespace

std::size_t find_measure(const std::string& name) {
    std::string all;
    for (std::size_t i = 0; i < kMeasures.size(); ++i) {
        if (name == kMeasures[i].name) return i;
        all += (i == 0 ? "" : ", ") + std::string(kMeasures[i].name);
    }
    throw InputError("command line", "", "no measure \"" + name + "\"", "one of: " + all);
}

bool is_column(const std::string& name) {
    constexpr std::array kOthers{"id", "run", "status", "binding", "explanation", "seconds"};
    return std::any_of(kOthers.begin(), kOthers.end(), [&](const char* other) { return name == other; }) ||
           std::any_of(kMeasures.begin(), kMeasures.end(), [&](const Measure& measure) { return name == measure.column(); });
}

const char* to_text(Status status) {
    return std::find_if(kStatusTexts.begin(), kStatusTexts.end(), [&](const auto& each) { return each.first == status; })->second;
}

Status read_status(const std::string& text) {
    for (const auto& [status, name] : kStatusTexts) {
        if (text == name) return status;
    }
    throw InputError("explore.sqlite", "points.status", "found \"" + text + "\"", "pass, fail, no mapping or error");
}

const std::string& run_of(const PointResult& result) { return result.run.empty() ? result.id : result.run; }

PointResult from_report(std::string id, Json coordinates, const Json& report) {
    PointResult result;
    result.id = std::move(id);
    result.coordinates = std::move(coordinates);
    result.status = status_of(report);
    result.binding = binding_of(report);
    for (const auto& failure : failures(report)) result.explanation += (result.explanation.empty() ? "" : "; ") + failure;
    const bool mapped = result.status != Status::kNoMapping;
    for (std::size_t i = 0; i < kMeasures.size(); ++i) {
        const Json::json_pointer pointer(kMeasures[i].pointer);
        const bool of_network = std::string_view(kMeasures[i].pointer).starts_with("/network/");
        if ((mapped || of_network) && report.contains(pointer) && report[pointer].is_number())
            result.measures[i] = report[pointer].get<double>();
    }
    return result;
}

Json to_json(const PointResult& result) {
    Json json{{"id", result.id},
              {"run", run_of(result)},
              {"coordinates", result.coordinates},
              {"status", to_text(result.status)},
              {"binding", result.binding},
              {"explanation", result.explanation}};
    for (std::size_t i = 0; i < kMeasures.size(); ++i)
        json[kMeasures[i].column()] = result.measures[i] ? Json(*result.measures[i]) : Json();
    json["seconds"] = result.seconds;
    return json;
}

}  // namespace tessera::apps::explore
