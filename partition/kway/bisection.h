#pragma once

#include <random>
#include <vector>

#include "partition/kway/hypergraph.h"

namespace tessera::partition::kway {

/// Divides a hypergraph among blocks by recursive multilevel bisection: the first division that
/// `partition_kway` refines. Blocks are at most `most` heavy, as far as the vertices allow.
std::vector<Block> bisect_recursively(const Hypergraph& graph, Block blocks, Weight most, std::mt19937_64& generator);

}  // namespace tessera::partition::kway
