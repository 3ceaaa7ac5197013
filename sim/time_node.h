#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/simulation.h"
#include "sim/tables.h"

namespace tessera::sim {

/// What all time nodes add up together: its size depends on the system, not on the number of events
/// (but for the number of different latencies).
struct Statistics {
    std::int64_t injected = 0, completed = 0, lost = 0;
    std::map<std::int64_t, std::int64_t> latencies;  ///< events by latency in ticks
    std::int64_t max_latency_ticks = -1;
    std::vector<BreakdownStep> breakdown;       ///< of the slowest event, ns holding ticks until the end
    std::vector<std::int64_t> link_busy_ticks;  ///< by link
    std::vector<std::int64_t> link_peak_ticks;  ///< longest queue, as time to send it
    std::vector<std::int64_t> link_lost;
    std::vector<std::int64_t> shard_busy_ticks;  ///< by shard
    std::vector<std::int64_t> shard_events;      ///< finished by the shard
    std::vector<std::string> losses;
    std::int64_t link_chunks = 0;
    std::int64_t last_tick = 0;  ///< of the last decision
    std::uint64_t fingerprint = 0;

    explicit Statistics(const Tables& tables);
    /// Adds one step of the trajectory; the order of the calls does not matter.
    /// @param what position in an event's record, or one past them all for its decision
    void mark(std::int64_t bx, std::uint64_t what, std::int64_t tick);
    void note_loss(const std::string& text);
};

/// The events that one time node has in flight, in the order of their crossings.
///
/// Each has a record of when every chunk started in every shard and on every hop, from which the
/// breakdown of a slow event is traced back. Records are kept for a window of the latest events.
class TimeNode {
  public:
    /// What a shard has done so far, over all events.
    struct ShardState {
        std::int64_t event = 0;  ///< that it takes next
        std::int64_t chunk = 0;
        std::int64_t free_at = 0;          ///< when it may start again
        std::uint32_t missing_inputs = 0;  ///< that have not received what the next chunk needs
    };
    /// What the stations keep between tasks; each touches only what sits on it.
    struct State {
        std::vector<ShardState> shards;
        std::vector<std::int64_t> received;      ///< chunks over all events, by input
        std::vector<std::int64_t> link_free_at;  ///< by link
        std::vector<int> socket_of_link;
    };
    State state;

    TimeNode(const Tables& tables, Statistics& statistics, std::size_t window);

    /// Inputs of a shard that have not received what its next chunk needs.
    std::uint32_t missing_inputs(std::uint32_t shard) const;

    std::int64_t inject(std::int64_t bx);  ///< the event's number in this node, from 0
    std::int64_t injected() const { return injected_; }
    std::int64_t in_flight() const { return injected_ - done_; }
    std::int64_t bx(std::int64_t event) const { return slot(event).bx; }
    void stamp_shard(std::int64_t event, std::uint32_t shard, std::int64_t chunk, std::int64_t start);
    void stamp_hop(std::int64_t event, std::uint32_t transfer, std::size_t hop, std::int64_t chunk, std::int64_t start,
                   std::int64_t length);
    void lose(std::int64_t event) { slot(event).lost = true; }
    /// A decision transfer delivered its last chunk. When it is the event's last, the event is done.
    void deliver(std::int64_t event, std::int64_t tick);

    /// When each event of this node was complete, by crossing; for the intervals between decisions.
    const std::vector<std::pair<std::int64_t, std::int64_t>>& completions() const { return completions_; }
    void forget_completions() { completions_.clear(); }
    const Tables& tables() const { return tables_; }
    Statistics& statistics() { return statistics_; }

  private:
    struct Slot {
        std::int64_t event = -1;
        std::int64_t bx = 0;
        std::size_t decisions_left = 0;
        bool lost = false;
        std::vector<std::int32_t> stamps;  ///< ticks since the start of the event's BX
    };
    Slot& slot(std::int64_t event) { return slots_[static_cast<std::size_t>(event) % slots_.size()]; }
    const Slot& slot(std::int64_t event) const { return slots_[static_cast<std::size_t>(event) % slots_.size()]; }
    void stamp(std::int64_t event, std::size_t position, std::int64_t start, std::int64_t length);
    void grow();

    const Tables& tables_;
    Statistics& statistics_;
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
