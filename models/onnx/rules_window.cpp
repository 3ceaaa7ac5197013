#include <algorithm>
#include <cmath>

#include "models/onnx/array_algorithms.h"
#include "models/onnx/operator_rules.h"

/// Operators over windows of positions: convolution, pooling, resizing. Positions lie behind the
/// channels, or between batch and channels in QONNX's channels-last form.
namespace tessera::models::onnx {

namespace {

constexpr std::int64_t kLargestParameter = 1'000'000'000;

/// Where the positions of an activation of this rank lie: [first, first + count).
struct Positions {
    std::size_t first = 0;
    std::size_t count = 0;
    std::size_t channels = 0;
};

Positions positions_of(const OperatorContext& context) {
    context.require_rank(0, 3);
    const auto rank = context.shape(0).size();
    return context.channels_last() ? Positions{1, rank - 2, rank - 1} : Positions{2, rank - 2, 1};
}

/// A list of one entry a position axis; `otherwise` where the node has none.
Shape per_axis(const OperatorContext& context, const char* name, std::size_t count, std::int64_t least, std::int64_t otherwise) {
    auto values = context.node().integers(name, Shape(count, otherwise));
    context.require(values.size() == count, std::string(name) + " " + text_of(values), std::to_string(count) + " entries");
    for (const auto value : values)
        context.require(value >= least && value <= kLargestParameter, std::string(name) + " " + text_of(values),
                        "entries of " + std::to_string(least) + " and more");
    return values;
}

struct Window {
    Shape kernel;
    Shape strides;
    Shape dilations;
    Shape pads;  ///< all begins, then all ends
    std::string auto_pad;
};

Window window_of(const OperatorContext& context, const Positions& positions, const Shape& kernel) {
    Window window{.kernel = kernel,
                  .strides = per_axis(context, "strides", positions.count, 1, 1),
                  .dilations = per_axis(context, "dilations", positions.count, 1, 1),
                  .pads = per_axis(context, "pads", 2 * positions.count, 0, 0),
                  .auto_pad = context.node().text("auto_pad", "NOTSET")};
    if (window.auto_pad != "NOTSET") window.pads.assign(2 * positions.count, 0);
    return window;
}

/// Windows that fit along an axis (formula of the ONNX reference for Conv and the pooling operators).
std::int64_t windows_along(const OperatorContext& context, const Window& window, std::size_t axis, std::int64_t size) {
    const auto stride = window.strides[axis];
    if (window.auto_pad.starts_with("SAME")) return (size + stride - 1) / stride;
    const auto extent = window.dilations[axis] * (window.kernel[axis] - 1) + 1;
    const auto space = size + window.pads[axis] + window.pads[axis + window.kernel.size()] - extent;
    context.require(space >= 0, "a window of " + std::to_string(extent) + " on " + std::to_string(size) + " positions", "one that fits");
    const bool up = context.node().integer("ceil_mode", 0) != 0;
    return (space + (up ? stride - 1 : 0)) / stride + 1;
}

Shape kernel_of(const OperatorContext& context, const Positions& positions) {
    const auto& weights = context.shape(1);
    context.require(weights.size() == positions.count + 2, "weights of shape " + text_of(weights),
                    std::to_string(positions.count + 2) + " dimensions");
    const auto first = weights.begin() + (context.channels_last() ? 1 : 2);
    const Shape from_weights(first, first + static_cast<std::ptrdiff_t>(positions.count));
    auto kernel = context.node().integers("kernel_shape", from_weights);
    context.require(kernel == from_weights && std::ranges::all_of(kernel, [](auto size) { return size > 0; }),
                    "kernel_shape " + text_of(kernel), text_of(from_weights) + " as in the weights");
    return kernel;
}

std::vector<TensorType> infer_convolution(const OperatorContext& context) {
    const auto positions = positions_of(context);
    const auto window = window_of(context, positions, kernel_of(context, positions));
    const auto& weights = context.shape(1);
    const auto group = context.node().integer("group", 1);
    auto result = context.type(0);
    const auto channels = result.shape[positions.channels];
    context.require(
        group > 0 && weights[context.channels_last() ? weights.size() - 1 : 1] * group == channels && weights[0] % group == 0,
        std::to_string(channels) + " channels, weights of shape " + text_of(weights) + " in " + std::to_string(group) + " groups",
        "as many channels as the weights ask for");
    if (context.node().op_type == "ConvInteger") result.type = ElementType::int32;
    result.shape[positions.channels] = weights[0];
    for (std::size_t axis = 0; axis < positions.count; ++axis) {
        auto& size = result.shape[positions.first + axis];
        size = windows_along(context, window, axis, size);
    }
    return {result};
}

std::vector<TensorType> infer_transposed_convolution(const OperatorContext& context) {
    const auto positions = positions_of(context);
    const auto window = window_of(context, positions, kernel_of(context, positions));
    const auto extra = per_axis(context, "output_padding", positions.count, 0, 0);
    const auto given = context.node().integers("output_shape", {});
    const auto group = context.node().integer("group", 1);
    auto result = context.type(0);
    context.require(group > 0 && result.shape[1] == context.shape(1)[0], std::to_string(result.shape[1]) + " channels",
                    "those of the weights");
    result.shape[1] = context.shape(1)[1] * group;
    for (std::size_t axis = 0; axis < positions.count; ++axis) {
        auto& size = result.shape[positions.first + axis];
        const auto extent = window.dilations[axis] * (window.kernel[axis] - 1) + 1;
        if (given.size() == positions.count) {
            size = given[axis];
        } else if (window.auto_pad.starts_with("SAME")) {
            size *= window.strides[axis];
        } else {
            size = window.strides[axis] * (size - 1) + extra[axis] + extent - window.pads[axis] - window.pads[axis + positions.count];
        }
        context.require(size > 0, "a result of shape " + text_of(result.shape), "sizes of 1 and more");
    }
    return {result};
}

/// MaxPool gives the places of the largest as a second result.
std::vector<TensorType> infer_pooling(const OperatorContext& context) {
    const auto positions = positions_of(context);
    context.require(context.has_attribute("kernel_shape"), "no kernel_shape");
    const auto window = window_of(context, positions, per_axis(context, "kernel_shape", positions.count, 1, 1));
    auto result = context.type(0);
    for (std::size_t axis = 0; axis < positions.count; ++axis) {
        auto& size = result.shape[positions.first + axis];
        size = windows_along(context, window, axis, size);
    }
    return {result, {ElementType::int64, result.shape}};
}

std::vector<TensorType> infer_global_pooling(const OperatorContext& context) {
    const auto positions = positions_of(context);
    auto result = context.type(0);
    for (std::size_t axis = 0; axis < positions.count; ++axis) result.shape[positions.first + axis] = 1;
    return {result};
}

/// Scales: an attribute (Upsample before opset 9), input 1 (Upsample, Resize 10) or input 2 (Resize since 11).
std::vector<double> scales_of(const OperatorContext& context) {
    const auto& node = context.node();
    if (const auto found = node.attributes.find("scales"); found != node.attributes.end()) return found->second.reals;
    const std::size_t input = node.op_type == "Upsample" || context.opset() < 11 ? 1 : 2;
    std::vector<double> scales;
    if (!context.has(input)) return scales;
    const auto& array = context.constant(input);
    for (std::int64_t i = 0; i < array.size(); ++i) scales.push_back(array.at(i));
    return scales;
}

std::vector<TensorType> infer_resize(const OperatorContext& context) {
    auto result = context.type(0);
    auto axes = context.node().integers("axes", {});
    if (axes.empty()) {
        for (std::int64_t axis = 0; axis < context.rank(0); ++axis) axes.push_back(axis);
    }
    const auto sizes = context.opset() >= 11 && context.has(3) ? context.integers(3) : Shape{};
    const auto scales = scales_of(context);
    context.require((sizes.empty() ? scales.size() : sizes.size()) == axes.size(),
                    "sizes " + text_of(sizes) + ", " + std::to_string(scales.size()) + " scales", "one size or scale for each axis");
    context.require(context.node().text("keep_aspect_ratio_policy", "stretch") == "stretch", "another aspect ratio policy", "stretch");
    for (std::size_t i = 0; i < axes.size(); ++i) {
        auto& size = result.shape[context.axis(axes[i], context.rank(0))];
        const double wanted = sizes.empty() ? std::floor(static_cast<double>(size) * scales[i]) : static_cast<double>(sizes[i]);
        context.require(wanted >= 1 && wanted < static_cast<double>(kLargestParameter), "a size of " + std::to_string(wanted),
                        "1 and more");
        size = static_cast<std::int64_t>(wanted);
    }
    return {result};
}

}  // namespace

void add_window_rules(OperatorRules& rules) {
    rules["Conv"] = {infer_convolution};
    rules["ConvInteger"] = {infer_convolution};
    rules["ConvTranspose"] = {infer_transposed_convolution};
    rules["MaxPool"] = {infer_pooling};
    rules["AveragePool"] = {infer_pooling};
    rules["LpPool"] = {infer_pooling};
    rules["GlobalAveragePool"] = {infer_global_pooling};
    rules["GlobalMaxPool"] = {infer_global_pooling};
    rules["GlobalLpPool"] = {infer_global_pooling};
    rules["Resize"] = {infer_resize};
    rules["Upsample"] = {infer_resize};
}

}  // namespace tessera::models::onnx
