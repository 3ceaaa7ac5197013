#pragma once

#include <optional>

#include "partition/placement.h"
#include "partition/timing.h"

namespace tessera::tests {

/// What a placement is judged by: fewest boards, then the lowest latency on them.
struct PlacementFigures {
    std::size_t boards = 0;
    double latency_cycles = 0;  ///< as partition::analyse_timing defines it
};

/// True where there are as many boards of each type, no SLR is overfull in any of its five resources, and no board has more lanes in or out
/// than it has ports: each pair of boards has whole lanes of its own, on which a net travels once to each board.
bool within_limits(const partition::ShardGraph& graph, const partition::BoardSpace& space, const partition::Placement& placement);

/// The optimum over all ways to build the shards and to place them on SLRs and boards within these limits, by an integer program.
/// It shares nothing with the mapper but the shards and the numbers that it reads of them.
PlacementFigures best_placement(const partition::ShardGraph& graph, const partition::BoardSpace& space, const partition::HopTiming& hop);

}  // namespace tessera::tests
