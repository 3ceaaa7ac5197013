#include "models/cost_window.h"

#include <algorithm>
#include <cmath>

#include "models/cost_matrix.h"
#include "models/cost_reduction.h"

namespace tessera::models {

namespace {

double window_elements(const Operator& op) {
    double elements = 1;
    for (const std::int64_t extent : op.window) elements *= static_cast<double>(std::max<std::int64_t>(1, extent));
    return elements;
}

/// Channels at one position of a convolution's input: what its weights read, however the input's stream
/// counts its axes (a waveform is one token of many samples).
double convolved_channels(const Operator& op) {
    return static_cast<double>(op.groups) * static_cast<double>(op.weights.inputs) / window_elements(op);
}

}  // namespace

WindowBuffer window_buffer(const CostContext& context, double channels, double positions, double interval) {
    constexpr double kLongestShiftRegister = 64;  // two SRLs a bit: beyond, a block RAM is the smaller choice
    const Operator& op = context.op;
    WindowBuffer buffer;
    buffer.elements = window_elements(op);
    const double rows = op.window.size() > 1 ? static_cast<double>(std::max<std::int64_t>(1, op.window.front())) : 1;
    const double token_bits = channels * context.input_bits(0);
    const double entering = positions / static_cast<double>(std::max<std::int64_t>(1, context.output_stream().tokens)) / interval;
    buffer.resources.ff = token_bits * (buffer.elements + rows * (std::max(1.0, std::ceil(entering)) - 1));
    if (rows <= 1) return buffer;
    const double row_length = std::max(1, op.row_length);
    if (row_length <= kLongestShiftRegister) {
        buffer.resources.lut = (rows - 1) * token_bits * std::ceil(row_length / coefficient::kShiftRegisterDepth);
    } else {
        buffer.resources += memory_resources(Memory::block_ram, token_bits, row_length) * (rows - 1);
    }
    return buffer;
}

void cost_convolution(const CostContext& context, Candidates& out) {
    const double in_channels = convolved_channels(context.op);
    const double positions = static_cast<double>(context.input_stream(0).elements()) / in_channels;
    const double channels = context.op.groups > 1 ? std::ceil(in_channels * context.share_of_channels()) : in_channels;
    for (Implementation made : matrix_implementations(constant_matrix(context), context)) {
        made.resources += window_buffer(context, channels, positions, made.token_interval_cycles).resources;
        made.latency_cycles += 1;
        out.add(made);
    }
}

void cost_pooling(const CostContext& context, Candidates& out) {
    const int bits = context.input_bits(0);
    const bool largest = is_one_of(context.op.type, {"MaxPool", "GlobalMaxPool"});
    const auto positions = static_cast<double>(context.input_stream(0).tokens);
    const double window = window_elements(context.op);
    const double tree = largest ? compare_tree_lut(window, bits) : adder_tree_lut(window, bits);
    Lane lane{Strategy::logic, {}, 1 + context.model.pipeline_cycles(log2_up(window))};
    lane.resources.lut = tree + context.model.rounding_lut(context.output_bits());
    if (!largest) lane.resources.lut += mean_lut(window, bits);
    lane.resources.ff = context.model.registers(lane.resources.lut);
    Candidates lanes;
    fold_lanes(context, lane, context.channels(), window * bits, 6, lanes);
    for (Implementation made : lanes.finish()) {
        made.resources += window_buffer(context, context.channels(), positions, made.token_interval_cycles).resources;
        out.add(made);
    }
}

}  // namespace tessera::models
