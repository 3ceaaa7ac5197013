#include <algorithm>

#include "models/onnx/array_algorithms.h"
#include "models/onnx/operator_rules.h"

/// Slice and Pad: operators that choose, axis by axis, which elements to take.
namespace tessera::models::onnx {

namespace {

struct SliceAxis {
    std::int64_t start = 0;
    std::int64_t step = 1;
    std::int64_t count = 0;
};

constexpr std::int64_t kLongestStep = std::int64_t{1} << 40;

/// Clamps as the operator reference says (numpy's rules).
SliceAxis slice_axis(std::int64_t size, std::int64_t start, std::int64_t end, std::int64_t step) {
    if (size == 0) return {0, step, 0};
    const auto least = step > 0 ? 0 : -1;
    const auto most = step > 0 ? size : size - 1;
    start = std::clamp(start < 0 ? start + size : start, std::int64_t{0}, most);
    end = std::clamp(end < 0 ? end + size : end, std::int64_t{least}, most);
    const auto distance = step > 0 ? end - start : start - end;
    const auto stride = step > 0 ? step : -step;
    return {start, step, std::max(std::int64_t{0}, (distance + stride - 1) / stride)};
}

/// The slice of every axis: attributes before opset 10, inputs since.
std::vector<SliceAxis> slice_axes(const OperatorContext& context) {
    const auto& shape = context.shape(0);
    const auto starts = context.integers_of("starts", 1);
    const auto ends = context.integers_of("ends", 2);
    const auto listed = context.integers_of("axes", 3);
    const auto steps = context.integers_of("steps", 4);
    context.require(starts.size() == ends.size() && (listed.empty() ? starts.size() <= shape.size() : listed.size() == starts.size()) &&
                        (steps.empty() || steps.size() == starts.size()),
                    "starts " + text_of(starts) + ", ends " + text_of(ends) + ", axes " + text_of(listed) + ", steps " + text_of(steps),
                    "one entry of each for an axis");
    std::vector<SliceAxis> result;
    for (const auto size : shape) result.push_back({0, 1, size});
    for (std::size_t i = 0; i < starts.size(); ++i) {
        const auto axis = listed.empty() ? i : context.axis(listed[i], context.rank(0));
        const auto step = steps.empty() ? 1 : steps[i];
        context.require(step != 0 && std::abs(std::max(step, -kLongestStep)) < kLongestStep, "step " + std::to_string(step),
                        "another step");
        result[axis] = slice_axis(shape[axis], starts[i], ends[i], step);
    }
    return result;
}

std::vector<TensorType> infer_slice(const OperatorContext& context) {
    Shape shape;
    for (const auto& axis : slice_axes(context)) shape.push_back(axis.count);
    return {{context.type(0).type, shape}};
}

std::vector<Array> evaluate_slice(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto& array = context.constant(0);
    auto strides = strides_of(array.shape);
    const auto axes = slice_axes(context);
    std::int64_t first = 0;
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
        first += axes[axis].start * strides[axis];
        strides[axis] *= axes[axis].step;
    }
    return {strided(array, types[0].shape, strides, first)};
}

/// Elements added before and after each axis (negative: cut off): an attribute before opset 11, an
/// input since; a list of axes from opset 18 on.
std::vector<std::pair<std::int64_t, std::int64_t>> padding(const OperatorContext& context) {
    const auto pads = context.integers_of("pads", 1);
    const auto rank = context.rank(0);
    auto listed = context.has(3) ? context.integers(3) : Shape{};
    if (listed.empty()) {
        for (std::int64_t axis = 0; axis < rank; ++axis) listed.push_back(axis);
    }
    context.require(pads.size() == 2 * listed.size(), "pads " + text_of(pads), "two for each axis");
    std::vector<std::pair<std::int64_t, std::int64_t>> result(static_cast<std::size_t>(rank));
    for (std::size_t i = 0; i < listed.size(); ++i) result[context.axis(listed[i], rank)] = {pads[i], pads[i + listed.size()]};
    return result;
}

std::vector<TensorType> infer_pad(const OperatorContext& context) {
    auto result = context.type(0);
    const auto pads = padding(context);
    for (std::size_t axis = 0; axis < pads.size(); ++axis) {
        const auto& [before, after] = pads[axis];
        const auto size = result.shape[axis];
        context.require(before >= -size && after >= -size && before < kLongestStep && after < kLongestStep && size + before + after >= 0,
                        "pads " + std::to_string(before) + " and " + std::to_string(after) + " on a size of " + std::to_string(size),
                        "sizes that are possible");
        result.shape[axis] = size + before + after;
    }
    return {result};
}

/// Where an element beyond the edge comes from; -1: the constant.
std::int64_t padded_source(const std::string& mode, std::int64_t position, std::int64_t size) {
    if (position >= 0 && position < size) return position;
    if (mode == "edge") return std::clamp(position, std::int64_t{0}, size - 1);
    if (mode == "wrap") return (position % size + size) % size;
    if (mode != "reflect") return -1;
    if (size == 1) return 0;
    const auto period = 2 * (size - 1);
    const auto folded = (position % period + period) % period;
    return folded < size ? folded : period - folded;
}

std::vector<Array> evaluate_pad(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto& array = context.constant(0);
    const auto mode = context.node().text("mode", "constant");
    const auto pads = padding(context);
    std::vector<Shape> selected;
    for (std::size_t axis = 0; axis < pads.size(); ++axis) {
        selected.emplace_back();
        context.require(array.shape[axis] > 0 || mode == "constant", "padding of an empty tensor", "mode constant");
        for (std::int64_t i = 0; i < types[0].shape[axis]; ++i)
            selected.back().push_back(padded_source(mode, i - pads[axis].first, array.shape[axis]));
    }
    double fill = context.node().real("value", 0);
    if (context.has(2)) {
        context.require(context.constant(2).size() == 1, "a constant_value of shape " + text_of(context.shape(2)), "a scalar");
        fill = context.constant(2).at(0);
    }
    return {select(array, selected, fill)};
}

}  // namespace

void add_slice_rules(OperatorRules& rules) {
    rules["Slice"] = {infer_slice, evaluate_slice};
    rules["Pad"] = {infer_pad, evaluate_pad};
}

}  // namespace tessera::models::onnx
