#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "partition/mapping.h"
#include "partition/placement.h"
#include "topologies/topology.h"

namespace tessera::partition {

/// A board that has no place in the topology yet.
inline constexpr std::uint32_t kNoPlace = 0xffffffffU;

/// How an earlier mapping stands on its fixed topology.
struct Standing {
    topologies::Topology topology;      ///< with the cables that it has
    std::vector<std::uint32_t> places;  ///< by board that has shards of the network, in the order of their ids
    std::size_t switches = 0;           ///< that it uses
};

/// Boards that stand on a fixed topology, where shards may leave them at a price.
struct KeptPlaces {
    topologies::Topology topology;
    std::vector<std::uint32_t> places;  ///< by board; kNoPlace: any that is free
    double stay_lanes = 0;
    double quick_enough_ns = 0;  ///< a layout that takes longer does not do
};

/// Finds the topology that an earlier mapping stands on among those of different size that `make` makes: the smallest in which all its
/// boards are what they were, at the same place of its drawing. Cables may have other lanes than they had.
/// Nothing where there is none, on a patch panel among others.
/// @param room for compute boards: no larger one is asked for
std::optional<Standing> standing(const Mapping& earlier, std::size_t room, const std::function<topologies::Topology(std::size_t)>& make);

/// Where the boards of a placement stand that was made of an earlier one by moving shards, also where boards were left out and the others
/// numbered anew: each board stands where most of its shards were. kNoPlace for those that have none from there.
/// @param places by board of the earlier placement; boards beyond its end have none
std::vector<std::uint32_t> places_after(const Placement& earlier, const std::vector<std::uint32_t>& places, const Placement& now);

}  // namespace tessera::partition
