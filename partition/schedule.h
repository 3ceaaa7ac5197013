#pragma once

#include <cstdint>
#include <vector>

#include "partition/mapping.h"

namespace tessera::partition {

/// What one undisturbed event does, to the tick.
struct Schedule {
    std::int64_t latency_ticks = 0;                  ///< until the last transfer to the outside has delivered
    std::vector<std::int64_t> shard_start_ticks;     ///< first chunk, by shard
    std::vector<std::int64_t> shard_end_ticks;       ///< result of the last chunk, by shard
    std::vector<std::int64_t> transfer_start_ticks;  ///< first chunk leaves, by transfer
    std::vector<TransferId> critical_transfers;      ///< those on the path that sets the latency, last first
    std::vector<ShardId> critical_shards;
};

/// Plays the rules 1 to 6 of mapping.h for one event through an otherwise idle system: shards as
/// their inputs arrive, links first come, first served.
///
/// Precondition: every input is fed, routes lead where they should, no cycle among the shards.
Schedule schedule(const Mapping& mapping);

/// Writes a schedule into the mapping's start times and its analytic latency.
void apply(const Schedule& schedule, Mapping& mapping);

}  // namespace tessera::partition
