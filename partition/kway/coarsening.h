#pragma once

#include <random>
#include <vector>

#include "partition/kway/hypergraph.h"

namespace tessera::partition::kway {

/// A coarser hypergraph and where each vertex of the finer one went.
struct Level {
    Hypergraph graph;
    std::vector<Vertex> cluster_of;  ///< by vertex of the finer hypergraph
};

/// Hypergraphs from fine to coarse, each made of the one before by merging vertices that heavy nets
/// join, until no more than `enough` vertices are left or little more can be merged.
///
/// A vertex joins the neighbour with the highest rating: the sum over common nets of weight /
/// (pins - 1) (heavy-edge rating, Catalyurek and Aykanat, IEEE TPDS 10, 1999), squared and divided by both
/// weights, so that clusters stay alike (expansion*2, Holtgrewe, Sanders, Schulz, IPDPS 2010).
/// No cluster gets heavier than `largest_cluster`.
std::vector<Level> coarsen(const Hypergraph& graph, std::size_t enough, Weight largest_cluster, std::mt19937_64& generator);

/// The blocks of the finer vertices, each that of its cluster.
std::vector<Block> projected(const std::vector<Block>& block_of_cluster, const std::vector<Vertex>& cluster_of);

}  // namespace tessera::partition::kway
