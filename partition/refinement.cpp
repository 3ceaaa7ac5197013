#include "partition/refinement.h"

#include <algorithm>
#include <cmath>

#include "partition/latency_annealing.h"
#include "partition/random.h"
#include "partition/wiring.h"

namespace tessera::partition {

namespace {

constexpr std::uint32_t kOutsideBoard = Placement::kOutsideBoard;

class Annealing {
  public:
    Annealing(const ShardGraph& graph, const BoardSpace& space, const Placement& placement, const RefinementSettings& settings)
        : graph_(graph),
          settings_(settings),
          placement_(placement),
          wiring_(graph, space, placement, settings),
          generator_(settings.seed),
          free_(graph, space, placement),
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
        if (movable_.size() < 2 || members_.size() < 2) return placement_;
        for (int phase = 0; phase < kPhases; ++phase) {
            placement_.board = wiring_.boards();
            wiring_.weigh_hops(analyse_timing(graph_, placement_, settings_.hop));
            temperature_ = kHottest * std::pow(kColdest / kHottest, static_cast<double>(phase) / (kPhases - 1));
            for (std::int64_t m = 0; m < settings_.moves / kPhases; ++m) try_one();
        }
        placement_.board = wiring_.boards();
        return placement_;
    }

  private:
    void take_off(std::uint32_t shard) { free_.at(wiring_.board(shard), placement_.slr[shard]) += placement_.resources(graph_, shard); }
    void put_on(std::uint32_t shard, int slr) {
        placement_.slr[shard] = slr;
        free_.at(wiring_.board(shard), slr) -= placement_.resources(graph_, shard);
    }

    void try_one() {
        const std::uint32_t shard = movable_[draw(generator_, movable_.size())];
        const std::uint32_t target = wiring_.board_near(shard, generator_);
        if (target == kOutsideBoard || target == wiring_.board(shard)) return;
        const int slr = free_.tightest(target, placement_.resources(graph_, shard));
        if (slr >= 0) {
            try_move(shard, target, slr);
        } else {
            try_exchange(shard, members_[target][draw(generator_, members_[target].size())]);
        }
    }

    void try_move(std::uint32_t shard, std::uint32_t target, int slr) {
        const std::uint32_t home = wiring_.board(shard);
        if (members_[home].size() == 1) return;  // no board is emptied here: that would leave a gap in their numbers
        take_off(shard);
        if (accept(generator_, wiring_.move(shard, target), temperature_)) {
            put_on(shard, slr);
            change_member(shard, home, target);
        } else {
            wiring_.move(shard, home);
            put_on(shard, placement_.slr[shard]);
        }
    }

    void try_exchange(std::uint32_t a, std::uint32_t b) {
        const std::uint32_t board_a = wiring_.board(a), board_b = wiring_.board(b);
        const int slr_a = placement_.slr[a], slr_b = placement_.slr[b];
        take_off(a);
        take_off(b);
        const int a_on_b = free_.tightest(board_b, placement_.resources(graph_, a)),
                  b_on_a = free_.tightest(board_a, placement_.resources(graph_, b));
        if (a_on_b >= 0 && b_on_a >= 0) {
            const double worse = wiring_.move(a, board_b) + wiring_.move(b, board_a);
            if (accept(generator_, worse, temperature_)) {
                put_on(a, a_on_b);
                put_on(b, b_on_a);
                change_member(a, board_a, board_b);
                change_member(b, board_b, board_a);
                return;
            }
            wiring_.move(b, board_b);
            wiring_.move(a, board_a);
        }
        put_on(a, slr_a);
        put_on(b, slr_b);
    }

    void change_member(std::uint32_t shard, std::uint32_t from, std::uint32_t to) {
        auto& old = members_[from];
        *std::find(old.begin(), old.end(), shard) = old.back();
        old.pop_back();
        members_[to].push_back(shard);
    }

    const ShardGraph& graph_;
    const RefinementSettings& settings_;
    Placement placement_;  ///< its boards are those of the wiring's last phase
    Wiring wiring_;
    std::mt19937_64 generator_;
    FreeRoom free_;
    std::vector<std::uint32_t> movable_;
    std::vector<std::vector<std::uint32_t>> members_;  ///< shards of each board
    double temperature_ = 1;
};

}  // namespace

Placement refine(const ShardGraph& graph, const BoardSpace& space, const Placement& placement, const RefinementSettings& settings) {
    return anneal_latency(graph, space, Annealing(graph, space, placement, settings).run(), settings);
}

}  // namespace tessera::partition
