#include <algorithm>
#include <cmath>

#include "models/onnx/array_algorithms.h"
#include "models/onnx/operator_rules.h"

/// Operators that make a tensor from shapes and a few numbers.
namespace tessera::models::onnx {

namespace {

/// The part of the shape that attributes `start` and `end` choose (opset 15).
Shape chosen_dimensions(const OperatorContext& context) {
    const auto& shape = context.shape(0);
    const auto rank = context.rank(0);
    const auto bound = [&](const char* name, std::int64_t otherwise) {
        const auto value = context.node().integer(name, otherwise);
        return std::clamp(value < 0 ? value + rank : value, std::int64_t{0}, rank);
    };
    const auto start = bound("start", 0);
    const auto end = std::max(start, bound("end", rank));
    return {shape.begin() + start, shape.begin() + end};
}

std::vector<TensorType> infer_shape(const OperatorContext& context) {
    return {{ElementType::int64, {static_cast<std::int64_t>(chosen_dimensions(context).size())}}};
}

std::vector<Array> evaluate_shape(const OperatorContext& context, const std::vector<TensorType>& types) {
    Array result = make_array(ElementType::int64, types[0].shape);
    result.integers = chosen_dimensions(context);
    return {result};
}

std::vector<TensorType> infer_size(const OperatorContext& /*context*/) { return {{ElementType::int64, {}}}; }

std::vector<Array> evaluate_size(const OperatorContext& context, const std::vector<TensorType>& /*types*/) {
    Array result = make_array(ElementType::int64, {});
    result.integers[0] = element_count(context.shape(0)).value_or(0);
    return {result};
}

const Array* fill_value(const OperatorContext& context) {
    const auto found = context.node().attributes.find("value");
    if (found == context.node().attributes.end()) return nullptr;
    context.require(found->second.array.size() == 1, "a value of shape " + text_of(found->second.array.shape), "one element");
    return &found->second.array;
}

std::vector<TensorType> infer_constant_of_shape(const OperatorContext& context) {
    const auto* value = fill_value(context);
    return {{value != nullptr ? value->type : ElementType::float32, context.integers(0)}};
}

std::vector<Array> evaluate_constant_of_shape(const OperatorContext& context, const std::vector<TensorType>& types) {
    Array result = make_array(types[0].type, types[0].shape);
    if (const auto* value = fill_value(context)) {
        for (std::int64_t i = 0; i < result.size(); ++i) copy_element(*value, 0, result, i);
    }
    return {result};
}

std::vector<TensorType> infer_range(const OperatorContext& context) {
    for (std::size_t input = 0; input < 3; ++input)
        context.require(context.constant(input).size() == 1,
                        "input " + std::to_string(input) + " of shape " + text_of(context.shape(input)), "a scalar");
    const double step = context.constant(2).at(0);
    const double count = std::ceil((context.constant(1).at(0) - context.constant(0).at(0)) / step);
    context.require(step != 0 && count < 1e12, "a range in steps of " + std::to_string(step), "a step that reaches its end");
    return {{context.type(0).type, {count > 0 ? static_cast<std::int64_t>(count) : 0}}};
}

std::vector<Array> evaluate_range(const OperatorContext& context, const std::vector<TensorType>& types) {
    Array result = make_array(types[0].type, types[0].shape);
    const double start = context.constant(0).at(0);
    const double step = context.constant(2).at(0);
    for (std::size_t i = 0; i < result.reals.size(); ++i) result.reals[i] = static_cast<float>(start + static_cast<double>(i) * step);
    for (std::size_t i = 0; i < result.integers.size(); ++i) result.integers[i] = to_integer(start + static_cast<double>(i) * step);
    return {result};
}

std::vector<TensorType> infer_non_zero(const OperatorContext& context) {
    const auto& array = context.constant(0);
    std::int64_t found = 0;
    for (std::int64_t i = 0; i < array.size(); ++i) found += array.at(i) != 0 ? 1 : 0;
    return {{ElementType::int64, {static_cast<std::int64_t>(array.shape.size()), found}}};
}

std::vector<Array> evaluate_non_zero(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto& array = context.constant(0);
    Array result = make_array(ElementType::int64, types[0].shape);
    const auto columns = types[0].shape[1];
    std::int64_t column = 0;
    for_each_index(array.shape, [&](std::int64_t position, const Shape& index) {
        if (array.at(position) == 0) return;
        for (std::size_t axis = 0; axis < index.size(); ++axis)
            result.integers[axis * static_cast<std::size_t>(columns) + static_cast<std::size_t>(column)] = index[axis];
        ++column;
    });
    return {result};
}

std::vector<TensorType> infer_eye_like(const OperatorContext& context) {
    context.require(context.rank(0) == 2, "an input of shape " + text_of(context.shape(0)), "2 dimensions");
    const auto type = context.has_attribute("dtype") ? element_type_of(context.node().integer("dtype", 0)) : context.type(0).type;
    context.require(type.has_value(), "element type " + std::to_string(context.node().integer("dtype", 0)) + " of ONNX");
    return {{*type, context.shape(0)}};
}

std::vector<Array> evaluate_eye_like(const OperatorContext& context, const std::vector<TensorType>& types) {
    Array ones = make_array(ElementType::int64, types[0].shape);
    const auto diagonal = context.node().integer("k", 0);
    for_each_index(ones.shape, [&](std::int64_t position, const Shape& index) {
        if (index[1] - index[0] == diagonal) ones.integers[static_cast<std::size_t>(position)] = 1;
    });
    return {converted(ones, types[0].type)};
}

}  // namespace

void add_creation_rules(OperatorRules& rules) {
    rules["Shape"] = {infer_shape, evaluate_shape, true};
    rules["Size"] = {infer_size, evaluate_size, true};
    rules["EyeLike"] = {infer_eye_like, evaluate_eye_like, true};
    rules["ConstantOfShape"] = {infer_constant_of_shape, evaluate_constant_of_shape};
    rules["Range"] = {infer_range, evaluate_range};
    rules["NonZero"] = {infer_non_zero, evaluate_non_zero};
}

}  // namespace tessera::models::onnx
