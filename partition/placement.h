#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "partition/shard_graph.h"

namespace tessera::partition {

/// What a board of one type offers to a placement.
struct BoardOffer {
    std::string name;
    Resources slr_capacity;
    int slrs = 1;
    int ports = 0;                                                 ///< lanes in, and as many out
    int outside_ports = 0;                                         ///< beside those, to and from the outside alone; 0: it takes of `ports`
    int slr_crossing_cycles = 0;                                   ///< from an SLR to the next
    std::size_t boards = std::numeric_limits<std::size_t>::max();  ///< of this type in a time node

    Resources capacity() const { return slr_capacity * slrs; }
};

/// What shards are placed on.
struct BoardSpace {
    std::vector<BoardOffer> types{1};   ///< in the order in which they are used
    std::int64_t frames_per_event = 9;  ///< of one lane: TMUX period x frames per BX
    int frame_bits = 64;
    int overhead_frames = 2;  ///< header and CRC of what a shard sends a board
};

/// Which board and SLR each shard sits on, and how it is built there.
struct Placement {
    static constexpr std::uint32_t kOutsideBoard = 0xffffffffU;  ///< of sources

    std::vector<std::uint32_t> board;    ///< by shard
    std::vector<int> slr;                ///< by shard
    std::vector<std::uint32_t> variant;  ///< by shard, among its variants
    std::size_t boards = 0;
    std::vector<std::uint32_t> types{};  ///< by board: position in BoardSpace::types; boards beyond its end are of the first

    /// The outside for ShardGraph::kNone.
    std::uint32_t board_of(std::uint32_t shard) const { return shard == ShardGraph::kNone ? kOutsideBoard : board[shard]; }
    /// What a shard takes, as it is built here.
    const Resources& resources(const ShardGraph& graph, std::uint32_t shard) const {
        return graph.variants_of(shard)[variant[shard]].resources;
    }
    std::uint32_t type_of(std::size_t board_number) const { return board_number < types.size() ? types[board_number] : 0; }
};

/// The SLRs of all boards of a placement, numbered board by board, whatever their types. The space must outlive it.
class BoardSlrs {
  public:
    BoardSlrs(const BoardSpace& space, const Placement& placement);

    int count(std::uint32_t board) const { return offers_[board]->slrs; }
    const Resources& capacity(std::uint32_t board) const { return offers_[board]->slr_capacity; }
    std::size_t number(std::uint32_t board, int slr) const { return first_[board] + static_cast<std::size_t>(slr); }
    std::size_t size() const { return first_.empty() ? 0 : first_.back() + static_cast<std::size_t>(offers_.back()->slrs); }

  private:
    std::vector<const BoardOffer*> offers_;  ///< by board
    std::vector<std::size_t> first_;         ///< by board: the number of its first SLR
};

/// What is free on each SLR of the boards of a placement. The space must outlive it.
class FreeRoom {
  public:
    /// All of it, less a hair for rounding.
    FreeRoom(const BoardSpace& space, const Placement& placement);
    /// Less what the shards of a placement take.
    FreeRoom(const ShardGraph& graph, const BoardSpace& space, const Placement& placement);

    const BoardSlrs& slrs() const { return slrs_; }
    /// Below 0 where it is overfull.
    Resources& at(std::uint32_t board, int slr) { return free_[slrs_.number(board, slr)]; }
    const Resources& at(std::uint32_t board, int slr) const { return free_[slrs_.number(board, slr)]; }
    /// The SLR of a board that is fullest once it holds `needed`; -1 where there is room on none.
    int tightest(std::uint32_t board, const Resources& needed) const;

  private:
    BoardSlrs slrs_;
    std::vector<Resources> free_;
};

/// Whether there are as many boards of each type as a placement takes.
bool within_stock(const BoardSpace& space, const Placement& placement);

/// How full the growth may fill a board.
struct GrowthLimits {
    double fill = 1.0;                                                  ///< fraction of an SLR's usable resources
    double ports = 1.2;                                                 ///< fraction of a board's ports, for estimated loads
    std::vector<double> fanout;                                         ///< boards that each net is expected to reach; empty: one
    double largest_column = 0;                                          ///< as ClusterLimits has it
    std::size_t most_boards = std::numeric_limits<std::size_t>::max();  ///< growth stops beyond
};

/// A shard that fits no empty SLR, however it is built.
struct UnfitShard {
    std::uint32_t shard = 0;
};

/// Fills boards one after another with clusters of shards, those of the first type first; where an empty board of a type takes nothing
/// of what is next, or there are no more of it, one of the next type. A cluster is placed only after all that it reads, so that data
/// never flow back to an earlier board; among those the one that shares most data with the board
/// under way comes next (greedy graph growing, Karypis and Kumar, SIAM J. Sci. Comput. 20, 1998,
/// section 4.2, made one-directional). Of the ways to build it, it takes the one that leaves the
/// board's resources most evenly filled, less what its speed is worth.
/// A placement of more than `limits.most_boards` is given up before all shards have a board; one that is not may still take more boards of
/// a type than there are (`within_stock`).
std::variant<Placement, UnfitShard> grow_boards(const ShardGraph& graph, const BoardSpace& space, const GrowthLimits& limits);

/// Boards that each net reaches beside its own, the outside among them.
std::vector<double> net_fanout(const ShardGraph& graph, const Placement& placement);

}  // namespace tessera::partition
