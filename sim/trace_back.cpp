#include <algorithm>

#include "sim/statistics.h"

namespace tessera::sim {

namespace {

/// Walks from the last decision back to the start of the event. Each step explains the time down to
/// the moment that it began; `at_` is the moment still to be explained.
class Tracer {
  public:
    Tracer(const Tables& tables, const Record& record) : tables_(tables), stamps_(record.stamps), objects_(record.objects) {}

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
    std::int64_t hop_start(const Tables::Hop& hop, std::int64_t chunk) const { return stamps_[Tables::stamp_of(hop, chunk)]; }
    std::int64_t hop_arrival(const Tables::Hop& hop, std::int64_t chunk) const { return stamps_[Tables::stamp_of(hop, chunk) + 1]; }
    std::int64_t result(std::uint32_t shard, std::int64_t chunk) const {
        return shard_start(shard, chunk) + tables_.shards[shard].latency_ticks;
    }
    std::int64_t delivered(std::uint32_t t, std::int64_t chunk) const {
        return hop_arrival(tables_.hops[tables_.transfers[t].hops.end - 1], chunk);
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
        for (std::uint32_t h = transfer.hops.end; h-- > transfer.hops.begin;) {
            const auto& hop = tables_.hops[h];
            const auto& each = tables_.links[hop.link];
            const bool from_outside = each.from == tables_.outside;
            const std::int64_t start = hop_start(hop, chunk);
            explain(link_name(each), "link", start + tables_.serialise_ticks(hop, static_cast<std::uint32_t>(chunk), objects_));
            explain(link_name(each), from_outside ? "input" : "serialise", start);
            std::int64_t ready = 0;
            if (h > transfer.hops.begin) {
                const std::int64_t arrived = hop_arrival(tables_.hops[h - 1], chunk);
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
        if (shard.inputs.begin == shard.inputs.end) return explain(shard_name(s), "input", start);  // a source
        explain(shard_name(s), "compute", start);
        std::int64_t ready = -1;
        std::uint32_t cause = shard.inputs.begin;
        for (std::uint32_t i = shard.inputs.begin; i < shard.inputs.end; ++i) {
            const std::int64_t arrived =
                arrival(i, std::int64_t{tables_.needed_chunks(tables_.inputs[i], static_cast<std::uint32_t>(chunk))} - 1);
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
        back_over_input(cause, std::int64_t{tables_.needed_chunks(tables_.inputs[cause], static_cast<std::uint32_t>(chunk))} - 1);
    }

    std::int64_t arrival(std::uint32_t i, std::int64_t chunk) const {
        const auto& input = tables_.inputs[i];
        return stamps_[input.first_stamp + input.stamp_step * static_cast<std::size_t>(chunk)] + input.producer_ticks + input.slr_ticks;
    }

    void back_over_input(std::uint32_t i, std::int64_t chunk) {
        const auto& input = tables_.inputs[i];
        if (input.stream >= tables_.shards.size())
            return back_over_transfer(input.stream - static_cast<std::uint32_t>(tables_.shards.size()), chunk);
        explain(shard_name(input.shard), "compute", result(input.from, chunk));  // SLR crossings
        back_over_shard(input.from, chunk);
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

    const Tables& tables_;
    const std::vector<std::int32_t>& stamps_;
    std::int64_t objects_;
    std::int64_t at_ = -1;
    std::vector<BreakdownStep> steps_;
};

}  // namespace

std::vector<BreakdownStep> trace_back(const Tables& tables, const Record& record) { return Tracer(tables, record).run(); }

}  // namespace tessera::sim
