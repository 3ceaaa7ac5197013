#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "partition/kept_places.h"
#include "partition/mapping.h"
#include "partition/node_job.h"
#include "partition/placement.h"
#include "partition/shard_graph.h"
#include "topologies/topology.h"

namespace tessera::partition {

/// On cables, whose loads finer chunks make much larger: what shards move by, and layouts are given up.
inline constexpr int kCoarseChunks = 8;
/// Times what is there: finer rounding or other ways to build shards make up for that; what misses by more needs another layout.
inline constexpr double kNear = 1.5;

/// The topology with so many boards that work, and of several types with a place for each that the placement takes.
topologies::Topology topology_for(const NodeJob& job, const Placement& placement, std::size_t boards);
inline topologies::Topology topology_for(const NodeJob& job, const Placement& placement) {
    return topology_for(job, placement, placement.boards);
}

/// Boards of the placement for whose type a fixed topology has no more places.
std::size_t places_missing(const NodeJob& job, const topologies::Topology& topology, const Placement& placement);

/// Joins the boards and plays the schedule. Many chunks stream sooner, but each is rounded up to whole frames: boards whose
/// ports do not suffice, and all where links do not, get fewer.
/// @param places  of the boards on a fixed topology; none on a patch panel
/// @param kept    where they stand on a topology of their own, which is not made larger
std::variant<Mapping, NodeFailure> join_boards(const NodeJob& job, ShardGraph& graph, const Placement& placement,
                                               const std::vector<std::uint32_t>& places, const KeptPlaces* kept = nullptr);

}  // namespace tessera::partition
