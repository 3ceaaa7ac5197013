#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "partition/refinement.h"
#include "partition/slr_exchange.h"

namespace tessera::partition {

namespace {

/// Registers of a crossing, which take flip-flops of the reader's SLR, as a cost beside criticality.
double register_cost(const Need& need, const BoardSpace& space) {
    constexpr double kWholeSlr = 10;  // what it would cost to fill one with registers
    const BoardOffer& offer = space.types.front();
    const double wires = static_cast<double>(need.bits) / static_cast<double>(space.frames_per_event);
    return kWholeSlr * wires * offer.slr_crossing_cycles / std::max(1.0, offer.slr_capacity.ff);
}

/// What is lost for each die that lies between two SLRs of one board, pair by pair.
class CrossingCosts {
  public:
    explicit CrossingCosts(int slrs) : slrs_(static_cast<std::size_t>(slrs)), costs_(slrs_ * slrs_, 0) {}

    double& between(std::size_t a, std::size_t b) { return costs_[a * slrs_ + b]; }

    double total(const std::vector<int>& position) {
        double sum = 0;
        for (std::size_t a = 0; a < slrs_; ++a) {
            for (std::size_t b = 0; b < slrs_; ++b) sum += between(a, b) * std::abs(position[a] - position[b]);
        }
        return sum;
    }

    /// Exchanges positions pairwise as long as that helps.
    std::vector<int> best_order() {
        std::vector<int> position(slrs_);
        for (std::size_t slr = 0; slr < slrs_; ++slr) position[slr] = static_cast<int>(slr);
        double best = total(position);
        for (bool better = true; better;) {
            better = false;
            for (std::size_t a = 0; a < position.size(); ++a) {
                for (std::size_t b = a + 1; b < position.size(); ++b) {
                    std::swap(position[a], position[b]);
                    const double cost = total(position);
                    if (cost < best * (1 - 1e-9)) {
                        best = cost, better = true;
                    } else {
                        std::swap(position[a], position[b]);
                    }
                }
            }
        }
        return position;
    }

  private:
    std::size_t slrs_;
    std::vector<double> costs_;
};

}  // namespace

void order_slrs(const ShardGraph& graph, const BoardSpace& space, const Timing& timing, Placement& placement) {
    const auto joined = [&](const Need& need) {
        return need.to != ShardGraph::kNone && placement.board[need.from] == placement.board[need.to] && !graph.shards[need.to].outside;
    };
    const BoardSlrs slrs(space, placement);
    std::vector<CrossingCosts> costs;
    for (std::uint32_t board = 0; board < placement.boards; ++board) costs.emplace_back(slrs.count(board));
    for (std::size_t n = 0; n < graph.needs.size(); ++n) {
        const Need& need = graph.needs[n];
        if (!joined(need)) continue;
        costs[placement.board[need.to]].between(static_cast<std::size_t>(placement.slr[need.from]),
                                                static_cast<std::size_t>(placement.slr[need.to])) += std::pow(timing.criticality[n], 8);
    }
    std::vector<std::vector<int>> orders;
    orders.reserve(costs.size());
    for (CrossingCosts& of_board : costs) orders.push_back(of_board.best_order());
    for (std::size_t s = 0; s < graph.shards.size(); ++s) {
        if (placement.board[s] != Placement::kOutsideBoard)
            placement.slr[s] = orders[placement.board[s]][static_cast<std::size_t>(placement.slr[s])];
    }
    std::vector<double> crossing_costs(graph.needs.size(), 0);
    for (std::size_t n = 0; n < graph.needs.size(); ++n) {
        if (joined(graph.needs[n])) crossing_costs[n] = std::pow(timing.criticality[n], 8) + register_cost(graph.needs[n], space);
    }
    exchange_between_slrs(graph, space, crossing_costs, placement);
}

}  // namespace tessera::partition
