#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "models/network.h"

namespace tessera::models {

/// One rule of a study's `"strategy"`: how operators have to be built. A later rule wins over an earlier one.
struct StrategyRule {
    std::string operators;  ///< as in a precision rule
    StrategyChoice choice;
    std::string file;  ///< where the rule stands, for messages
    std::string path;
};

/// Reads `[{"operators": "dense", "strategy": "dsp", "reuse_factor": 8, "memory": "block_ram", "input_parts": 4}, ...]`; each rule
/// fixes at least one of the four. @throws InputError
std::vector<StrategyRule> read_strategies(const JsonReader& reader);

/// Sets Operator::fixed. Whether an operator can be built like that shows when it is costed: what cannot has no
/// implementation. Nothing is cut yet: see split_fixed_inputs.
/// @throws InputError for a rule that matches no operator, and for input parts of one that cannot be cut so
void apply_strategies(Network& network, const std::vector<StrategyRule>& rules);

}  // namespace tessera::models
