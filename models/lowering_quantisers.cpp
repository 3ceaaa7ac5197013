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
    std::string rounding = "ROUND";  ///< of QONNX: ROUND (ties to even), FLOOR, CEIL, ROUND_TO_ZERO
    std::vector<float> scales;
    std::vector<float> zero_points;
    Shape parts;  ///< the shape of `scales`, which broadcasts to that of the value
};

double rounded(double value, const std::string& mode) {
    if (mode == "FLOOR") return std::floor(value);
    if (mode == "CEIL") return std::ceil(value);
    if (mode == "ROUND_TO_ZERO") return std::trunc(value);
    return std::nearbyint(value);
}

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

/// The scale or zero point of an element: parts of shape `parts` broadcast to `shape`, aligned at the last axes.
float part(const std::vector<float>& values, std::int64_t element, const Shape& shape, const Shape& parts) {
    if (values.size() == 1) return values.front();
    std::int64_t position = 0;
    std::int64_t stride = 1;
    for (std::size_t back = 1; back <= std::min(parts.size(), shape.size()); ++back) {
        const std::int64_t along = element % shape[shape.size() - back];
        element /= shape[shape.size() - back];
        const std::int64_t size = parts[parts.size() - back];
        if (size > 1) position += along % size * stride;
        stride *= size;
    }
    return values[static_cast<std::size_t>(position)];
}

/// A constant on the quantiser's grid: multiples of the format's step, or plain integers where the
/// scale is no power of two (the scale is then a multiplier behind the sum).
ConstantValues quantised(const ConstantValues& constant, const Quantiser& quantiser, bool values_are_integers) {
    ConstantValues made = constant;
    bool exact = true;
    made.format = format_of(quantiser, exact);
    exact = exact && quantiser.scales.size() == 1;
    made.power_of_two_scale = exact;
    if (!exact) made.format = {quantiser.bits, quantiser.bits, quantiser.is_signed};
    const double least = quantiser.is_signed ? -std::exp2(quantiser.bits - 1) + (quantiser.narrow ? 1 : 0) : 0;
    const double most = quantiser.is_signed ? std::exp2(quantiser.bits - 1) - 1 : std::exp2(quantiser.bits) - (quantiser.narrow ? 2 : 1);
    bool shifted = false;
    double smallest = 0;
    double largest = 0;
    for (std::size_t i = 0; i < made.values.size(); ++i) {
        const auto element = static_cast<std::int64_t>(i);
        const float scale = part(quantiser.scales, element, constant.shape, quantiser.parts);
        const float zero = quantiser.zero_points.empty() ? 0 : part(quantiser.zero_points, element, constant.shape, quantiser.parts);
        const double integer =
            values_are_integers ? made.values[i] : std::clamp(rounded(made.values[i] / scale + zero, quantiser.rounding), least, most);
        shifted = shifted || zero != 0;
        smallest = std::min(smallest, integer - zero);
        largest = std::max(largest, integer - zero);
        made.values[i] = static_cast<float>((integer - zero) * (exact ? scale : 1));
    }
    if (shifted) made.format = shifted_format(made.format, smallest, largest);
    return made;
}

/// @throws InputError where scales and zero points do not fit each other or a value of `shape`
void check(const LoweringContext& context, const onnx::Node& node, const Quantiser& quantiser, const Shape& shape) {
    const auto refuse = [&](const std::string& found, const std::string& expected) {
        throw InputError(context.graph.file, node.name, found, expected);
    };
    const std::size_t count = quantiser.scales.size();
    if (count == 0) refuse("no scale", "one scale, or one for each channel");
    if (!std::ranges::all_of(quantiser.scales, [](float scale) { return std::isfinite(scale) && scale > 0; }))
        refuse("a scale that is not positive", "scales above 0");
    const std::size_t zeros = quantiser.zero_points.size();
    if (zeros > 1 && zeros != count)
        refuse(std::to_string(zeros) + " zero points for " + std::to_string(count) + " scales", "one for each");
    if (count == 1) return;
    std::size_t parts = 1;
    bool fits = quantiser.parts.size() <= shape.size();
    for (std::size_t back = 1; fits && back <= quantiser.parts.size(); ++back) {
        const auto size = quantiser.parts[quantiser.parts.size() - back];
        parts *= static_cast<std::size_t>(size);
        fits = size == 1 || size == shape[shape.size() - back];
    }
    if (!fits || parts != count) refuse(std::to_string(count) + " scales that do not broadcast to the tensor", "one for each channel");
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

/// Scale, zero point and what all QONNX quantisers have in common.
Quantiser qonnx_quantiser(const LoweringContext& context, const onnx::Node& node, float bits, const std::string& rounding) {
    if (!(bits >= 1 && bits <= 64))
        throw InputError(context.graph.file, node.name, "a width of " + std::to_string(bits) + " bits", "1 to 64");
    return {.bits = static_cast<int>(bits),
            .is_signed = node.integer("signed", 1) != 0,
            .narrow = node.integer("narrow", 0) != 0,
            .rounding = node.text("rounding_mode", rounding),
            .scales = values_of(context, node, 1),
            .zero_points = values_of(context, node, 2),
            .parts = shape_of(context, node, 1)};
}

void apply(LoweringContext& context, const onnx::Node& node, const Quantiser& quantiser, bool values_are_integers) {
    if (context.is_constant(node.inputs[0])) {
        const ConstantValues constant = context.constant(node.inputs[0]);
        check(context, node, quantiser, constant.shape);
        context.set_constant(node.outputs[0], quantised(constant, quantiser, values_are_integers));
    } else {
        check(context, node, quantiser, context.shape(node.inputs[0]));
        add_quantise(context, node, quantiser);
    }
}

/// QONNX's Quant (also IntQuant): x, scale, zero point, bits.
void lower_quant(LoweringContext& context, const onnx::Node& node) {
    const auto bits = values_of(context, node, 3);
    apply(context, node, qonnx_quantiser(context, node, bits.empty() ? 0 : *std::ranges::max_element(bits), "ROUND"), false);
}

/// Two values, plus and minus the scale.
void lower_bipolar(LoweringContext& context, const onnx::Node& node) {
    Quantiser quantiser;
    quantiser.bits = 1;
    quantiser.scales = values_of(context, node, 1);
    quantiser.parts = shape_of(context, node, 1);
    if (!context.is_constant(node.inputs[0])) return apply(context, node, quantiser, false);
    ConstantValues constant = context.constant(node.inputs[0]);
    check(context, node, quantiser, constant.shape);
    for (auto& value : constant.values) value = value >= 0 ? 1.0F : -1.0F;
    constant.format = {1, 1, true};
    bool exact = true;
    exponent_of(quantiser.scales.front(), exact);
    constant.power_of_two_scale = exact && quantiser.scales.size() == 1;
    context.set_constant(node.outputs[0], std::move(constant));
}

/// Trunc drops low bits. Inputs by version of qonnx.custom_op.general: x, scale, zero point, bits in, then
/// 1: bits out (the result keeps the scale: it is smaller), 2: scale out, bits out, 3: scale, zero point and bits out.
void lower_trunc(LoweringContext& context, const onnx::Node& node) {
    const auto out = values_of(context, node, node.inputs.size() - 1);
    Quantiser quantiser = qonnx_quantiser(context, node, node.inputs.size() < 5 || out.empty() ? 0 : out.front(), "FLOOR");
    if (node.inputs.size() > 5) quantiser.scales = values_of(context, node, 4);
    if (node.inputs.size() == 5 && context.is_constant(node.inputs[0])) {
        ConstantValues constant = context.constant(node.inputs[0]);
        const auto in = values_of(context, node, 3);
        for (auto& value : constant.values) value *= std::exp2(out.front() - in.front());
        context.set_constant(node.inputs[0], std::move(constant));
    }
    apply(context, node, quantiser, false);
}

onnx::ElementType type_of(const LoweringContext& context, const std::string& name) {
    return context.graph.is_constant(name) ? context.graph.constant(name).type : context.graph.value(name).type;
}

/// QuantizeLinear and DequantizeLinear; scales of more than one element lie along `axis`.
Quantiser linear(const LoweringContext& context, const onnx::Node& node, onnx::ElementType type, std::size_t rank) {
    using enum onnx::ElementType;
    Quantiser quantiser;
    quantiser.bits = type == int8 || type == uint8 ? 8 : (type == int16 || type == uint16 ? 16 : 32);
    quantiser.is_signed = type == int8 || type == int16 || type == int32;
    quantiser.scales = values_of(context, node, 1);
    quantiser.zero_points = values_of(context, node, 2);
    if (quantiser.scales.size() == 1) return quantiser;
    const std::size_t axis = positive_axis(node.integer("axis", 1), rank);
    if (axis >= rank) throw InputError(context.graph.file, node.name, "scales along an axis that is not there", "an axis of the tensor");
    quantiser.parts.assign(rank - axis, 1);
    quantiser.parts.front() = static_cast<std::int64_t>(quantiser.scales.size());
    return quantiser;
}

std::size_t rank_of(const LoweringContext& context, const std::string& name) {
    return context.is_constant(name) ? context.constant(name).shape.size() : context.shape(name).size();
}

void lower_quantise(LoweringContext& context, const onnx::Node& node) {
    const auto type = type_of(context, node.outputs[0]);
    apply(context, node, linear(context, node, type, rank_of(context, node.inputs[0])), false);
}

void lower_dequantise(LoweringContext& context, const onnx::Node& node) {
    if (!context.is_constant(node.inputs[0])) {
        context.alias(node.outputs[0], node.inputs[0]);  // the integer stands for the value
        return;
    }
    const auto type = type_of(context, node.inputs[0]);
    apply(context, node, linear(context, node, type, rank_of(context, node.inputs[0])), true);
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

void add_quantiser_lowerings(Lowerings& lowerings) {
    lowerings["Quant"] = lower_quant;
    lowerings["IntQuant"] = lower_quant;
    lowerings["BipolarQuant"] = lower_bipolar;
    lowerings["Trunc"] = lower_trunc;
    lowerings["QuantizeLinear"] = lower_quantise;
    lowerings["DequantizeLinear"] = lower_dequantise;
    lowerings["DynamicQuantizeLinear"] = lower_dynamic;
}

}  // namespace tessera::models
