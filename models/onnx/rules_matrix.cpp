#include <algorithm>
#include <set>

#include "models/onnx/array_algorithms.h"
#include "models/onnx/operator_rules.h"

/// MatMul, Gemm and Einsum.
namespace tessera::models::onnx {

namespace {

/// Products of constants beyond this take minutes; networks compute positions or masks, not layers.
constexpr std::int64_t kMostMultiplications = std::int64_t{1} << 34;

void require_affordable(const OperatorContext& context, const Shape& loops) {
    const auto count = element_count(loops);
    context.require(count.has_value() && *count <= kMostMultiplications, "a product of constants over loops of " + text_of(loops),
                    "at most 2^34 multiplications");
}

/// Shapes of a product of stacks of matrices; vectors become matrices by an axis of 1.
struct MatrixProduct {
    Shape batch;
    std::int64_t rows = 1;
    std::int64_t inner = 1;
    std::int64_t columns = 1;
    Shape result;
};

MatrixProduct matrix_product(const OperatorContext& context) {
    context.require_rank(0, 1);
    context.require_rank(1, 1);
    auto a = context.shape(0);
    auto b = context.shape(1);
    const bool row = a.size() == 1;
    const bool column = b.size() == 1;
    if (row) a.insert(a.begin(), 1);
    if (column) b.push_back(1);
    const auto inner = a.back();
    const auto batch = broadcast({a.begin(), a.end() - 2}, {b.begin(), b.end() - 2});
    context.require(inner == b[b.size() - 2] && batch.has_value(),
                    "factors of shape " + text_of(context.shape(0)) + " and " + text_of(context.shape(1)), "matrices that fit");
    MatrixProduct product{.batch = *batch, .rows = a[a.size() - 2], .inner = inner, .columns = b.back(), .result = *batch};
    if (!row) product.result.push_back(product.rows);
    if (!column) product.result.push_back(product.columns);
    return product;
}

std::vector<TensorType> infer_mat_mul(const OperatorContext& context) {
    const bool integer = context.node().op_type == "MatMulInteger";
    return {{integer ? ElementType::int32 : context.type(0).type, matrix_product(context).result}};
}

/// result += a b, row-major, for one pair of matrices.
template <class T>
void multiply(const T* a, const T* b, T* result, const MatrixProduct& product) {
    const auto columns = product.columns;
    std::vector<double> sums(static_cast<std::size_t>(columns));
    for (std::int64_t row = 0; row < product.rows; ++row) {
        std::ranges::fill(sums, 0);
        for (std::int64_t k = 0; k < product.inner; ++k) {
            const auto factor = static_cast<double>(a[row * product.inner + k]);
            for (std::int64_t column = 0; column < columns; ++column)
                sums[static_cast<std::size_t>(column)] += factor * static_cast<double>(b[k * columns + column]);
        }
        for (std::int64_t column = 0; column < columns; ++column)
            result[row * columns + column] = static_cast<T>(sums[static_cast<std::size_t>(column)]);
    }
}

Array stack_of(const Array& array, const Shape& batch, std::int64_t rows, std::int64_t columns) {
    Shape own = array.shape;
    own.resize(own.size() >= 2 ? own.size() - 2 : 0);
    own.insert(own.end(), {rows, columns});
    Shape all = batch;
    all.insert(all.end(), {rows, columns});
    return expanded(reshaped(array, own), all);
}

std::vector<Array> evaluate_mat_mul(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto product = matrix_product(context);
    require_affordable(context, {element_count(product.batch).value_or(-1), product.rows, product.inner, product.columns});
    const auto a = stack_of(context.constant(0), product.batch, product.rows, product.inner);
    const auto b = stack_of(context.constant(1), product.batch, product.inner, product.columns);
    context.require(is_real(a.type) == is_real(b.type), "factors of different types");
    Array result = make_array(types[0].type, types[0].shape);
    for (std::int64_t i = 0; i < element_count(product.batch).value_or(0); ++i) {
        const auto left = i * product.rows * product.inner;
        const auto right = i * product.inner * product.columns;
        const auto to = i * product.rows * product.columns;
        if (is_real(a.type)) {
            multiply(a.reals.data() + left, b.reals.data() + right, result.reals.data() + to, product);
        } else {
            multiply(a.integers.data() + left, b.integers.data() + right, result.integers.data() + to, product);
        }
    }
    return {result};
}

std::vector<TensorType> infer_gemm(const OperatorContext& context) {
    context.require(context.rank(0) == 2 && context.rank(1) == 2,
                    "factors of shape " + text_of(context.shape(0)) + " and " + text_of(context.shape(1)), "two matrices");
    const bool a_turned = context.node().integer("transA", 0) != 0;
    const bool b_turned = context.node().integer("transB", 0) != 0;
    const auto& a = context.shape(0);
    const auto& b = context.shape(1);
    context.require(a[a_turned ? 0 : 1] == b[b_turned ? 1 : 0], "factors of shape " + text_of(a) + " and " + text_of(b),
                    "matrices that fit");
    const Shape shape = {a[a_turned ? 1 : 0], b[b_turned ? 0 : 1]};
    if (context.has(2))
        context.require(broadcast(shape, context.shape(2)) == shape, "a bias of shape " + text_of(context.shape(2)),
                        "one for " + text_of(shape));
    return {{context.type(0).type, shape}};
}

std::vector<Array> evaluate_gemm(const OperatorContext& context, const std::vector<TensorType>& types) {
    Array a = context.constant(0);
    Array b = context.constant(1);
    context.require(is_real(a.type) && is_real(b.type), "factors of integers", "reals");
    if (context.node().integer("transA", 0) != 0) a = transposed(a, {1, 0});
    if (context.node().integer("transB", 0) != 0) b = transposed(b, {1, 0});
    require_affordable(context, {a.shape[0], a.shape[1], b.shape[1]});
    Array result = make_array(types[0].type, types[0].shape);
    multiply(a.reals.data(), b.reals.data(), result.reals.data(),
             {.batch = {}, .rows = a.shape[0], .inner = a.shape[1], .columns = b.shape[1], .result = {}});
    const auto alpha = static_cast<float>(context.node().real("alpha", 1));
    const auto beta = static_cast<float>(context.node().real("beta", 1));
    const Array bias = context.has(2) ? expanded(context.constant(2), result.shape) : make_array(result.type, result.shape);
    for (std::size_t i = 0; i < result.reals.size(); ++i)
        result.reals[i] = alpha * result.reals[i] + beta * static_cast<float>(bias.at(static_cast<std::int64_t>(i)));
    return {result};
}

/// An equation of Einsum with an axis number for each letter.
struct Equation {
    std::vector<std::vector<std::size_t>> inputs;  ///< letters of each input's axes, as positions in `sizes`
    std::vector<std::size_t> output;
    Shape sizes;  ///< of each letter
};

std::vector<std::string> terms_of(const OperatorContext& context, std::string& output) {
    std::string equation = context.node().text("equation", "");
    std::erase(equation, ' ');
    context.require(equation.find('.') == std::string::npos, "equation " + equation, "one without an ellipsis");
    const auto arrow = equation.find("->");
    std::vector<std::string> terms(1);
    for (const char letter : equation.substr(0, arrow)) {
        if (letter == ',') {
            terms.emplace_back();
        } else {
            terms.back() += letter;
        }
    }
    if (arrow != std::string::npos) {
        output = equation.substr(arrow + 2);
        return terms;
    }
    std::map<char, int> seen;  // without an arrow: the letters that appear once, in order
    for (const auto& term : terms) {
        for (const char letter : term) ++seen[letter];
    }
    for (const auto& [letter, times] : seen) {
        if (times == 1) output += letter;
    }
    return terms;
}

Equation equation_of(const OperatorContext& context) {
    std::string output;
    const auto terms = terms_of(context, output);
    const auto text = context.node().text("equation", "");
    context.require(terms.size() == context.inputs(), "equation " + text,
                    "one term for each of " + std::to_string(context.inputs()) + " inputs");
    Equation equation;
    std::map<char, std::size_t> letters;
    for (std::size_t input = 0; input < terms.size(); ++input) {
        const auto& shape = context.shape(input);
        context.require(shape.size() == terms[input].size(), "an input of shape " + text_of(shape), "the axes of " + terms[input]);
        equation.inputs.emplace_back();
        for (std::size_t axis = 0; axis < shape.size(); ++axis) {
            const auto [letter, is_new] = letters.emplace(terms[input][axis], equation.sizes.size());
            if (is_new) equation.sizes.push_back(shape[axis]);
            context.require(equation.sizes[letter->second] == shape[axis], "an input of shape " + text_of(shape),
                            "the sizes that " + text + " asks for");
            equation.inputs.back().push_back(letter->second);
        }
    }
    for (const char letter : output) {
        context.require(letters.contains(letter), "equation " + text, "an output of known letters");
        equation.output.push_back(letters.at(letter));
    }
    return equation;
}

std::vector<TensorType> infer_einsum(const OperatorContext& context) {
    const auto equation = equation_of(context);
    Shape shape;
    for (const auto letter : equation.output) shape.push_back(equation.sizes[letter]);
    return {{context.type(0).type, shape}};
}

/// Stride of each letter in a tensor with these letters.
Shape letter_strides(const std::vector<std::size_t>& letters, const Shape& sizes) {
    Shape shape;
    for (const auto letter : letters) shape.push_back(sizes[letter]);
    const auto own = strides_of(shape);
    Shape strides(sizes.size(), 0);
    for (std::size_t axis = 0; axis < letters.size(); ++axis) strides[letters[axis]] += own[axis];
    return strides;
}

std::vector<Array> evaluate_einsum(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto equation = equation_of(context);
    require_affordable(context, equation.sizes);
    std::vector<Shape> strides;
    strides.reserve(equation.inputs.size());
    for (const auto& letters : equation.inputs) strides.push_back(letter_strides(letters, equation.sizes));
    const auto out = letter_strides(equation.output, equation.sizes);
    Array result = make_array(ElementType::float64, types[0].shape);
    for_each_index(equation.sizes, [&](std::int64_t, const Shape& index) {
        double product = 1;
        for (std::size_t input = 0; input < strides.size(); ++input) product *= context.constant(input).at(dot(index, strides[input]));
        auto& sum = result.reals[static_cast<std::size_t>(dot(index, out))];
        sum = static_cast<float>(static_cast<double>(sum) + product);
    });
    return {converted(result, types[0].type)};
}

}  // namespace

void add_matrix_rules(OperatorRules& rules) {
    rules["MatMul"] = {infer_mat_mul, evaluate_mat_mul};
    rules["MatMulInteger"] = {infer_mat_mul};
    rules["Gemm"] = {infer_gemm, evaluate_gemm};
    rules["Einsum"] = {infer_einsum, evaluate_einsum};
}

}  // namespace tessera::models::onnx
