#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <variant>
#include <vector>

#include "partition/shard_graph.h"

namespace tessera::partition {

/// What a board offers to a placement.
struct BoardSpace {
    Resources slr_capacity;
    int slrs = 1;
    int ports = 0;                      ///< lanes in, and as many out
    int outside_ports = 0;              ///< beside those, to and from the outside alone; 0: it takes of `ports`
    std::int64_t frames_per_event = 9;  ///< of one lane: TMUX period x frames per BX
    int frame_bits = 64;
    int overhead_frames = 2;      ///< header and CRC of what a shard sends a board
    int slr_crossing_cycles = 0;  ///< from an SLR to the next
};

/// Which board and SLR each shard sits on, and how it is built there.
struct Placement {
    static constexpr std::uint32_t kOutsideBoard = 0xffffffffU;  ///< of sources

    std::vector<std::uint32_t> board;    ///< by shard
    std::vector<int> slr;                ///< by shard
    std::vector<std::uint32_t> variant;  ///< by shard, among its variants
    std::size_t boards = 0;
};

/// How full the growth may fill a board.
struct GrowthLimits {
    double fill = 1.0;                                                  ///< fraction of an SLR's usable resources
    double ports = 1.2;                                                 ///< fraction of a board's ports, for estimated loads
    std::vector<double> fanout;                                         ///< boards that each net is expected to reach; empty: one
    std::size_t most_boards = std::numeric_limits<std::size_t>::max();  ///< growth stops beyond
};

/// A shard that fits no empty SLR, however it is built.
struct UnfitShard {
    std::uint32_t shard = 0;
};

/// Fills boards one after another with clusters of shards. A cluster is placed only after all that it reads, so that data
/// never flow back to an earlier board; among those the one that shares most data with the board
/// under way comes next (greedy graph growing, Karypis and Kumar, SIAM J. Sci. Comput. 20, 1998,
/// section 4.2, made one-directional). Of the ways to build it, it takes the one that leaves the
/// board's resources most evenly filled, less what its speed is worth.
/// A placement of more than `limits.most_boards` is given up before all shards have a board.
std::variant<Placement, UnfitShard> grow_boards(const ShardGraph& graph, const BoardSpace& space, const GrowthLimits& limits);

/// How finely results may stream.
struct ChunkLimits {
    int most = 16;                            ///< of a shard whose result stays on its board
    std::vector<int> most_sent;               ///< by board: of one whose result leaves it or gets there
    std::int64_t most_transferred = 1 << 20;  ///< of all transfers of an event together, as far as one chunk for each allows
    int frame_bits = 64;
};

/// How many chunks each shard may stream. Those that leave a board are whole frames, nearly: what rounding takes, ports lack.
std::vector<int> limit_chunks(const ShardGraph& graph, const Placement& placement, const ChunkLimits& limits);

/// Boards that each net reaches beside its own, the outside among them.
std::vector<double> net_fanout(const ShardGraph& graph, const Placement& placement);

}  // namespace tessera::partition
