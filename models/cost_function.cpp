#include "models/cost_function.h"

#include <algorithm>

namespace tessera::models {

namespace {

Lane lut_table(int input_bits, int output_bits) {
    // Wide tables are multiplexers of 6-input LUTs; F7 to F9 reach 9 inputs in one cycle.
    return {Strategy::table, {.lut = table_lut(input_bits, output_bits), .ff = static_cast<double>(output_bits)}, input_bits > 9 ? 2 : 1};
}

Lane block_table(int input_bits, int output_bits, const CostModel& model) {
    return {Strategy::table,
            {.lut = 1, .ff = static_cast<double>(output_bits), .bram36 = table_bram36(input_bits, output_bits)},
            model.memory_cycles()};
}

/// Slope and offset of the segment from LUTs, slope x remainder on a DSP, one addition.
Lane linear_segments(int input_bits, int output_bits, const CostModel& model) {
    const int segment = static_cast<int>(coefficient::kSegmentBits);
    const int slope_bits = output_bits;
    Lane lane{Strategy::table, {}, 2 + model.dsp_cycles()};
    lane.resources.lut = table_lut(segment, output_bits + slope_bits) + output_bits;
    lane.resources.ff = 2.0 * output_bits + slope_bits + input_bits;
    lane.resources.dsp = dsp_per_product(std::max(1, input_bits - segment), slope_bits, dsp_multiplier(model.device));
    return lane;
}

}  // namespace

std::vector<Lane> function_lanes(int input_bits, int output_bits, const CostModel& model) {
    constexpr int kNarrowestForSegments = 9;
    std::vector<Lane> lanes;
    lanes.reserve(3);
    if (model.cuts_tables) input_bits = std::min(input_bits, static_cast<int>(coefficient::kStatisticsBits));
    if (input_bits <= coefficient::kWidestTable) {
        lanes.push_back(lut_table(input_bits, output_bits));
        if (model.device.total.bram36 > 0) lanes.push_back(block_table(input_bits, output_bits, model));
    }
    if (input_bits >= kNarrowestForSegments) lanes.push_back(linear_segments(input_bits, output_bits, model));
    return lanes;
}

Lane product_lane(int a_bits, int b_bits, bool in_logic, const CostModel& model) {
    const double product_bits = a_bits + b_bits;
    if (in_logic) {
        const double lut = multiplier_lut(a_bits, b_bits);
        return {
            Strategy::lut_multiplier, {.lut = lut, .ff = product_bits + model.registers(lut)}, multiplier_cycles(a_bits, b_bits, model)};
    }
    return {Strategy::dsp, {.ff = product_bits, .dsp = dsp_per_product(a_bits, b_bits, dsp_multiplier(model.device))}, model.dsp_cycles()};
}

Lane statistic_lane(int output_bits, bool in_logic, const CostModel& model) {
    const int input_bits = static_cast<int>(coefficient::kStatisticsBits);
    if (in_logic || model.device.total.bram36 <= 0) return lut_table(input_bits, output_bits);
    return block_table(input_bits, output_bits, model);
}

}  // namespace tessera::models
