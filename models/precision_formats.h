#pragma once

#include <optional>

#include "models/network.h"

/// Formats that follow from an operator and its operands.
namespace tessera::models {

/// The format that stands for the unknown range of an activation of `bits` bits, by the operator
/// that makes it (all assumed): ufixed<W,0> for softmax and sigmoids, fixed<W,1> for functions
/// within -1..1, ufixed<W,3> for what cannot be negative, fixed<W,4> for all others.
FixedPoint assumed_activation_format(const Operator& op, int bits);

/// That rule in words, for the report.
inline constexpr const char* kAssumedActivationFormats =
    "softmax, sigmoid: ufixed<W,0>; tanh, erf, sin, cos: fixed<W,1>; relu, abs, sqrt, exp: ufixed<W,3>; others: fixed<W,4>";

/// The narrowest format that holds all values of both.
FixedPoint common_format(const FixedPoint& a, const FixedPoint& b);

/// The format in which the sums of `op` cannot overflow nor lose a bit: operand widths plus
/// ceil(log2(terms)). Width 0 where the operator sums nothing or an operand has no format.
FixedPoint accumulator_format(const Network& network, const Operator& op);

/// The format of the operator's output that loses nothing, where it follows from its operands.
std::optional<FixedPoint> lossless_format(const Network& network, const Operator& op);

}  // namespace tessera::models
