#include "models/cost_window.h"

#include <algorithm>
#include <cmath>

#include "models/cost_matrix.h"
#include "models/cost_reduction.h"

namespace tessera::models {

WindowBuffer window_buffer(const CostContext& context, double channels, double interval) {
    constexpr double kLongestShiftRegister = 64;  // two SRLs a bit: beyond, a block RAM is the smaller choice
    const Operator& op = context.op;
    WindowBuffer buffer;
    buffer.elements = 1;
    for (const std::int64_t extent : op.window) buffer.elements *= static_cast<double>(std::max<std::int64_t>(1, extent));
    const double rows = op.window.size() > 1 ? static_cast<double>(std::max<std::int64_t>(1, op.window.front())) : 1;
    const double token_bits = channels * context.input_bits(0);
    const double entering = static_cast<double>(context.input_stream(0).tokens) /
                            static_cast<double>(std::max<std::int64_t>(1, context.output_stream().tokens)) / interval;
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
    const double in_channels = static_cast<double>(context.input_stream(0).channels);
    const double channels = context.op.groups > 1 ? std::ceil(in_channels * context.share_of_channels()) : in_channels;
    for (Implementation made : matrix_implementations(constant_matrix(context), context.max_interval, context.device)) {
        made.resources += window_buffer(context, channels, made.token_interval_cycles).resources;
        made.latency_cycles += 1;
        out.add(made);
    }
}

void cost_pooling(const CostContext& context, Candidates& out) {
    const int bits = context.input_bits(0);
    const bool largest = is_one_of(context.op.type, {"MaxPool", "GlobalMaxPool"});
    const double window = std::max(1.0, window_buffer(context, 1, 1).elements);
    const double tree = largest ? compare_tree_lut(window, bits) : adder_tree_lut(window, bits);
    Lane lane{Strategy::logic, {}, 1 + pipeline_cycles(log2_up(window))};
    lane.resources.lut = tree + context.output_bits() * coefficient::kRequantiseLutPerBit;
    if (!largest) lane.resources.lut += mean_lut(window, bits);
    lane.resources.ff = coefficient::kFlipFlopsPerLut * lane.resources.lut;
    Candidates lanes;
    fold_lanes(context, lane, context.channels(), window * bits, 6, lanes);
    for (Implementation made : lanes.finish()) {
        made.resources += window_buffer(context, context.channels(), made.token_interval_cycles).resources;
        out.add(made);
    }
}

}  // namespace tessera::models
