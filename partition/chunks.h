#pragma once

#include <cstdint>
#include <vector>

#include "partition/placement.h"
#include "partition/shard_graph.h"

namespace tessera::partition {

/// How finely results may stream.
struct ChunkLimits {
    int most = 32;                            ///< of a shard whose result stays on its board
    std::vector<int> most_sent;               ///< by board: of one whose result leaves it or gets there
    std::int64_t most_transferred = 1 << 20;  ///< of all transfers of an event together, as far as one chunk for each allows
    int frame_bits = 64;
    std::int64_t payload_frames = 9;  ///< of an event that a lane has time for, and so for as many chunks
    std::int64_t cycles_per_event = 1;
};

/// How many chunks each shard streams: as many as it keeps up with at the rate of the events. Those that leave a board are whole frames,
/// nearly: what rounding takes, ports lack.
std::vector<int> choose_chunks(const ShardGraph& graph, const Placement& placement, const ChunkLimits& limits);

}  // namespace tessera::partition
