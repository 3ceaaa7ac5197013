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

bool has_input(const onnx::Node& node, std::size_t input) { return node.inputs.size() > input && !node.inputs[input].empty(); }

[[noreturn]] void refuse(const LoweringContext& context, const onnx::Node& node, const std::string& found, const std::string& expected) {
    throw InputError(context.graph.file, node.name + " (" + node.op_type + ")", found, expected);
}

/// Weights of `outputs` rows of `inputs`; `transposed` says that the constant holds inputs x outputs.
Weights make_weights(ConstantValues constant, std::int64_t inputs, std::int64_t outputs, bool transposed) {
    Weights weights;
    weights.inputs = inputs;
    weights.outputs = outputs;
    weights.count = inputs * outputs;
    weights.format = constant.format;
    weights.format_from_file = constant.format.width > 0;
    weights.power_of_two_scales = constant.power_of_two_scale;
    if (!transposed) {
        weights.values = std::move(constant.values);
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

/// A constant matrix on the last axis; every other axis counts as tokens. A product with a vector leaves no axis for it.
Operator& add_dense(LoweringContext& context, const onnx::Node& node, const std::string& input, Weights weights, bool is_vector = false) {
    const Shape& shape = context.shape(input);
    TokenAxes wanted(shape.size(), true);
    wanted.back() = false;
    const Access tokens = same_layout(shape, context.axes(input), wanted) ? Access::aligned : Access::whole;
    const std::int64_t count = product(shape.begin(), shape.end() - 1);
    TokenAxes made(context.graph.value(node.outputs.front()).shape.size(), true);
    if (!is_vector) made.back() = false;
    Operator& op = context.add(node, OperatorKind::dense, {{context.tensor(input), tokens, Access::whole}}, std::move(made));
    op.weights = std::move(weights);
    op.macs = count * op.weights.inputs * op.weights.outputs;
    return op;
}

/// Integer weights of MatMulInteger and ConvInteger, zero points taken off: one for all or one an output.
ConstantValues integer_weights(const LoweringContext& context, const onnx::Node& node) {
    ConstantValues constant = context.constant(node.inputs[1]);
    constant.format = {
        8, 8, !context.graph.is_constant(node.inputs[1]) || context.graph.constant(node.inputs[1]).type == onnx::ElementType::int8};
    if (!has_input(node, 3)) return constant;
    const auto zeros = context.constant(node.inputs[3]).values;
    if (std::ranges::all_of(zeros, [](float zero) { return zero == 0; })) return constant;
    const bool outputs_first = node.op_type == "ConvInteger";
    const auto outputs = static_cast<std::size_t>(outputs_first ? constant.shape.front() : constant.shape.back());
    if (zeros.size() != 1 && zeros.size() != outputs)
        refuse(context, node, std::to_string(zeros.size()) + " zero points for " + std::to_string(outputs) + " outputs", "one for each");
    const std::size_t stride = outputs_first ? constant.values.size() / outputs : 1;
    for (std::size_t i = 0; i < constant.values.size(); ++i) constant.values[i] -= zeros[i / stride % zeros.size()];
    const auto [least, most] = std::ranges::minmax(constant.values);
    constant.format = shifted_format(constant.format, least, most);
    return constant;
}

/// A constant [K, N]; a vector [K] is one column, leading axes of 1 count for nothing.
void lower_constant_product(LoweringContext& context, const onnx::Node& node, ConstantValues matrix) {
    const std::size_t rank = matrix.shape.size();
    if (rank > 2 && product(matrix.shape.begin(), matrix.shape.end() - 2) > 1)
        refuse(context, node, "a constant second factor of " + std::to_string(rank) + " dimensions", "one matrix");
    const std::int64_t inputs = rank == 1 ? matrix.shape[0] : matrix.shape[rank - 2];
    const std::int64_t outputs = rank == 1 ? 1 : matrix.shape[rank - 1];
    add_dense(context, node, node.inputs[0], make_weights(std::move(matrix), inputs, outputs, true), rank == 1);
}

/// Gemm of an activation and a constant matrix: alpha A B + beta C.
void lower_constant_gemm(LoweringContext& context, const onnx::Node& node) {
    ConstantValues matrix = context.constant(node.inputs[1]);
    const bool transposed = node.integer("transB", 0) != 0;
    const std::int64_t inputs = matrix.shape[transposed ? 1 : 0];
    const std::int64_t outputs = matrix.shape[transposed ? 0 : 1];
    const auto alpha = static_cast<float>(node.real("alpha", 1));
    for (auto& value : matrix.values) value *= alpha;
    if (alpha != 1) matrix.format = {};
    Operator& op = add_dense(context, node, node.inputs[0], make_weights(std::move(matrix), inputs, outputs, !transposed));
    if (!has_input(node, 2)) return;
    ConstantValues bias = context.constant(node.inputs[2]);
    for (auto& value : bias.values) value *= static_cast<float>(node.real("beta", 1));
    add_bias(op, bias);
}

/// The steps that a Gemm of two activations stands for, one after another.
class GemmSteps {
  public:
    GemmSteps(LoweringContext& context, const onnx::Node& gemm) : context_(context), gemm_(gemm) {}

    void run() {
        const std::string a = transposed(0, "transA");
        const std::string b = transposed(1, "transB");
        const Shape& result = context_.graph.value(gemm_.outputs[0]).shape;
        const bool summed = has_input(gemm_, 2);
        const double alpha = gemm_.real("alpha", 1);
        const std::string last = gemm_.outputs[0];
        const std::string scaled = summed ? step("Mul", result) : last;
        const std::string product = alpha != 1 ? step("MatMul", result) : scaled;
        add("MatMul", {a, b}, product);
        if (alpha != 1) add("Mul", {product, number("alpha", alpha)}, scaled);
        if (!summed) return;
        std::string summand = gemm_.inputs[2];
        if (const double beta = gemm_.real("beta", 1); beta != 1) {
            const std::string weighed = step("beta", context_.shape(summand));
            add("Mul", {summand, number("beta_value", beta)}, weighed);
            summand = weighed;
        }
        add("Add", {scaled, summand}, last);
    }

  private:
    std::string step(const std::string& what, const Shape& shape) {
        std::string name = gemm_.outputs[0] + "/" + what;
        context_.graph.values[name] = {.name = name, .type = context_.graph.value(gemm_.outputs[0]).type, .shape = shape};
        return name;
    }

    std::string number(const std::string& what, double value) {
        std::string name = gemm_.outputs[0] + "/" + what;
        context_.set_constant(name, {.shape = {1}, .values = {static_cast<float>(value)}, .format = {}, .power_of_two_scale = true});
        return name;
    }

    std::string transposed(std::size_t input, const char* attribute) {
        const std::string& from = gemm_.inputs[input];
        if (gemm_.integer(attribute, 0) == 0) return from;
        const Shape& shape = context_.shape(from);
        std::string name = step(attribute, {shape[1], shape[0]});
        add("Transpose", {from}, name);
        return name;
    }

    void add(const std::string& type, std::vector<std::string> inputs, const std::string& output) {
        lower_node(context_,
                   {.name = gemm_.name + "/" + type, .op_type = type, .inputs = std::move(inputs), .outputs = {output}, .attributes = {}});
    }

    LoweringContext& context_;
    const onnx::Node& gemm_;
};

void lower_gemm(LoweringContext& context, const onnx::Node& node) {
    const bool constant_sum = !has_input(node, 2) || context.is_constant(node.inputs[2]);
    const bool plain = !context.is_constant(node.inputs[0]) && node.integer("transA", 0) == 0;
    if (plain && constant_sum && context.is_constant(node.inputs[1])) return lower_constant_gemm(context, node);
    GemmSteps(context, node).run();
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
    if (rows.shape.size() < 2 || columns.size() < 2 || product(rows.shape.begin(), rows.shape.end() - 2) != groups)
        refuse(context, node, "a constant first factor that is repeated", "one matrix for each of the second's");
    Operator& op = context.add(node, OperatorKind::dense,
                               {{context.tensor(node.inputs[1]), tokens, groups > 1 ? Access::aligned : Access::whole}}, std::move(made));
    op.weights = make_weights(rows, rows.shape.back(), groups * out[out.size() - 2], false);
    op.macs = out.back() * op.weights.inputs * op.weights.outputs;
}

Shape spatial(const Shape& shape, bool last) {
    return last ? Shape(shape.begin() + 1, shape.end() - 1) : Shape(shape.begin() + 2, shape.end());
}

/// Conv and ConvInteger; the kernel is [outputs, inputs of a group, window...], channels last in QONNX's form.
void lower_convolution(LoweringContext& context, const onnx::Node& node) {
    if (!context.is_constant(node.inputs[1])) refuse(context, node, "a kernel that depends on data", "a constant");
    const bool is_integer = node.op_type == "ConvInteger";
    const bool last = node.integer("channels_last", 0) != 0;
    ConstantValues kernel = is_integer ? integer_weights(context, node) : context.constant(node.inputs[1]);
    const Shape input = context.shape(node.inputs[0]);
    const Shape output = context.graph.value(node.outputs.front()).shape;
    TokenAxes axes(output.size(), true);
    axes[last ? output.size() - 1 : 1] = false;
    const std::int64_t groups = node.integer("group", 1);
    const std::int64_t outputs = kernel.shape.front();
    const std::int64_t inputs = product(kernel.shape.begin() + 1, kernel.shape.end());
    const Shape window = spatial(kernel.shape, last);
    const bool matches = same_layout(input, context.axes(node.inputs[0]), axes);
    const bool pointwise = groups == 1 && product(window.begin(), window.end()) == 1 && spatial(input, last) == spatial(output, last);
    // A window's border depends on padding and stride: the whole image is said to be needed.
    const Access tokens = matches && pointwise ? Access::aligned : Access::whole;
    Operator& op =
        context.add(node, pointwise ? OperatorKind::dense : OperatorKind::convolution,
                    {{context.tensor(node.inputs[0]), tokens, groups > 1 && matches ? Access::aligned : Access::whole}}, std::move(axes));
    op.weights = make_weights(std::move(kernel), inputs, outputs, false);
    if (!is_integer && has_input(node, 2)) {
        if (!context.is_constant(node.inputs[2])) refuse(context, node, "a bias that depends on data", "a constant");
        add_bias(op, context.constant(node.inputs[2]));
    }
    const Shape positions = spatial(output, last);
    op.macs = output.front() * product(positions.begin(), positions.end()) * inputs * outputs;
    if (pointwise) return;
    op.window = window;
    op.strides = node.integers("strides", Shape(window.size(), 1));
    op.groups = groups;
    op.row_length = static_cast<int>(window.size() > 1 ? spatial(input, last).back() : 1);
}

void lower_matmul(LoweringContext& context, const onnx::Node& node) {
    const bool is_integer = node.op_type == "MatMulInteger";
    const bool first = context.is_constant(node.inputs[0]);
    const bool second = context.is_constant(node.inputs[1]);
    if (first && is_integer) refuse(context, node, "a constant first factor", "a constant second factor or none");
    if (first) return lower_constant_rows(context, node);
    if (second)
        return lower_constant_product(context, node, is_integer ? integer_weights(context, node) : context.constant(node.inputs[1]));
    lower_activation_product(context, node);
}

}  // namespace

void add_matrix_lowerings(Lowerings& lowerings) {
    for (const char* type : {"MatMul", "MatMulInteger"}) lowerings[type] = lower_matmul;
    for (const char* type : {"Conv", "ConvInteger"}) lowerings[type] = lower_convolution;
    lowerings["Gemm"] = lower_gemm;
}

}  // namespace tessera::models
