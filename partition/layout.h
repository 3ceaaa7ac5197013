#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "partition/mapper.h"
#include "partition/placement.h"
#include "topologies/topology.h"

namespace tessera::partition {

/// The mapping of a placement before it has links: shards with their inputs, and one transfer for
/// each pair of a shard and a board (or the outside) that needs some of its result; on a fixed topology as many
/// stripes as keep each from filling much of a cable. Routes are empty and no schedule is filled in.
///
/// Boards are those of the placement, board types those of the problem, in their order.
Mapping lay_out(const MappingProblem& problem, int tmux_period_bx, const ShardGraph& graph, const Placement& placement,
                const topologies::Topology& topology);

/// The board that a transfer leaves; kOutside for an input.
BoardId source_board(const Mapping& mapping, const Transfer& transfer);

/// Bits of an event from a board to another, all transfers together; what comes from outside or goes there left out.
std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> bits_between_boards(const Mapping& mapping);

/// Latency in ticks of a fibre of `fibre_m`: transceivers, fibre and alignment, rounded up.
std::int64_t link_latency_ticks(const Mapping& mapping, const topologies::LinkProtocol& protocol, double fibre_m);

}  // namespace tessera::partition
