#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/network.h"
#include "partition/mapper.h"

namespace tessera::partition {

/// What the lower bounds need of the cost model: what no piece of an operator can do without, however it is cut.
///
/// A layout may cut an operator into any ranges of tokens and channels and build every piece in its own way. `check_against` holds each
/// piece against `models::implementations`, so that what these say of every cut holds for every mapping that passes.
/// tests/partition/operator_limits_test.cpp cuts operators at random to see whether it does:
///
///  - An engine that makes t tokens of an event is built for an interval of at most cycles_per_event / t. All such intervals are asked for;
///    where the cost depends on t itself (statistics of all tokens, found while the engine makes its own), all t are.
///  - Constants make channels differ. A range of channels is as slow as the mean of its channels or slower, so no piece is faster than the
///    fastest channel by itself; and of the pieces that make all channels one has a mean as high as that of all, and is no faster than an
///    engine for all channels.
///  - Pieces take more than their share, for each needs the inputs, the control and the statistics of the whole; but for one thing: the
///  mean
///    channel of a matrix of few constants may need a wider adder than most of its channels do. `least_share` is how much that saves at the
///    most, by the formula of the cost model and by even cuts, into two, four, ... pieces and channel by channel; and a hundredth for what
///    is rounded.

/// One engine of an operator.
struct EngineCost {
    double latency_cycles = 0;         ///< of a token
    double token_interval_cycles = 1;  ///< until it takes the next
    double boards = 0;                 ///< priced: no board holds more than 1 in all

    friend bool operator==(const EngineCost&, const EngineCost&) = default;
};

/// Cycles from the last input of a token to its result, at the least.
struct FastestResult {
    double any = 0;  ///< of any channel
    double all = 0;  ///< of the last of all channels
};

/// With an engine for each token; of an input, when its data are there.
FastestResult fastest_result(const MappingProblem& problem, const models::Operator& op, std::int64_t cycles_per_event);

/// How the channels of an operator share what it takes.
struct ChannelShares {
    double least_share = 1;     ///< all pieces together take at least so much of what the operator takes whole
    std::vector<double> up_to;  ///< the share of the channels before each, and 1 at the end; empty: all are alike

    /// Of a range of so many channels: no more than there are of them, and no more than they weigh.
    double of(const models::Range& channels, std::int64_t all) const;
};

/// An operator as the bounds see it; nothing but `fastest` of what takes no hardware.
struct OperatorLimits {
    FastestResult fastest;
    ChannelShares shares;
    std::vector<EngineCost> engines;  ///< for all channels, `least_share` taken off; none that another one beats in all three
    double boards = 0;                ///< that all tokens take at the least: engines are not rounded
};

/// Of all operators of the network.
/// @param prices of the resources of the mean board, which sum to 1
std::vector<OperatorLimits> operator_limits(const MappingProblem& problem, const std::array<double, 5>& prices,
                                            std::int64_t cycles_per_event);

}  // namespace tessera::partition
