#pragma once

#include <array>
#include <vector>

#include "models/dataflow.h"
#include "partition/mapper.h"
#include "partition/operator_limits.h"

namespace tessera::partition {

/// What the bound needs of an operator.
struct OperatorFloor {
    double ready_cycles = 0;         ///< of an input: when its data are there
    double fastest_cycles = 0;       ///< any element takes as long from its last input to its result, or longer
    double boards = 0;               ///< priced, of all elements: no board holds more than 1 in all
    double last_channel_cycles = 0;  ///< as long does the slowest channel of a token take, or longer; no less than the fastest
    ChannelShares shares{};          ///< of `boards`
};

/// Latency in processing cycles of the slowest chain of operators, with a hop of `hop_cycles` wherever a board is too small to go without.
///
/// An element is a channel of a token that an operator makes, in one place: `check_against` says that each is made once, and that the shard
/// that makes it waits for all elements that the flows of the network say it needs. Three steps:
///
/// 1. *What every element of an operator o needs.* Follow the flows backwards from one element of o, of which nobody knows the token or
///    the channel. A flow that matters for all of o leads to a set of its producer's elements: along either axis the whole range that the
///    flow reads, where every consumer needs all of it, or again one that nobody knows. From a set, every flow into its operator leads on,
///    also one that matters for a part of the set: what this part needs is needed. So a part of a stream that several operators share (the
///    keys of an attention) leads to the tokens and channels that it was made of. A set is needed whole, by every element of o.
/// 2. *Time along a chain.* An element is there no sooner than each that it needs (of every set there is one, known or not), and the
///    fastest engine later. Where all channels of a token are needed and all of them need what comes before, the slowest of them counts
///    (OperatorFloor::last_channel_cycles).
/// 3. *Hops.* Take some of the needed sets, of several operators. If the boards that they take sum to more than 1, they do not all sit on
///    the board of the element that needs them: one sits elsewhere, and on its way there is a link. So the element is there a hop after
///    the earliest of these sets can be, plus the chain from there. The sets that make it latest are taken first until a board is full.
///    Of sets of one operator that overlap, one that holds the others counts for all of them, and any other for nothing.
///    For the last element of o, all of o counts as well: where o sits on one board with all of these sets, it is too small; where it sits
///    on several, an element of it sits on another board than the sets.
///
/// By induction over the operators (in topological order) this gives the earliest end of *every* element, so that hops add up along chains.
///
/// @param flows  sorted by consumer, operators in topological order, as models::dataflow gives them
double bound_latency_with_hops_cycles(const models::Network& network, const std::vector<models::Flow>& flows,
                                      const std::vector<OperatorFloor>& floors, double hop_cycles);

/// Cycles from a result to when it is on another board, at the least: transceivers, the shortest fibre that the topology has, the
/// alignment and one frame. Header and CRC travel with the first and the last chunk alone, which need not be the one that is waited for.
/// Shards start with a cycle, so it is rounded up.
double least_hop_cycles(const MappingProblem& problem);

/// The bound for a problem at a TMUX period, on boards all as large as the largest type, each operator on the fewest boards and as fast as
/// the fastest engine at the same time.
/// @param limits of the operators at this period and the prices
double bound_latency_with_hops_ns(const MappingProblem& problem, const std::vector<models::Flow>& flows,
                                  const std::vector<OperatorLimits>& limits, const std::array<double, 5>& prices);

/// Boards of a time node that only forward, at the least: one where boards have to talk (a hop is forced, however long it is) and no cable
/// of the topology joins two of those that compute, else none.
int least_switches(const MappingProblem& problem, const std::vector<models::Flow>& flows, const std::vector<OperatorLimits>& limits,
                   const std::array<double, 5>& prices);

}  // namespace tessera::partition
