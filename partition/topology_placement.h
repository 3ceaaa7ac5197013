#pragma once

#include <cstdint>
#include <vector>

#include "partition/mapping.h"
#include "topologies/topology.h"

namespace tessera::partition {

/// Chooses the board of a fixed topology for each board of a mapping, so that few frames cross
/// many links: simulated annealing over exchanges (Kirkpatrick, Gelatt, Vecchi, Science 220, 1983)
/// from the order of the pipeline, or cooler from places that were good for a similar mapping
/// (`before`, empty where there are none). Deterministic for a seed.
///
/// Precondition: the mapping has no more boards than the topology has compute boards.
/// @return by board of the mapping: its position in the topology
std::vector<std::uint32_t> place_on_topology(const Mapping& mapping, const topologies::Topology& topology,
                                             const topologies::RoutingTable& routes, std::uint64_t seed,
                                             const std::vector<std::uint32_t>& before = {});

}  // namespace tessera::partition
