#include "partition/schedule.h"

#include <algorithm>
#include <queue>
#include <tuple>
#include <utility>

#include "partition/link_frames.h"

namespace tessera::partition {

namespace {

constexpr std::uint32_t kNobody = 0xffffffffU;

/// What made a shard wait longest: an input, or its own chunk before.
struct Cause {
    std::uint32_t shard = kNobody;
    std::uint32_t transfer = kNobody;  ///< kNobody: a shard on the same board
};

/// The most that wait at once of what comes at `arrivals` and is read at `reads`, tick by tick the same every `period`.
/// A place is free again in the tick after the reading.
std::int64_t most_waiting(const std::vector<std::int64_t>& arrivals, const std::vector<std::int64_t>& reads, std::int64_t period) {
    // Each stay covers all ticks of the period so many times, and a stretch of them once more.
    std::int64_t now = 0;
    std::vector<std::pair<std::int64_t, int>> changes;
    for (std::size_t c = 0; c < arrivals.size(); ++c) {
        const std::int64_t stay = reads[c] + 1 - arrivals[c];
        const std::int64_t begin = arrivals[c] % period;
        const std::int64_t end = begin + stay % period;
        now += stay / period + (end > period ? 1 : 0);
        changes.emplace_back(begin, 1);
        changes.emplace_back(end > period ? end - period : end, -1);
    }
    std::sort(changes.begin(), changes.end());  // who leaves in a tick makes room for who comes
    std::int64_t most = now;
    for (const auto& [tick, change] : changes) most = std::max(most, now += change);
    return most;
}

/// The way of events through the system, which come a period apart. Chunks are numbered on from event to event.
class EventPlayer {
  public:
    explicit EventPlayer(const Mapping& mapping, std::int64_t events = 1)
        : mapping_(mapping),
          events_(events),
          period_ticks_(mapping.tmux_period_bx * mapping.ticks_per_bx),
          ticks_per_cycle_(mapping.ticks_per_cycle()),
          results_(mapping.shards.size()),
          deliveries_(mapping.transfers.size()),
          next_free_(mapping.shards.size(), 0),
          causes_(mapping.shards.size()),
          local_users_(mapping.shards.size()),
          transfer_users_(mapping.transfers.size()),
          transfers_of_(mapping.shards.size()),
          link_free_(mapping.links.size(), 0),
          started_(mapping.shards.size() * static_cast<std::size_t>(events), -1),
          left_(mapping.transfers.size() * static_cast<std::size_t>(events), -1) {
        for (std::uint32_t s = 0; s < mapping.shards.size(); ++s) {
            for (const ShardInput& input : mapping.shards[s].inputs) {
                auto& users = input.transfer ? transfer_users_[index(*input.transfer)] : local_users_[index(input.from)];
                users.push_back(s);
            }
        }
        for (std::uint32_t t = 0; t < mapping.transfers.size(); ++t) transfers_of_[index(mapping.transfers[t].from)].push_back(t);
    }

    void play() {
        for (std::uint32_t s = 0; s < mapping_.shards.size(); ++s) advance(s);
        while (!waiting_.empty()) {
            const Ready next = waiting_.top();
            waiting_.pop();
            serve(next);
        }
    }

  private:
    /// A chunk that is ready for a link of its route.
    struct Ready {
        std::int64_t tick;
        std::int64_t event;
        std::uint32_t transfer;
        int chunk;  ///< of this event
        std::size_t hop;

        bool operator>(const Ready& other) const {
            return std::tie(tick, event, transfer, chunk, hop) > std::tie(other.tick, other.event, other.transfer, other.chunk, other.hop);
        }
    };

    /// Computes the chunks of a shard whose inputs are all known.
    void advance(std::uint32_t shard) {
        std::vector<std::uint32_t> work{shard};
        while (!work.empty()) {
            const std::uint32_t s = work.back();
            work.pop_back();
            if (!compute_next_chunk(s)) continue;
            work.push_back(s);
            work.insert(work.end(), local_users_[s].begin(), local_users_[s].end());
            const auto number = static_cast<std::int64_t>(results_[s].size()) - 1, chunks = std::int64_t{mapping_.shards[s].chunks};
            for (const std::uint32_t t : transfers_of_[s])
                waiting_.push({results_[s].back(), number / chunks, t, static_cast<int>(number % chunks), 0});
        }
    }

    /// Arrival times of an input's chunks that are known so far.
    const std::vector<std::int64_t>& arrivals(const ShardInput& input) const {
        return input.transfer ? deliveries_[index(*input.transfer)] : results_[index(input.from)];
    }

    bool compute_next_chunk(std::uint32_t s) {
        const Shard& shard = mapping_.shards[s];
        const auto number = static_cast<std::int64_t>(results_[s].size());
        const std::int64_t event = number / shard.chunks, chunk = number % shard.chunks;
        if (event == events_) return false;
        std::int64_t start = std::max(next_free_[s], event * period_ticks_);
        Cause cause = causes_[s];
        for (const ShardInput& input : shard.inputs) {
            const std::int64_t of = mapping_.shards[index(input.from)].chunks;
            const std::int64_t last = event * of + (input.barrier ? of : divide_up((chunk + 1) * of, shard.chunks));
            const auto& known = arrivals(input);
            if (static_cast<std::int64_t>(known.size()) < last) return false;
            const std::int64_t arrival = known[static_cast<std::size_t>(last - 1)] + crossing_ticks(shard, input);
            if (arrival > start) {
                start = arrival;
                cause = {static_cast<std::uint32_t>(index(input.from)),
                         input.transfer ? static_cast<std::uint32_t>(index(*input.transfer)) : kNobody};
            }
        }
        start = divide_up(start, ticks_per_cycle_) * ticks_per_cycle_;
        if (chunk == 0) started_[s * static_cast<std::size_t>(events_) + static_cast<std::size_t>(event)] = start;
        causes_[s] = cause;
        next_free_[s] = start + shard.chunk_interval_cycles * ticks_per_cycle_;
        results_[s].push_back(start + shard.latency_cycles * ticks_per_cycle_);
        return true;
    }

    void serve(const Ready& ready) {
        const Transfer& transfer = mapping_.transfers[ready.transfer];
        const LinkId id = transfer.route[ready.hop];
        const Link& link = mapping_.links[index(id)];
        auto& free = link_free_[index(id)];
        const int chunks = mapping_.shards[index(transfer.from)].chunks;
        const std::int64_t start = std::max(free, ready.tick);
        if (ready.hop == 0 && ready.chunk == 0)
            left_[ready.transfer * static_cast<std::size_t>(events_) + static_cast<std::size_t>(ready.event)] = start;
        free = start +
               chunk_frames(transfer.bits, chunks, ready.chunk, link.lanes, mapping_.link_timing) * mapping_.link_timing.ticks_per_frame;
        const std::int64_t arrival = free + link.latency_ticks;
        if (ready.hop + 1 < transfer.route.size()) {
            waiting_.push(
                {arrival + mapping_.switch_latency_cycles * ticks_per_cycle_, ready.event, ready.transfer, ready.chunk, ready.hop + 1});
            return;
        }
        deliveries_[ready.transfer].push_back(arrival);
        for (const std::uint32_t user : transfer_users_[ready.transfer]) advance(user);
    }

    std::int64_t crossing_ticks(const Shard& shard, const ShardInput& input) const {
        if (input.transfer) return 0;
        const int cycles = mapping_.board_types[mapping_.boards[index(shard.board)]].slr_crossing_cycles;
        return std::int64_t{input.slr_crossings} * cycles * ticks_per_cycle_;
    }

    /// Of an event; empty where the shard never starts.
    static std::vector<std::int64_t> of_event(const std::vector<std::int64_t>& times, std::int64_t chunks, std::int64_t event) {
        if (static_cast<std::int64_t>(times.size()) < (event + 1) * chunks) return {};
        return {times.begin() + event * chunks, times.begin() + (event + 1) * chunks};
    }

    std::int64_t chunks_waiting(std::uint32_t s, const ShardInput& input, std::int64_t event) const {
        const Shard& shard = mapping_.shards[s];
        const std::int64_t of = mapping_.shards[index(input.from)].chunks;
        const auto results = of_event(results_[s], shard.chunks, event);
        std::vector<std::int64_t> here = of_event(arrivals(input), of, event);
        if (results.empty()) return 0;
        std::vector<std::int64_t> reads;
        for (std::int64_t c = 0; c < of; ++c) {
            here[static_cast<std::size_t>(c)] += crossing_ticks(shard, input);
            const std::int64_t reader = input.barrier ? shard.chunks : divide_up((c + 1) * shard.chunks, of);
            reads.push_back(results[static_cast<std::size_t>(reader - 1)] - shard.latency_cycles * ticks_per_cycle_);
        }
        return most_waiting(here, reads, period_ticks_);
    }

    /// When the last transfer to the outside has delivered, and which that is.
    std::pair<std::int64_t, std::uint32_t> end_of(std::int64_t event) const {
        std::int64_t end = 0;
        std::uint32_t slowest = kNobody;
        for (std::uint32_t t = 0; t < mapping_.transfers.size(); ++t) {
            if (mapping_.transfers[t].to != kOutside) continue;
            const auto chunks = of_event(deliveries_[t], mapping_.shards[index(mapping_.transfers[t].from)].chunks, event);
            if (!chunks.empty() && (chunks.back() > end || slowest == kNobody)) end = chunks.back(), slowest = t;
        }
        return {end, slowest};
    }

  public:
    /// Of an event, from its own crossing on.
    Schedule summary(std::int64_t event) const {
        const std::int64_t begin = event * period_ticks_;
        const auto place = [&](std::uint32_t of) { return of * static_cast<std::size_t>(events_) + static_cast<std::size_t>(event); };
        const auto since_begin = [&](std::int64_t tick) { return tick < 0 ? tick : tick - begin; };
        Schedule result;
        for (std::uint32_t s = 0; s < mapping_.shards.size(); ++s) {
            const auto results = of_event(results_[s], mapping_.shards[s].chunks, event);
            result.shard_start_ticks.push_back(since_begin(started_[place(s)]));
            result.shard_end_ticks.push_back(results.empty() ? 0 : results.back() - begin);
            auto& inputs = result.input_chunks.emplace_back();
            for (const ShardInput& input : mapping_.shards[s].inputs) inputs.push_back(chunks_waiting(s, input, event));
        }
        for (std::uint32_t t = 0; t < mapping_.transfers.size(); ++t) result.transfer_start_ticks.push_back(since_begin(left_[place(t)]));
        const auto [end, slowest] = end_of(event);
        if (slowest == kNobody) return result;
        result.latency_ticks = end - begin;
        result.critical_transfers.push_back(id_at<TransferId>(slowest));
        for (auto shard = static_cast<std::uint32_t>(index(mapping_.transfers[slowest].from)); shard != kNobody;
             shard = causes_[shard].shard) {
            result.critical_shards.push_back(id_at<ShardId>(shard));
            if (causes_[shard].transfer != kNobody) result.critical_transfers.push_back(id_at<TransferId>(causes_[shard].transfer));
        }
        return result;
    }

  private:
    const Mapping& mapping_;
    std::int64_t events_, period_ticks_, ticks_per_cycle_;
    std::vector<std::vector<std::int64_t>> results_;     ///< by shard and chunk, in ticks
    std::vector<std::vector<std::int64_t>> deliveries_;  ///< by transfer and chunk
    std::vector<std::int64_t> next_free_;                ///< end of the interval of the chunk before
    std::vector<Cause> causes_;                          ///< of the last wait of a shard
    std::vector<std::vector<std::uint32_t>> local_users_, transfer_users_, transfers_of_;
    std::vector<std::int64_t> link_free_;
    std::vector<std::int64_t> started_, left_;  ///< by shard or transfer, and event
    std::priority_queue<Ready, std::vector<Ready>, std::greater<>> waiting_;
};

}  // namespace

Schedule schedule(const Mapping& mapping) {
    EventPlayer player(mapping);
    player.play();
    return player.summary(0);
}

Schedule steady_schedule(const Mapping& mapping) {
    // Events that wait for each other delay those after them in turn, until it is the same for all: so many times the events that are on
    // their way at once. What comes after an event delays it only as long as it is on its way.
    constexpr std::int64_t kTimes = 4, kMore = 3, kMostOnTheWay = 100;
    const std::int64_t alone = schedule(mapping).latency_ticks, period = mapping.tmux_period_bx * mapping.ticks_per_bx;
    const std::int64_t on_the_way = std::min(kMostOnTheWay, divide_up(alone, period) + kMore);
    EventPlayer player(mapping, (kTimes + 1) * on_the_way + 1);
    player.play();
    return player.summary(kTimes * on_the_way);
}

Schedule expected_schedule(const Mapping& mapping) { return mapping.positions.empty() ? schedule(mapping) : steady_schedule(mapping); }

void apply(const Schedule& schedule, Mapping& mapping) {
    for (std::size_t s = 0; s < mapping.shards.size(); ++s) {
        Shard& shard = mapping.shards[s];
        shard.start_cycle = schedule.shard_start_ticks[s] / mapping.ticks_per_cycle();
        for (std::size_t i = 0; i < shard.inputs.size(); ++i)
            shard.inputs[i].buffer_chunks = schedule.input_chunks[s][i] + mapping.shards[index(shard.inputs[i].from)].chunks;
    }
    for (std::size_t t = 0; t < mapping.transfers.size(); ++t) mapping.transfers[t].start_tick = schedule.transfer_start_ticks[t];
    mapping.analytic_latency_ticks = schedule.latency_ticks;
}

}  // namespace tessera::partition
