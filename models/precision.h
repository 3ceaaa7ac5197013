#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "models/network.h"

namespace tessera::models {

/// Post-training quantisation of what the file leaves in floating point: one rule of a study's
/// `"precision"`. A later rule wins over an earlier one.
struct PrecisionRule {
    std::string operators = "*";  ///< an operator kind, a type, or a name pattern with * and ?
    int weight_bits = 0;          ///< 0: not set by this rule; integer bits from the real weights
    int activation_bits = 0;      ///< 0: not set by this rule
    FixedPoint weight_format;     ///< width 0: from weight_bits
    FixedPoint activation_format;
    FixedPoint accumulator;
    double zero_fraction = -1;  ///< prune to this fraction by magnitude; below 0: as it is
    std::string file;           ///< where the rule stands, for messages
    std::string path;
};

struct Precision {
    std::vector<PrecisionRule> rules;
};

/// Reads `{"weights": 8, "activations": 8, "accumulators": "fixed<24,12>", "rules": [{"operators": "softmax", ...}]}`,
/// where a number is a width (2 bits and more; weights of 1 bit are -1 and 1) and a string a `fixed<W,I>`; accumulators are a
/// string, `zero_fraction` a number from 0 to 1. What stands beside "rules" is the first rule, for
/// all operators. @throws InputError
Precision read_precision(const JsonReader& reader);

/// Gives every tensor and every weight a format (the file's own where it has one), quantises the
/// real weights and fills `Weights::channels`. Biases stay as they are: they join the accumulator.
///
/// - Weights: the integer bits that their range needs, for each operator; values rounded to the
///   nearest step, ties to even, and stored back. Where `values` is empty a normal distribution
///   stands for them whose four standard deviations fill the format (see precision_weights.h).
///   Weights of a quantised file are whole multiples of its format's step and are not rounded again. Of weights of
///   1 bit the signs remain (Courbariaux et al., arXiv:1602.02830); their common scale joins the next rounding.
/// - Activations: the width of the rule that matches the operator that makes them. Their range is
///   not known without calibration data; `assumed_activation_format` (precision_formats.h) says
///   which integer bits stand for it, and the network's assumptions repeat it. Wiring keeps the
///   format of its first input. Where no rule gives a width, the format that loses nothing follows
///   from the operands where they have one. So it does for what a quantised file computes exactly (its sums), unless a
///   rule names the operator: rules for all operators stand for what the file leaves in floating point.
/// - Accumulators: as given, else so that nothing overflows.
///
/// @throws InputError for a rule that matches no operator, and where a tensor or a weight is left
/// without a format (names the first operator and how many)
void apply_precision(Network& network, const Precision& precision);

/// Effective bit operations of one operator for one event: over its multiplications, the sum of
/// the products of the operand widths that really toggle (Sun et al., HGQ, arXiv:2405.00645); the
/// trimmed widths of the weights, the formats of the activations.
double effective_bit_operations(const Network& network, const Operator& op);

/// Non-zero digits of the canonical signed digit form of an integer (Reitwiesner 1960).
int canonical_signed_digits(std::int64_t value);

/// Zeros and bits as they are after quantisation, for `inspect` and the report.
struct WeightSummary {
    std::int64_t count = 0;
    double zero_fraction = 0;
    double mean_effective_bits = 0;  ///< of the weights that are not 0
    double mean_signed_digits = 0;
};
WeightSummary summarise_weights(const Operator& op);

}  // namespace tessera::models
