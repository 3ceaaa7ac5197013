#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/faults.h"
#include "sim/simulation.h"
#include "sim/tables.h"

namespace tessera::sim {

/// What all time nodes add up together: its size depends on the system, not on the number of events
/// (but for the number of different latencies).
struct Statistics {
    std::int64_t injected = 0, completed = 0, lost = 0, corrupted = 0;
    std::int64_t late = 0;                           ///< of the completed
    std::map<std::int64_t, std::int64_t> latencies;  ///< events by latency in ticks
    std::int64_t max_latency_ticks = -1;
    std::int64_t slowest_bx = -1;
    std::vector<BreakdownStep> breakdown;       ///< of the slowest event, the first of several; ns holding ticks until the end
    std::vector<std::int64_t> link_busy_ticks;  ///< by link
    std::vector<std::int64_t> link_peak_ticks;  ///< longest queue, as time to send it
    std::vector<std::int64_t> link_lost;
    std::vector<std::int64_t> shard_busy_ticks;             ///< by shard
    std::vector<std::int64_t> shard_events;                 ///< finished by the shard
    std::set<std::pair<std::int64_t, std::string>> losses;  ///< BX and place of the first, and of corruptions
    std::int64_t link_chunks = 0;
    std::int64_t last_tick = 0;  ///< of the last decision
    std::uint64_t fingerprint = 0;

    explicit Statistics(const Tables& tables);
    /// Adds a step of the trajectory, which `key` tells apart; the order of the calls does not matter.
    void mark(std::uint64_t key, std::int64_t tick);
    void note_loss(std::int64_t bx, const std::string& where);
};

/// What all parts of a simulation share.
struct Model {
    const Tables& tables;
    const FaultTable& faults;
    Statistics& statistics;
    Mode mode;
    std::int64_t late_after_ticks;  ///< events that take longer are late
    Trace* trace;                   ///< may be nullptr
};

/// The events that one time node has in flight, in the order of their crossings.
///
/// Each has a record of when every chunk started in every shard and on every hop, from which the
/// breakdown of a slow event is traced back. Records are kept for a window of the latest events.
class TimeNode {
  public:
    struct Arrival {
        std::int64_t tick = 0;
        Health health = Health::good;  ///< the worst of this and the event's chunks before
    };
    /// What a shard has done so far, over all events.
    struct ShardState {
        std::int64_t event = 0;  ///< that it takes next
        std::int64_t chunk = 0;
        std::int64_t free_at = 0;          ///< when it may start again
        std::int64_t ready_at = 0;         ///< when the inputs that are not missing have what the next chunk needs
        std::uint32_t missing_inputs = 0;  ///< that have not received it
        Health health = Health::good;      ///< of those that have

        void take(const Arrival& arrival) {
            ready_at = std::max(ready_at, arrival.tick);
            health = std::max(health, arrival.health);
        }
    };
    /// What an input has received over all events: chunk numbers go on from one event to the next.
    struct InputState {
        std::int64_t received = 0;                      ///< chunks
        std::int64_t needed = 0;                        ///< for the next chunk of the shard
        std::vector<Arrival> arrivals{std::size_t{4}};  ///< of a chunk, at its number modulo the size (a power of two)

        Arrival& arrival(std::int64_t chunk) { return arrivals[static_cast<std::size_t>(chunk) & (arrivals.size() - 1)]; }
        /// @param chunks of an event
        void receive(std::int64_t chunks, Arrival arrival);
        void grow();
    };
    /// What the stations keep between tasks; each touches only what sits on it.
    struct State {
        std::vector<ShardState> shards;
        std::vector<InputState> inputs;
        std::vector<std::int64_t> link_free_at;  ///< when all chunks that wait for a link are sent
        std::vector<int> socket_of_link;
    };
    State state;

    TimeNode(const Model& model, std::size_t number, std::size_t window);

    /// Sets what the next chunk of a shard needs, which of it is missing and since when the rest is there.
    void look_ahead(std::uint32_t shard);

    std::int64_t inject(std::int64_t bx);  ///< the event's number in this node, from 0
    std::int64_t injected() const { return injected_; }
    std::int64_t in_flight() const { return injected_ - done_; }
    void stamp_shard(std::int64_t event, std::uint32_t shard, std::int64_t chunk, std::int64_t start);
    void stamp_hop(std::int64_t event, std::uint32_t transfer, std::size_t hop, std::int64_t chunk, std::int64_t start, std::int64_t length,
                   std::int64_t arrival);
    /// A number of its own for a step of an event, given its position in the event's record.
    std::uint64_t key(std::int64_t event, std::size_t position) const;
    /// Completes and keeps a record of an event, where it is wanted.
    void trace(std::int64_t event, TraceRecord record);
    /// Notes for people where an event was damaged.
    void note(std::int64_t event, const std::string& where);
    /// A decision transfer delivers a chunk. With the last of all its decisions the event is done.
    void deliver(std::int64_t event, Arrival arrival, bool last);

    /// When each event of this node was complete, by crossing; for the intervals between decisions.
    const std::vector<std::pair<std::int64_t, std::int64_t>>& completions() const { return completions_; }
    void forget_completions() { completions_.clear(); }
    const Model& model() const { return model_; }
    std::size_t number() const { return number_; }

  private:
    struct Slot {
        std::int64_t event = -1;
        std::int64_t bx = 0;
        std::size_t decisions_left = 0;
        std::int64_t decided_at = 0;  ///< the latest decision so far
        Health health = Health::good;
        std::vector<std::int32_t> stamps;  ///< ticks since the start of the event's BX
    };
    /// The record of an event; nullptr where it was done long ago and its place is taken.
    Slot* find(std::int64_t event) {
        auto& slot = slots_[static_cast<std::size_t>(event) % slots_.size()];
        return slot.event == event ? &slot : nullptr;
    }
    void stamp(std::int64_t event, std::size_t position, std::int64_t tick);
    void complete(Slot& slot);
    void grow();

    Model model_;
    const Tables& tables_;
    Statistics& statistics_;
    std::size_t number_;
    std::vector<Slot> slots_;
    std::int64_t injected_ = 0;
    std::int64_t done_ = 0;    ///< completed or lost
    std::int64_t oldest_ = 0;  ///< event that is not done
    std::vector<std::pair<std::int64_t, std::int64_t>> completions_;
};

/// The critical path of an event from its record: what its last decision waited for, step by step
/// back to its start. Steps add up to the latency; `ns` holds ticks.
std::vector<BreakdownStep> trace_back(const Tables& tables, const std::vector<std::int32_t>& stamps);

}  // namespace tessera::sim
