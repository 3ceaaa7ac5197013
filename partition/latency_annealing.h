#pragma once

#include "partition/refinement.h"

namespace tessera::partition {

/// Lowers the latency of a placement by simulated annealing of the latency itself, with shards on the slowest paths moved between
/// boards and dies and built in other ways, and others that make room for them.
///
/// Every move is judged by a whole timing analysis, which tells more than the weights that `refine` goes by between analyses, but
/// takes as long as the graph is large: graphs for which there would be too few moves are left as they are. Lanes and ports
/// cost as in `Wiring`, each lane some cycles. Capacities always hold; no board is emptied. Deterministic for a seed.
Placement anneal_latency(const ShardGraph& graph, const BoardSpace& space, const Placement& placement, const RefinementSettings& settings);

}  // namespace tessera::partition
