// Operators that work element by element.

#include <algorithm>
#include <array>

#include "models/lowering_context.h"

namespace tessera::models {

namespace {

constexpr std::array kFunctions{"Relu",
                                "LeakyRelu",
                                "PRelu",
                                "Sigmoid",
                                "Tanh",
                                "Erf",
                                "Gelu",
                                "Swish",
                                "HardSigmoid",
                                "HardSwish",
                                "Softplus",
                                "Softsign",
                                "Elu",
                                "Selu",
                                "Sqrt",
                                "Log",
                                "Exp",
                                "Clip",
                                "Neg",
                                "Abs",
                                "Sign",
                                "Atan",
                                "Sin",
                                "Cos",
                                "Floor",
                                "Ceil",
                                "Round",
                                "Reciprocal",
                                "Not",
                                "Mish",
                                "ThresholdedRelu",
                                "Celu",
                                "IsNaN"};
constexpr std::array kOperands{
    "Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Sum", "Mean", "Where", "Equal", "Greater", "Less", "LessOrEqual", "GreaterOrEqual",
    "And", "Or",  "Xor"};
constexpr std::array kLinear{"Add", "Sub", "Mul", "Div"};

/// The layout of the result: that of the operand with as many elements, the coarsest where several have.
TokenAxes result_axes(const LoweringContext& context, const onnx::Node& node, const Shape& shape) {
    TokenAxes best(shape.size(), true);
    if (!best.empty()) best.back() = false;
    std::int64_t most_elements = -1;
    std::ptrdiff_t fewest_tokens = 0;
    for (const auto& name : node.inputs) {
        if (name.empty() || context.is_constant(name)) continue;
        const auto& tensor = context.network.tensor(context.tensor(name));
        const std::int64_t elements = tensor.stream().elements();
        std::ptrdiff_t tokens = 0;
        for (std::size_t axis = 0; axis < tensor.shape.size(); ++axis) tokens += tensor.token_axes[axis] && tensor.shape[axis] > 1 ? 1 : 0;
        if (elements < most_elements || (elements == most_elements && tokens >= fewest_tokens)) continue;
        most_elements = elements;
        fewest_tokens = tokens;
        best.assign(shape.size(), true);
        std::copy(tensor.token_axes.begin(), tensor.token_axes.end(), best.end() - static_cast<std::ptrdiff_t>(tensor.token_axes.size()));
    }
    return best;
}

/// Whether a constant has an entry for each channel of a tensor and none for its tokens.
bool lies_along_channels(const Shape& constant, const Tensor& tensor) {
    if (constant.size() > tensor.shape.size()) return false;
    for (std::size_t back = 1; back <= tensor.shape.size(); ++back) {
        const std::size_t axis = tensor.shape.size() - back;
        const std::int64_t size = back <= constant.size() ? constant[constant.size() - back] : 1;
        if (size != (tensor.token_axes[axis] ? 1 : tensor.shape[axis])) return false;
    }
    return true;
}

/// Adds the constant to the matrix product before it, where it is a bias and nothing else sees the product.
bool fuse_bias(LoweringContext& context, const onnx::Node& node) {
    if (node.op_type != "Add" || node.inputs.size() != 2) return false;
    const bool first = context.is_constant(node.inputs[0]);
    if (first == context.is_constant(node.inputs[1])) return false;
    const std::string& value = node.inputs[first ? 1 : 0];
    const TensorId tensor = context.tensor(value);
    const auto producer = std::find_if(context.network.operators.rbegin(), context.network.operators.rend(),
                                       [&](const Operator& op) { return !op.outputs.empty() && op.outputs.front() == tensor; });
    if (producer == context.network.operators.rend() || producer->kind != OperatorKind::dense || !producer->weights.bias.empty() ||
        context.users(value) != 1)
        return false;
    const ConstantValues bias = context.constant(node.inputs[first ? 0 : 1]);
    if (static_cast<std::int64_t>(bias.values.size()) != producer->weights.outputs ||
        !lies_along_channels(bias.shape, context.network.tensor(tensor)))
        return false;
    producer->weights.bias = bias.values;
    producer->weights.count += producer->weights.outputs;
    context.alias(node.outputs[0], value);
    return true;
}

/// One factor or summand for each channel (or one for all): what a constant operand comes to.
Weights channel_constants(const LoweringContext& context, const onnx::Node& node, std::int64_t channels) {
    Weights weights;
    weights.inputs = 1;
    weights.outputs = channels;
    for (const auto& name : node.inputs) {
        if (!context.is_constant(name)) continue;
        const ConstantValues constant = context.constant(name);
        weights.count += static_cast<std::int64_t>(constant.values.size());
        // Constants that differ from token to token stand in a table as large as a channel's.
        for (std::int64_t c = 0; c < channels; ++c)
            weights.values.push_back(constant.values[static_cast<std::size_t>(c) % constant.values.size()]);
        weights.format = constant.format;
        weights.format_from_file = constant.format.width > 0;
        weights.power_of_two_scales = constant.power_of_two_scale;
        break;
    }
    return weights;
}

void lower_function(LoweringContext& context, const onnx::Node& node) {
    const Shape& shape = context.graph.value(node.outputs.front()).shape;
    const TokenAxes axes = result_axes(context, node, shape);
    const auto inputs = context.broadcast_inputs(node, shape, axes);
    context.add(node, OperatorKind::activation, {inputs.front()}, axes);
}

void lower_operands(LoweringContext& context, const onnx::Node& node) {
    if (fuse_bias(context, node)) return;
    const Shape& shape = context.graph.value(node.outputs.front()).shape;
    const TokenAxes axes = result_axes(context, node, shape);
    const auto inputs = context.broadcast_inputs(node, shape, axes);
    if (inputs.size() > 1) {
        context.add(node, OperatorKind::elementwise, inputs, axes);
    } else if (std::ranges::find(kLinear, node.op_type) != kLinear.end()) {
        Operator& op = context.add(node, OperatorKind::scale_shift, inputs, axes);
        op.weights = channel_constants(context, node, context.network.stream(op.id).channels);
    } else {
        context.add(node, OperatorKind::activation, inputs, axes);  // a function of one value: Pow 2, Max 0, Equal 0
    }
}

}  // namespace

void add_elementwise_lowerings(Lowerings& lowerings) {
    for (const char* type : kFunctions) lowerings[type] = lower_function;
    for (const char* type : kOperands) lowerings[type] = lower_operands;
}

}  // namespace tessera::models
