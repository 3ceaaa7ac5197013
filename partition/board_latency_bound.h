#pragma once

#include <cstdint>
#include <vector>

#include "models/dataflow.h"
#include "partition/mapper.h"
#include "partition/operator_options.h"

namespace tessera::partition {

/// One engine of an operator, for all its channels.
struct EngineCost {
    double latency_cycles = 0;         ///< of a token
    double token_interval_cycles = 1;  ///< until it takes the next
    double boards = 0;                 ///< priced: no board holds more than 1 in all
};

/// An operator, or a part of it, as the bound sees it: so many tokens, shared by as many engines as one likes, all of one of these kinds.
struct OperatorChoices {
    double tokens = 1;
    double fewest_engines = 1;  ///< 0 for a part of the tokens: one engine may serve more than these
    double most_engines = 1;
    std::vector<EngineCost> engines;
};

/// Operators one behind the other, cut into segments: within one tokens stream, between two the latter needs all tokens of the former.
using Chain = std::vector<std::vector<OperatorChoices>>;

/// No layout on `boards` boards takes an event every `cycles_per_event` and has gone through `chain` sooner, in processing cycles.
///
/// With t tokens an engine, a segment takes at least the sum of its operators' latencies and (t - 1) intervals of *each* of them, so also
/// their mean by any weights; engines cost boards, of which there are so many. For any weights and any price of a board, the sum of the
/// cheapest choices, less the price of the boards there are, is a lower bound (Lagrangian duality); weights and price are improved step
/// by step. The number of engines need not be whole, so it holds for operators cut in any way, also where pieces are built differently.
double bound_chain_cycles(const Chain& chain, double boards, double cycles_per_event);

/// The bound for a problem: of the chain that is slowest with the fewest boards; what is not on it takes the fewest. Links take no time.
/// @param boards  what the boards of the layout hold at the prices of the choice, in mean boards (`priced_size`): of one type, how many
double bound_latency_on_boards_ns(const MappingProblem& problem, const std::vector<models::Flow>& flows, const OptionChoice& choice,
                                  double boards, std::int64_t cycles_per_event);

}  // namespace tessera::partition
