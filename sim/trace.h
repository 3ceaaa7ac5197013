#pragma once

#include <algorithm>
#include <cstdint>
#include <iosfwd>
#include <limits>
#include <vector>

#include "partition/mapping.h"

namespace tessera::sim {

/// A chunk in a shard or on a link.
struct TraceRecord {
    std::int64_t start_tick = 0;
    std::int64_t bx = 0;     ///< crossing of the event
    std::int32_t ticks = 0;  ///< that the shard or link is taken
    std::uint32_t id = 0;    ///< shard, or transfer
    std::uint32_t chunk = 0;
    std::uint16_t time_node = 0;
    std::int16_t hop = kInShard;  ///< of the transfer

    static constexpr std::int16_t kInShard = -1;
    friend auto operator<=>(const TraceRecord&, const TraceRecord&) = default;
};

/// Keeps the records of the events of some crossings in binary, as the simulation makes them anyway, so that
/// recording is cheap; an event that runs as the last one kept did, as all do where nothing contends, shares its stamps.
/// What people look at is made of them after the simulation.
class Trace {
  public:
    std::int64_t from_bx = 0;
    std::int64_t to_bx = std::numeric_limits<std::int64_t>::max();  ///< the first that is not recorded
    // What is shown; nothing chosen: all.
    std::vector<BoardId> boards;  ///< their shards, and the links to and from them
    std::vector<LinkId> links;    ///< beside them

    /// @param stamps as in Record (statistics.h)
    void add(std::int64_t bx, std::size_t time_node, std::int64_t objects, const std::vector<std::int32_t>& stamps) {
        if (bx < from_bx || to_bx <= bx) return;
        if (stamps_.empty() || stamps_.back() != stamps) stamps_.push_back(stamps);
        events_.push_back({bx, time_node, objects, stamps_.size() - 1});
    }

    /// What the chosen boards did, in the order of time.
    std::vector<TraceRecord> records(const partition::Mapping& mapping) const;

  private:
    struct Event {
        std::int64_t bx;
        std::size_t time_node;
        std::int64_t objects;
        std::size_t stamps;  ///< position in stamps_
    };
    std::vector<Event> events_;
    std::vector<std::vector<std::int32_t>> stamps_;
};

/// Chrome's trace format, which Perfetto opens: a process for each board of each time node, a thread for
/// each of its shards and sending ends of links, arrows along the first chunks of an event, and a mark on each link
/// that it shows where a traced orbit begins. Links carry packets with the crossing of the orbit and the orbit in their header.
void write_chrome_trace(const Trace& trace, const partition::Mapping& mapping, std::ostream& out);

/// A value change dump (IEEE 1364) in ps: for each link whether it is busy and with which crossing, for
/// each board how many of its shards work.
void write_vcd(const Trace& trace, const partition::Mapping& mapping, std::ostream& out);

}  // namespace tessera::sim
