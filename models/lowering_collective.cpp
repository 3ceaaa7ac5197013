// Operators over many elements at once: softmax, normalisation, sums, windows, sorting, recurrence.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "models/lowering_context.h"

namespace tessera::models {

namespace {

/// Along one axis; before opset 13 along all from `axis` (1 by default) on.
void lower_softmax(LoweringContext& context, const onnx::Node& node) {
    const Shape& shape = context.shape(node.inputs[0]);
    const TokenAxes axes = context.axes(node.inputs[0]);
    const bool coerces = context.graph.opset < 13;
    const std::size_t axis = positive_axis(node.integer("axis", coerces ? 1 : -1), shape.size());
    const std::size_t end = coerces ? shape.size() : axis + 1;
    std::int64_t heads = 1;
    for (std::size_t a = 0; a < axis; ++a) heads *= axes[a] ? 1 : shape[a];
    AxisAccess access;
    bool over_tokens = false;
    for (std::size_t a = axis; a < end; ++a) {
        if (shape[a] == 1) continue;
        over_tokens = over_tokens || axes[a];
        if (axes[a] || heads == 1) access.make_whole(axes[a]);
    }
    Operator& op = context.add(node, OperatorKind::softmax, {{context.tensor(node.inputs[0]), access.tokens, access.channels}}, axes);
    op.heads = over_tokens ? 1 : static_cast<int>(heads);
}

void lower_layer_normalisation(LoweringContext& context, const onnx::Node& node) {
    const Shape& shape = context.shape(node.inputs[0]);
    const TokenAxes axes = context.axes(node.inputs[0]);
    AxisAccess access;
    for (std::size_t axis = positive_axis(node.integer("axis", -1), axes.size()); axis < axes.size(); ++axis) {
        if (shape[axis] > 1) access.make_whole(axes[axis]);
    }
    Operator& op = context.add(node, OperatorKind::normalisation, {{context.tensor(node.inputs[0]), access.tokens, access.channels}}, axes);
    if (node.inputs.size() > 1 && !node.inputs[1].empty()) {
        op.weights.inputs = 1;
        op.weights.values = context.constant(node.inputs[1]).values;
        op.weights.outputs = static_cast<std::int64_t>(op.weights.values.size());
    }
    if (node.inputs.size() > 2 && !node.inputs[2].empty()) op.weights.bias = context.constant(node.inputs[2]).values;
    op.weights.count = static_cast<std::int64_t>(op.weights.values.size() + op.weights.bias.size());
}

/// Scale and shift that inference needs: gamma / sqrt(variance + epsilon), beta - mean x that (Ioffe
/// and Szegedy, arXiv:1502.03167).
void lower_batch_normalisation(LoweringContext& context, const onnx::Node& node) {
    const TokenAxes axes = context.axes(node.inputs[0]);
    const auto gamma = context.constant(node.inputs[1]).values;
    const auto beta = context.constant(node.inputs[2]).values;
    const auto mean = context.constant(node.inputs[3]).values;
    const auto variance = context.constant(node.inputs[4]).values;
    const double epsilon = node.real("epsilon", 1e-5);
    Operator& op = context.add(node, OperatorKind::scale_shift, {{context.tensor(node.inputs[0]), Access::aligned, Access::aligned}}, axes);
    op.weights.inputs = 1;
    op.weights.outputs = static_cast<std::int64_t>(gamma.size());
    op.weights.count = 4 * op.weights.outputs;
    for (std::size_t c = 0; c < gamma.size(); ++c) {
        const double scale = gamma[c] / std::sqrt(variance[c] + epsilon);
        op.weights.values.push_back(static_cast<float>(scale));
        op.weights.bias.push_back(static_cast<float>(beta[c] - mean[c] * scale));
    }
}

/// Mean and variance over all tokens of each channel.
void lower_instance_normalisation(LoweringContext& context, const onnx::Node& node) {
    const TokenAxes axes = context.axes(node.inputs[0]);
    Operator& op = context.add(node, OperatorKind::normalisation, {{context.tensor(node.inputs[0]), Access::whole, Access::aligned}}, axes);
    for (std::size_t i = 1; i < node.inputs.size(); ++i)
        op.weights.count += static_cast<std::int64_t>(context.constant(node.inputs[i]).values.size());
    op.weights.inputs = 1;
    op.weights.values = context.constant(node.inputs[1]).values;
    op.weights.outputs = static_cast<std::int64_t>(op.weights.values.size());
}

Shape reduced_axes(const LoweringContext& context, const onnx::Node& node, std::size_t rank) {
    Shape axes = node.integers("axes", {});
    if (node.inputs.size() > 1 && !node.inputs[1].empty()) axes = context.graph.constant(node.inputs[1]).integers;
    if (node.op_type.starts_with("Arg")) axes = {node.integer("axis", 0)};
    if (node.op_type.starts_with("Global")) {
        axes.resize(rank - 2);
        std::iota(axes.begin(), axes.end(), 2);
    }
    if (axes.empty()) {
        axes.resize(rank);
        std::iota(axes.begin(), axes.end(), 0);
    }
    return axes;
}

void lower_reduction(LoweringContext& context, const onnx::Node& node) {
    const Shape shape = context.shape(node.inputs[0]);
    const TokenAxes axes = context.axes(node.inputs[0]);
    const bool keep = node.op_type.starts_with("Global") || node.integer("keepdims", 1) != 0;
    std::vector<bool> gone(shape.size(), false);
    AxisAccess access;
    std::int64_t count = 1;
    for (const auto each : reduced_axes(context, node, shape.size())) {
        const std::size_t axis = positive_axis(each, shape.size());
        gone[axis] = true;
        count *= shape[axis];
        if (shape[axis] > 1) access.make_whole(axes[axis]);
    }
    TokenAxes made;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        if (keep || !gone[axis]) made.push_back(axes[axis]);
    }
    Operator& op =
        context.add(node, OperatorKind::reduction, {{context.tensor(node.inputs[0]), access.tokens, access.channels}}, std::move(made));
    op.contraction = count;
}

void lower_pooling(LoweringContext& context, const onnx::Node& node) {
    const TokenAxes axes = context.axes(node.inputs[0]);
    Operator& op = context.add(node, OperatorKind::pooling, {{context.tensor(node.inputs[0]), Access::whole, Access::aligned}}, axes);
    op.window = node.integers("kernel_shape", {});
    op.strides = node.integers("strides", Shape(op.window.size(), 1));
    op.row_length = static_cast<int>(op.window.size() > 1 ? context.shape(node.inputs[0])[axes.size() - (axes.back() ? 1 : 2)] : 1);
    op.contraction = std::accumulate(op.window.begin(), op.window.end(), std::int64_t{1}, [](auto a, auto b) { return a * b; });
}

void lower_top_k(LoweringContext& context, const onnx::Node& node) {
    const Shape shape = context.shape(node.inputs[0]);
    const TokenAxes axes = context.axes(node.inputs[0]);
    const std::size_t axis = positive_axis(node.integer("axis", -1), shape.size());
    AxisAccess access;
    access.make_whole(axes[axis]);
    Operator& op = context.add(node, OperatorKind::top_k, {{context.tensor(node.inputs[0]), access.tokens, access.channels}});
    op.window = {context.graph.value(node.outputs[0]).shape[axis]};
    op.contraction = shape[axis];
    for (const auto& output : node.outputs) {
        if (!output.empty()) context.add_output(output, axes);
    }
}

/// The last states [directions, batch, features] as a piece of all states [tokens, directions, batch, features].
void lower_last_state(LoweringContext& context, const onnx::Node& node, const std::string& states) {
    onnx::Node slice{.name = node.name + "/last", .op_type = "Slice", .inputs = {states}, .outputs = {node.outputs[1]}, .attributes = {}};
    const Shape shape = context.shape(states);
    const bool both_ends = shape[1] > 1;  // the backward direction ends at the first token
    Operator& op = context.add(slice, OperatorKind::wiring,
                               {{context.tensor(states), Access::whole, both_ends ? Access::whole : Access::aligned}}, {true, true, false});
    op.slice_begin = (shape[0] - 1) * shape[1] * shape[2];
}

/// The weights of all gates: on the input and on the state side by side.
Weights recurrent_weights(const LoweringContext& context, const onnx::Node& node) {
    const ConstantValues on_input = context.constant(node.inputs[1]);
    const ConstantValues on_state = context.constant(node.inputs[2]);
    Weights weights;
    weights.inputs = on_input.shape[2] + on_state.shape[2];
    weights.outputs = on_input.shape[1] * on_input.shape[0];
    weights.count = weights.inputs * weights.outputs;
    weights.format = on_input.format;
    weights.format_from_file = on_input.format.width > 0 && on_input.format == on_state.format;
    for (std::int64_t gate = 0; gate < weights.outputs; ++gate) {
        for (const auto* part : {&on_input, &on_state}) {
            const auto begin = part->values.begin() + gate * part->shape[2];
            weights.values.insert(weights.values.end(), begin, begin + part->shape[2]);
        }
    }
    if (node.inputs.size() > 3 && !node.inputs[3].empty()) weights.bias = context.constant(node.inputs[3]).values;
    weights.count += static_cast<std::int64_t>(weights.bias.size());
    return weights;
}

/// LSTM, GRU and RNN on [tokens, batch, features], one token after another. The operator makes all
/// states, whichever of them the file goes on with.
void lower_recurrent(LoweringContext& context, const onnx::Node& node) {
    const auto used = [&](std::size_t output) { return output < node.outputs.size() && !node.outputs[output].empty(); };
    if (node.integer("layout", 0) != 0 || used(2))
        throw InputError(context.graph.file, node.name, "a recurrent layer with layout 1, or whose last cell state is used",
                         "layout 0 and hidden states");
    const Shape shape = context.shape(node.inputs[0]);
    Weights weights = recurrent_weights(context, node);
    const std::int64_t directions = context.constant(node.inputs[1]).shape[0];
    const std::string states = used(0) ? node.outputs[0] : node.name + "/states";
    context.graph.values[states] = {.name = states,
                                    .type = onnx::ElementType::float32,
                                    .shape = {shape[0], directions, shape[1], context.constant(node.inputs[2]).shape[2]}};
    Operator& op = context.add(node, OperatorKind::recurrent, {{context.tensor(node.inputs[0]), Access::whole, Access::whole}});
    op.weights = std::move(weights);
    op.macs = shape[0] * shape[1] * op.weights.inputs * op.weights.outputs;
    context.add_output(states, {true, true, true, false});
    if (used(1)) lower_last_state(context, node, states);
}

}  // namespace

void add_collective_lowerings(Lowerings& lowerings) {
    for (const char* type : {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare",
                             "ReduceLogSum", "ReduceLogSumExp", "ArgMax", "ArgMin", "GlobalAveragePool", "GlobalMaxPool"})
        lowerings[type] = lower_reduction;
    for (const char* type : {"Softmax", "LogSoftmax"}) lowerings[type] = lower_softmax;
    for (const char* type : {"MaxPool", "AveragePool"}) lowerings[type] = lower_pooling;
    for (const char* type : {"LSTM", "GRU", "RNN"}) lowerings[type] = lower_recurrent;
    lowerings["LayerNormalization"] = lower_layer_normalisation;
    lowerings["BatchNormalization"] = lower_batch_normalisation;
    lowerings["InstanceNormalization"] = lower_instance_normalisation;
    lowerings["TopK"] = lower_top_k;
}

}  // namespace tessera::models
