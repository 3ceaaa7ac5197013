#pragma once

#include <cstdint>
#include <vector>

#include "partition/kept_places.h"
#include "partition/mapping.h"
#include "topologies/topology.h"

namespace tessera::partition {

/// Chooses the board of a fixed topology for each board of a mapping, so that few frames cross
/// many links, and of not too many boards so that no cable carries too much (CableLoads): simulated annealing over exchanges (Kirkpatrick,
/// Gelatt, Vecchi, Science 220, 1983) from the order of the pipeline, or cooler from places that were good for a similar mapping
/// (`before`, empty where there are none). Deterministic for a seed.
///
/// A board stands where the topology has one of its type. What the topology binds to boards of the outside's lanes counts from there.
///
/// Precondition: the mapping has no more boards of any type than the topology has compute boards that work.
/// @return by board of the mapping: its position in the topology
std::vector<std::uint32_t> place_on_topology(const Mapping& mapping, const topologies::Topology& topology,
                                             const topologies::RoutingTable& routes, std::uint64_t seed,
                                             const std::vector<std::uint32_t>& before = {});

/// The same where boards keep their places: those that have none (kNoPlace) go, one by one, to the free one where their frames to and
/// from boards that have places cross the fewest links; the first of several.
std::vector<std::uint32_t> place_beside(const Mapping& mapping, const topologies::Topology& topology,
                                        const topologies::RoutingTable& routes, std::vector<std::uint32_t> places);

}  // namespace tessera::partition
