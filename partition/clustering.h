#pragma once

#include <cstdint>
#include <vector>

#include "partition/placement.h"
#include "partition/shard_graph.h"

namespace tessera::partition {

/// Shards that belong together: what flows between them is worth more than the freedom to part them.
struct Clustering {
    std::vector<std::uint32_t> of_shard;              ///< cluster of each shard; sources have one each
    std::vector<std::vector<std::uint32_t>> members;  ///< shards of each cluster, in topological order
};

/// What a cluster may grow to.
struct ClusterLimits {
    double largest_cluster = 0.5;  ///< of a board, in its scarcest resource, as shards are built first
    double least_lanes = 1;        ///< traffic of one net that is worth a merger, in lanes
    double largest_column = 0;     ///< of a board, as above: columns of shards are merged first, as far as this goes; 0: they are not
};

/// Merges producers with consumers, the heaviest traffic first (heavy-edge rating of multilevel
/// hypergraph partitioners: bits of a net shared among its other pins, Catalyurek and Aykanat, IEEE TPDS 10, 1999).
/// The clusters' graph stays without cycles (cf. Herrmann et al., SIAM J. Sci. Comput. 41, 2019),
/// so that boards can be filled in the order of the pipeline. Clusters are in topological order.
///
/// Columns (PlannedShard::column) are what a board may hold of a chain of operators without a hop: where ports suffice for all that their
/// slices need of each other, layouts of whole columns have the fewest hops.
Clustering cluster_shards(const ShardGraph& graph, const BoardSpace& space, const ClusterLimits& limits);

}  // namespace tessera::partition
