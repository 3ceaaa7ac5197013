#pragma once

#include <cstddef>
#include <vector>

#include "partition/mapping.h"
#include "partition/placement.h"
#include "partition/shard_graph.h"
#include "partition/splitting.h"

namespace tessera::partition {

/// Cuts operators as an earlier mapping did, where it holds an operator of the same name in a grid of shards; `grids` elsewhere.
std::vector<ShardGrid> earlier_grids(const models::Network& network, const Mapping& earlier, std::vector<ShardGrid> grids);

/// Puts shards where an earlier mapping has those of the same name, built as it has them or as nearly as their weights now allow.
/// New shards go where there is room and most of their data are, else on boards of their own while there are fewer
/// than `most_boards`. SLRs may be overfull: what was there may take more now.
Placement earlier_placement(const ShardGraph& graph, const models::Network& network, const BoardSpace& space, const Mapping& earlier,
                            std::size_t most_boards);

/// What became of the shards of an earlier mapping.
struct Reuse {
    std::size_t stay = 0;   ///< on the same board
    std::size_t move = 0;   ///< to another board
    std::size_t fresh = 0;  ///< were not there before, or were cut otherwise
};

/// Counts the shards of a mapping's network, stages and sources left out. On a fixed topology boards are the same at the same position;
/// on a patch panel, which joins any two boards, where most of their shards are.
Reuse compare(const Mapping& earlier, const Mapping& now);

}  // namespace tessera::partition
