#pragma once

namespace tessera::partition {

/// Who divides shards among boards. All but the first are what people would use instead; they get the same shards,
/// and their boards the same links, schedule and checks.
enum class Partitioner {
    tessera,     ///< this mapper: growth and refinement
    metis,       ///< METIS, k-way with a constraint for each resource
    scotch,      ///< Scotch, k-way by the scarcest resource
    scotch_map,  ///< Scotch, static mapping onto the topology by the scarcest resource
    greedy,      ///< layer by layer, as it is done by hand
};

}  // namespace tessera::partition
