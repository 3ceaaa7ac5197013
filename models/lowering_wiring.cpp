// Operators that only move data, and look-ups.

#include <algorithm>
#include <set>

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
    for (const auto& output : node.outputs) context.add_output(output, axes);
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
        op.weights.inputs = table.shape.front();
        op.weights.outputs = static_cast<std::int64_t>(table.values.size()) / std::max<std::int64_t>(1, op.weights.inputs);
        op.weights.count = static_cast<std::int64_t>(table.values.size());
        op.weights.values = table.values;
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

}  // namespace

bool lower_wiring(LoweringContext& context, const onnx::Node& node) {
    static const std::set<std::string> kReshapes{"Reshape", "Flatten", "Squeeze", "Unsqueeze"};
    static const std::set<std::string> kRearrangements{"Pad", "Resize", "Upsample", "DepthToSpace", "SpaceToDepth"};
    static const std::set<std::string> kScatters{"ScatterND", "ScatterElements", "Scatter"};
    const auto& type = node.op_type;
    if (kReshapes.contains(type)) {
        lower_reshape(context, node);
    } else if (type == "Transpose") {
        lower_transpose(context, node);
    } else if (type == "Expand" || type == "Tile") {
        lower_repeat(context, node);
    } else if (type == "Concat") {
        lower_concat(context, node);
    } else if (type == "Split") {
        lower_split(context, node);
    } else if (type == "Slice") {
        lower_slice(context, node);
    } else if (type == "Gather" || type == "GatherElements" || type == "GatherND") {
        lower_gather(context, node);
    } else if (kScatters.contains(type)) {
        lower_scatter(context, node);
    } else if (kRearrangements.contains(type)) {
        lower_rearrangement(context, node);
    } else if (type == "Cast" || type == "Identity" || type == "Dropout") {
        context.alias(node.outputs[0], node.inputs[0]);
    } else {
        return false;
    }
    return true;
}

}  // namespace tessera::models
