#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "models/network.h"

namespace tessera::models {

/// One entry of a study's `"arrival_ns"`: when the data of some inputs are there. A later one wins over an earlier one.
struct ArrivalRule {
    std::string inputs;  ///< a name pattern
    double ns = 0;       ///< after the crossing
    std::string file;    ///< where the rule stands, for messages
    std::string path;
};

/// Reads `{"tracks*": 5000, ...}`. @throws InputError
std::vector<ArrivalRule> read_arrivals(const JsonReader& reader);

/// Sets Operator::arrival_ns of inputs. @throws InputError for a rule that matches no input
void apply_arrivals(Network& network, const std::vector<ArrivalRule>& rules);

/// The processing cycle, from the crossing, in which the data of an input are there.
int arrival_cycles(const Network& network, const Operator& input);

}  // namespace tessera::models
