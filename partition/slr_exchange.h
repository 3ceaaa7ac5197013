#pragma once

#include <vector>

#include "partition/placement.h"
#include "partition/shard_graph.h"

namespace tessera::partition {

/// Moves shards to other SLRs of their board, alone or in exchange for another, as long as that lowers the sum of what crossings cost.
/// Boards and the ways shards are built stay; capacities hold where they held before.
///
/// @param crossing_costs by need: of each boundary between SLRs that it crosses; 0 where its ends are on two boards or outside
void exchange_between_slrs(const ShardGraph& graph, const BoardSpace& space, const std::vector<double>& crossing_costs,
                           Placement& placement);

}  // namespace tessera::partition
