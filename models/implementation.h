#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "boards/board.h"
#include "core/assumption.h"
#include "core/resources.h"
#include "models/cost_model.h"
#include "models/network.h"
#include "models/strategy.h"

namespace tessera::models {

/// A piece of an operator on one device, with everything chosen: what it takes and how long.
///
/// Timing, in processing cycles: the piece accepts a new token every `token_interval_cycles` (its
/// engine handles one token at a time); a token's result is there `latency_cycles` after its first
/// cycle. For an event of n tokens the engine is busy for n x token_interval_cycles.
struct Implementation {
    Strategy strategy = Strategy::wiring;
    int reuse_factor = 1;
    Resources resources;
    int latency_cycles = 0;
    int token_interval_cycles = 1;
    double max_clock_mhz = 0;  ///< up to which its blocks and the device close timing

    friend bool operator==(const Implementation&, const Implementation&) = default;
};

/// What to build: an operator, the part of its output stream that one engine makes, and the time
/// it has.
struct ImplementationRequest {
    Region region;                      ///< tokens and channels of the operator's output stream
    std::int64_t cycles_per_event = 9;  ///< TMUX period x cycles per BX: the engine must accept an event this often
};

/// All implementations worth choosing from (none of them dominated by another): every one takes
/// region.tokens.size() x token_interval_cycles <= cycles_per_event, so that one engine keeps up.
/// Empty where no single engine can (the region has too many tokens: split it), and for a part of
/// the channels of a recurrent operator, whose state does not split. At most twelve, sorted by
/// interval, then LUTs; none that the device cannot clock as fast as the model asks. Only those of the strategy, memory and reuse factor
/// that `op.fixed` names, if any.
///
/// Pure: same operator, request and device, same answer. Operators that cost nothing are of kind
/// input, output and wiring alone.
std::vector<Implementation> implementations(const Network& network, const Operator& op, const ImplementationRequest& request,
                                            const CostModel& model);

/// The same for Tessera's own engines at the network's clock.
std::vector<Implementation> implementations(const Network& network, const Operator& op, const ImplementationRequest& request,
                                            const boards::Device& device);

/// The coefficients with their sources that the estimates rest on, for the report.
std::vector<Assumption> cost_assumptions();

}  // namespace tessera::models
