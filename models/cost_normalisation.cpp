#include <algorithm>
#include <cmath>

#include "models/cost_function.h"
#include "models/cost_reduction.h"

/// Layer normalisation of a token: mean and mean square by adder trees over all its channels,
/// inverse root from a table, then (x - mean) x root, x gain + shift for the channels of the region. Where the statistics are those
/// of all tokens (of each channel, or of all channels), they are found in the time that the region's own tokens take.
namespace tessera::models {

namespace {

/// Widths and amounts of one engine.
struct Plan {
    double all;        ///< elements that the statistics need: the channels of a token, or of all tokens
    double roots;      ///< statistics of these: 1, or one a channel
    double lanes;      ///< of these elements in a cycle
    double out_lanes;  ///< channels of the region in a cycle
    int bits;
    int out_bits;
    int root_bits;
    int fold;
    int pass;  ///< cycles in which the statistics are found
    bool in_logic;
};

Plan plan(const CostContext& context, int fold, bool in_logic) {
    const Input& input = context.op.inputs.front();
    const bool of_tokens = input.tokens == Access::whole;
    const bool by_channel = of_tokens && input.channels == Access::aligned;
    const StreamShape stream = context.input_stream(0);
    const std::int64_t channels = by_channel ? context.region.channels.size() : std::max(stream.channels, context.region.channels.size());
    const auto all = static_cast<double>(channels * (of_tokens ? stream.tokens : 1));
    const int pass = fold * (of_tokens ? static_cast<int>(context.region.tokens.size()) : 1);
    const int bits = context.input_bits(0);
    const int out_bits = context.output_bits();
    const int root_bits = std::max(bits, out_bits) + static_cast<int>(coefficient::kGuardBits);
    return {.all = all,
            .roots = by_channel ? static_cast<double>(channels) : 1,
            .lanes = std::ceil(all / pass),
            .out_lanes = std::ceil(context.channels() / fold),
            .bits = bits,
            .out_bits = out_bits,
            .root_bits = root_bits,
            .fold = fold,
            .pass = pass,
            .in_logic = in_logic};
}

/// Adder trees, subtraction, division by the number of channels, delay and rounding.
double plain_lut(const Plan& p) {
    const double summed = p.lanes + (p.pass > 1 ? p.roots : 0);
    const int square_bits = 2 * p.bits + 2;
    double lut = adder_tree_lut(summed, p.bits) + adder_tree_lut(summed, square_bits);
    lut += mean_lut(p.all, p.bits) + mean_lut(p.all, square_bits);
    lut += p.lanes * (p.bits + 1.0) * (1 + delay_lut(2 * p.pass));
    return lut + 2 * p.out_lanes * p.out_bits * coefficient::kRequantiseLutPerBit;
}

/// The product with the gain: signed digits where each channel has its own lane in logic, else a multiplier a lane.
Lane gain_lanes(const CostContext& context, const Plan& p, const WeightSums& gain) {
    if (context.op.weights.count == 0) return {Strategy::logic, {}, 0};
    if (p.in_logic && p.fold == 1)
        return {Strategy::constant_logic, {.lut = gain.signed_digits * p.out_bits, .ff = context.channels() * p.out_bits}, 1};
    Lane lane = product_lane(p.out_bits, context.weight_bits(), p.in_logic, context.model);
    lane.resources = lane.resources * p.out_lanes;
    if (p.fold > 1) lane.resources += memory_resources(Memory::lut_rom, p.out_lanes * (context.weight_bits() + p.out_bits), p.fold);
    return lane;
}

/// What keeps a token while its lanes take turns: registers behind multiplexers; block RAM for one that would fill it.
Resources waiting_token(const Plan& p) {
    constexpr double kBlockRamBits = 36 * 1024;
    Resources r{.lut = coefficient::kControlLut, .ff = coefficient::kControlFf};
    if (p.all * p.bits > kBlockRamBits) return r + memory_resources(Memory::block_ram, p.lanes * p.bits, p.pass);
    r.lut += p.all * p.bits * coefficient::kMultiplexerLut;
    r.ff += p.all * p.bits;
    return r;
}

Implementation normalisation(const CostContext& context, const Plan& p, const WeightSums& gain) {
    const Lane square = product_lane(p.bits + 1, p.bits + 1, p.in_logic, context.model);
    const Lane scale = product_lane(p.bits + 1, p.root_bits, p.in_logic, context.model);
    const Lane root = statistic_lane(p.root_bits, p.in_logic, context.model);
    const Lane gains = gain_lanes(context, p, gain);
    Implementation made{p.in_logic ? Strategy::lut_multiplier : Strategy::dsp, p.fold, {}, 0, p.fold};
    Resources& r = made.resources;
    r.lut = plain_lut(p);
    r.ff = context.model.registers(r.lut) + context.channels() * p.out_bits;
    r += square.resources * p.lanes;
    r += scale.resources * p.out_lanes;
    r += root.resources * std::ceil(p.roots / p.pass);
    r += gains.resources;
    if (p.pass > 1) r += waiting_token(p);
    const int tree = context.model.pipeline_cycles(log2_up(p.lanes)) + 1;
    made.latency_cycles = tree + 1 + square.latency_cycles + tree + root.latency_cycles + scale.latency_cycles + gains.latency_cycles + 1;
    made.latency_cycles += 2 * (p.pass - 1) + p.fold - 1;  // a pass for the mean, one for the variance, one for the result
    return made;
}

}  // namespace

void cost_normalisation(const CostContext& context, Candidates& out) {
    constexpr int kFolds = 6;
    const WeightSums gain = context.op.weights.count > 0 ? context.weight_sums() : WeightSums{};
    for (const int fold : context.folds(static_cast<double>(context.input_stream(0).channels), kFolds))
        for (const bool in_logic : {false, true}) out.add(normalisation(context, plan(context, fold, in_logic), gain));
}

}  // namespace tessera::models
