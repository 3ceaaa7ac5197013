#pragma once

#include "partition/placement.h"
#include "partition/timing.h"

namespace tessera::partition {

/// Builds shards on the slowest paths faster where their SLR has room for it, until nothing on those paths can be.
///
/// No shard changes its board or SLR, so no wire changes either. Greedy: in each round every shard on a slowest path takes the
/// way to build it that saves most cycles for what it takes of the SLR's room; the latency by `analyse_timing` never gets worse.
Placement quicken(const ShardGraph& graph, const BoardSpace& space, const Placement& placement, const HopTiming& hop);

}  // namespace tessera::partition
