#include "partition/timing.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace tessera::partition {

namespace {

class Analysis {
  public:
    Analysis(const ShardGraph& graph, const Placement& placement, const HopTiming& hop)
        : graph_(graph),
          placement_(placement),
          hop_(hop),
          first_(graph.shards.size(), 0),
          last_(graph.shards.size(), 0),
          first_due_(graph.shards.size(), kNever),
          last_due_(graph.shards.size(), kNever) {}

    Timing run() {
        forward();
        backward();
        Timing timing{latency_, std::vector<double>(graph_.needs.size(), 0)};
        for (std::size_t n = 0; n < graph_.needs.size(); ++n)
            timing.criticality[n] = 1 - std::max(0.0, slack(graph_.needs[n])) / std::max(latency_, 1.0);
        return timing;
    }

  private:
    static constexpr double kNever = std::numeric_limits<double>::infinity();

    /// From a result to its consumer: dies crossed on the same board; one chunk over a link otherwise.
    double delay(const Need& need) const {
        const std::uint32_t from = placement_.board[need.from];
        const std::uint32_t to = need.to == ShardGraph::kNone ? Placement::kOutsideBoard : placement_.board[need.to];
        if (from == to) return hop_.slr_crossing_cycles * std::abs(placement_.slr[need.from] - placement_.slr[need.to]);
        const bool outside = from == Placement::kOutsideBoard || to == Placement::kOutsideBoard;
        const double frames = static_cast<double>(need.bits) / 64 / graph_.shards[need.from].chunks / hop_.lanes + 2;
        return frames * hop_.cycles_per_frame + (outside ? 0 : hop_.hop_cycles);
    }

    /// From the start of a shard's first chunk to the end of its last.
    double span(std::uint32_t s) const {
        return (graph_.shards[s].chunks - 1) * graph_.chunk_interval_cycles(s) + graph_.chunk_latency_cycles(s);
    }

    void forward() {
        std::size_t n = 0;  // needs are sorted by consumer, shards are in topological order
        for (std::uint32_t s = 0; s < graph_.shards.size(); ++s) {
            double last_input = 0;
            for (; n < graph_.needs.size() && graph_.needs[n].to == s; ++n) {
                const Need& need = graph_.needs[n];
                if (need.barrier) {
                    first_[s] = std::max(first_[s], last_[need.from] + delay(need));
                } else {
                    first_[s] = std::max(first_[s], first_[need.from] + graph_.chunk_latency_cycles(need.from) + delay(need));
                    last_input = std::max(last_input, last_[need.from] + delay(need));
                }
            }
            last_[s] = std::max(first_[s] + span(s), last_input + graph_.chunk_latency_cycles(s));
        }
        for (; n < graph_.needs.size(); ++n) latency_ = std::max(latency_, last_[graph_.needs[n].from] + delay(graph_.needs[n]));
    }

    void backward() {
        std::size_t n = graph_.needs.size();
        for (; n > 0 && graph_.needs[n - 1].to == ShardGraph::kNone; --n) {
            const Need& need = graph_.needs[n - 1];
            last_due_[need.from] = std::min(last_due_[need.from], latency_ - delay(need));
        }
        for (auto s = static_cast<std::uint32_t>(graph_.shards.size()); s-- > 0;) {
            first_due_[s] = std::min(first_due_[s], last_due_[s] - span(s));
            for (; n > 0 && graph_.needs[n - 1].to == s; --n) {
                const Need& need = graph_.needs[n - 1];
                if (need.barrier) {
                    last_due_[need.from] = std::min(last_due_[need.from], first_due_[s] - delay(need));
                } else {
                    first_due_[need.from] =
                        std::min(first_due_[need.from], first_due_[s] - delay(need) - graph_.chunk_latency_cycles(need.from));
                    last_due_[need.from] = std::min(last_due_[need.from], last_due_[s] - graph_.chunk_latency_cycles(s) - delay(need));
                }
            }
        }
    }

    double slack(const Need& need) const {
        if (need.to == ShardGraph::kNone) return latency_ - last_[need.from] - delay(need);
        if (need.barrier) return first_due_[need.to] - last_[need.from] - delay(need);
        const double of_first = first_due_[need.to] - first_[need.from] - graph_.chunk_latency_cycles(need.from) - delay(need);
        const double of_last = last_due_[need.to] - graph_.chunk_latency_cycles(need.to) - last_[need.from] - delay(need);
        return std::min(of_first, of_last);
    }

    const ShardGraph& graph_;
    const Placement& placement_;
    const HopTiming& hop_;
    std::vector<double> first_, last_;          ///< earliest
    std::vector<double> first_due_, last_due_;  ///< latest that does not delay the decision
    double latency_ = 0;
};

}  // namespace

Timing analyse_timing(const ShardGraph& graph, const Placement& placement, const HopTiming& hop) {
    return Analysis(graph, placement, hop).run();
}

}  // namespace tessera::partition
