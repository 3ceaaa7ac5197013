#include "partition/refinement.h"

#include <algorithm>
#include <cmath>

#include "partition/random.h"

namespace tessera::partition {

namespace {

constexpr std::uint32_t kOutsideBoard = Placement::kOutsideBoard;

/// Boards that a net's consumers sit on, with how many there are on each.
using Reach = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

std::uint32_t count_on(const Reach& reach, std::uint32_t board) {
    for (const auto& [where, count] : reach) {
        if (where == board) return count;
    }
    return 0;
}

void add_to(Reach& reach, std::uint32_t board, int change) {
    const auto place = std::find_if(reach.begin(), reach.end(), [&](const auto& entry) { return entry.first == board; });
    if (place == reach.end()) {
        reach.emplace_back(board, 1);
        return;
    }
    place->second += static_cast<std::uint32_t>(change);
    if (place->second == 0) {
        *place = reach.back();
        reach.pop_back();
    }
}

/// A placement with what its cost is made of, kept up to date move by move.
///
/// Cost, in lanes: lanes between boards times the links that they cross, plus kHopCost for every need on the slowest path that
/// crosses boards (less by the eighth power of its criticality off that path, as VPR does), plus
/// kPortCost times the square of the lanes that a board has too many.
class PlacementState {
  public:
    PlacementState(const ShardGraph& graph, const BoardSpace& space, const Placement& placement, const RefinementSettings& settings)
        : graph_(graph),
          space_(space),
          placement_(placement),
          hops_(settings.hops),
          most_lanes_(settings.ports * space.ports),
          free_(placement.boards * static_cast<std::size_t>(space.slrs), space.slr_capacity * (1 - 1e-9)),
          reach_(graph.nets.size()),
          in_(placement.boards, 0),
          out_(placement.boards, 0),
          neighbours_(graph.shards.size()),
          hop_costs_(graph.shards.size()) {
        for (std::uint32_t s = 0; s < graph.shards.size(); ++s) {
            if (board(s) != kOutsideBoard) free_at(board(s), placement.slr[s]) -= graph.resources(s);
        }
        for (std::uint32_t n = 0; n < graph.nets.size(); ++n) {
            for (const std::uint32_t consumer : graph.nets[n].consumers) add_to(reach_[n], board(consumer), 1);
            for (const auto& [to, count] : reach_[n]) charge(n, board(graph.nets[n].from), to, 1);
        }
        for (const Need& need : graph.needs) {
            neighbours_[need.from].push_back(need.to);
            if (need.to != ShardGraph::kNone) neighbours_[need.to].push_back(need.from);
        }
    }

    std::uint32_t board(std::uint32_t shard) const { return shard == ShardGraph::kNone ? kOutsideBoard : placement_.board[shard]; }
    const Placement& placement() const { return placement_; }
    /// Shards that this one reads or that read it; kNone for the outside.
    const std::vector<std::uint32_t>& neighbours(std::uint32_t shard) const { return neighbours_[shard]; }

    void weigh_hops(const Timing& timing) {
        constexpr double kHopCost = 0.02, kNegligible = 1e-3;
        for (auto& costs : hop_costs_) costs.clear();
        for (std::size_t n = 0; n < graph_.needs.size(); ++n) {
            const double weight = std::pow(timing.criticality[n], 8);
            const Need& need = graph_.needs[n];
            if (weight < kNegligible || need.to == ShardGraph::kNone) continue;
            hop_costs_[need.from].push_back({need.to, kHopCost * weight});
            hop_costs_[need.to].push_back({need.from, kHopCost * weight});
        }
    }

    /// The tightest SLR of a board with room; -1 where there is none.
    int room_on(std::uint32_t board, const Resources& needed) const {
        int best = -1;
        double best_left = 0;
        for (int slr = 0; slr < space_.slrs; ++slr) {
            const Resources& free = free_[board * static_cast<std::size_t>(space_.slrs) + static_cast<std::size_t>(slr)];
            if (!needed.fits(free)) continue;
            const double left = (free - needed).max_fraction(space_.slr_capacity);
            if (best < 0 || left < best_left) best = slr, best_left = left;
        }
        return best;
    }

    void take_off(std::uint32_t shard) { free_at(board(shard), placement_.slr[shard]) += graph_.resources(shard); }
    void put_on(std::uint32_t shard, int slr) {
        placement_.slr[shard] = slr;
        free_at(board(shard), slr) -= graph_.resources(shard);
    }

    /// Moves the wires, not the resources; returns the change of the cost.
    double rewire(std::uint32_t shard, std::uint32_t to) {
        const std::uint32_t from = board(shard);
        change_ = hop_change(shard, from, to);
        for (const std::uint32_t n : graph_.outputs[shard]) {
            for (const auto& [where, count] : reach_[n]) {
                charge(n, from, where, -1);
                charge(n, to, where, 1);
            }
        }
        for (const std::uint32_t n : graph_.inputs[shard]) {
            const std::uint32_t source = board(graph_.nets[n].from);
            if (count_on(reach_[n], from) == 1) charge(n, source, from, -1);
            if (count_on(reach_[n], to) == 0) charge(n, source, to, 1);
            add_to(reach_[n], from, -1);
            add_to(reach_[n], to, 1);
        }
        placement_.board[shard] = to;
        return change_;
    }

  private:
    Resources& free_at(std::uint32_t board, int slr) {
        return free_[board * static_cast<std::size_t>(space_.slrs) + static_cast<std::size_t>(slr)];
    }

    double port_cost(double frames) const {
        constexpr double kPortCost = 2;
        const double excess = frames / static_cast<double>(space_.frames_per_event) - most_lanes_;
        return excess > 0 ? kPortCost * excess * excess : 0;
    }

    void shift(double& frames, double by) {
        change_ -= port_cost(frames);
        frames += by;
        change_ += port_cost(frames);
    }

    /// Adds (or takes away) the way of a net from one board to another.
    void charge(std::uint32_t net, std::uint32_t from, std::uint32_t to, int sign) {
        if (from == to) return;
        const auto frames = static_cast<double>(sign * graph_.nets[net].frames);
        change_ += frames / static_cast<double>(space_.frames_per_event) * links_between(from, to);
        if (from != kOutsideBoard) shift(out_[from], frames);
        if (to != kOutsideBoard) shift(in_[to], frames);
    }

    int links_between(std::uint32_t from, std::uint32_t to) const {
        if (hops_.empty() || from == kOutsideBoard || to == kOutsideBoard) return 1;
        return hops_[from * placement_.boards + to];
    }

    double hop_change(std::uint32_t shard, std::uint32_t from, std::uint32_t to) const {
        double change = 0;
        for (const HopCost& hop : hop_costs_[shard]) {
            const std::uint32_t other = placement_.board[hop.other];
            if (other == from) change += hop.cost;
            if (other == to) change -= hop.cost;
        }
        return change;
    }

    /// What it costs to have another shard on another board.
    struct HopCost {
        std::uint32_t other = 0;
        double cost = 0;
    };

    const ShardGraph& graph_;
    const BoardSpace& space_;
    Placement placement_;
    const std::vector<int>& hops_;
    double most_lanes_;
    std::vector<Resources> free_;   ///< by board and SLR
    std::vector<Reach> reach_;      ///< by net
    std::vector<double> in_, out_;  ///< frames, by board
    std::vector<std::vector<std::uint32_t>> neighbours_;
    std::vector<std::vector<HopCost>> hop_costs_;  ///< by shard; each is listed at both ends
    double change_ = 0;
};

class Annealing {
  public:
    Annealing(const ShardGraph& graph, const BoardSpace& space, const Placement& placement, const RefinementSettings& settings)
        : graph_(graph),
          settings_(settings),
          state_(graph, space, placement, settings),
          generator_(settings.seed),
          members_(placement.boards) {
        for (std::uint32_t s = 0; s < graph.shards.size(); ++s) {
            if (graph.shards[s].outside) continue;
            movable_.push_back(s);
            members_[placement.board[s]].push_back(s);
        }
    }

    Placement run() {
        constexpr int kPhases = 12;
        constexpr double kHottest = 0.1, kColdest = 0.005;  // in lanes, the unit of the cost
        if (movable_.size() < 2 || members_.size() < 2) return state_.placement();
        for (int phase = 0; phase < kPhases; ++phase) {
            state_.weigh_hops(analyse_timing(graph_, state_.placement(), settings_.hop));
            temperature_ = kHottest * std::pow(kColdest / kHottest, static_cast<double>(phase) / (kPhases - 1));
            for (std::int64_t m = 0; m < settings_.moves / kPhases; ++m) try_one();
        }
        return state_.placement();
    }

  private:
    void try_one() {
        const std::uint32_t shard = movable_[draw(generator_, movable_.size())];
        const std::uint32_t target = board_near(shard);
        if (target == kOutsideBoard || target == state_.board(shard)) return;
        const int slr = state_.room_on(target, graph_.resources(shard));
        if (slr >= 0) {
            try_move(shard, target, slr);
        } else {
            try_exchange(shard, members_[target][draw(generator_, members_[target].size())]);
        }
    }

    /// The board of a neighbour; of a neighbour's neighbour half of the time, which finds siblings.
    std::uint32_t board_near(std::uint32_t shard) {
        std::uint32_t near = step_from(shard);
        if (near != ShardGraph::kNone && (generator_() & 1) != 0) {
            const std::uint32_t further = step_from(near);
            if (further != ShardGraph::kNone) near = further;
        }
        return state_.board(near);
    }

    std::uint32_t step_from(std::uint32_t shard) {
        const auto& neighbours = state_.neighbours(shard);
        return neighbours.empty() ? ShardGraph::kNone : neighbours[draw(generator_, neighbours.size())];
    }

    bool accept(double worse) {
        if (worse <= 0) return true;
        return static_cast<double>(generator_() >> 11) * 0x1p-53 < std::exp(-worse / temperature_);
    }

    void try_move(std::uint32_t shard, std::uint32_t target, int slr) {
        const std::uint32_t home = state_.board(shard);
        if (members_[home].size() == 1) return;  // no board is emptied here: that would leave a gap in their numbers
        state_.take_off(shard);
        if (accept(state_.rewire(shard, target))) {
            state_.put_on(shard, slr);
            change_member(shard, home, target);
        } else {
            state_.rewire(shard, home);
            state_.put_on(shard, state_.placement().slr[shard]);
        }
    }

    void try_exchange(std::uint32_t a, std::uint32_t b) {
        const std::uint32_t board_a = state_.board(a), board_b = state_.board(b);
        const int slr_a = state_.placement().slr[a], slr_b = state_.placement().slr[b];
        state_.take_off(a);
        state_.take_off(b);
        const int a_on_b = state_.room_on(board_b, graph_.resources(a)), b_on_a = state_.room_on(board_a, graph_.resources(b));
        if (a_on_b >= 0 && b_on_a >= 0) {
            const double worse = state_.rewire(a, board_b) + state_.rewire(b, board_a);
            if (accept(worse)) {
                state_.put_on(a, a_on_b);
                state_.put_on(b, b_on_a);
                change_member(a, board_a, board_b);
                change_member(b, board_b, board_a);
                return;
            }
            state_.rewire(b, board_b);
            state_.rewire(a, board_a);
        }
        state_.put_on(a, slr_a);
        state_.put_on(b, slr_b);
    }

    void change_member(std::uint32_t shard, std::uint32_t from, std::uint32_t to) {
        auto& old = members_[from];
        *std::find(old.begin(), old.end(), shard) = old.back();
        old.pop_back();
        members_[to].push_back(shard);
    }

    const ShardGraph& graph_;
    const RefinementSettings& settings_;
    PlacementState state_;
    std::mt19937_64 generator_;
    std::vector<std::uint32_t> movable_;
    std::vector<std::vector<std::uint32_t>> members_;  ///< shards of each board
    double temperature_ = 1;
};

}  // namespace

Placement refine(const ShardGraph& graph, const BoardSpace& space, const Placement& placement, const RefinementSettings& settings) {
    return Annealing(graph, space, placement, settings).run();
}

}  // namespace tessera::partition
