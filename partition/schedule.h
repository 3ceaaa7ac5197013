#pragma once

#include <cstdint>
#include <vector>

#include "partition/mapping.h"

namespace tessera::partition {

/// What an event does, to the tick.
struct Schedule {
    std::int64_t latency_ticks = 0;                  ///< until the last transfer to the outside has delivered
    std::vector<std::int64_t> shard_start_ticks;     ///< first chunk, by shard
    std::vector<std::int64_t> shard_end_ticks;       ///< result of the last chunk, by shard
    std::vector<std::int64_t> transfer_start_ticks;  ///< first chunk leaves, by transfer
    /// By shard and input: the chunks that wait in its buffer at the most (rule 7 of mapping.h) when such an event comes
    /// with every crossing and none disturbs another.
    std::vector<std::vector<std::int64_t>> input_chunks;
    std::vector<TransferId> critical_transfers;  ///< those on the path that sets the latency, last first
    std::vector<ShardId> critical_shards;
};

/// Plays the rules 1 to 6 of mapping.h for one event through an otherwise idle system: shards as
/// their inputs arrive, links first come, first served.
///
/// Precondition: every input is fed, routes lead where they should, no cycle among the shards.
Schedule schedule(const Mapping& mapping);

/// The same for one of many events that come a period apart, without end: on links that transfers share it also waits for those before and
/// after it, and on links without a frame to spare the longer the more have come (then this is that of the first few hundred). The critical
/// path is that of the last of them.
Schedule steady_schedule(const Mapping& mapping);

/// The one that a layout is judged by: of many events where its boards have positions, as what has to pass given boards or cables shares
/// links; of one alone on a patch panel, where every link has its own two boards.
Schedule expected_schedule(const Mapping& mapping);

/// Writes a schedule into the mapping's start times, its analytic latency and the depth of its buffers: what waits at the
/// most, and one event more. Events with fewer objects come earlier, others wait for each other on shared links, both
/// by no more than the period in which a link takes an event.
void apply(const Schedule& schedule, Mapping& mapping);

}  // namespace tessera::partition
