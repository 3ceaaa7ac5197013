#pragma once

#include <array>
#include <optional>
#include <string>

#include "core/json.h"

namespace tessera::apps::explore {

/// A figure of a run that explorations compare: where it stands in report.json, and which end is better.
struct Measure {
    const char* name;
    const char* unit;     ///< "" for a count or a fraction
    const char* pointer;  ///< into report.json
    bool more_is_better;

    /// Name of its column in tables and in the database.
    std::string column() const { return *unit == '\0' ? name : std::string(name) + "_" + unit; }
};

inline constexpr std::array<Measure, 11> kMeasures{{
    {"boards", "", "/boards/used", false},
    {"boards_bound", "", "/boards/lower_bound", false},
    {"tmux_period", "bx", "/boards/tmux_period", false},
    {"latency", "ns", "/latency_ns/simulated/max", false},
    {"latency_bound", "ns", "/latency_ns/lower_bound", false},
    {"interval", "ns", "/interval_ns/simulated_max", false},
    {"lanes", "", "/links/used", false},
    {"link_utilisation", "", "/links/max_utilisation", false},
    {"throughput", "gbps", "/links/total_gbps", false},
    {"parameters", "", "/network/parameters", true},
    {"ebops", "", "/network/ebops", true},
}};

/// Its place in kMeasures. @throws InputError that lists the names
std::size_t find_measure(const std::string& name);

/// True for the names of columns of results, which no axis may take.
bool is_column(const std::string& name);

/// What became of a point.
enum class Status { kPass, kFail, kNoMapping, kError };
const char* to_text(Status status);
Status read_status(const std::string& text);

/// The answer to one point.
struct PointResult {
    std::string id;
    std::string run{};  ///< id of the point whose run gave this answer; empty: its own
    Json coordinates;
    Status status = Status::kError;
    std::string
        binding;  ///< what decides: the requirement that is missed, the limit that no mapping meets, or the resource that fills boards
    std::string explanation;  ///< one sentence where the point does not pass: by how much, or the error
    std::array<std::optional<double>, kMeasures.size()> measures;  ///< by kMeasures; empty where the run has no such figure
    double seconds = 0;                                            ///< of processor time
};

/// Whose run answered it: points/ID in the exploration's folder.
const std::string& run_of(const PointResult& result);

/// What a report says about a point.
PointResult from_report(std::string id, Json coordinates, const Json& report);

/// As in explore.json.
Json to_json(const PointResult& result);

}  // namespace tessera::apps::explore
