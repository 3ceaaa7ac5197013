#pragma once

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "partition/placement.h"
#include "partition/refinement.h"
#include "partition/shard_graph.h"
#include "partition/timing.h"

namespace tessera::partition {

/// What the wires of a placement cost, kept up to date shard by shard.
///
/// Cost, in lanes: lanes between boards times the links that they cross, plus kHopCost for every link that a need on the slowest path
/// crosses (less by the eighth power of its criticality off that path, as VPR does), plus
/// kPortCost times the square of the lanes that a board or a cable has too many, plus `stay_lanes` for each shard that is not where it
/// was.
class Wiring {
  public:
    static constexpr double kHopCost = 0.05;

    /// @param settings of them: `ports`, `cables`, `cable_fill` and `stay_lanes`. The graph and the cables must outlive this.
    Wiring(const ShardGraph& graph, const BoardSpace& space, const Placement& placement, const RefinementSettings& settings);

    std::uint32_t board(std::uint32_t shard) const { return shard == ShardGraph::kNone ? Placement::kOutsideBoard : board_[shard]; }
    const std::vector<std::uint32_t>& boards() const { return board_; }
    /// The board of a shard that this one reads or that reads it; of such a shard's own neighbour half of the time, which finds
    /// siblings. kOutsideBoard where that is outside.
    std::uint32_t board_near(std::uint32_t shard, std::mt19937_64& generator) const;

    void weigh_hops(const Timing& timing);

    /// Moves a shard to another board; returns the change of the cost.
    double move(std::uint32_t shard, std::uint32_t to);

  private:
    /// Boards that a net's consumers sit on, with how many there are on each.
    using Reach = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
    /// What it costs to have another shard on another board.
    struct HopCost {
        std::uint32_t other = 0;
        double cost = 0;
    };

    std::uint32_t step_from(std::uint32_t shard, std::mt19937_64& generator) const;
    static std::uint32_t count_on(const Reach& reach, std::uint32_t board);
    static void add_to(Reach& reach, std::uint32_t board, int change);
    static double overload_cost(double lanes, double most);
    void shift(double& lanes, double by, double most, int alike = 1);
    void charge_ports(std::uint32_t from, std::uint32_t to, std::int64_t frames);
    void charge_cables(const Net& net, std::uint32_t from, std::uint32_t to, int sign);
    void charge(std::uint32_t net, std::uint32_t from, std::uint32_t to, int sign);
    int links_between(std::uint32_t from, std::uint32_t to) const;
    double hop_change(std::uint32_t shard, std::uint32_t from, std::uint32_t to) const;

    const ShardGraph& graph_;
    std::int64_t frames_per_event_;
    int frame_bits_, overhead_frames_;
    std::size_t boards_;
    CableWays* cables_;
    double stay_lanes_;
    std::vector<std::uint32_t> home_, board_;             ///< by shard: at the start, and now
    std::vector<Reach> reach_;                            ///< by net
    std::vector<std::int64_t> frames_;                    ///< from board a to board b at a * (boards + 1) + b; the outside is the last
    std::vector<double> in_, out_;                        ///< whole lanes, by board
    std::vector<double> from_outside_, to_outside_;       ///< the same, where these have ports of their own
    std::vector<double> most_lanes_, most_outside_;       ///< free to use of both, by board; of the outside's 0: they are among the others
    std::vector<double> cabled_, most_cabled_;            ///< lanes on a cable of each channel, and free to use of it; empty: ports cost
    std::vector<std::vector<std::uint32_t>> neighbours_;  ///< by shard; kNone for the outside
    std::vector<std::vector<HopCost>> hop_costs_;         ///< by shard; each is listed at both ends
    double change_ = 0;
};

}  // namespace tessera::partition
