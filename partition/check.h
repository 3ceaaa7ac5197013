#pragma once

#include <string>
#include <vector>

#include "boards/board.h"
#include "models/network.h"
#include "partition/mapping.h"
#include "partition/stages.h"

namespace tessera::partition {

/// A rule that a mapping breaks.
struct Violation {
    std::string rule;   ///< one of the names below
    std::string where;  ///< "board 12 SLR 1", "shard 34 (layer1.fc1)"
    std::string what;   ///< found and allowed, with units
};

/// Checks a mapping on its own, from first principles; shares no code with the mapper. Rules:
///
///  - `value`, `id`: amounts that cannot be, ids of nothing (then nothing else is checked);
///  - `slr`, `switch`: every shard on an SLR that exists, of a board that computes;
///  - `position`: no two boards at one position of the topology;
///  - `capacity`: resources within each SLR;
///  - `ports`: lanes in and out within each board's ports;
///  - `link`, `route`, `transfer`: every route a chain of links from the producer's board to the
///    consumer's that visits no board twice, one transfer for a shard and a board;
///  - `source`, `input`: nothing feeds a source; every other input comes from a shard of the same
///    board, across all SLRs between, or by a transfer of its producer to this board;
///  - `order`, `cycle`: inputs before their users, no shard waits for itself;
///  - `bandwidth`: frames of each link within tmux_period_bx;
///  - `interval`: every shard's chunks within cycles_per_event;
///  - `overlap`: no two shards over the same part of an operator;
///  - `schedule`: nothing starts before its cause (checked when all others hold).
std::vector<Violation> check(const Mapping& mapping);

/// Checks a mapping against the network it claims to lay out. Rules, beside `value` and `id`:
///
///  - `board_type`: the mapping's boards offer no more than the type of that name in `stock` (of one type, whatever the name), of which
///    there are so many;
///  - `operator`: every shard a piece of an operator that takes hardware, or of an input
///    (where these two fail, nothing else is checked);
///  - `coverage`: every operator with hardware made whole (with `overlap`: exactly once);
///  - `flow`: every flow's needed region fed to every shard, every output delivered;
///  - `barrier`: a shard that needs all tokens, or tokens in another order than they are made, waits for them;
///  - `bits`: each transfer carries no fewer bits than its users need;
///  - `strategy`, `resources`, `timing`: the cost model has such an implementation for an engine's
///    share of the tokens, which takes no more and is no slower than the shard claims; no source is early.
///
/// Shards of external stages (operators beyond those of the network) are left to `check_stages`; an input of the network
/// may stand on the board of one, and an output end there.
std::vector<Violation> check_against(const Mapping& mapping, const models::Network& network, const boards::Stock& stock);

/// Checks a mapping against what a study says of single boards of its topology, by their `positions` (without any, by their ids). Rules:
///
///  - `entrance`: lanes from outside end only at boards at which inputs enter;
///  - `exit`: lanes to the outside leave only the board that the decision leaves;
///  - `place`: on a fixed topology every board is of the type that stands at its position.
///
/// @param topology as topologies::read_board_roles takes it
/// @throws InputError as that does
std::vector<Violation> check_board_roles(const Mapping& mapping, const JsonReader& topology, const boards::Stock& stock);

/// Checks the external stages of a mapping against what they are declared to be (rule `stage`): so many boards, no
/// quicker, no fewer words read and made, nothing of the detector early, the inputs of the network that they feed.
std::vector<Violation> check_stages(const Mapping& mapping, const models::Network& network, const std::vector<Stage>& stages);

}  // namespace tessera::partition
