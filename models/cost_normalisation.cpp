#include <algorithm>
#include <cmath>

#include "models/cost_function.h"
#include "models/cost_reduction.h"

/// Layer normalisation of a token: mean and mean square by adder trees over all its channels,
/// inverse root from a table, then (x - mean) x root, x gain + shift for the channels of the region.
namespace tessera::models {

namespace {

Implementation normalisation(const CostContext& context, const WeightSums& gain, int fold, bool in_logic) {
    const double all = static_cast<double>(std::max<std::int64_t>(context.input_stream(0).channels, context.region.channels.size()));
    const int bits = context.input_bits(0);
    const int out = context.output_bits();
    const int root_bits = std::max(bits, out) + static_cast<int>(coefficient::kGuardBits);
    const double lanes = std::ceil(all / fold);
    const double out_lanes = std::ceil(context.channels() / fold);
    const bool constant_gain = in_logic && fold == 1;
    const Lane square = product_lane(bits + 1, bits + 1, in_logic);
    const Lane scale = product_lane(bits + 1, root_bits, in_logic);
    const Lane root = statistic_lane(root_bits, in_logic, context.device);
    Implementation made{in_logic ? Strategy::lut_multiplier : Strategy::dsp, fold, {}, 0, fold};
    Resources& r = made.resources;
    r.lut = adder_tree_lut(lanes + (fold > 1), bits) + adder_tree_lut(lanes + (fold > 1), 2.0 * bits + 2);
    r.lut += mean_lut(all, bits) + mean_lut(all, 2 * bits + 2);
    r.lut += lanes * (bits + 1.0) + lanes * (bits + 1.0);              // subtraction; shift registers while the statistics are found
    r.lut += out_lanes * out * 2 * coefficient::kRequantiseLutPerBit;  // shift and rounding
    int gain_cycles = 0;
    if (context.op.weights.count > 0 && constant_gain) {
        r.lut += gain.signed_digits * out;
        gain_cycles = 1;
    } else if (context.op.weights.count > 0) {
        const Lane gain_lane = product_lane(out, context.weight_bits(), in_logic);
        r += gain_lane.resources * out_lanes;
        if (fold > 1) r += memory_resources(Memory::lut_rom, out_lanes * (context.weight_bits() + out), fold);
        gain_cycles = gain_lane.latency_cycles;
    }
    r.ff = coefficient::kFlipFlopsPerLut * r.lut + context.channels() * out;
    r += square.resources * lanes;
    r += scale.resources * out_lanes;
    r += root.resources;
    if (fold > 1) {
        r.lut += all * bits * coefficient::kMultiplexerLut + coefficient::kControlLut;
        r.ff += all * bits + coefficient::kControlFf;
    }
    const int tree = pipeline_cycles(log2_up(lanes)) + 1;
    made.latency_cycles =
        tree + 1 + square.latency_cycles + tree + root.latency_cycles + scale.latency_cycles + gain_cycles + 1 + 3 * (fold - 1);
    return made;
}

}  // namespace

void cost_normalisation(const CostContext& context, Candidates& out) {
    constexpr int kFolds = 6;
    const WeightSums gain = context.op.weights.count > 0 ? context.weight_sums() : WeightSums{};
    for (const int fold : Folds(context.max_interval, static_cast<double>(context.input_stream(0).channels), kFolds)) {
        out.add(normalisation(context, gain, fold, false));
        out.add(normalisation(context, gain, fold, true));
    }
}

}  // namespace tessera::models
