#include "partition/quicken.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace tessera::partition {

namespace {

class Quickening {
  public:
    Quickening(const ShardGraph& graph, const BoardSpace& space, const Placement& placement)
        : graph_(graph), placement_(placement), free_(graph, space, placement) {
        for (std::uint32_t s = 0; s < graph_.shards.size(); ++s) {
            if (!graph_.shards[s].outside) graph_.shards[s].chosen = placement.variant[s];
        }
        for (std::uint32_t board = 0; board < placement.boards; ++board) {
            for (int slr = 0; slr < free_.slrs().count(board); ++slr)
                free_.at(board, slr).ff -= kForCrossings * free_.slrs().capacity(board).ff;
        }
    }

    Placement run(const HopTiming& hop) {
        constexpr int kRounds = 64;
        Timing timing = analyse_timing(graph_, placement_, hop);
        Placement best = placement_;
        double least = timing.latency_cycles;
        for (int round = 0; round < kRounds && speed_up(timing); ++round) {
            timing = analyse_timing(graph_, placement_, hop);
            if (timing.latency_cycles < least) least = timing.latency_cycles, best = placement_;
        }
        return best;
    }

  private:
    static constexpr double kForCrossings = 0.02;  ///< of the flip-flops of an SLR, left to registers between SLRs, which are not known yet

    Resources& room_of(std::uint32_t shard) { return free_.at(placement_.board[shard], placement_.slr[shard]); }

    /// False where no shard on a slowest path can be built faster.
    bool speed_up(const Timing& timing) {
        constexpr double kOnSlowestPath = 0.995;
        std::vector<double> criticality(graph_.shards.size(), 0);
        for (std::size_t n = 0; n < graph_.needs.size(); ++n) {
            const Need& need = graph_.needs[n];
            criticality[need.from] = std::max(criticality[need.from], timing.criticality[n]);
        }
        bool any = false;
        for (std::uint32_t s = 0; s < graph_.shards.size(); ++s) {
            if (graph_.shards[s].outside || criticality[s] < kOnSlowestPath) continue;
            const auto faster = best_step(s);
            if (!faster) continue;
            room_of(s) += graph_.resources(s);
            graph_.shards[s].chosen = placement_.variant[s] = *faster;
            room_of(s) -= graph_.resources(s);
            any = true;
        }
        return any;
    }

    /// The variant that saves most cycles for the room that it takes.
    std::optional<std::uint32_t> best_step(std::uint32_t shard) {
        constexpr double kNothing = 1e-6;  // of an SLR: what takes less is as good as free
        const auto& variants = graph_.variants_of(shard);
        const std::int64_t tokens = graph_.shards[shard].region.tokens.size();
        const Resources room = room_of(shard) + graph_.resources(shard);
        const Resources& slr = free_.slrs().capacity(placement_.board[shard]);
        std::optional<std::uint32_t> best;
        double best_rate = 0;
        for (std::uint32_t v = 0; v < variants.size(); ++v) {
            const double saved = graph_.built(shard).cycles(tokens) - variants[v].cycles(tokens);
            if (saved <= 0 || !variants[v].resources.fits(room)) continue;
            const double taken = std::max(kNothing, (variants[v].resources - graph_.resources(shard)).max_fraction(slr));
            if (!best || saved / taken > best_rate) best = v, best_rate = saved / taken;
        }
        return best;
    }

    ShardGraph graph_;  ///< a copy: the timing follows how shards are built
    Placement placement_;
    FreeRoom free_;
};

}  // namespace

Placement quicken(const ShardGraph& graph, const BoardSpace& space, const Placement& placement, const HopTiming& hop) {
    return Quickening(graph, space, placement).run(hop);
}

}  // namespace tessera::partition
