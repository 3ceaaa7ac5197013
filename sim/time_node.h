#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/faults.h"
#include "sim/hash.h"
#include "sim/input_buffers.h"
#include "sim/statistics.h"
#include "sim/tables.h"
#include "sim/traffic.h"

namespace tessera::sim {

/// What all parts of a simulation share.
struct Model {
    const Tables& tables;
    const FaultTable& faults;
    Statistics& statistics;
    Mode mode;
    Trace* trace;  ///< may be nullptr
    const Occupancy& occupancy;
};

/// What a shard has done so far, over all events.
struct ShardState {
    std::int64_t event = 0;  ///< that it takes next
    std::uint32_t chunk = 0;
    std::uint32_t missing_inputs = 0;  ///< that have not what the next chunk needs
    Health result = Health::good;      ///< the worst of the event's results so far
    std::int64_t free_at = 0;          ///< when it may start again
    std::int64_t ready_at = 0;         ///< when the other inputs have it
    Health health = Health::good;      ///< of those that have

    void take(const Arrival& arrival) {
        ready_at = std::max(ready_at, arrival.tick);
        health = std::max(health, arrival.health);
    }
};

/// What a link has done so far.
struct LinkState {
    std::int64_t free_at = 0;  ///< when all chunks that wait for it are sent
    std::int64_t busy_ticks = 0;
    std::int64_t peak_ticks = 0;  ///< longest queue, as time to send it
    std::int64_t chunks = 0;
    std::int64_t packets = 0;  ///< begun: headers
    std::int64_t ends = 0;     ///< of packets: CRCs
    std::int64_t lost = 0;
};

/// One time node: the state of its shards and links, and the events that it has in flight, in the order of
/// their crossings. An event is in flight until all that it sets off has happened; one that a shard which never starts
/// keeps from its decision gives its record back all the same, so that memory stays constant.
class TimeNode {
  public:
    // What the stations keep between tasks; each touches only what sits on it.
    std::vector<ShardState> shards;
    std::vector<LinkState> links;
    std::vector<Health> hops;  ///< the worst of the event's chunks so far

    TimeNode(const Model& model, std::size_t number);

    /// A stream has brought some more chunks: `start` is called for each shard that has all that it needs now.
    template <class Start>
    void feed(std::uint32_t stream, const std::vector<Arrival>& chunks, Start start);
    /// Sets what the next chunk of a shard needs, which of it is missing and since when the rest is there.
    void look_ahead(std::uint32_t shard);
    bool waits_for(std::uint32_t input) const { return awaited_[input] != kNothing; }

    std::int64_t inject(std::int64_t bx);  ///< the event's number in this node, from 0
    std::int64_t injected() const { return injected_; }
    std::int64_t start_tick(std::int64_t event) const { return in_flight(event).start_tick; }
    std::int64_t objects(std::int64_t event) const { return in_flight(event).objects; }
    /// Events that are not decided, or never will be.
    std::int64_t in_flight() const { return injected_ - oldest_ + undecided_; }
    InputState buffer(std::uint32_t input) const { return buffers_.state(input); }
    /// Takes note of the events that are still in flight at the end.
    void close();

    void stamp_shard(std::int64_t event, std::uint32_t shard, std::uint32_t chunk, const Arrival& start) {
        auto& record = in_flight(event);
        record.set(Tables::stamp_of(tables_.shards[shard], chunk), start);
        take_step(record);
    }
    void stamp_hop(std::int64_t event, const Tables::Hop& hop, std::uint32_t chunk, std::int64_t start, const Arrival& arrival) {
        auto& record = in_flight(event);
        const auto position = Tables::stamp_of(hop, chunk);
        record.set(position, start);
        record.set(position + 1, arrival);
        take_step(record);
    }
    /// A chunk that is dropped at a hop, and when its mark arrives.
    void stamp_drop(std::int64_t event, const Tables::Hop& hop, std::uint32_t chunk, const Arrival& arrival) {
        auto& record = in_flight(event);
        record.set(Tables::stamp_of(hop, chunk) + 1, arrival);
        take_step(record);
    }
    /// A decision transfer delivers a chunk.
    void deliver(std::int64_t event, const Arrival& arrival) {
        auto& record = in_flight(event);
        record.decided.tick = std::max(record.decided.tick, arrival.tick);
        record.decided.health = std::max(record.decided.health, arrival.health);
        take_step(record);
    }
    /// A number of its own for a step of an event, given its position in the event's record.
    std::uint64_t key(std::int64_t event, std::size_t position) const {
        return mixed(mixed(static_cast<std::uint64_t>(in_flight(event).bx)) + position);
    }
    /// Notes for people where an event was damaged.
    void note(std::int64_t event, const std::string& where) { statistics_.note_loss(in_flight(event).bx, where); }

    /// When each event of this node was complete, by crossing; for the intervals between decisions.
    const std::vector<std::pair<std::int64_t, std::int64_t>>& completions() const { return completions_; }
    void forget_completions() { completions_.clear(); }
    const Model& model() const { return model_; }
    std::size_t number() const { return number_; }

  private:
    static constexpr std::int64_t kNothing = -1;

    const Record& in_flight(std::int64_t event) const { return records_[static_cast<std::size_t>(event) & slot_mask_]; }
    Record& in_flight(std::int64_t event) { return records_[static_cast<std::size_t>(event) & slot_mask_]; }
    /// When an event's chunks that the next chunk of a shard needs were there.
    Arrival last_needed(const Tables::Input& input, const ShardState& shard) const {
        const auto& record = in_flight(shard.event);
        const std::size_t last = tables_.needed_chunks(input, shard.chunk) - 1;
        auto arrival = record.at(input.first_stamp + input.stamp_step * last);
        arrival.tick += input.producer_ticks + input.slr_ticks;
        return arrival;
    }
    void take_step(Record& record) {
        if (--record.steps_left == 0) retire();
    }
    void retire();
    void lose_to_full_buffer(std::uint32_t input, Record& record);
    void measure_intervals(const Record& record);
    void grow();

    Model model_;
    const Tables& tables_;
    Statistics& statistics_;
    std::size_t number_;
    std::vector<std::int64_t> received_;  ///< by stream: chunks, which are counted on from one event to the next
    std::vector<std::int64_t> awaited_;   ///< by input: the chunks that its shard waits for, or kNothing
    /// Of an event, at its number modulo the size (a power of two): those under way, and before them those
    /// of which something waits in a buffer.
    std::vector<Record> records_;
    std::size_t slot_mask_ = 0;  ///< their number less one
    std::int64_t injected_ = 0;
    std::int64_t oldest_ = 0;     ///< event of which something is still to come
    std::int64_t undecided_ = 0;  ///< events of which nothing is, but no decision was made
    InputBuffers buffers_;
    std::vector<std::pair<std::int64_t, std::int64_t>> completions_;
    std::vector<std::int64_t> last_starts_;  ///< by shard, of the event before
    std::int64_t last_bx_ = -1;
};

template <class Start>
void TimeNode::feed(std::uint32_t stream, const std::vector<Arrival>& chunks, Start start) {
    const std::int64_t before = received_[stream];
    received_[stream] += static_cast<std::int64_t>(chunks.size());
    for (const auto i : tables_.listed(tables_.stream_users[stream])) {
        if (awaited_[i] == kNothing || awaited_[i] > received_[stream]) continue;
        const auto& last = chunks[static_cast<std::size_t>(awaited_[i] - before - 1)];
        awaited_[i] = kNothing;
        const auto& input = tables_.inputs[i];
        auto& shard = shards[input.shard];
        shard.take({last.tick + input.slr_ticks, last.health});
        if (--shard.missing_inputs == 0) start(input.shard);
    }
}

}  // namespace tessera::sim
