#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <tlm>
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

    /// Sends a chunk.
    void take(std::int64_t start, std::int64_t length, std::int64_t waiting, bool first, bool last) {
        free_at = start + length;
        busy_ticks += length;
        peak_ticks = std::max(peak_ticks, waiting);
        ++chunks;
        packets += first ? 1 : 0;
        ends += last ? 1 : 0;
    }
};

/// One time node: the state of its shards and links, and the events that it has in flight, in the order of
/// their crossings. An event is in flight until all that it sets off has happened; one that a shard which never starts
/// keeps from its decision gives its record back all the same, so that memory stays constant.
class TimeNode {
  public:
    // What the stations keep between tasks; each touches only what sits on it.
    std::vector<ShardState> shards;
    std::vector<LinkState> links;
    std::vector<Health> hops;                     ///< the worst of the event's chunks so far
    std::vector<tlm::tlm_generic_payload*> held;  ///< by hop: what is under way and was not handed over; else nullptr

    TimeNode(const Model& model, std::size_t number);

    /// A stream has brought some more chunks: `start` is called for each shard that has all that its next chunk needs.
    template <class Start>
    void feed(std::uint32_t stream, std::size_t chunks, Start start);
    /// The chunks of a shard that may start, as all inputs have what they need, over this event and the next ones.
    std::int64_t startable(std::uint32_t shard) const;
    /// Since when the inputs have what the next chunks of a shard need.
    void gather_inputs(std::uint32_t shard, std::span<Arrival> chunks) const;
    /// Counts the inputs that have not what the next chunk of a shard needs.
    void look_ahead(std::uint32_t shard);
    bool waits_for(std::uint32_t input) const { return supplied_[input] == started(tables_.inputs[input].shard); }

    std::int64_t inject(std::int64_t bx);  ///< the event's number in this node, from 0
    std::int64_t injected() const { return injected_; }
    /// Events that are not decided, or never will be.
    std::int64_t in_flight() const { return injected_ - oldest_ + undecided_; }
    InputState buffer(std::uint32_t input) const { return buffers_.state(input); }
    /// Takes note of all events at the end, those that are still in flight too.
    void close();

    /// Of an event that was not retired: what happens in it is written there, step by step.
    Record& record_of(std::int64_t event) { return records_[static_cast<std::size_t>(event) & slot_mask_]; }
    const Record& record_of(std::int64_t event) const { return records_[static_cast<std::size_t>(event) & slot_mask_]; }
    /// A number of its own for a step of an event, given its position in the event's record.
    std::uint64_t key(std::int64_t event, std::size_t position) const {
        return mixed(mixed(static_cast<std::uint64_t>(record_of(event).bx)) + position);
    }
    /// Notes for people where an event was damaged.
    void note(std::int64_t event, const std::string& where) { statistics_.note_loss(record_of(event).bx, where); }

    /// When each event of this node was complete, by crossing; for the intervals between decisions.
    const std::vector<std::pair<std::int64_t, std::int64_t>>& completions() const { return completions_; }
    void forget_completions() { completions_.clear(); }
    const Model& model() const { return model_; }
    std::size_t number() const { return number_; }

  private:
    /// Chunks that a shard has started, over all events.
    std::int64_t started(std::uint32_t shard) const { return shards[shard].event * tables_.shards[shard].chunks + shards[shard].chunk; }
    /// Looks at the events that are complete by now; together, as tables are then read once for all of them.
    void retire();
    void lose_to_full_buffer(std::uint32_t input, Record& record);
    void measure_intervals(std::int64_t end);
    void grow();

    Model model_;
    const Tables& tables_;
    Statistics& statistics_;
    std::size_t number_;
    std::vector<std::int64_t> received_;  ///< by stream: chunks, which are counted on from one event to the next
    std::vector<std::int64_t> supplied_;  ///< by input: chunks of its shard, counted likewise, that have what they need of it
    /// Of an event, at its number modulo the size (a power of two): those under way, and before them those
    /// of which something waits in a buffer.
    std::vector<Record> records_;
    std::size_t slot_mask_ = 0;  ///< their number less one
    std::int64_t injected_ = 0;
    std::int64_t oldest_ = 0;     ///< event that was not looked at yet
    std::int64_t undecided_ = 0;  ///< events of which nothing is, but no decision was made
    InputBuffers buffers_;
    std::vector<std::pair<std::int64_t, std::int64_t>> completions_;
    std::vector<std::int64_t> last_starts_;  ///< by shard, of the event before
    std::int64_t last_bx_ = -1;
};

template <class Start>
void TimeNode::feed(std::uint32_t stream, std::size_t chunks, Start start) {
    const std::int64_t received = received_[stream] += static_cast<std::int64_t>(chunks);
    for (const auto i : tables_.listed(tables_.stream_users[stream])) {
        const auto& input = tables_.inputs[i];
        const std::int64_t before = supplied_[i];
        supplied_[i] = tables_.supplied_chunks(input, received);
        if (before == supplied_[i] || before != started(input.shard)) continue;
        if (--shards[input.shard].missing_inputs == 0) start(input.shard);
    }
}

}  // namespace tessera::sim
