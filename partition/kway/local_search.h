#pragma once

#include <random>

#include "partition/kway/partitioned.h"

namespace tessera::partition::kway {

/// Moves vertices out of blocks heavier than `most`, the cheapest first, until none is, or nothing more can move.
void rebalance(Partitioned& partition, const std::vector<Weight>& most);

/// Lowers the connectivity by localized k-way searches (Fiduccia, Mattheyses, DAC 1982, from single
/// boundary vertices as in Sanders, Schulz, Engineering Multilevel Graph Partitioning Algorithms,
/// ESA 2011): a search moves its best vertex even where that costs, follows the neighbours, and
/// keeps the best state that it saw. No block gets heavier than `most` says. Never makes it worse.
void search_locally(Partitioned& partition, const std::vector<Weight>& most, std::mt19937_64& generator);

}  // namespace tessera::partition::kway
