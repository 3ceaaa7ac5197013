#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "boards/board.h"
#include "core/resources.h"
#include "models/implementation.h"
#include "models/network.h"

namespace tessera::partition {

/// True where the operator takes hardware, so becomes shards.
bool has_hardware(const models::Operator& op);

/// True where engines may share the tokens of an event; a recurrent operator needs its own last token.
bool splits_tokens(const models::Operator& op);

/// Pieces into which the output channels may be cut at most: heads of a softmax, all channels of a
/// dense operator, 1 where every output channel needs the same state (top-k, recurrent).
std::int64_t most_channel_parts(const models::Network& network, const models::Operator& op);

/// One way to build an operator for all tokens of an event: `engines` copies that share the tokens.
struct OperatorOption {
    int engines = 1;
    std::int64_t tokens_per_engine = 1;
    models::Implementation implementation;  ///< of one engine over all channels
    Resources total;                        ///< of all engines

    /// From an engine's first token to its last, at the rate at which it takes them.
    double streaming_cycles() const;
};

/// All ways worth choosing from that keep up with an event every `cycles_per_event` and whose
/// pieces can be cut to fit an SLR; none dominated in all resources by another.
/// Empty where there is none.
std::vector<OperatorOption> operator_options(const models::Network& network, const models::Operator& op, std::int64_t cycles_per_event,
                                             const boards::Device& device, const Resources& slr_capacity);

/// A choice for every operator that balances the board's resources, with the proof how far from
/// the best it can be.
struct OptionChoice {
    std::vector<std::size_t> chosen;       ///< by operator; meaningless where there are no options
    std::vector<double> streaming_cycles;  ///< by operator: of the slowest of its group; empty where cycles have no price
    std::array<double, 5> prices{};        ///< of the whole board's capacity; they sum to 1
    std::array<double, 5> boards{};        ///< of capacity that the choice takes, resource by resource
    double lower_bound = 0;                ///< boards: no choice of options takes less
    std::string binding_resource;          ///< the one with the highest price at the bound
};

/// What a cycle less is worth, in boards. Operators of a group stream into each other: of them the slowest counts.
struct CyclePrices {
    std::vector<double> latency;       ///< by operator: of its first result
    std::vector<std::uint32_t> group;  ///< by operator
    std::vector<double> streaming;     ///< by group: from the first token of an engine to its last

    bool empty() const { return latency.empty(); }
};

/// Chooses options so that the largest of the five totals is small: Lagrangian prices by
/// multiplicative weights (Arora, Hazan, Kale, Theory of Computing 8, 2012), then local exchange.
///
/// For any prices that sum to 1, the sum over operators of the cheapest option is a lower bound on
/// the largest total (LP duality); `lower_bound` is the best of them.
///
/// Where cycles have prices, faster options are worth it; `lower_bound` then means nothing.
OptionChoice choose_options(const std::vector<std::vector<OperatorOption>>& options, const Resources& board_capacity,
                            const CyclePrices& cycle_prices = {});

}  // namespace tessera::partition
