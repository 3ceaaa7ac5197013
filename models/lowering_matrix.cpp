// Products with constant matrices, convolutions, and products of two activations.

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "models/lowering_context.h"

namespace tessera::models {

namespace {

std::int64_t product(Shape::const_iterator begin, Shape::const_iterator end) {
    return std::accumulate(begin, end, std::int64_t{1}, [](std::int64_t a, std::int64_t b) { return a * b; });
}

/// Weights of `outputs` rows of `inputs`; `transposed` says that the constant holds inputs x outputs.
Weights make_weights(const ConstantValues& constant, std::int64_t inputs, std::int64_t outputs, bool transposed) {
    Weights weights;
    weights.inputs = inputs;
    weights.outputs = outputs;
    weights.count = inputs * outputs;
    weights.format = constant.format;
    weights.format_from_file = constant.format.width > 0;
    weights.power_of_two_scales = constant.power_of_two_scale;
    if (!transposed) {
        weights.values = constant.values;
        return weights;
    }
    weights.values.resize(constant.values.size());
    for (std::int64_t i = 0; i < inputs; ++i) {
        for (std::int64_t o = 0; o < outputs; ++o) {
            weights.values[static_cast<std::size_t>(o * inputs + i)] = constant.values[static_cast<std::size_t>(i * outputs + o)];
        }
    }
    return weights;
}

void add_bias(Operator& op, const ConstantValues& bias) {
    op.weights.bias = bias.values;
    op.weights.count += static_cast<std::int64_t>(bias.values.size());
}

/// A constant matrix on the last axis; every other axis counts as tokens.
Operator& add_dense(LoweringContext& context, const onnx::Node& node, const std::string& input, Weights weights) {
    const Shape& shape = context.shape(input);
    TokenAxes wanted(shape.size(), true);
    wanted.back() = false;
    const Access tokens = same_layout(shape, context.axes(input), wanted) ? Access::aligned : Access::whole;
    const std::int64_t count = product(shape.begin(), shape.end() - 1);
    TokenAxes made(context.graph.value(node.outputs.front()).shape.size(), true);
    made.back() = false;
    Operator& op = context.add(node, OperatorKind::dense, {{context.tensor(input), tokens, Access::whole}}, std::move(made));
    op.weights = std::move(weights);
    op.macs = count * op.weights.inputs * op.weights.outputs;
    return op;
}

/// Integer weights of MatMulInteger and ConvInteger, zero point taken off.
ConstantValues integer_weights(LoweringContext& context, const onnx::Node& node) {
    ConstantValues constant = context.constant(node.inputs[1]);
    const bool is_unsigned =
        context.graph.is_constant(node.inputs[1]) && context.graph.constant(node.inputs[1]).type == onnx::ElementType::uint8;
    float zero_point = 0;
    if (node.inputs.size() > 3 && !node.inputs[3].empty()) zero_point = context.constant(node.inputs[3]).values.front();
    for (auto& value : constant.values) value -= zero_point;
    constant.format = {is_unsigned && zero_point != 0 ? 9 : 8, is_unsigned && zero_point != 0 ? 9 : 8, true};
    return constant;
}

void lower_constant_product(LoweringContext& context, const onnx::Node& node, const ConstantValues& matrix) {
    const auto& shape = matrix.shape;
    if (shape.size() == 2) {
        add_dense(context, node, node.inputs[0], make_weights(matrix, shape[0], shape[1], true));
        return;
    }
    throw InputError(context.graph.file, node.name, "a constant matrix of rank " + std::to_string(shape.size()), "rank 2");
}

/// Gemm: alpha A B + beta C with A an activation and B constant.
void lower_gemm(LoweringContext& context, const onnx::Node& node) {
    const ConstantValues matrix = context.constant(node.inputs[1]);
    const bool transposed = node.integer("transB", 0) != 0;
    const std::int64_t inputs = matrix.shape[transposed ? 1 : 0];
    const std::int64_t outputs = matrix.shape[transposed ? 0 : 1];
    Operator& op = add_dense(context, node, node.inputs[0], make_weights(matrix, inputs, outputs, !transposed));
    if (node.inputs.size() > 2 && !node.inputs[2].empty() && context.is_constant(node.inputs[2]))
        add_bias(op, context.constant(node.inputs[2]));
}

/// Attention's products: rows of the first operand with columns of the second, block by block of
/// the leading axes (heads).
void lower_activation_product(LoweringContext& context, const onnx::Node& node) {
    const Shape& a = context.shape(node.inputs[0]);
    const Shape& b = context.shape(node.inputs[1]);
    const Shape& out = context.graph.value(node.outputs.front()).shape;
    const std::size_t rank = out.size();
    TokenAxes rows(rank, false);
    rows[rank - 2] = true;
    const auto heads = product(out.begin(), out.end() - 2);
    const auto own = [&](const Shape& shape) { return TokenAxes(rows.end() - static_cast<std::ptrdiff_t>(shape.size()), rows.end()); };
    const Access tokens = a.size() >= 2 && same_layout(a, context.axes(node.inputs[0]), own(a)) ? Access::aligned : Access::whole;
    const auto by_head = [&](const std::string& name, const Shape& shape) {
        // Head by head where the leading axes are channels and so the coarsest part of the channel index.
        bool leading = heads > 1;
        for (std::size_t axis = 0; axis + 2 < shape.size(); ++axis) leading = leading && (shape[axis] == 1 || !context.axes(name)[axis]);
        return leading && product(shape.begin(), shape.end() - 2) == heads ? Access::aligned : Access::whole;
    };
    const Access first = by_head(node.inputs[0], a);
    const Access second = by_head(node.inputs[1], b);
    Operator& op =
        context.add(node, OperatorKind::matmul,
                    {{context.tensor(node.inputs[0]), tokens, first}, {context.tensor(node.inputs[1]), Access::whole, second}}, rows);
    op.heads = static_cast<int>(heads);
    op.contraction = a.back();
    op.macs = product(out.begin(), out.end()) * a.back();
}

/// A constant [groups, rows, K] times an activation [groups, K, N] (a class token's constant query
/// with all keys): each of the N columns is a token that meets the same constant rows.
void lower_constant_rows(LoweringContext& context, const onnx::Node& node) {
    const ConstantValues rows = context.constant(node.inputs[0]);
    const Shape& columns = context.shape(node.inputs[1]);
    const Shape& out = context.graph.value(node.outputs.front()).shape;
    TokenAxes made(out.size(), false);
    made.back() = true;
    TokenAxes wanted(columns.size(), false);
    wanted.back() = true;
    const Access tokens = same_layout(columns, context.axes(node.inputs[1]), wanted) ? Access::aligned : Access::whole;
    const std::int64_t groups = product(out.begin(), out.end() - 2);
    Operator& op = context.add(node, OperatorKind::dense,
                               {{context.tensor(node.inputs[1]), tokens, groups > 1 ? Access::aligned : Access::whole}}, std::move(made));
    op.weights = make_weights(rows, rows.shape.back(), groups * out[out.size() - 2], false);
    op.macs = out.back() * op.weights.inputs * op.weights.outputs;
}

Shape spatial(const Shape& shape, bool last) {
    return last ? Shape(shape.begin() + 1, shape.end() - 1) : Shape(shape.begin() + 2, shape.end());
}

void lower_convolution(LoweringContext& context, const onnx::Node& node, const ConstantValues& kernel, const std::string& bias) {
    const bool last = node.integer("channels_last", 0) != 0;
    const Shape input = context.shape(node.inputs[0]);
    const Shape output = context.graph.value(node.outputs.front()).shape;
    TokenAxes axes(output.size(), true);
    axes[last ? output.size() - 1 : 1] = false;
    const std::int64_t groups = node.integer("group", 1);
    const std::int64_t outputs = kernel.shape.front();
    const std::int64_t inputs = product(kernel.shape.begin() + 1, kernel.shape.end());
    const Shape window(kernel.shape.begin() + 2, kernel.shape.end());
    const Shape strides = node.integers("strides", Shape(window.size(), 1));
    const bool matches = same_layout(input, context.axes(node.inputs[0]), axes);
    const bool pointwise = groups == 1 && std::all_of(window.begin(), window.end(), [](auto k) { return k == 1; }) &&
                           std::all_of(strides.begin(), strides.end(), [](auto s) { return s == 1; });
    // A window's border depends on padding and stride: the whole image is said to be needed.
    const Access tokens = matches && pointwise ? Access::aligned : Access::whole;
    Operator& op =
        context.add(node, pointwise ? OperatorKind::dense : OperatorKind::convolution,
                    {{context.tensor(node.inputs[0]), tokens, groups > 1 && matches ? Access::aligned : Access::whole}}, std::move(axes));
    op.weights = make_weights(kernel, inputs, outputs, false);
    if (!bias.empty() && context.is_constant(bias)) add_bias(op, context.constant(bias));
    const Shape positions = spatial(output, last);
    op.macs = product(output.begin(), output.begin() + 1) * product(positions.begin(), positions.end()) * inputs * outputs;
    if (pointwise) return;
    op.window = window;
    op.strides = strides;
    op.groups = groups;
    op.row_length = static_cast<int>(window.size() > 1 ? spatial(input, last).back() : 1);
}

}  // namespace

bool lower_matrix(LoweringContext& context, const onnx::Node& node) {
    const auto& type = node.op_type;
    const bool constant = node.inputs.size() > 1 && context.is_constant(node.inputs[1]) && !context.is_constant(node.inputs[0]);
    const bool dynamic = node.inputs.size() > 1 && !context.is_constant(node.inputs[1]) && !context.is_constant(node.inputs[0]);
    if (type == "MatMul" && constant) {
        lower_constant_product(context, node, context.constant(node.inputs[1]));
    } else if (type == "MatMulInteger" && constant) {
        lower_constant_product(context, node, integer_weights(context, node));
    } else if ((type == "MatMul" || type == "MatMulInteger") && dynamic) {
        lower_activation_product(context, node);
    } else if (type == "MatMul" && node.inputs.size() > 1 && context.is_constant(node.inputs[0])) {
        lower_constant_rows(context, node);
    } else if (type == "Gemm" && constant && node.integer("transA", 0) == 0) {
        lower_gemm(context, node);
    } else if (type == "Conv" && constant) {
        lower_convolution(context, node, context.constant(node.inputs[1]), node.inputs.size() > 2 ? node.inputs[2] : "");
    } else if (type == "ConvInteger" && constant) {
        lower_convolution(context, node, integer_weights(context, node), "");
    } else {
        return false;
    }
    return true;
}

}  // namespace tessera::models
