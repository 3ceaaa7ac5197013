#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "partition/shard_graph.h"
#include "partition/splitting.h"

namespace tessera::partition {

/// What the shard graph depends on beside the cuts.
struct ShardingContext {
    const models::Network* network = nullptr;
    const std::vector<models::Flow>* flows = nullptr;
    boards::Device device{};
    Resources slr_capacity;    ///< of any board
    Resources board_capacity;  ///< that prices are of
    std::int64_t cycles_per_event = 9;
    int input_bits = 16;                            ///< width of a tensor that has no format
    std::array<double, 5> prices{};                 ///< of the resources of `board_capacity`, as OptionChoice has them
    std::vector<LatencyPrice> latency_prices{};     ///< by operator, of all its pieces; empty: cycles have no price
    std::vector<std::uint32_t> streaming_groups{};  ///< by operator, as streaming_groups gives them; empty: each is its own
    double fair_latency_price = 0;                  ///< boards that a cycle is worth where latency and boards count alike
    double largest_variant = 0.9;                   ///< of an SLR, in its scarcest resource
    double about_the_same = 1.3;                    ///< variants up to this times the price of the cheapest are worth considering
    int frame_bits = 64;
    int overhead_frames = 2;  ///< header and CRC of a transfer
};

/// Bits of one element of a tensor on a link.
int element_bits(const models::Tensor& tensor, int otherwise);

/// Makes the shards of every operator by its grid, each with all ways to build it that are worth
/// considering (the one nearest to what was chosen for the operator first), and finds what flows
/// between them. Chunks are left to `set_chunks`.
ShardGraph make_shard_graph(const ShardingContext& context, const std::vector<std::vector<OperatorOption>>& options,
                            const std::vector<std::size_t>& chosen, const std::vector<ShardGrid>& grids);

/// Gives every shard its entry of `chunks`.
///
/// An input then waits for all of its producer (`barrier`) where the order in which the producer
/// makes its tokens is not the order in which the consumer needs them, chunk by chunk.
void set_chunks(ShardGraph& graph, const ShardingContext& context, const std::vector<int>& chunks);

}  // namespace tessera::partition
