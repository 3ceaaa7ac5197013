#pragma once

#include <cstdint>
#include <vector>

#include "partition/kway/hypergraph.h"

namespace tessera::partition::kway {

struct KwayOptions {
    Block blocks = 2;
    double imbalance = 0.03;  ///< no block is heavier than (1 + imbalance) x the mean, rounded up
    std::uint64_t seed = 1;
};

struct KwayResult {
    std::vector<Block> block_of;  ///< by vertex
    Weight cut = 0;               ///< weight of the nets that touch more than one block
    Weight connectivity = 0;      ///< each times the blocks that it touches less one; for a graph the same as the cut
    Weight heaviest_block = 0;
    Weight allowed_block = 0;  ///< by the imbalance; exceeded only where single vertices are too heavy to do better
};

/// Divides the vertices among blocks of about the same weight so that the connectivity is small.
///
/// Multilevel: coarsened, divided by recursive bisection (each multilevel itself), refined by
/// localized searches on every level (Karypis, Kumar, J. Parallel Distrib. Comput. 48, 1998). Pure: same graph and options, same result.
/// Precondition: 1 <= blocks.
KwayResult partition_kway(const Hypergraph& graph, const KwayOptions& options);

}  // namespace tessera::partition::kway
