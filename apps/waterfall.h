#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "sim/simulation.h"

namespace tessera::apps {

/// A row of the latency waterfall: consecutive steps of the slowest event's critical path that belong together.
struct WaterfallRow {
    std::string stage;  ///< what the operators' names have in common: "transformer.3"; "a … b" where that is nothing
    std::size_t first_step = 0;
    std::size_t end_step = 0;  ///< the row is steps [first_step, end_step) of the breakdown
    double begin_ns = 0;
    double ns = 0;
    std::map<std::string, double> kinds;  ///< ns by kind; adds up to `ns`
};

/// Puts the breakdown into at most `most_rows` rows, in order and without gaps, as `group_by_name` does; a transfer
/// belongs to the operator that it feeds.
std::vector<WaterfallRow> waterfall(const std::vector<sim::BreakdownStep>& breakdown, std::size_t most_rows = 20);

}  // namespace tessera::apps
