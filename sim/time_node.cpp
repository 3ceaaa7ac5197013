#include "sim/time_node.h"

#include <algorithm>

namespace tessera::sim {

namespace {

constexpr std::size_t kMostLosses = 20;  // named in the report; all are counted

/// splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
std::uint64_t mixed(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}

}  // namespace

Statistics::Statistics(const Tables& tables)
    : link_busy_ticks(tables.links.size(), 0),
      link_peak_ticks(tables.links.size(), 0),
      link_lost(tables.links.size(), 0),
      shard_busy_ticks(tables.shards.size(), 0),
      shard_events(tables.shards.size(), 0) {}

void Statistics::mark(std::int64_t bx, std::uint64_t what, std::int64_t tick) {
    fingerprint += mixed(mixed(static_cast<std::uint64_t>(bx) ^ (what << 32U)) + static_cast<std::uint64_t>(tick));
}

void Statistics::note_loss(const std::string& text) {
    if (losses.size() < kMostLosses) losses.push_back(text);
}

TimeNode::TimeNode(const Tables& tables, Statistics& statistics, std::size_t window)
    : state{std::vector<ShardState>(tables.shards.size()), std::vector<std::int64_t>(tables.inputs.size(), 0),
            std::vector<std::int64_t>(tables.links.size(), 0), std::vector<int>(tables.links.size(), -1)},
      tables_(tables),
      statistics_(statistics),
      slots_(std::max<std::size_t>(window, 2)) {
    for (std::uint32_t s = 0; s < tables.shards.size(); ++s) state.shards[s].missing_inputs = missing_inputs(s);
}

std::uint32_t TimeNode::missing_inputs(std::uint32_t s) const {
    const auto& shard = tables_.shards[s];
    const auto& mine = state.shards[s];
    std::uint32_t missing = 0;
    for (std::uint32_t i = shard.first_input; i < shard.end_input; ++i) {
        const auto& input = tables_.inputs[i];
        missing += state.received[i] < mine.event * input.chunks + tables_.needed_chunks(input, mine.chunk) ? 1U : 0U;
    }
    return missing;
}

std::int64_t TimeNode::inject(std::int64_t bx) {
    const std::int64_t event = injected_++;
    if (static_cast<std::size_t>(event - oldest_) >= slots_.size()) grow();
    Slot& made = slot(event);
    made.event = event;
    made.bx = bx;
    made.decisions_left = tables_.decisions;
    made.lost = false;
    made.stamps.resize(tables_.stamps_per_event);
    ++statistics_.injected;
    return event;
}

void TimeNode::grow() {
    std::vector<Slot> larger(slots_.size() * 2);
    for (auto& each : slots_) {
        if (each.event >= oldest_) larger[static_cast<std::size_t>(each.event) % larger.size()] = std::move(each);
    }
    slots_ = std::move(larger);
}

void TimeNode::stamp(std::int64_t event, std::size_t position, std::int64_t start, std::int64_t length) {
    Slot& mine = slot(event);
    mine.stamps[position] = static_cast<std::int32_t>(start - mine.bx * tables_.ticks_per_bx);
    statistics_.mark(mine.bx, position, start + length);
}

void TimeNode::stamp_shard(std::int64_t event, std::uint32_t shard, std::int64_t chunk, std::int64_t start) {
    stamp(event, tables_.shards[shard].first_stamp + static_cast<std::size_t>(chunk), start, tables_.shards[shard].latency_ticks);
}

void TimeNode::stamp_hop(std::int64_t event, std::uint32_t transfer, std::size_t hop, std::int64_t chunk, std::int64_t start,
                         std::int64_t length) {
    const auto& t = tables_.transfers[transfer];
    stamp(event, t.first_stamp + hop * static_cast<std::size_t>(t.chunks) + static_cast<std::size_t>(chunk), start, length);
}

void TimeNode::deliver(std::int64_t event, std::int64_t tick) {
    Slot& mine = slot(event);
    if (--mine.decisions_left > 0) return;
    ++done_;
    const std::int64_t latency = tick - mine.bx * tables_.ticks_per_bx;
    while (oldest_ < injected_ && slot(oldest_).event == oldest_ && slot(oldest_).decisions_left == 0) ++oldest_;
    statistics_.mark(mine.bx, tables_.stamps_per_event, tick);
    statistics_.last_tick = std::max(statistics_.last_tick, tick);
    if (mine.lost) {
        ++statistics_.lost;
        return;
    }
    ++statistics_.completed;
    ++statistics_.latencies[latency];
    completions_.emplace_back(mine.bx, tick);
    if (latency > statistics_.max_latency_ticks) {
        statistics_.max_latency_ticks = latency;
        statistics_.breakdown = trace_back(tables_, mine.stamps);
    }
}

}  // namespace tessera::sim
