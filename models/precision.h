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
};

struct Precision {
    std::vector<PrecisionRule> rules;
};

/// Reads `{"weights": 8, "activations": 8, "accumulators": "fixed<24,12>", "rules": [{"operators": "softmax", ...}]}`,
/// where a number is a width and a string a `fixed<W,I>`. @throws InputError
Precision read_precision(const JsonReader& reader);

/// Gives every tensor and every weight a format (the file's own where it has one), quantises the
/// real weights and fills `Weights::channels`. A rule that matches no operator is an InputError.
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
