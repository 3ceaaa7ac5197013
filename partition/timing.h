#pragma once

#include <cstdint>
#include <vector>

#include "partition/placement.h"
#include "partition/shard_graph.h"

namespace tessera::partition {

/// Delays that a placement is judged by before links exist, in processing cycles.
struct HopTiming {
    double hop_cycles = 40;  ///< transceivers, fibre and alignment of one link
    double cycles_per_frame = 1;
    double lanes = 2;                ///< assumed of a transfer before links are allocated
    double slr_crossing_cycles = 0;  ///< from a die to the next; 0 while dies are not chosen for their latency
};

/// A static timing analysis of a placement without contention for links: how near each need is to
/// the slowest path, from 0 (as much slack as the whole latency) to 1 (on it).
///
/// Each shard has two instants, the start of its first chunk and the end of its last; a barrier
/// joins the producer's last to the consumer's first, a stream joins first to first and last to last.
struct Timing {
    double latency_cycles = 0;
    std::vector<double> criticality;  ///< by need
};

Timing analyse_timing(const ShardGraph& graph, const Placement& placement, const HopTiming& hop);

}  // namespace tessera::partition
