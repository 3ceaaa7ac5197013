#include <algorithm>

#include "sim/time_node.h"

namespace tessera::sim {

namespace {

/// Walks from the last decision back to the start of the event. Each step explains the time down to
/// the moment that it began; `at_` is the moment still to be explained.
class Tracer {
  public:
    Tracer(const Tables& tables, const std::vector<std::int32_t>& stamps) : tables_(tables), stamps_(stamps) {}

    std::vector<BreakdownStep> run() {
        std::uint32_t last = 0;
        for (std::uint32_t t = 0; t < tables_.transfers.size(); ++t) {
            if (!tables_.transfers[t].decision) continue;
            const std::int64_t end = delivered(t, tables_.transfers[t].chunks - 1);
            if (end > at_) at_ = end, last = t;
        }
        back_over_transfer(last, tables_.transfers[last].chunks - 1);
        std::reverse(steps_.begin(), steps_.end());
        return merged();
    }

  private:
    std::int64_t shard_start(std::uint32_t shard, std::int64_t chunk) const {
        return stamps_[tables_.shards[shard].first_stamp + static_cast<std::size_t>(chunk)];
    }
    std::int64_t hop_start(std::uint32_t t, std::size_t hop, std::int64_t chunk) const {
        return stamps_[tables_.hop_stamp(tables_.transfers[t], hop, chunk)];
    }
    std::int64_t hop_arrival(std::uint32_t t, std::size_t hop, std::int64_t chunk) const {
        return stamps_[tables_.hop_stamp(tables_.transfers[t], hop, chunk) + 1];
    }
    const Tables::Link& link(std::uint32_t t, std::size_t hop) const { return tables_.links[tables_.transfers[t].route[hop]]; }
    std::int64_t result(std::uint32_t shard, std::int64_t chunk) const {
        return shard_start(shard, chunk) + tables_.shards[shard].latency_ticks;
    }
    std::int64_t delivered(std::uint32_t t, std::int64_t chunk) const {
        return hop_arrival(t, tables_.transfers[t].route.size() - 1, chunk);
    }

    /// Explains the time from `begin` to what is explained so far.
    void explain(std::string stage, const char* kind, std::int64_t begin) {
        if (begin < at_) steps_.push_back({std::move(stage), kind, static_cast<double>(at_ - begin)});
        at_ = std::min(at_, begin);
    }

    std::string link_name(const Tables::Link& each) const {
        const auto name = [&](std::uint32_t station) {
            return station == tables_.outside ? "outside" : "board " + std::to_string(station);
        };
        return name(each.from) + " -> " + name(each.to);
    }
    static std::string shard_name(std::uint32_t shard) { return "#" + std::to_string(shard); }

    void back_over_transfer(std::uint32_t t, std::int64_t chunk) {
        const auto& transfer = tables_.transfers[t];
        for (std::size_t hop = transfer.route.size(); hop-- > 0;) {
            const auto& each = link(t, hop);
            const bool from_outside = each.from == tables_.outside;
            const std::int64_t start = hop_start(t, hop, chunk);
            explain(link_name(each), "link", start + tables_.serialise_ticks(transfer, hop, chunk));
            explain(link_name(each), from_outside ? "input" : "serialise", start);
            std::int64_t ready = 0;
            if (hop > 0) {
                const std::int64_t arrived = hop_arrival(t, hop - 1, chunk);
                ready = arrived + tables_.forward_ticks;
                explain(link_name(each), "wait", ready);
                explain(link_name(each), "switch", arrived);
            } else {
                ready = result(transfer.from, chunk);
                // What waits at the input port is the rest of the same event.
                explain(link_name(each), from_outside ? "input" : "wait", ready);
            }
        }
        back_over_shard(transfer.from, chunk);
    }

    /// From the result of a chunk back to what made the shard start it.
    void back_over_shard(std::uint32_t s, std::int64_t chunk) {
        const auto& shard = tables_.shards[s];
        const std::int64_t start = shard_start(s, chunk);
        if (shard.first_input == shard.end_input) return explain(shard_name(s), "input", start);  // a source
        explain(shard_name(s), "compute", start);
        std::int64_t ready = -1;
        std::uint32_t cause = shard.first_input;
        for (std::uint32_t i = shard.first_input; i < shard.end_input; ++i) {
            const std::int64_t arrived = arrival(i, tables_.needed_chunks(tables_.inputs[i], chunk) - 1);
            if (arrived > ready) ready = arrived, cause = i;
        }
        const std::int64_t free = chunk > 0 ? shard_start(s, chunk - 1) + shard.interval_ticks : -1;
        if (free > ready) {  // busy with the chunk before
            explain(shard_name(s), "wait", free);
            explain(shard_name(s), "compute", free - shard.interval_ticks);
            return back_over_shard(s, chunk - 1);
        }
        // Up to a cycle goes into the next clock edge; more means that an earlier event was in the way.
        explain(shard_name(s), start - ready < tables_.ticks_per_cycle ? "compute" : "wait", ready);
        back_over_input(cause, tables_.needed_chunks(tables_.inputs[cause], chunk) - 1);
    }

    std::uint32_t transfer_of(std::uint32_t input) const {
        if (feeding_.empty()) {
            feeding_.assign(tables_.inputs.size(), kLocal);
            for (std::uint32_t t = 0; t < tables_.transfers.size(); ++t) {
                for (const auto user : tables_.transfers[t].users) feeding_[user] = t;
            }
        }
        return feeding_[input];
    }

    std::int64_t arrival(std::uint32_t i, std::int64_t chunk) const {
        const auto transfer = transfer_of(i);
        return transfer == kLocal ? result(tables_.inputs[i].from, chunk) + tables_.inputs[i].delay_ticks : delivered(transfer, chunk);
    }

    void back_over_input(std::uint32_t i, std::int64_t chunk) {
        const auto transfer = transfer_of(i);
        if (transfer != kLocal) return back_over_transfer(transfer, chunk);
        explain(shard_name(tables_.inputs[i].shard), "compute", result(tables_.inputs[i].from, chunk));  // SLR crossings
        back_over_shard(tables_.inputs[i].from, chunk);
    }

    std::vector<BreakdownStep> merged() const {
        std::vector<BreakdownStep> all;
        for (const auto& step : steps_) {
            if (!all.empty() && all.back().stage == step.stage && all.back().kind == step.kind) {
                all.back().ns += step.ns;
            } else {
                all.push_back(step);
            }
        }
        return all;
    }

    static constexpr std::uint32_t kLocal = 0xffffffffU;
    const Tables& tables_;
    const std::vector<std::int32_t>& stamps_;
    std::int64_t at_ = -1;
    std::vector<BreakdownStep> steps_;
    mutable std::vector<std::uint32_t> feeding_;  ///< transfer by input
};

}  // namespace

std::vector<BreakdownStep> trace_back(const Tables& tables, const std::vector<std::int32_t>& stamps) {
    return Tracer(tables, stamps).run();
}

}  // namespace tessera::sim
