#include "partition/latency_annealing.h"

#include <algorithm>
#include <cmath>

#include "partition/random.h"
#include "partition/wiring.h"

namespace tessera::partition {

namespace {

constexpr std::int64_t kMovesForEach = 1000, kLeastForEach = 100;
constexpr std::int64_t kMostWork = 1'000'000;  ///< shards and needs that all analyses together may look at

class LatencyAnnealing {
  public:
    LatencyAnnealing(const ShardGraph& graph, const BoardSpace& space, const Placement& placement, const RefinementSettings& settings)
        : graph_(graph),
          hop_(settings.hop),
          placement_(placement),
          wiring_(graph_, space, placement, settings),
          random_(settings.seed),
          free_(graph, space, placement),
          members_(placement.boards) {
        for (const BoardOffer& offer : space.types) {
            most_slrs_ = std::max(most_slrs_, offer.slrs);
            hop_.slr_crossing_cycles = std::max<double>(hop_.slr_crossing_cycles, offer.slr_crossing_cycles);
        }
        for (std::uint32_t s = 0; s < graph_.shards.size(); ++s) {
            if (graph_.shards[s].outside) continue;
            graph_.shards[s].chosen = placement.variant[s];
            members_[placement.board[s]].push_back(s);
        }
    }

    Placement run(std::int64_t moves) {
        constexpr double kHottest = 0.1, kColdest = 0.001;  // of the latency
        Timing timing = analyse_timing(graph_, placement_, hop_);
        Placement best = placement_;
        double cost = timing.latency_cycles, least = cost;
        find_slowest(timing);
        for (std::int64_t m = 0; m < moves && !slowest_.empty(); ++m) {
            const double done = static_cast<double>(m) / static_cast<double>(moves);
            const double temperature = timing.latency_cycles * kHottest * std::pow(kColdest / kHottest, done);
            const double wires = try_some();
            if (!fits()) {
                undo();
                continue;
            }
            Timing now = analyse_timing(graph_, placement_, hop_);
            const double worse = now.latency_cycles - timing.latency_cycles + kCyclesPerLane * wires;
            if (!accept(random_, worse, temperature)) {
                undo();
                continue;
            }
            moved_.clear();
            timing = std::move(now);
            find_slowest(timing);
            cost += worse;
            if (cost < least - 1e-9) least = cost, best = placement_;
        }
        return best;
    }

  private:
    static constexpr double kCyclesPerLane = 4;  ///< less than a hop takes: the latency counts, and what is left of lanes breaks ties

    /// Where a shard sits and how it is built.
    struct Spot {
        std::uint32_t shard = 0;
        std::uint32_t board = 0;
        int slr = 0;
        std::uint32_t variant = 0;
    };

    Resources& room_of(std::uint32_t shard) { return free_.at(placement_.board[shard], placement_.slr[shard]); }
    void occupy(std::uint32_t shard, int sign) { room_of(shard) -= graph_.resources(shard) * sign; }

    void find_slowest(const Timing& timing) {
        constexpr double kOnSlowestPath = 0.995;
        slowest_.clear();
        for (std::size_t n = 0; n < graph_.needs.size(); ++n) {
            const Need& need = graph_.needs[n];
            if (timing.criticality[n] < kOnSlowestPath) continue;
            if (!graph_.shards[need.from].outside) slowest_.push_back(need.from);
            if (need.to != ShardGraph::kNone) slowest_.push_back(need.to);
        }
    }

    /// Puts a shard of a slowest path elsewhere, and others while something is overfull. Returns what that changes of the wires' cost.
    double try_some() {
        constexpr int kMostOthers = 8;
        const std::uint32_t first = slowest_[draw(random_, slowest_.size())];
        double wires = rebuild(first);
        for (int n = 0; n < kMostOthers && !fits(); ++n) {
            const auto& crowd = members_[placement_.board[first]];
            wires += rebuild(crowd[draw(random_, crowd.size())]);
        }
        return wires;
    }

    /// Half of the time on the same board.
    double rebuild(std::uint32_t shard) {
        moved_.push_back({shard, placement_.board[shard], placement_.slr[shard], placement_.variant[shard]});
        Spot to{shard, placement_.board[shard], static_cast<int>(draw(random_, static_cast<std::uint64_t>(most_slrs_))),
                static_cast<std::uint32_t>(draw(random_, graph_.variants_of(shard).size()))};
        if ((random_() & 1) != 0) to.board = static_cast<std::uint32_t>(draw(random_, members_.size()));
        to.slr %= free_.slrs().count(to.board);
        return put(to);
    }

    double put(const Spot& spot) {
        const std::uint32_t home = placement_.board[spot.shard];
        occupy(spot.shard, -1);
        placement_.board[spot.shard] = spot.board;
        placement_.slr[spot.shard] = spot.slr;
        graph_.shards[spot.shard].chosen = placement_.variant[spot.shard] = spot.variant;
        occupy(spot.shard, 1);
        if (home == spot.board) return 0;
        members_[home].erase(std::find(members_[home].begin(), members_[home].end(), spot.shard));
        members_[spot.board].push_back(spot.shard);
        return wiring_.move(spot.shard, spot.board);
    }

    void undo() {
        for (; !moved_.empty(); moved_.pop_back()) put(moved_.back());
    }

    bool fits() {
        return std::all_of(moved_.begin(), moved_.end(),
                           [&](const Spot& before) { return Resources{}.fits(room_of(before.shard)) && !members_[before.board].empty(); });
    }

    ShardGraph graph_;  ///< a copy: the timing follows how shards are built
    HopTiming hop_;
    Placement placement_;
    Wiring wiring_;
    std::mt19937_64 random_;
    int most_slrs_ = 1;                                ///< of a board of any type
    FreeRoom free_;                                    ///< below 0 where a move overfills it
    std::vector<std::vector<std::uint32_t>> members_;  ///< shards of each board
    std::vector<std::uint32_t> slowest_;               ///< shards on slowest paths, some repeatedly
    std::vector<Spot> moved_;                          ///< from where, in this move
};

}  // namespace

Placement anneal_latency(const ShardGraph& graph, const BoardSpace& space, const Placement& placement, const RefinementSettings& settings) {
    const auto shards = static_cast<std::int64_t>(graph.shards.size());
    const std::int64_t moves =
        std::min(kMovesForEach * shards, kMostWork / std::max<std::int64_t>(1, shards + static_cast<std::int64_t>(graph.needs.size())));
    if (moves < kLeastForEach * shards) return placement;
    return LatencyAnnealing(graph, space, placement, settings).run(moves);
}

}  // namespace tessera::partition
