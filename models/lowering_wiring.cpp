// Operators that only move data, and look-ups.

#include <algorithm>

#include "core/error.h"
#include "models/lowering_context.h"

namespace tessera::models {

namespace {

Operator& add_wiring(LoweringContext& context, const onnx::Node& node, AxisAccess access, TokenAxes axes) {
    return context.add(node, OperatorKind::wiring, {{context.tensor(node.inputs[0]), access.tokens, access.channels}}, std::move(axes));
}

void lower_reshape(LoweringContext& context, const onnx::Node& node) {
    bool mixed = false;
    auto axes = reshaped(context.shape(node.inputs[0]), context.axes(node.inputs[0]), context.graph.value(node.outputs[0]).shape, mixed);
    add_wiring(context, node, mixed ? AxisAccess{Access::whole, Access::whole} : AxisAccess{}, std::move(axes));
}

void lower_transpose(LoweringContext& context, const onnx::Node& node) {
    const Shape& from = context.shape(node.inputs[0]);
    const TokenAxes& axes = context.axes(node.inputs[0]);
    Shape reversed(from.size());
    for (std::size_t axis = 0; axis < from.size(); ++axis) reversed[axis] = static_cast<std::int64_t>(from.size() - 1 - axis);
    const auto permutation = node.integers("perm", reversed);
    TokenAxes made;
    for (const auto axis : permutation) made.push_back(axes[static_cast<std::size_t>(axis)]);
    add_wiring(context, node, transposed_access(from, axes, permutation), std::move(made));
}

/// Expand and Tile: axes that were not there before are tokens.
void lower_repeat(LoweringContext& context, const onnx::Node& node) {
    const Shape& from = context.shape(node.inputs[0]);
    const Shape& to = context.graph.value(node.outputs[0]).shape;
    TokenAxes made(to.size(), true);
    const TokenAxes& axes = context.axes(node.inputs[0]);
    std::copy(axes.begin(), axes.end(), made.end() - static_cast<std::ptrdiff_t>(axes.size()));
    const AxisAccess access = broadcast_access(from, to, made);
    add_wiring(context, node, access, std::move(made));
}

/// Constants among the pieces (a class token, zeros) are a source of their own: an operator that
/// holds them is not needed, since they are wired into the consumer.
void lower_concat(LoweringContext& context, const onnx::Node& node) {
    const std::size_t axis = positive_axis(node.integer("axis", 0), context.graph.value(node.outputs[0]).shape.size());
    std::vector<Input> inputs;
    TokenAxes axes;
    bool constants = false;
    for (const auto& name : node.inputs) {
        if (context.is_constant(name)) {
            constants = true;
            continue;
        }
        if (axes.empty()) axes = context.axes(name);
        AxisAccess access = cut_access(context.shape(name), axes, axis);
        if (!same_layout(context.shape(name), context.axes(name), axes)) access = {Access::whole, Access::whole};
        inputs.push_back({context.tensor(name), access.tokens, access.channels});
    }
    // Offsets would be off by what the constants take.
    if (constants) {
        for (auto& input : inputs) (axes[axis] ? input.tokens : input.channels) = Access::whole;
    }
    context.add(node, OperatorKind::wiring, std::move(inputs), std::move(axes));
}

void lower_split(LoweringContext& context, const onnx::Node& node) {
    const Shape& from = context.shape(node.inputs[0]);
    const TokenAxes axes = context.axes(node.inputs[0]);
    const std::size_t axis = positive_axis(node.integer("axis", 0), from.size());
    const AxisAccess access = cut_access(from, axes, axis);
    context.add(node, OperatorKind::wiring, {{context.tensor(node.inputs[0]), access.tokens, access.channels}});
    for (const auto& output : node.outputs) {
        if (output.empty())
            throw InputError(context.graph.file, node.name, "a part of a Split that is empty or has no name", "parts of 1 and more");
        context.add_output(output, axes);
    }
}

/// Where a Slice of one axis with step 1 begins; nothing for any other.
struct SlicedAxis {
    std::size_t axis = 0;
    std::int64_t begin = 0;
    bool simple = false;
};

SlicedAxis sliced_axis(const LoweringContext& context, const onnx::Node& node) {
    const Shape& from = context.shape(node.inputs[0]);
    const Shape& to = context.graph.value(node.outputs[0]).shape;
    SlicedAxis found;
    std::size_t cut = 0;
    for (std::size_t axis = 0; axis < from.size(); ++axis) {
        if (from[axis] != to[axis]) found.axis = axis, ++cut;
    }
    const auto list = [&](std::size_t input, const char* attribute) {
        Shape values = node.integers(attribute, {});
        if (node.inputs.size() > input && !node.inputs[input].empty()) values = context.graph.constant(node.inputs[input]).integers;
        return values;
    };
    const Shape starts = list(1, "starts");
    Shape axes = list(3, "axes");
    const Shape steps = list(4, "steps");
    for (std::size_t i = axes.size(); i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
    found.simple = cut == 1 && std::all_of(steps.begin(), steps.end(), [](auto step) { return step == 1; });
    for (std::size_t i = 0; i < starts.size(); ++i) {
        if (positive_axis(axes[i], from.size()) != found.axis) continue;
        const std::int64_t begin = starts[i] < 0 ? starts[i] + from[found.axis] : starts[i];
        found.begin = std::clamp<std::int64_t>(begin, 0, from[found.axis] - to[found.axis]);
    }
    return found;
}

void lower_slice(LoweringContext& context, const onnx::Node& node) {
    const Shape from = context.shape(node.inputs[0]);
    const TokenAxes axes = context.axes(node.inputs[0]);
    const SlicedAxis cut = sliced_axis(context, node);
    const AxisAccess access = cut.simple ? cut_access(from, axes, cut.axis) : AxisAccess{Access::whole, Access::whole};
    Operator& op = add_wiring(context, node, access, axes);
    op.slice_begin = cut.begin * stride_of(from, axes, cut.axis);
}

/// The table of an embedding, output by output: one for each entry beside the axis that is looked up.
Weights table_weights(const ConstantValues& table, std::size_t axis) {
    Weights weights;
    weights.inputs = table.shape[axis];
    weights.count = static_cast<std::int64_t>(table.values.size());
    weights.outputs = weights.count / weights.inputs;
    weights.format = table.format;
    weights.format_from_file = table.format.width > 0;
    weights.power_of_two_scales = table.power_of_two_scale;
    std::int64_t inner = 1;
    for (std::size_t later = axis + 1; later < table.shape.size(); ++later) inner *= table.shape[later];
    for (std::int64_t output = 0; output < weights.outputs; ++output) {
        for (std::int64_t row = 0; row < weights.inputs; ++row)
            weights.values.push_back(
                table.values[static_cast<std::size_t>((output / inner * weights.inputs + row) * inner + output % inner)]);
    }
    return weights;
}

/// Gather by constant indices is wiring; from a constant table it is an embedding; else a look-up
/// of neighbours.
void lower_gather(LoweringContext& context, const onnx::Node& node) {
    const Shape& to = context.graph.value(node.outputs[0]).shape;
    if (context.is_constant(node.inputs[0])) {
        const ConstantValues table = context.constant(node.inputs[0]);
        TokenAxes axes(to.size(), true);
        axes.back() = false;
        Operator& op =
            context.add(node, OperatorKind::gather, {{context.tensor(node.inputs[1]), Access::aligned, Access::whole}}, std::move(axes));
        op.weights = table_weights(table, node.op_type == "Gather" ? positive_axis(node.integer("axis", 0), table.shape.size()) : 0);
        return;
    }
    if (node.op_type != "Gather") {  // each result element has an address of its own
        std::vector<Input> inputs{{context.tensor(node.inputs[0]), Access::whole, Access::whole}};
        const bool is_wiring = context.is_constant(node.inputs[1]);
        if (!is_wiring) inputs.push_back({context.tensor(node.inputs[1]), Access::aligned, Access::aligned});
        context.add(node, is_wiring ? OperatorKind::wiring : OperatorKind::gather, std::move(inputs), TokenAxes(to.size(), true));
        return;
    }
    const Shape& from = context.shape(node.inputs[0]);
    const TokenAxes& axes = context.axes(node.inputs[0]);
    const std::size_t axis = positive_axis(node.integer("axis", 0), from.size());
    const std::size_t added = to.size() + 1 - from.size();  // rank of the indices
    TokenAxes made(axes.begin(), axes.begin() + static_cast<std::ptrdiff_t>(axis));
    made.insert(made.end(), added, axes[axis]);
    made.insert(made.end(), axes.begin() + static_cast<std::ptrdiff_t>(axis) + 1, axes.end());
    AxisAccess access;
    access.make_whole(axes[axis]);
    if (context.is_constant(node.inputs[1])) {
        add_wiring(context, node, access, std::move(made));
        return;
    }
    const TensorId indices = context.tensor(node.inputs[1]);
    context.add(node, OperatorKind::gather,
                {{context.tensor(node.inputs[0]), access.tokens, access.channels}, {indices, Access::whole, Access::whole}},
                std::move(made));
}

/// ScatterND and ScatterElements: with constant indices the updates are wired to their places.
void lower_scatter(LoweringContext& context, const onnx::Node& node) {
    const Shape& to = context.graph.value(node.outputs[0]).shape;
    const bool is_wiring = context.is_constant(node.inputs[1]);
    const Shape& updates = context.shape(node.inputs[2]);
    TokenAxes made(to.size(), true);
    // Axes that the updates share with the result keep their layout; what is addressed anew is tokens.
    AxisAccess access{Access::whole, Access::aligned};
    for (std::size_t axis = 0; axis < to.size(); ++axis) {
        made[axis] = !(axis < updates.size() && updates[axis] == to[axis] && !context.axes(node.inputs[2])[axis]);
    }
    const bool has_channels = std::find(made.begin(), made.end(), false) != made.end();
    if (!has_channels) access.channels = Access::whole;
    std::vector<Input> inputs;
    if (!context.is_constant(node.inputs[0])) inputs.push_back({context.tensor(node.inputs[0]), Access::aligned, Access::aligned});
    inputs.push_back({context.tensor(node.inputs[2]), access.tokens, access.channels});
    if (!is_wiring) inputs.push_back({context.tensor(node.inputs[1]), Access::whole, Access::whole});
    context.add(node, is_wiring ? OperatorKind::wiring : OperatorKind::scatter, std::move(inputs), std::move(made));
}

/// Pad, Resize and the like move data between tokens: any may need any.
void lower_rearrangement(LoweringContext& context, const onnx::Node& node) {
    const Shape& from = context.shape(node.inputs[0]);
    const Shape& to = context.graph.value(node.outputs[0]).shape;
    TokenAxes axes = context.axes(node.inputs[0]);
    AxisAccess access;
    if (from.size() != to.size()) axes.assign(to.size(), true);
    for (std::size_t axis = 0; axis < to.size(); ++axis) {
        if (from.size() != to.size() || from[axis] != to[axis]) access.make_whole(axes[axis]);
    }
    if (node.op_type == "DepthToSpace" || node.op_type == "SpaceToDepth") access = {Access::whole, Access::whole};
    add_wiring(context, node, access, std::move(axes));
}

/// The type or the name changes, the values do not.
void lower_identity(LoweringContext& context, const onnx::Node& node) { context.alias(node.outputs[0], node.inputs[0]); }

}  // namespace

void add_wiring_lowerings(Lowerings& lowerings) {
    for (const char* type : {"Reshape", "Flatten", "Squeeze", "Unsqueeze"}) lowerings[type] = lower_reshape;
    for (const char* type : {"Expand", "Tile"}) lowerings[type] = lower_repeat;
    for (const char* type : {"Gather", "GatherElements", "GatherND"}) lowerings[type] = lower_gather;
    for (const char* type : {"ScatterND", "ScatterElements", "Scatter"}) lowerings[type] = lower_scatter;
    for (const char* type : {"Pad", "Resize", "Upsample", "DepthToSpace", "SpaceToDepth"}) lowerings[type] = lower_rearrangement;
    for (const char* type : {"Cast", "Identity", "Dropout"}) lowerings[type] = lower_identity;
    lowerings["Transpose"] = lower_transpose;
    lowerings["Concat"] = lower_concat;
    lowerings["Split"] = lower_split;
    lowerings["Slice"] = lower_slice;
}

}  // namespace tessera::models
