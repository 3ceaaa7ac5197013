#include <algorithm>
#include <cmath>
#include <limits>

#include "models/onnx/array_algorithms.h"
#include "models/onnx/operator_rules.h"

/// Quantisers. Those that give reals say in which format a tensor is, so they stay even where their
/// inputs are constant.
namespace tessera::models::onnx {

namespace {

std::vector<TensorType> infer_quantize_linear(const OperatorContext& context) {
    context.require(context.has(1), "no scale");
    auto type = context.has(2) ? context.type(2).type : ElementType::uint8;
    if (context.has_attribute("output_dtype") && !context.has(2))
        type = element_type_of(context.node().integer("output_dtype", 2)).value_or(type);
    context.require(!is_real(type) && type != ElementType::boolean, "a zero point that is no integer", "an integer");
    return {{type, context.shape(0)}};
}

std::pair<double, double> range_of(ElementType type) {
    switch (type) {
        case ElementType::int8:
            return {-128, 127};
        case ElementType::uint8:
            return {0, 255};
        case ElementType::int16:
            return {-32768, 32767};
        case ElementType::uint16:
            return {0, 65535};
        default:
            return {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
    }
}

/// round(x / scale) + zero point, saturated; ties go to even. Scales are scalars or lie along `axis`.
std::vector<Array> evaluate_quantize_linear(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto& x = context.constant(0);
    const auto& scale = context.constant(1);
    Array result = make_array(types[0].type, types[0].shape);
    const Array zero = context.has(2) ? context.constant(2) : make_array(types[0].type, scale.shape);
    const bool per_axis = scale.size() != 1;
    const auto axis = per_axis ? context.axis(context.node().integer("axis", 1), context.rank(0)) : 0;
    context.require(zero.size() == scale.size() && (!per_axis || scale.shape == Shape{x.shape[axis]}),
                    "a scale of shape " + text_of(scale.shape), "one scale and zero point, or one for each entry of the axis");
    const auto [least, most] = range_of(result.type);
    for_each_index(x.shape, [&](std::int64_t position, const Shape& index) {
        const auto entry = per_axis ? index[axis] : 0;
        const double value = std::nearbyint(x.at(position) / scale.at(entry)) + zero.at(entry);
        result.integers[static_cast<std::size_t>(position)] = to_integer(std::clamp(value, least, most));
    });
    return {result};
}

std::vector<TensorType> infer_dequantize_linear(const OperatorContext& context) { return {{context.type(1).type, context.shape(0)}}; }

/// The quantised tensor, its scale and its zero point.
std::vector<TensorType> infer_dynamic_quantize_linear(const OperatorContext& context) {
    return {{ElementType::uint8, context.shape(0)}, {ElementType::float32, {}}, {ElementType::uint8, {}}};
}

}  // namespace

void add_quantisation_rules(OperatorRules& rules) {
    OperatorRule format{.infer = same_as_first, .evaluate = nullptr, .shapes_suffice = false, .carries_format = true};
    for (const auto* type : {"Quant", "IntQuant", "FloatQuant", "BipolarQuant", "Trunc", "MultiThreshold"}) rules[type] = format;
    format.infer = infer_dequantize_linear;
    rules["DequantizeLinear"] = format;
    rules["QuantizeLinear"] = {infer_quantize_linear, evaluate_quantize_linear};
    rules["DynamicQuantizeLinear"] = {infer_dynamic_quantize_linear};
}

}  // namespace tessera::models::onnx
