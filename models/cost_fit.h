#pragma once

#include "models/published_design.h"

namespace tessera::models {

/// The coefficients that fit the fitting part best: the mean absolute logarithm of estimated over
/// measured, summed over LUTs, flip-flops, cycles of latency (of designs that are not folded) and adders of adder graphs, is smallest.
/// Absolute values, so that a few designs that the tools built in another way count little.
///
/// One coefficient after another is searched on a grid that narrows, from the same start every time:
/// same data, same result. Designs of the test part are not looked at.
FittedCoefficients fit_coefficients(const PublishedData& data);

/// The same to hundredths, as they stand in models/data/cost_coefficients.json.
FittedCoefficients rounded(const FittedCoefficients& fitted);

}  // namespace tessera::models
