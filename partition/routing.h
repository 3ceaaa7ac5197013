#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "partition/mapper.h"
#include "partition/mapping.h"
#include "topologies/topology.h"

namespace tessera::partition {

/// A link that has to carry more than its lanes do.
struct LinkOverload {
    std::string link;             ///< "board 3 to board 7"
    double needed_frames = 0;     ///< per lane and event
    double available_frames = 0;  ///< 0: there is no way at all
};

/// Routes all transfers over the cables of a fixed topology.
///
/// Transfers negotiate for links (McMurchie and Ebeling, PathFinder, FPGA 1995): all take a
/// shortest way first; those over links with too much load try again while such links get dearer,
/// until none has too much or that stops to help.
/// Then boards that only forward are done without, the least busy first, as far as the others can stand in for them.
/// The lanes of each cable in use become, for each direction, as many links side by side as suit its transfers (cable_links.h). Data from
/// and to the outside pass through ports that have no cable, at any board that the topology allows, and are forwarded from there.
///
/// Boards of the mapping take the positions `places`; boards that only forward (switches, or
/// compute boards on the way) are appended to the mapping: compute boards of a type of which there is one left at the start, whether or not
/// there are so many. Returns the worst overload where the negotiation fails; the mapping's links are then unspecified.
std::optional<LinkOverload> route_transfers(Mapping& mapping, const MappingProblem& problem, const topologies::Topology& topology,
                                            const topologies::RoutingTable& table, const std::vector<std::uint32_t>& places);

}  // namespace tessera::partition
