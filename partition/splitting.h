#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "models/dataflow.h"
#include "partition/operator_options.h"

namespace tessera::partition {

/// How one operator is cut into shards: slices of tokens times parts of channels.
struct Split {
    std::int64_t slices = 1;
    std::int64_t parts = 1;
};

/// The grid of an operator's shards; cuts fall on multiples of `unit` channels (a head), and of `token_unit` tokens.
struct ShardGrid {
    Split split;
    std::int64_t tokens = 1;
    std::int64_t channels = 1;
    std::int64_t unit = 1;
    std::int64_t token_unit = 1;

    models::Range slice(std::int64_t position) const;  ///< of tokens
    models::Range part(std::int64_t position) const;   ///< of channels
};

/// What bounds a shard's size.
struct SplitLimits {
    std::int64_t cycles_per_event = 9;
    Resources slr_capacity;
    double largest_shard = 0.45;       ///< of an SLR, in its scarcest resource: smaller ones pack better, larger ones talk less
    double largest_alternative = 0.9;  ///< of an SLR, built in another way that costs about the same
    double about_the_same = 1.15;
    std::int64_t largest_result_bits =
        std::numeric_limits<std::int64_t>::max();  ///< of an event, that another column of shards reads, so that a link can carry it
    int input_bits = 16;                           ///< width of a tensor that has no format
    bool follow_steps = false;                     ///< what has several tokens for each one of what it streams with is cut where that is
};

/// Cuts all operators. Operators that stream token by token into each other get the same slices,
/// and those that stream channel by channel the same parts, so that columns of shards can sit on
/// one board. Operators without options get one shard.
std::vector<ShardGrid> split_operators(const models::Network& network, const std::vector<models::Flow>& flows,
                                       const std::vector<std::vector<OperatorOption>>& options, const OptionChoice& choice,
                                       const SplitLimits& limits);

}  // namespace tessera::partition
