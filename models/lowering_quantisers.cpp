// Quantisers of the file: on constants they give the weights' format, on activations the tensor's
// format and an operator that rounds and saturates.

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "models/lowering_context.h"

namespace tessera::models {

namespace {

/// How a file quantises a value: whole numbers of `bits`, times a scale for all or for each part.
struct Quantiser {
    int bits = 8;
    bool is_signed = true;
    bool narrow = false;
    std::vector<float> scales;
    std::vector<float> zero_points;
};

/// The exponent of a scale; `exact` says that the scale is a power of two. The next power above else.
int exponent_of(double scale, bool& exact) {
    int exponent = 0;
    const double mantissa = std::frexp(std::abs(scale), &exponent);  // scale = mantissa x 2^exponent, 0.5 <= mantissa < 1
    exact = exact && (scale == 0 || mantissa == 0.5);
    return mantissa == 0.5 ? exponent - 1 : exponent;
}

/// The format that a quantiser leaves: its step is the scale, or the next power of two.
FixedPoint format_of(const Quantiser& quantiser, bool& exact) {
    int exponent = INT32_MIN;
    for (const float scale : quantiser.scales) exponent = std::max(exponent, exponent_of(scale, exact));
    return {quantiser.bits, quantiser.bits + exponent, quantiser.is_signed};
}

float part(const std::vector<float>& parts, std::size_t element, std::size_t elements, const Shape& shape, const Shape& part_shape) {
    if (parts.size() == 1) return parts.front();
    // One value for each position of the one axis along which the parts differ.
    std::size_t inner = elements;
    const std::size_t missing = shape.size() - std::min(shape.size(), part_shape.size());
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        inner /= static_cast<std::size_t>(shape[axis]);
        const bool here = part_shape.size() == 1 ? static_cast<std::size_t>(shape[axis]) == parts.size()
                                                 : axis >= missing && part_shape[axis - missing] == static_cast<std::int64_t>(parts.size());
        if (here) return parts[element / inner % parts.size()];
    }
    return parts.front();
}

/// A constant on the quantiser's grid: multiples of the format's step, or plain integers where the
/// scale is no power of two (the scale is then a multiplier behind the sum).
ConstantValues quantised(const ConstantValues& constant, const Quantiser& quantiser, const Shape& scale_shape, bool values_are_integers) {
    ConstantValues made = constant;
    bool exact = true;
    made.format = format_of(quantiser, exact);
    exact = exact && quantiser.scales.size() == 1;
    made.power_of_two_scale = exact;
    if (!exact) made.format = {quantiser.bits, quantiser.bits, quantiser.is_signed};
    const double least = quantiser.is_signed ? -std::exp2(quantiser.bits - 1) + (quantiser.narrow ? 1 : 0) : 0;
    const double most = quantiser.is_signed ? std::exp2(quantiser.bits - 1) - 1 : std::exp2(quantiser.bits) - (quantiser.narrow ? 2 : 1);
    bool shifted = false;
    for (std::size_t i = 0; i < made.values.size(); ++i) {
        const float scale = part(quantiser.scales, i, made.values.size(), constant.shape, scale_shape);
        const float zero =
            quantiser.zero_points.empty() ? 0 : part(quantiser.zero_points, i, made.values.size(), constant.shape, scale_shape);
        double integer = values_are_integers ? made.values[i] - zero
                                             : std::clamp<double>(std::nearbyint(made.values[i] / scale + zero), least, most) - zero;
        shifted = shifted || zero != 0;
        made.values[i] = static_cast<float>(exact ? integer * scale : integer);
    }
    if (shifted) {  // the difference of two numbers has a bit more, and a sign
        made.format.integer_bits += 1;
        made.format.width += 1;
        made.format.is_signed = true;
    }
    return made;
}

/// The operator that rounds and saturates an activation.
void add_quantise(LoweringContext& context, const onnx::Node& node, const Quantiser& quantiser) {
    bool exact = true;
    const FixedPoint format = format_of(quantiser, exact);
    exact = exact && quantiser.scales.size() == 1;
    Operator& op = context.add(node, OperatorKind::quantise, {{context.tensor(node.inputs[0]), Access::aligned, Access::aligned}},
                               context.axes(node.inputs[0]));
    op.weights.power_of_two_scales = exact;
    auto& tensor = context.network.tensors.back();
    tensor.format = format;
    tensor.format_from_file = true;
}

std::vector<float> values_of(const LoweringContext& context, const onnx::Node& node, std::size_t input) {
    if (node.inputs.size() <= input || node.inputs[input].empty()) return {};
    if (!context.is_constant(node.inputs[input])) {
        throw InputError(context.graph.file, node.name, "a scale, zero point or width that depends on data", "a constant");
    }
    return context.constant(node.inputs[input]).values;
}

Shape shape_of(const LoweringContext& context, const onnx::Node& node, std::size_t input) {
    return node.inputs.size() > input && !node.inputs[input].empty() ? context.constant(node.inputs[input]).shape : Shape{};
}

void apply(LoweringContext& context, const onnx::Node& node, const Quantiser& quantiser, std::size_t scale_input,
           bool values_are_integers) {
    if (context.is_constant(node.inputs[0])) {
        context.set_constant(node.outputs[0], quantised(context.constant(node.inputs[0]), quantiser, shape_of(context, node, scale_input),
                                                        values_are_integers));
    } else {
        add_quantise(context, node, quantiser);
    }
}

/// QONNX's Quant (also IntQuant): x, scale, zero point, bits.
void lower_quant(LoweringContext& context, const onnx::Node& node) {
    Quantiser quantiser;
    quantiser.scales = values_of(context, node, 1);
    quantiser.zero_points = values_of(context, node, 2);
    const auto bits = values_of(context, node, 3);
    quantiser.bits = static_cast<int>(*std::max_element(bits.begin(), bits.end()));
    quantiser.is_signed = node.integer("signed", 1) != 0;
    quantiser.narrow = node.integer("narrow", 0) != 0;
    if (quantiser.bits < 1 || quantiser.bits > 64)
        throw InputError(context.graph.file, node.name, "a width of " + std::to_string(quantiser.bits) + " bits", "1 to 64");
    apply(context, node, quantiser, 1, false);
}

/// Two values, plus and minus the scale.
void lower_bipolar(LoweringContext& context, const onnx::Node& node) {
    Quantiser quantiser;
    quantiser.bits = 1;
    quantiser.scales = values_of(context, node, 1);
    if (!context.is_constant(node.inputs[0])) return add_quantise(context, node, quantiser);
    ConstantValues constant = context.constant(node.inputs[0]);
    for (auto& value : constant.values) value = value >= 0 ? 1.0F : -1.0F;
    constant.format = {1, 1, true};
    bool exact = true;
    exponent_of(quantiser.scales.front(), exact);
    constant.power_of_two_scale = exact && quantiser.scales.size() == 1;
    context.set_constant(node.outputs[0], std::move(constant));
}

/// Trunc: drops low bits; x, scale, zero point, bits in, (scale out,) bits out.
void lower_trunc(LoweringContext& context, const onnx::Node& node) {
    Quantiser quantiser;
    quantiser.scales = values_of(context, node, 1);
    const auto in = values_of(context, node, 3).front();
    const auto out = values_of(context, node, node.inputs.size() > 5 ? 5 : 4).front();
    quantiser.bits = static_cast<int>(out);
    if (node.inputs.size() > 5) {
        quantiser.scales = values_of(context, node, 4);
    } else {
        for (auto& scale : quantiser.scales) scale *= std::exp2(in - out);
    }
    apply(context, node, quantiser, 1, false);
}

bool is_signed_integer(const LoweringContext& context, const onnx::Node& node, std::size_t input) {
    if (node.inputs.size() <= input || node.inputs[input].empty()) return false;
    const auto& name = node.inputs[input];
    const auto type = context.graph.is_constant(name) ? context.graph.constant(name).type : context.graph.value(name).type;
    return type == onnx::ElementType::int8 || type == onnx::ElementType::int16 || type == onnx::ElementType::int32;
}

Quantiser linear(const LoweringContext& context, const onnx::Node& node) {
    Quantiser quantiser;
    quantiser.scales = values_of(context, node, 1);
    quantiser.zero_points = values_of(context, node, 2);
    quantiser.is_signed = is_signed_integer(context, node, 2);
    return quantiser;
}

void lower_dequantise(LoweringContext& context, const onnx::Node& node) {
    if (!context.is_constant(node.inputs[0])) {
        context.alias(node.outputs[0], node.inputs[0]);  // the integer stands for the value
        return;
    }
    Quantiser quantiser = linear(context, node);
    quantiser.is_signed = is_signed_integer(context, node, 0);
    apply(context, node, quantiser, 1, true);
}

/// DynamicQuantizeLinear: 8 bits whose scale follows from the least and the largest element of the
/// whole tensor, so that nothing leaves before the last token came.
void lower_dynamic(LoweringContext& context, const onnx::Node& node) {
    Operator& op = context.add(node, OperatorKind::quantise, {{context.tensor(node.inputs[0]), Access::whole, Access::whole}});
    op.weights.power_of_two_scales = false;
    auto& tensor = context.add_output(node.outputs[0], context.axes(node.inputs[0]));
    tensor.format = {8, 8, false};
    tensor.format_from_file = true;
    for (std::size_t output = 1; output < node.outputs.size(); ++output) {
        if (!node.outputs[output].empty() && context.graph.values.contains(node.outputs[output]))
            context.add_output(node.outputs[output], {});
    }
}

}  // namespace

bool lower_quantiser(LoweringContext& context, const onnx::Node& node) {
    const auto& type = node.op_type;
    if (type == "Quant" || type == "IntQuant") {
        lower_quant(context, node);
    } else if (type == "BipolarQuant") {
        lower_bipolar(context, node);
    } else if (type == "Trunc") {
        lower_trunc(context, node);
    } else if (type == "QuantizeLinear") {
        apply(context, node, linear(context, node), 1, false);
    } else if (type == "DequantizeLinear") {
        lower_dequantise(context, node);
    } else if (type == "DynamicQuantizeLinear") {
        lower_dynamic(context, node);
    } else {
        return false;
    }
    return true;
}

}  // namespace tessera::models
