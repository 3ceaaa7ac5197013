#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/dataflow.h"
#include "partition/mapper.h"
#include "partition/operator_options.h"

namespace tessera::partition {

/// Boards that one time node needs at the least, and what for.
struct BoardBound {
    double boards = 0;          ///< not rounded up
    std::string constraint;     ///< "lut", ..., or "ports"
    double boundary_lanes = 0;  ///< lanes that carry all inputs once, or all outputs, whichever is more
};

/// The larger of what the resources ask for (the dual bound of `choose_options`) and of what the
/// ports do: every network input has to enter once, every output to leave once.
///
/// Of several types of board: whatever a layout takes at prices that sum to 1, its boards hold at these prices, so that no layout takes
/// fewer boards than those that hold most, as many of each type as there are, until they hold what is needed. With ports likewise.
BoardBound bound_boards(const MappingProblem& problem, const std::vector<models::Flow>& flows, const OptionChoice& choice,
                        int tmux_period_bx);

/// Latency of the slowest chain of operators when every one has its fastest implementation, all
/// transfers take no time and nothing waits but for inputs that arrive later: nothing that the network allows is faster.
/// Of a token all of whose channels are needed, the slowest channel counts (`FastestResult`).
double bound_latency_ns(const MappingProblem& problem, const std::vector<models::Flow>& flows, std::int64_t cycles_per_event);

}  // namespace tessera::partition
