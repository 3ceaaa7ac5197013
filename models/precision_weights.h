#pragma once

#include "models/network.h"

/// Constants after quantisation: what they are rounded to and what they cost in logic.
namespace tessera::models {

/// Sets the smallest magnitudes to zero until at least `fraction` of the values are.
void prune_weights(Weights& weights, double fraction);

/// Rounds `values` to the nearest step of `format` (ties to even, saturated) and stores them back.
/// @pre format.width > 0
void round_weights(Weights& weights);

/// The sign of each value, 1 or -1 (of 0: 1), in one bit.
void binarise_weights(Weights& weights);

/// Fills `channels` from the values as whole multiples of the format's step.
void count_digits(Weights& weights);

/// Signed digits from which a weight counts as heavy (`ChannelWeights::heavy`): HLS tools spend no multiplier on fewer
/// (Sun et al., HGQ, arXiv:2405.00645: constants of two digits are an addition or a subtraction).
inline constexpr int kHeavyDigits = 3;

/// What one weight of a normal distribution is on average, quantised to `width` bits.
struct ExpectedWeight {
    double nonzero = 0;  ///< probability
    double signed_digits = 0;
    double effective_bits = 0;
    double heavy = 0;         ///< probability of three digits or more
    double heavy_digits = 0;  ///< mean number of digits in those, per weight
};

/// The expectation for a normal distribution whose four standard deviations fill the range
/// (so that one value in 16 000 saturates), its smallest `zero_fraction` of magnitudes set to zero.
/// Exact: summed over all quantised values, each with its probability from the error function. Above 16
/// bits every further bit is random and adds one effective bit and a third of a signed digit
/// (Reitwiesner 1960) to a weight that is not zero. One bit is a sign: 1 or -1.
ExpectedWeight expected_weight(int width, double zero_fraction);

}  // namespace tessera::models
