#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "sim/statistics.h"
#include "sim/tables.h"

namespace tessera::sim {

/// What has waited for an input, over all events.
struct InputState {
    std::int64_t peak_chunks = 0;  ///< most that waited at once, as far as there is room
    std::int64_t lost_chunks = 0;  ///< that found no room
};

/// The buffers before the shards of a time node (rule 7 of mapping.h). All that they need is in the records of
/// complete events, so they cost nothing while events are under way.
///
/// A chunk that is lost leaves a mark in its place, so chunk n of all events takes the place that chunk n - places had.
class InputBuffers {
  public:
    using Losses = std::map<std::int64_t, std::uint32_t>;  ///< events, and the first input that lost a chunk of each

    explicit InputBuffers(const Tables& tables);

    /// Takes the next events before `end`, which are complete.
    /// @param records of events, each at its number modulo the size; from oldest_event() on
    Losses take(std::span<const Record> records, std::int64_t end);

    /// The first event of which something may wait still when the next comes.
    std::int64_t oldest_event() const { return oldest_event_; }

    InputState state(std::uint32_t input) const;

  private:
    /// What waits in a buffer.
    struct Queue {
        // The first chunk that is not known to have been read when the latest came.
        std::int64_t event = 0;
        std::uint32_t chunk = 0;
        std::int64_t waiting = 0;  ///< chunks from this one on, of those that came
        InputState state;
    };
    /// The buffer of an input whose shard starts some time.
    struct Buffer {
        std::uint32_t input = 0;
        bool barrier = false;
        std::uint32_t chunks = 1, readers = 1;  ///< of an event: that come, and of the shard that reads them
        std::uint32_t arrival_stamp = 0, stamp_step = 1, start_stamp = 0;
        std::int64_t stamp_to_arrival_ticks = 0;
        std::int64_t places = 0;
        Queue queue;

        std::uint32_t last_reader(std::uint32_t chunk) const;
    };
    Queue store(const Buffer& buffer, std::int64_t end, std::span<const Record> records, Losses& losses) const;

    std::vector<Buffer> buffers_;  ///< in the order of the inputs
    std::int64_t next_event_ = 0, oldest_event_ = 0;
};

}  // namespace tessera::sim
