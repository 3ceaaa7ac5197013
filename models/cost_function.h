#pragma once

#include <vector>

#include "models/cost_context.h"

namespace tessera::models {

/// Ways to look a function of one value up, one look-up a cycle: a table in LUTs or block RAM for
/// inputs of at most kWidestTable bits, 2^kSegmentBits linear segments with one multiplication
/// beyond (and beside them from 9 bits on). At most three.
std::vector<Lane> function_lanes(int input_bits, int output_bits, const CostModel& model);

/// A product of two variables on DSP blocks, or in LUTs where `in_logic`.
Lane product_lane(int a_bits, int b_bits, bool in_logic, const CostModel& model);

/// Reciprocal or inverse square root of one statistic: a table of kStatisticsBits inputs, in LUTs
/// where `in_logic` or where the device has no block RAM.
Lane statistic_lane(int output_bits, bool in_logic, const CostModel& model);

}  // namespace tessera::models
