#pragma once

#include <cmath>

#include "apps/report.h"

namespace tessera::apps {

/// Rounds to what a reader can use. A quotient of whole numbers, so that it prints short and the same everywhere.
inline double rounded(double value, int decimals = 4) {
    const double scale = std::pow(10.0, decimals);
    return std::round(value * scale) / scale;
}

/// Parts of report.json that say what sits where; each is a key of that name (`operators` and the
/// floor plan are of one time node, the boards of all).
Json board_utilisation(const partition::Mapping& mapping);
Json floor_plan(const partition::Mapping& mapping);
Json timeline_section(const partition::Mapping& mapping);  ///< when each board of a time node works on an undisturbed event
Json layers_section(const Json& operators);                ///< operators that belong together: the rows of the floor plan
Json stages_section(const std::vector<partition::Stage>& stages, const models::Network& network, const partition::Mapping& mapping);
Json links_section(const partition::Mapping& mapping);
/// What boards and links did in the simulation: busy and idle, how deep their buffers were filled, what was lost; positions are
/// those of one time node, times and peaks over all. `line_words`: what all lines carried.
Json activity_section(const partition::Mapping& mapping, const std::optional<sim::Result>& result);
Json operators_section(const models::Network& network, const partition::Mapping& mapping);

/// Frames that one event puts on the link, over those that it carries until the next event comes: the part of
/// the time that the link is busy when every bunch crossing is filled.
std::vector<double> link_loads(const partition::Mapping& mapping);

/// The interval at which the simulated system takes events for ever: that of its slowest stage. Decisions may
/// come at longer intervals now and then (`between_decisions_max`) where events wait for each other on a link.
inline double sustained_interval_ns(const sim::Result& result) { return result.longest_stage_interval_ns; }

/// Boards and latency at pessimistic costs (the 90th percentile of the errors on published designs), and whether the
/// verdict `pass` would be the same; power of the hottest board and of the system.
Json uncertainty_section(const ReportInput& input, bool pass);
Json power_section(const ReportInput& input);

/// Which requirements hold.
Json verdict_section(const ReportInput& input);

}  // namespace tessera::apps
