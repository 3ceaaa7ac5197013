#pragma once

#include <cstdint>
#include <vector>

#include "models/dataflow.h"
#include "partition/mapper.h"
#include "partition/operator_options.h"

namespace tessera::partition {

/// What the bound needs of an operator.
struct OperatorFloor {
    double ready_cycles = 0;    ///< of an input: when its data are there
    double fastest_cycles = 0;  ///< any shard takes as long from its last input to its result, or longer
    double boards = 0;          ///< priced: no board holds more than 1 in all
};

/// Latency in processing cycles of the slowest chain of operators, with a hop of `hop_cycles` wherever a board is too small to go without:
/// where a result depends on every element of some operators, and these together take more than a board, then a part of them sits on
/// another board than the result, and comes to it over a link.
///
/// By induction over the operators, for *every* shard s of an operator o: s ends no sooner than the latest of what it depends on, plus
/// the fastest implementation of o. Of the operators of which o needs every element, order those first that end last (plus the slowest
/// chain from there to o): where the sum of their `boards` exceeds 1, one of their shards is elsewhere, and a hop comes on top of it.
/// For the last shard of o, its own `boards` count as well.
///
/// @param flows  sorted by consumer, operators in topological order, as models::dataflow gives them
double bound_latency_with_hops_cycles(const models::Network& network, const std::vector<models::Flow>& flows,
                                      const std::vector<OperatorFloor>& floors, double hop_cycles);

/// The same for a problem, at a TMUX period: the fastest implementations of one token, the least priced use of resources on boards all as
/// large as the largest type, and links without length that carry one frame and its CRC. Nothing that the boards allow is faster at this
/// period.
double bound_latency_with_hops_ns(const MappingProblem& problem, const std::vector<models::Flow>& flows,
                                  const std::vector<std::vector<OperatorOption>>& options, const OptionChoice& choice,
                                  std::int64_t cycles_per_event);

}  // namespace tessera::partition
