#include <algorithm>
#include <cmath>

#include "models/cost_function.h"

/// Operators that treat each element by itself: arithmetic of two or more operands, scale and
/// shift, functions of one value, quantisers.
namespace tessera::models {

namespace {

constexpr int kLaneFolds = 6;

/// Widest operand, and the bits of all operands of one element.
struct Operands {
    int widest = 1;
    int second = 1;
    double count = 1;
    double bits = 0;
};

Operands operands(const CostContext& context) {
    Operands found;
    found.count = static_cast<double>(std::max<std::size_t>(1, context.op.inputs.size()));
    found.widest = context.input_bits(0);
    found.bits = found.widest;
    found.second = context.op.inputs.size() > 1 ? context.input_bits(1) : context.weight_bits();
    for (std::size_t i = 1; i < context.op.inputs.size(); ++i) {
        found.widest = std::max(found.widest, context.input_bits(i));
        found.bits += context.input_bits(i);
    }
    if (context.op.inputs.size() < 2 && context.op.weights.count > 0) found.count = 2;  // the other operand is a constant
    return found;
}

/// A lane of plain logic with a register for its result.
Lane logic_lane(double lut, int result_bits) { return {Strategy::logic, {.lut = lut, .ff = static_cast<double>(result_bits)}, 1}; }

void add_products(const CostContext& context, const Operands& from, const Lane& before, int folds, Candidates& out) {
    const double products = std::max(1.0, from.count - 1);
    for (const bool in_logic : {false, true}) {
        Lane lane = product_lane(context.input_bits(0), from.second, in_logic, context.model);
        lane.resources = lane.resources * products + before.resources;
        lane.resources.lut += context.model.rounding_lut(context.output_bits());
        lane.latency_cycles = lane.latency_cycles * static_cast<int>(products) + before.latency_cycles + 1;
        fold_lanes(context, lane, context.channels(), from.bits, folds, out);
    }
}

/// A product with a constant for each channel: its signed digits as adders, or multipliers.
void add_constant_products(const CostContext& context, double added_bits, Candidates& out) {
    const WeightSums sums = context.weight_sums();
    const int bits = context.input_bits(0);
    const double per_channel = std::max(1.0, sums.signed_digits / std::max(1.0, context.channels()));
    Lane lane = logic_lane(per_channel * (bits + 1) + added_bits + context.model.rounding_lut(context.output_bits()), 0);
    lane.strategy = Strategy::constant_logic;
    lane.resources.ff = context.model.registers(lane.resources.lut);
    lane.latency_cycles = 1 + context.model.pipeline_cycles(log2_up(per_channel) + 1);
    Implementation constant{lane.strategy, 1, lane.resources * context.channels(), lane.latency_cycles, 1};
    constant.resources.ff += context.channels() * context.output_bits();
    out.add(constant);
    Lane shared = product_lane(bits, context.weight_bits(), false, context.model);
    shared.resources.lut += added_bits + context.model.rounding_lut(context.output_bits()) + context.weight_bits() / 2.0;
    shared.latency_cycles += 1;
    fold_lanes(context, shared, context.channels(), bits, kLaneFolds, out);
}

/// Division by way of a reciprocal; a power by way of a table of about the same size.
void add_quotients(const CostContext& context, const Operands& from, Candidates& out) {
    const int quotient_bits = context.output_bits() + static_cast<int>(coefficient::kGuardBits);
    for (const Lane& reciprocal : function_lanes(from.second, quotient_bits, context.model)) {
        Operands product = from;
        product.second = quotient_bits;
        add_products(context, product, reciprocal, kLaneFolds / 2, out);
    }
}

/// LUTs of one element of the operators that need adders, comparators and multiplexers alone.
double plain_lut(const CostContext& context, const Operands& from) {
    const double steps = std::max(1.0, from.count - 1);
    const double bits = from.widest;
    const auto& type = context.op.type;
    if (is_one_of(type, {"Max", "Min"})) return steps * 1.5 * bits;
    if (is_one_of(type, {"Greater", "Less", "Equal", "GreaterOrEqual", "LessOrEqual"})) return steps * std::max(1.0, bits / 2);
    if (is_one_of(type, {"Where", "And", "Or", "Not", "Xor"})) return std::max(1.0, bits / 2);
    return steps * (bits + 1);  // Add, Sub, Mean and what else a sum can stand for
}

}  // namespace

void cost_elementwise(const CostContext& context, Candidates& out) {
    const Operands from = operands(context);
    const auto& type = context.op.type;
    const bool constant = context.op.inputs.size() < 2 && context.op.weights.count > 0;
    if (is_one_of(type, {"Mul"}) || (constant && is_one_of(type, {"Div"}))) {
        if (constant) return add_constant_products(context, 0, out);
        return add_products(context, from, {Strategy::logic, {}, 0}, kLaneFolds, out);
    }
    if (is_one_of(type, {"Div", "Mod", "Pow"})) return add_quotients(context, from, out);
    Lane lane = logic_lane(plain_lut(context, from), context.output_bits());
    lane.latency_cycles = std::max(1, context.model.pipeline_cycles(log2_up(from.count)));
    fold_lanes(context, lane, context.channels(), from.bits, kLaneFolds, out);
}

void cost_scale_shift(const CostContext& context, Candidates& out) { add_constant_products(context, context.output_bits(), out); }

void cost_activation(const CostContext& context, Candidates& out) {
    const int bits = context.input_bits(0);
    const auto& type = context.op.type;
    double lut = 0;
    if (is_one_of(type, {"Relu", "Sign"})) lut = std::max(0.5, bits / 2.0);  // da4ml: half a LUT a bit
    if (is_one_of(type, {"LeakyRelu", "PRelu", "HardSigmoid", "HardSwish", "ThresholdedRelu"}))
        lut = 2.5 * bits;  // slope of two digits, select
    if (is_one_of(type, {"Clip", "Abs", "Neg", "Round", "Floor", "Ceil"})) lut = bits;
    if (lut > 0) {
        fold_lanes(context, logic_lane(lut, context.output_bits()), context.channels(), bits, kLaneFolds, out);
        return;
    }
    for (const Lane& lane : function_lanes(bits, context.output_bits(), context.model))
        fold_lanes(context, lane, context.channels(), bits, kLaneFolds, out);
}

void cost_quantise(const CostContext& context, Candidates& out) {
    const int in = context.input_bits(0);
    const int result = context.output_bits();
    const double rounding = context.model.rounding_lut(result);
    const bool dynamic = is_one_of(context.op.type, {"DynamicQuantizeLinear"});
    if (is_one_of(context.op.type, {"BipolarQuant"})) {
        fold_lanes(context, logic_lane(1, result), context.channels(), in, kLaneFolds, out);
    } else if (context.op.weights.power_of_two_scales && !dynamic) {
        fold_lanes(context, logic_lane(rounding, result), context.channels(), in, kLaneFolds, out);
    } else {
        // A multiplier for the scale; a dynamic one also finds the extremes of all values and inverts their difference.
        const int scale_bits = static_cast<int>(coefficient::kScaleBits);
        for (const bool in_logic : {false, true}) {
            Lane lane = product_lane(in, scale_bits, in_logic, context.model);
            lane.resources.lut += rounding + (dynamic ? 2 * compare_tree_lut(2, in) : 0);
            lane.latency_cycles += 1;
            Candidates lanes;
            fold_lanes(context, lane, context.channels(), in, kLaneFolds, lanes);
            for (Implementation made : lanes.finish()) {
                if (dynamic) {
                    const Lane inverse = statistic_lane(scale_bits, in_logic, context.model);
                    made.resources += inverse.resources;
                    made.latency_cycles += inverse.latency_cycles + context.model.pipeline_cycles(log2_up(context.channels()));
                }
                out.add(made);
            }
        }
    }
}

}  // namespace tessera::models
