#include "sim/time_node.h"

#include <algorithm>

#include "sim/hash.h"

namespace tessera::sim {

namespace {

constexpr std::size_t kMostLosses = 20;  // named in the report; all are counted

}  // namespace

Statistics::Statistics(const Tables& tables)
    : link_busy_ticks(tables.links.size(), 0),
      link_peak_ticks(tables.links.size(), 0),
      link_lost(tables.links.size(), 0),
      shard_busy_ticks(tables.shards.size(), 0),
      shard_events(tables.shards.size(), 0) {}

void Statistics::mark(std::uint64_t key, std::int64_t tick) { fingerprint += mixed(key + static_cast<std::uint64_t>(tick)); }

void Statistics::note_loss(std::int64_t bx, const std::string& where) {
    losses.emplace(bx, where + " in BX " + std::to_string(bx));
    if (losses.size() > kMostLosses) losses.erase(std::prev(losses.end()));
}

void TimeNode::InputState::receive(std::int64_t chunks, Arrival next) {
    // Kept are the chunk that the shard waits for, or the last it needs, and all after it.
    if (received - needed + 1 >= static_cast<std::int64_t>(arrivals.size())) grow();
    if (received % chunks != 0) next.health = std::max(next.health, arrival(received - 1).health);
    arrival(received++) = next;
}

void TimeNode::InputState::grow() {
    const auto size = static_cast<std::int64_t>(arrivals.size());
    std::vector<Arrival> larger(arrivals.size() * 2);
    for (std::int64_t c = std::max<std::int64_t>(0, received - size); c < received; ++c)
        larger[static_cast<std::size_t>(c) & (larger.size() - 1)] = arrival(c);
    arrivals = std::move(larger);
}

TimeNode::TimeNode(const Model& model, std::size_t number, std::size_t window)
    : state{std::vector<ShardState>(model.tables.shards.size()), std::vector<InputState>(model.tables.inputs.size()),
            std::vector<std::int64_t>(model.tables.links.size(), 0), std::vector<int>(model.tables.links.size(), -1)},
      model_(model),
      tables_(model.tables),
      statistics_(model.statistics),
      number_(number),
      slots_(std::max<std::size_t>(window, 2)) {
    for (std::uint32_t s = 0; s < tables_.shards.size(); ++s) look_ahead(s);
}

void TimeNode::look_ahead(std::uint32_t s) {
    const auto& shard = tables_.shards[s];
    auto& mine = state.shards[s];
    mine.missing_inputs = 0;
    mine.ready_at = 0;
    mine.health = Health::good;
    for (std::uint32_t i = shard.first_input; i < shard.end_input; ++i) {
        const auto& input = tables_.inputs[i];
        auto& seen = state.inputs[i];
        seen.needed = mine.event * input.chunks + tables_.needed_chunks(input, mine.chunk);
        if (seen.received < seen.needed) {
            ++mine.missing_inputs;
        } else {
            mine.take(seen.arrival(seen.needed - 1));
        }
    }
}

std::int64_t TimeNode::inject(std::int64_t bx) {
    const std::int64_t event = injected_++;
    if (static_cast<std::size_t>(event - oldest_) >= slots_.size()) grow();
    Slot& made = slots_[static_cast<std::size_t>(event) % slots_.size()];
    made.event = event;
    made.bx = bx;
    made.decisions_left = tables_.decisions;
    made.decided_at = 0;
    made.health = Health::good;
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

void TimeNode::stamp(std::int64_t event, std::size_t position, std::int64_t tick) {
    if (auto* slot = find(event)) slot->stamps[position] = static_cast<std::int32_t>(tick - slot->bx * tables_.ticks_per_bx);
}

void TimeNode::stamp_shard(std::int64_t event, std::uint32_t shard, std::int64_t chunk, std::int64_t start) {
    const auto position = tables_.shards[shard].first_stamp + static_cast<std::size_t>(chunk);
    stamp(event, position, start);
    statistics_.mark(key(event, position), start);
}

void TimeNode::stamp_hop(std::int64_t event, std::uint32_t transfer, std::size_t hop, std::int64_t chunk, std::int64_t start,
                         std::int64_t length, std::int64_t arrival) {
    const auto position = tables_.hop_stamp(tables_.transfers[transfer], hop, chunk);
    stamp(event, position, start);
    stamp(event, position + 1, arrival);
    statistics_.mark(key(event, position), start + length);
    statistics_.mark(key(event, position + 1), arrival);
}

std::uint64_t TimeNode::key(std::int64_t event, std::size_t position) const {
    return mixed(mixed(number_ ^ (static_cast<std::uint64_t>(event) << 24U)) + position);
}

void TimeNode::trace(std::int64_t event, TraceRecord record) {
    const auto* slot = find(event);
    if (slot == nullptr || !model_.trace->wants(slot->bx)) return;
    record.bx = slot->bx;
    record.time_node = static_cast<std::uint16_t>(number_);
    model_.trace->add(record);
}

void TimeNode::note(std::int64_t event, const std::string& where) {
    if (const auto* slot = find(event)) statistics_.note_loss(slot->bx, where);
}

void TimeNode::deliver(std::int64_t event, Arrival arrival, bool last) {
    auto* slot = find(event);
    if (slot == nullptr) return;
    slot->decided_at = std::max(slot->decided_at, arrival.tick);
    slot->health = std::max(slot->health, arrival.health);
    if (last && --slot->decisions_left == 0) complete(*slot);
}

void TimeNode::complete(Slot& slot) {
    ++done_;
    for (const Slot* next = &slot; next != nullptr && next->event == oldest_ && next->decisions_left == 0; next = find(oldest_)) ++oldest_;
    statistics_.mark(key(slot.event, tables_.stamps_per_event), slot.decided_at);
    statistics_.last_tick = std::max(statistics_.last_tick, slot.decided_at);
    if (slot.health == Health::lost) ++statistics_.lost;
    if (slot.health == Health::corrupted) ++statistics_.corrupted;
    if (slot.health != Health::good) return;
    const std::int64_t latency = slot.decided_at - slot.bx * tables_.ticks_per_bx;
    ++statistics_.completed;
    statistics_.late += latency > model_.late_after_ticks ? 1 : 0;
    ++statistics_.latencies[latency];
    completions_.emplace_back(slot.bx, slot.decided_at);
    const bool slower = latency > statistics_.max_latency_ticks;
    if (!slower && (latency < statistics_.max_latency_ticks || slot.bx > statistics_.slowest_bx)) return;
    statistics_.max_latency_ticks = latency;
    statistics_.slowest_bx = slot.bx;
    statistics_.breakdown = trace_back(tables_, slot.stamps);
}

}  // namespace tessera::sim
