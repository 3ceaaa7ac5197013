#pragma once

#include <array>
#include <vector>

#include "models/dataflow.h"
#include "partition/mapper.h"
#include "partition/operator_limits.h"

namespace tessera::partition {

/// An operator, or a part of it, as the bound sees it: so many tokens, shared by as many engines as one likes, of any of these kinds.
struct OperatorChoices {
    double tokens = 1;
    double fewest_engines = 1;  ///< 0 for a part of the tokens: one engine may serve more than these
    double most_engines = 1;
    std::vector<EngineCost> engines{};  ///< none: it takes its least cycles and no boards
    double least_cycles = 0;            ///< from a token's last input to its result, whatever its engine
    double faster_pieces = 0;           ///< pieces of its channels may be faster by so much than an engine for all
};

/// Operators one behind the other, cut into segments: within one tokens stream; every element that the operators with engines of the next
/// one make needs all that the last operator with engines of the one before makes.
using Chain = std::vector<std::vector<OperatorChoices>>;

/// What a layout has: boards in all, the largest of them, and what a link takes at the least.
struct BoardsAndHop {
    double boards = 1;
    double largest_board = 1;
    double hop_cycles = 0;
};

/// No layout on so many boards takes an event every `cycles_per_event` and has gone through `chain` sooner, in processing cycles.
///
/// Let a segment take D cycles from when all of the one before is made to when all of it is, of which the least cycles of its operators are
/// L. An engine that makes k tokens, `interval` apart, takes as long as its latency says beyond the operator's least cycles (its excess)
/// and (k - 1) intervals (its streaming).
///
/// 1. *The last token.* For every engine in use, D >= L + its excess + its streaming: its first token cannot come sooner than through the
///    operators before it, and its last one still has those behind it to go through.
/// 2. *The mean token.* Tokens may go through slow engines early and through fast ones late, so excesses do not simply add up in 1. But the
///    mean over all tokens of what they take is no more than the most: D >= L + the sum of the mean excesses + half the mean streaming of
///    any operator, for on average a token is in the middle of its engine's.
/// 3. *The hop.* Let X be the board on which the segment before ends last. Every element of this one needs that end (see Chain), so what is
///    not on X hears of it a hop later: for engines on other boards, hop_cycles come on top of 1, and their share of it on top of 2. The
///    engines on X take no more than the largest board. (Of the first segment nothing comes from a board.)
/// 4. *Boards.* With n engines (those for a part of the channels count as that part) for t tokens, the mean engine makes t / n; engines
///    take their boards, of which there are so many in all.
///
/// 1 and 2 hold for all operators of a segment at once, so also their mean by any weights. For any weights, any price of a board and any
/// price of board X, the sum of the cheapest choices (kind of engine, number, whether on X), less the prices of the boards there are, is a
/// lower bound (Lagrangian duality); weights and prices are improved step by step. Where an operator is built in several ways at once, its
/// cost is the mean of those of building all of it in each of these ways, by the tokens that they make, or more: so the cheapest way stands
/// for all mixtures. The number of engines need not be whole. So it holds for operators cut in any way and pieces built in any ways.
double bound_chain_cycles(const Chain& chain, const BoardsAndHop& there, double cycles_per_event);

/// The bound for a problem, on as many boards as a layout takes, with the hops that these force: of the chain of operators that is slowest
/// with the fewest boards; what is not on it takes the fewest.
///
/// The chain is followed from its end. Of each operator on it that part counts which the next one needs. (There may be two such chains: one
/// goes on where an operator makes a part of the next one's tokens, and counts no more than these up to where all are needed.) It is cut
/// twice, and the larger bound counts: where all tokens are needed (then without hops; where each channel needs its own, as heads of an
/// attention do, it is the mean over these channels, none of which may be later than the whole), and where all tokens and channels of a
/// part are needed by every element behind it (with hops). There, operators between a part and the first that needs all of it (in an
/// attention the projections, behind the normalisation before the scores) take their least cycles alone.
/// @param limits of the operators at this period and the prices
/// @param boards what the boards of the layout hold at the prices, in mean boards (`priced_size`): of one type, how many
double bound_latency_on_boards_ns(const MappingProblem& problem, const std::vector<models::Flow>& flows,
                                  const std::vector<OperatorLimits>& limits, const std::array<double, 5>& prices, double boards,
                                  std::int64_t cycles_per_event);

}  // namespace tessera::partition
