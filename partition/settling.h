#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "partition/kept_places.h"
#include "partition/mapping.h"
#include "partition/node_job.h"
#include "partition/placement.h"
#include "partition/refinement.h"
#include "partition/shard_graph.h"

namespace tessera::partition {

/// Of a board, that refinement may fill before they cost.
inline constexpr double kRefinedPorts = 0.8;

/// What is done for the links of a fixed topology: shards move so that less crosses many of them; so that no cable carries too
/// much; and they are also built in ways that make room for that.
enum class Effort { hops, cables, all };

/// How placements are refined that have so many boards as they need.
RefinementSettings refinement_settings(const NodeJob& job, const ShardGraph& graph, double ports);
/// Fewer boards take more patience, and more of their ports.
RefinementSettings patient_settings(const NodeJob& job, const ShardGraph& graph);

/// Where the boards stand on a fixed topology. By static mapping they have their places, and so they may from an earlier mapping.
std::vector<std::uint32_t> place_boards(const NodeJob& job, const ShardGraph& graph, const Placement& placement,
                                        const KeptPlaces* kept = nullptr);

/// Places the boards on a fixed topology, moves shards for its links, and joins the boards.
std::variant<Mapping, NodeFailure> settle_on_topology(const NodeJob& job, ShardGraph& graph, Placement& placement, double ports,
                                                      Effort effort, const KeptPlaces* kept = nullptr);

/// Refines a placement, a baseline's only where that is asked for, and joins its boards.
std::variant<Mapping, NodeFailure> refine_and_join(const NodeJob& job, ShardGraph& graph, Placement& placement, double ports);

}  // namespace tessera::partition
