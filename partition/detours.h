#pragma once

#include <functional>
#include <optional>

#include "partition/mapping.h"
#include "partition/placement.h"
#include "partition/timing.h"

namespace tessera::partition {

/// A placement and what becomes of it with links and a schedule.
struct LaidOut {
    Placement placement;
    Mapping mapping;
};

/// Joins the boards of a placement and plays the schedule; nothing where ports or cables do not suffice.
using LayOut = std::function<std::optional<LaidOut>(const Placement&)>;

/// Puts shards of the slowest path next to what they wait for or what waits for them: one shard, or all of its column that sit on its
/// board. Others make room for them. What the schedule itself then shows to be sooner stays, shard by shard where the whole is not: the
/// steps before it go by estimates of links and chunks that they cannot know.
/// @param most_tries  layouts that are made at the most
LaidOut without_detours(const ShardGraph& graph, const BoardSpace& space, const HopTiming& hop, LaidOut layout, const LayOut& lay_out,
                        int most_tries);

}  // namespace tessera::partition
