#pragma once

#include <cstdint>
#include <vector>

#include "core/ids.h"
#include "core/resources.h"
#include "models/dataflow.h"
#include "models/implementation.h"
#include "models/network.h"

namespace tessera::partition {

/// One way to build a shard.
struct ShardVariant {
    models::Strategy strategy = models::Strategy::wiring;
    int engines = 1;
    int reuse_factor = 1;
    Resources resources;  ///< of all engines
    int token_interval_cycles = 1;
    int token_latency_cycles = 0;  ///< of one token

    /// From a chunk's start to the start of the next.
    int chunk_interval_cycles(std::int64_t tokens_per_chunk) const;
    /// From a chunk's start to its result.
    int chunk_latency_cycles(std::int64_t tokens_per_chunk) const;
    /// What the shard adds to the latency, roughly: a quarter of its tokens delay those who wait for the last.
    double cycles(std::int64_t tokens) const;
};

/// What the cycles of a shard are worth.
struct LatencyPrice {
    double boards_per_cycle = 0;
    double streaming_share = 0.25;  ///< of its streaming that counts: a quarter of its tokens delay those who wait for the last
    double free_streaming = 0;      ///< cycles for which what it streams into streams in any case

    /// In boards.
    double of(const ShardVariant& built, std::int64_t tokens) const;
};

/// A shard before it has a board: what it makes, the ways to build it, how it streams.
struct PlannedShard {
    std::uint32_t op = 0;
    models::Region region;       ///< of the operator's output stream
    std::uint32_t variants = 0;  ///< position in ShardGraph::variants; shards of one kind share them
    std::uint32_t chosen = 0;    ///< among those
    std::uint32_t column = 0;    ///< shards of one slice that stream into each other
    int chunks = 1;
    bool outside = false;  ///< a source: a piece of a network input
    LatencyPrice latency_price{};

    std::int64_t tokens_per_chunk() const;
};

/// What one shard needs of another.
struct Need {
    std::uint32_t from = 0;  ///< shard
    std::uint32_t to = 0;    ///< shard; ShardGraph::kNone: the outside (a network output)
    std::uint32_t flow = 0;  ///< position among the network's flows
    TensorId tensor{};
    models::Region region{};  ///< of the producer's stream
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
    std::vector<std::vector<ShardVariant>> variants;  ///< sets of ways to build a shard, none empty
    std::vector<Need> needs;                          ///< sorted by (to, from), the outside last
    std::vector<Net> nets;                            ///< sorted by producer
    std::vector<std::vector<std::uint32_t>> inputs;   ///< nets that each shard reads
    std::vector<std::vector<std::uint32_t>> outputs;  ///< nets that each shard drives

    const std::vector<ShardVariant>& variants_of(std::uint32_t shard) const { return variants[shards[shard].variants]; }
    const ShardVariant& built(std::uint32_t shard) const { return variants_of(shard)[shards[shard].chosen]; }
    const Resources& resources(std::uint32_t shard) const { return built(shard).resources; }
    int chunk_interval_cycles(std::uint32_t shard) const { return built(shard).chunk_interval_cycles(shards[shard].tokens_per_chunk()); }
    int chunk_latency_cycles(std::uint32_t shard) const { return built(shard).chunk_latency_cycles(shards[shard].tokens_per_chunk()); }
};

}  // namespace tessera::partition
