#pragma once

#include <cstdint>
#include <vector>

#include "partition/cable_ways.h"
#include "partition/placement.h"
#include "partition/timing.h"

namespace tessera::partition {

/// How a placement is refined.
struct RefinementSettings {
    std::uint64_t seed = 1;
    HopTiming hop;
    double ports = 0.85;          ///< fraction of a board's ports that is free to use before it costs
    std::int64_t moves = 100000;  ///< tried
    double stay_lanes = 0;        ///< what it costs, in lanes, to have a shard on another board than at the start
    CableWays* cables = nullptr;  ///< of a fixed topology; null: a fibre between any two boards
    double cable_fill = 0;        ///< fraction of a cable that is free to use before it costs; 0: boards' ports cost instead
};

/// Moves and exchanges shards between boards by timing-driven simulated annealing (Marquardt, Betz,
/// Rose, FPGA 2000): few lanes between boards, few hops on the paths that set the latency, and no
/// board over its ports. Starts cool, so that the placement's order stays. Capacities always hold;
/// boards are never added. Small graphs go through `anneal_latency` then, which may also build shards anew. Deterministic for a seed.
Placement refine(const ShardGraph& graph, const BoardSpace& space, const Placement& placement, const RefinementSettings& settings);

/// Reorders the SLRs of each board so that few critical bits cross from die to die.
void order_slrs(const ShardGraph& graph, const BoardSpace& space, const Timing& timing, Placement& placement);

}  // namespace tessera::partition
