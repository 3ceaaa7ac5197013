#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/ids.h"
#include "core/resources.h"
#include "models/dataflow.h"
#include "models/network.h"

namespace tessera::partition {

/// A shard before it has a board: what it makes, what it takes, how it streams.
struct PlannedShard {
    std::uint32_t op = 0;
    models::Region region;  ///< of the operator's output stream
    std::string strategy;
    int engines = 1;
    int reuse_factor = 1;
    Resources resources;  ///< of all engines
    int token_interval_cycles = 1;
    int token_latency_cycles = 0;  ///< of one token
    int chunks = 1;
    bool outside = false;  ///< a source: a piece of a network input

    std::int64_t tokens_per_chunk() const;
    int chunk_interval_cycles() const;
    int chunk_latency_cycles() const;
};

/// What one shard needs of another.
struct Need {
    std::uint32_t from = 0;  ///< shard
    std::uint32_t to = 0;    ///< shard; ShardGraph::kNone: the outside (a network output)
    TensorId tensor{};
    models::Region region;  ///< of the producer's stream
    std::int64_t bits = 0;
    bool barrier = false;  ///< the consumer's first chunk needs all of it
};

/// The same part of one shard's result, for all its consumers: it travels once to each board.
struct Net {
    std::uint32_t from = 0;
    std::int64_t bits = 0;
    std::int64_t frames = 0;               ///< on one lane, header and CRC included
    std::vector<std::uint32_t> consumers;  ///< shards, sorted, each once; kNone for the outside
};

/// All shards of one time node and what flows between them. Shards are in topological order.
struct ShardGraph {
    static constexpr std::uint32_t kNone = 0xffffffffU;

    std::vector<PlannedShard> shards;
    std::vector<Need> needs;                          ///< sorted by (to, from), the outside last
    std::vector<Net> nets;                            ///< sorted by producer
    std::vector<std::vector<std::uint32_t>> inputs;   ///< nets that each shard reads
    std::vector<std::vector<std::uint32_t>> outputs;  ///< nets that each shard drives
};

}  // namespace tessera::partition
