#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/simulation.h"
#include "sim/tables.h"

namespace tessera::sim {

/// When a chunk is there.
struct Arrival {
    std::int64_t tick = 0;
    Health health = Health::good;  ///< the worst of this and the event's chunks before

    void take(const Arrival& other) {
        tick = std::max(tick, other.tick);
        health = std::max(health, other.health);
    }
};

/// One event in a time node: when every chunk started in every shard, and started and arrived on every hop.
/// Positions in the record are those of Tables.
struct Record {
    std::int64_t bx = 0;
    std::int64_t start_tick = 0;  ///< of its crossing
    std::int64_t objects = 0;     ///< that the network takes of it
    std::int64_t steps_left = 0;
    Arrival decided;                   ///< the latest decision so far
    std::vector<std::int32_t> stamps;  ///< ticks since start_tick
    Blame blame;
    std::vector<Health> healths;  ///< of what begins or arrives at a stamp; empty as long as all is good

    static constexpr std::int32_t kNever = -1;  ///< stamp of a step that did not happen

    void set(std::size_t position, std::int64_t tick) { stamps[position] = static_cast<std::int32_t>(tick - start_tick); }
    void set(std::size_t position, const Arrival& arrival) {
        set(position, arrival.tick);
        if (!healths.empty() || arrival.health != Health::good) set_health(position, arrival.health);
    }
    void set_health(std::size_t position, Health health);
    Arrival at(std::size_t position) const { return {start_tick + stamps[position], healths.empty() ? Health::good : healths[position]}; }
};

/// Between the starts of two events in a shard.
struct Interval {
    std::int64_t shortest_ticks = std::numeric_limits<std::int64_t>::max();
    std::int64_t longest_ticks = 0;

    void take(std::int64_t ticks) {
        shortest_ticks = std::min(shortest_ticks, ticks);
        longest_ticks = std::max(longest_ticks, ticks);
    }
};

/// What all time nodes add up together: its size depends on the system, not on the number of events
/// (but for the number of different latencies).
class Statistics {
  public:
    std::int64_t injected = 0, completed = 0, lost = 0, corrupted = 0;
    std::int64_t late = 0;                           ///< of the completed
    std::int64_t objects = 0, max_objects = 0;       ///< that the detector found
    std::int64_t truncated = 0, objects_cut = 0;     ///< events with more objects than the network takes, and what was too many
    std::map<std::int64_t, std::int64_t> latencies;  ///< events by latency in ticks
    std::int64_t max_latency_ticks = -1;
    std::int64_t slowest_bx = -1;
    std::vector<BreakdownStep> breakdown;  ///< of the slowest event, the first of several; ns holding ticks until the end
    using Notes = std::set<std::pair<std::int64_t, std::string>>;
    Notes losses;                     ///< BX and place of the first, and of corruptions
    Notes late_notes;                 ///< BX of the first that are late, and what took longest
    std::vector<Interval> intervals;  ///< by shard, of events that follow one another in a time node
    std::int64_t last_tick = 0;       ///< of the last decision
    std::uint64_t fingerprint = 0;
    std::vector<FaultOutcome> faults;  ///< by number

    Statistics(const Tables& tables, std::int64_t late_after_ticks);

    void note_loss(std::int64_t bx, const std::string& where);
    /// Takes note of the objects of an event; returns how many the network takes.
    std::int64_t count_objects(std::int64_t found);
    /// Takes an event of which nothing is still to come.
    void count(const Record& record);
    /// Adds the trajectory of an event to the fingerprint; the order of the calls does not matter.
    void mark(const Record& record);

  private:
    void count_fault(const Record& record);
    void note_late(const Record& record, std::int64_t late_ticks);

    const Tables& tables_;
    std::int64_t late_after_ticks_;
    std::vector<std::uint64_t> weights_;  ///< of the stamps in the fingerprint
};

/// The critical path of an event from its record: what its last decision waited for, step by step
/// back to its start. Steps add up to the latency; `ns` holds ticks.
std::vector<BreakdownStep> trace_back(const Tables& tables, const Record& record);

}  // namespace tessera::sim
