#pragma once

#include <cstdint>

#include "partition/placement.h"

namespace tessera::tests {

/// A pipeline of operators that are cut into the same number of shards.
struct RandomShardGraph {
    std::size_t operators = 4;
    std::size_t shards_each = 2;
    double mean_slr_fraction = 0.3;  ///< of an SLR that a shard takes of its scarcest resource
    std::int64_t most_frames = 40;   ///< of a shard's result
    double latency_price = 0.001;    ///< boards that a cycle less of a shard is worth
};

/// Boards for them: SLRs with as much of the five resources as a quarter of a VU13P, roughly.
partition::BoardSpace board_space(int slrs, int ports, std::int64_t frames_per_event);

/// Each operator is mostly logic, mostly DSPs or mostly memory, and has one to three ways to build its shards: slow, fast and
/// larger, slow on other resources. A shard reads the one before it in the pipeline and, at random, one beside that and one
/// further back; the first read the outside, the last are read there. The same seed gives the same graph.
partition::ShardGraph random_shard_graph(const RandomShardGraph& kind, const partition::BoardSpace& space, std::uint64_t seed);

}  // namespace tessera::tests
