#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "boards/board.h"
#include "partition/node_mapper.h"
#include "partition/patch_panel.h"
#include "partition/routing.h"
#include "partition/shard_graph.h"

namespace tessera::partition {

/// Constraints that the search asks for by name.
inline constexpr const char* kBoardCount = "board count";
inline constexpr const char* kNoWay = "topology";

/// A layout of so many boards in a time node, where there are `most`.
NodeFailure too_many_boards(const NodePlan& plan, const boards::Stock& stock, std::size_t needed, int most);

/// The same for a layout with its switches, which are boards, but take none of the places of those that compute; of all types together and
/// of each.
/// @param most boards of a time node
std::optional<NodeFailure> too_many_boards(const NodePlan& plan, const MappingProblem& problem, const Mapping& mapping, int most);

/// An operator whose smallest piece fits no SLR, whichever of the variants it is built as.
NodeFailure too_large(const NodePlan& plan, const models::Operator& op, const std::vector<ShardVariant>& variants,
                      const boards::Stock& stock);

NodeFailure too_few_ports(const NodePlan& plan, const PortShortage& shortage);

/// Where there is no way at all, its constraint is kNoWay.
NodeFailure too_little_bandwidth(const NodePlan& plan, const LinkOverload& overload);

/// Registers between SLRs, which are known once all shards have their places, may be more than an SLR has room for: the first such SLR.
std::optional<NodeFailure> too_full(const NodePlan& plan, const Mapping& mapping);

}  // namespace tessera::partition
