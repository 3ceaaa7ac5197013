#include <algorithm>
#include <cmath>

#include "models/cost_function.h"

/// Softmax of the rows of a token: largest value of the row, difference to it, exponential from a
/// table, sum, reciprocal from a table, products (the "stable" form of hls4ml). A softmax along the tokens finds the statistics
/// of all tokens in the time that its own tokens take.
namespace tessera::models {

namespace {

struct SoftmaxRows {
    double rows = 1;  ///< that the region touches: each needs all its elements for the sum
    double length = 1;
    double outputs = 1;
    double turns = 1;  ///< tokens of the region, in whose time the statistics are found; 1 where each token has its own
    double elements() const { return rows * length; }
};

SoftmaxRows softmax_rows(const CostContext& context) {
    const std::int64_t channels = std::max<std::int64_t>(1, context.output_stream().channels);
    const Input& input = context.op.inputs.front();
    if (input.tokens == Access::whole) {
        const auto all = static_cast<double>(context.input_stream(0).elements());
        const double rows = input.channels == Access::whole ? 1 : context.channels();
        const double length = input.channels == Access::whole ? all : static_cast<double>(context.input_stream(0).tokens);
        return {rows, length, context.channels(), static_cast<double>(context.region.tokens.size())};
    }
    const std::int64_t heads = std::max(1, context.op.heads);
    const std::int64_t length = channels % heads == 0 ? channels / heads : channels;
    const Range range = context.region.channels;
    const std::int64_t rows = (range.end - 1) / length - range.begin / length + 1;
    return {static_cast<double>(rows), static_cast<double>(length), context.channels()};
}

Implementation softmax(const CostContext& context, const SoftmaxRows& rows, const Lane& exponential, int fold, bool in_logic) {
    const int in = context.input_bits(0);
    const int out = context.output_bits();
    const int wide = out + static_cast<int>(coefficient::kGuardBits);
    const double pass = fold * rows.turns;
    const double lanes = std::ceil(rows.elements() / pass);
    const double out_lanes = std::ceil(rows.outputs / fold);
    const Lane reciprocal = statistic_lane(wide, in_logic, context.model);
    const Lane product = product_lane(wide, wide, in_logic, context.model);
    Implementation made{in_logic ? Strategy::lut_multiplier : Strategy::dsp, fold, {}, 0, fold};
    Resources& r = made.resources;
    r.lut = compare_tree_lut(lanes + (pass > 1 ? rows.rows : 0), in) + lanes * (in + 1.0);
    r.lut += adder_tree_lut(lanes + (pass > 1 ? rows.rows : 0), wide);
    r.lut += lanes * (in + wide) * delay_lut(static_cast<int>(pass));  // while the largest value and the sum are found
    r.lut += context.model.rounding_lut(out_lanes * out);
    r.ff = context.model.registers(r.lut) + rows.outputs * out;
    r += exponential.resources * lanes;
    r += reciprocal.resources * std::ceil(rows.rows / pass);
    r += product.resources * out_lanes;
    if (pass > 1) {
        r.lut += rows.elements() * in * coefficient::kMultiplexerLut + coefficient::kControlLut;
        r.ff += rows.elements() * in + coefficient::kControlFf;
    }
    const int levels = log2_up(std::max(1.0, std::ceil(rows.length / pass)));
    const int sums = context.model.pipeline_cycles(levels + 1) + context.model.pipeline_cycles(levels);  // the difference is a level
    made.latency_cycles =
        sums + exponential.latency_cycles + reciprocal.latency_cycles + product.latency_cycles + 1 + 3 * (static_cast<int>(pass) - 1);
    return made;
}

}  // namespace

void cost_softmax(const CostContext& context, Candidates& out) {
    constexpr int kFolds = 5;
    const SoftmaxRows rows = softmax_rows(context);
    const int wide = context.output_bits() + static_cast<int>(coefficient::kGuardBits);
    for (const Lane& exponential : function_lanes(context.input_bits(0), wide, context.model)) {
        const bool narrow_table = exponential.resources.dsp == 0 && exponential.resources.bram36 == 0;
        for (const int fold : context.folds(rows.elements(), kFolds)) {
            out.add(softmax(context, rows, exponential, fold, false));
            if (narrow_table) out.add(softmax(context, rows, exponential, fold, true));
        }
    }
}

}  // namespace tessera::models
