#pragma once

#include <string>
#include <vector>

#include "partition/check.h"

namespace tessera::partition {

/// The rules of `check`, one function a group; each appends what it finds.
using Violations = std::vector<Violation>;

std::string place_of(BoardId board);                                ///< "board 12" or "outside"
std::string place_of(const Mapping& mapping, ShardId shard);        ///< "shard 34 (layer1.fc1 [...])"
std::string place_of(const Mapping& mapping, LinkId link);          ///< "link 3 (board 1 to board 2)"
std::string place_of(const Mapping& mapping, TransferId transfer);  ///< "transfer 7 (shard 3 to board 2)"

/// The part of its operator that a shard makes, and a region as a message shows it.
models::Region region_of(const Shard& shard);
std::string text_of(const models::Region& region);

/// Amounts that must be positive or not negative, and ids that must exist. The rules below rely on both.
void check_values(const Mapping& mapping, Violations& found);
void check_ids(const Mapping& mapping, Violations& found);

/// What sits on a board: SLR, switch boards, capacity, ports.
void check_boards(const Mapping& mapping, Violations& found);

/// What flows: links, routes, inputs, order of the shards, load of the links.
void check_links(const Mapping& mapping, Violations& found);
void check_routes(const Mapping& mapping, Violations& found);
void check_inputs(const Mapping& mapping, Violations& found);
void check_order(const Mapping& mapping, Violations& found);
void check_bandwidth(const Mapping& mapping, Violations& found);

/// What each shard does: its interval, its part of the operator.
void check_intervals(const Mapping& mapping, Violations& found);
void check_overlaps(const Mapping& mapping, Violations& found);

/// No start before its cause. Presumes that all other rules hold.
void check_schedule(const Mapping& mapping, Violations& found);

/// The rules of `check_against` on what flows and on what it costs. They presume that every shard
/// is a piece of an operator.
void check_dataflow(const Mapping& mapping, const models::Network& network, Violations& found);
void check_costs(const Mapping& mapping, const models::Network& network, const boards::Device& device, Violations& found);

}  // namespace tessera::partition
