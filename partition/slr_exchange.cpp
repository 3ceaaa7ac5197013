#include "partition/slr_exchange.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace tessera::partition {

namespace {

class SlrExchange {
  public:
    SlrExchange(const ShardGraph& graph, const BoardSpace& space, const std::vector<double>& crossing_costs, Placement& placement)
        : graph_(graph), placement_(placement), free_(graph, space, placement), on_slr_(free_.slrs().size()), near_(graph.shards.size()) {
        for (std::uint32_t s = 0; s < graph.shards.size(); ++s) {
            if (!graph.shards[s].outside) on_slr_[number(s)].push_back(s);
        }
        for (std::size_t n = 0; n < graph.needs.size(); ++n) {
            const Need& need = graph.needs[n];
            if (crossing_costs[n] <= 0) continue;
            near_[need.from].push_back({need.to, crossing_costs[n]});
            near_[need.to].push_back({need.from, crossing_costs[n]});
        }
    }

    void run() {
        constexpr int kRounds = 8;
        bool better = true;
        for (int round = 0; round < kRounds && better; ++round) {
            better = false;
            for (std::uint32_t s = 0; s < graph_.shards.size(); ++s) {
                if (!near_[s].empty() && settle(s)) better = true;
            }
        }
    }

  private:
    struct Neighbour {
        std::uint32_t shard = 0;
        double cost = 0;  ///< of each die between
    };

    static constexpr double kLeastGain = 1e-6;

    std::size_t number(std::uint32_t shard) const { return free_.slrs().number(placement_.board[shard], placement_.slr[shard]); }
    const Resources& size(std::uint32_t shard) const { return placement_.resources(graph_, shard); }
    Resources& room_of(std::uint32_t shard) { return free_.at(placement_.board[shard], placement_.slr[shard]); }

    void put(std::uint32_t shard, int slr) {
        placement_.slr[shard] = slr;
        room_of(shard) -= size(shard);
        on_slr_[number(shard)].push_back(shard);
    }

    void take_off(std::uint32_t shard) {
        room_of(shard) += size(shard);
        auto& there = on_slr_[number(shard)];
        there.erase(std::find(there.begin(), there.end(), shard));
    }

    /// What the crossings of a shard cost less on another SLR.
    double gain(std::uint32_t shard, int slr) const {
        double sum = 0;
        for (const auto& [other, cost] : near_[shard])
            sum += cost * (std::abs(placement_.slr[shard] - placement_.slr[other]) - std::abs(slr - placement_.slr[other]));
        return sum;
    }

    /// On the SLR of its board where it costs least and fits, alone or in exchange for another shard.
    bool settle(std::uint32_t shard) {
        std::vector<std::pair<double, int>> gains;
        for (int slr = 0; slr < free_.slrs().count(placement_.board[shard]); ++slr) {
            const double saved = slr == placement_.slr[shard] ? 0 : gain(shard, slr);
            if (saved > kLeastGain) gains.emplace_back(-saved, slr);
        }
        std::sort(gains.begin(), gains.end());
        return std::any_of(gains.begin(), gains.end(),
                           [&](const auto& found) { return move(shard, found.second) || exchange(shard, found.second, -found.first); });
    }

    bool move(std::uint32_t shard, int slr) {
        if (!size(shard).fits(free_.at(placement_.board[shard], slr))) return false;
        take_off(shard);
        put(shard, slr);
        return true;
    }

    bool exchange(std::uint32_t shard, int slr, double saved) {
        const int home = placement_.slr[shard];
        const Resources room_there = free_.at(placement_.board[shard], slr), room_here = room_of(shard);
        for (const std::uint32_t other : on_slr_[free_.slrs().number(placement_.board[shard], slr)]) {
            if (!size(shard).fits(room_there + size(other)) || !size(other).fits(room_here + size(shard))) continue;
            double both = saved + gain(other, home);
            for (const auto& [neighbour, cost] : near_[shard]) {
                if (neighbour == other) both -= 2 * cost * std::abs(home - slr);  // as far from each other as before
            }
            if (both <= kLeastGain) continue;
            take_off(shard);
            take_off(other);
            put(shard, slr);
            put(other, home);
            return true;
        }
        return false;
    }

    const ShardGraph& graph_;
    Placement& placement_;
    FreeRoom free_;
    std::vector<std::vector<std::uint32_t>> on_slr_;  ///< shards
    std::vector<std::vector<Neighbour>> near_;        ///< by shard
};

}  // namespace

void exchange_between_slrs(const ShardGraph& graph, const BoardSpace& space, const std::vector<double>& crossing_costs,
                           Placement& placement) {
    SlrExchange(graph, space, crossing_costs, placement).run();
}

}  // namespace tessera::partition
