#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "models/onnx/array_algorithms.h"
#include "models/onnx/operator_rules.h"

/// Functions of one element, as the ONNX operator reference defines them, with its default parameters.
namespace tessera::models::onnx {

namespace {

struct UnaryFunction {
    double (*real)(double x, double alpha, double beta) = nullptr;
    double alpha = 0;  ///< where the node has no such attribute
    double beta = 0;
    const char* beta_name = "beta";
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double gelu(double x, double tanh_form, double /*beta*/) {
    if (tanh_form == 0) return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2));
    return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

double selu(double x, double alpha, double gamma) { return gamma * (x > 0 ? x : alpha * std::expm1(x)); }
double celu(double x, double alpha, double /*beta*/) { return std::max(0.0, x) + std::min(0.0, alpha * std::expm1(x / alpha)); }

const std::map<std::string, UnaryFunction, std::less<>>& unary_functions() {
    using D = double;
    static const std::map<std::string, UnaryFunction, std::less<>> functions = {
        {"Abs", {[](D x, D, D) { return std::abs(x); }}},
        {"Acos", {[](D x, D, D) { return std::acos(x); }}},
        {"Acosh", {[](D x, D, D) { return std::acosh(x); }}},
        {"Asin", {[](D x, D, D) { return std::asin(x); }}},
        {"Asinh", {[](D x, D, D) { return std::asinh(x); }}},
        {"Atan", {[](D x, D, D) { return std::atan(x); }}},
        {"Atanh", {[](D x, D, D) { return std::atanh(x); }}},
        {"Ceil", {[](D x, D, D) { return std::ceil(x); }}},
        {"Celu", {celu, 1}},
        {"Cos", {[](D x, D, D) { return std::cos(x); }}},
        {"Cosh", {[](D x, D, D) { return std::cosh(x); }}},
        {"Elu", {[](D x, D alpha, D) { return x < 0 ? alpha * std::expm1(x) : x; }, 1}},
        {"Erf", {[](D x, D, D) { return std::erf(x); }}},
        {"Exp", {[](D x, D, D) { return std::exp(x); }}},
        {"Floor", {[](D x, D, D) { return std::floor(x); }}},
        {"Gelu", {gelu}},
        {"HardSigmoid", {[](D x, D alpha, D beta) { return std::clamp(alpha * x + beta, 0.0, 1.0); }, 0.2, 0.5}},
        {"HardSwish", {[](D x, D, D) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }}},
        {"LeakyRelu", {[](D x, D alpha, D) { return x < 0 ? alpha * x : x; }, 0.01}},
        {"Log", {[](D x, D, D) { return std::log(x); }}},
        {"Mish", {[](D x, D, D) { return x * std::tanh(std::log1p(std::exp(x))); }}},
        {"Neg", {[](D x, D, D) { return -x; }}},
        {"Reciprocal", {[](D x, D, D) { return 1 / x; }}},
        {"Relu", {[](D x, D, D) { return x > 0 ? x : 0; }}},
        {"Round", {[](D x, D, D) { return std::nearbyint(x); }}},  // halves to even, as ONNX asks
        {"Selu", {selu, 1.67326319217681884765625, 1.05070102214813232421875, "gamma"}},
        {"Sigmoid", {[](D x, D, D) { return sigmoid(x); }}},
        {"Sign", {[](D x, D, D) { return static_cast<D>((x > 0) - (x < 0)); }}},
        {"Sin", {[](D x, D, D) { return std::sin(x); }}},
        {"Sinh", {[](D x, D, D) { return std::sinh(x); }}},
        {"Softplus", {[](D x, D, D) { return std::log1p(std::exp(x)); }}},
        {"Softsign", {[](D x, D, D) { return x / (1 + std::abs(x)); }}},
        {"Sqrt", {[](D x, D, D) { return std::sqrt(x); }}},
        {"Swish", {[](D x, D alpha, D) { return x * sigmoid(alpha * x); }, 1}},
        {"Tan", {[](D x, D, D) { return std::tan(x); }}},
        {"Tanh", {[](D x, D, D) { return std::tanh(x); }}},
        {"ThresholdedRelu", {[](D x, D alpha, D) { return x > alpha ? x : 0; }, 1}},
    };
    return functions;
}

/// Functions of integers that must not go through a double.
std::int64_t apply_to_integer(const std::string& type, std::int64_t x) {
    const bool negative = x < 0;
    const auto negated = static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(x));
    if (type == "Neg") return negated;
    if (type == "Abs") return negative ? negated : x;
    if (type == "Relu") return negative ? 0 : x;
    if (type == "Sign") return x > 0 ? 1 : (negative ? -1 : 0);
    return x;  // Floor, Ceil and Round
}

std::vector<Array> evaluate_unary(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto& node = context.node();
    const auto& function = unary_functions().at(node.op_type);
    const double alpha = node.op_type == "Gelu" ? (node.text("approximate", "none") == "tanh" ? 1 : 0) : node.real("alpha", function.alpha);
    const double beta = node.real(function.beta_name, function.beta);
    const auto& x = context.constant(0);
    Array y = make_array(types[0].type, x.shape);
    for (std::size_t i = 0; i < y.reals.size(); ++i) y.reals[i] = static_cast<float>(function.real(x.reals[i], alpha, beta));
    for (std::size_t i = 0; i < y.integers.size(); ++i) y.integers[i] = wrapped(apply_to_integer(node.op_type, x.integers[i]), y.type);
    return {y};
}

std::vector<TensorType> boolean_like_first(const OperatorContext& context) { return {{ElementType::boolean, context.shape(0)}}; }

/// Not, IsNaN and IsInf.
std::vector<Array> evaluate_predicate(const OperatorContext& context, const std::vector<TensorType>& /*types*/) {
    const auto& type = context.node().op_type;
    const auto& x = context.constant(0);
    Array y = make_array(ElementType::boolean, x.shape);
    for (std::size_t i = 0; i < y.integers.size(); ++i) {
        const double value = x.at(static_cast<std::int64_t>(i));
        y.integers[i] = type == "Not" ? value == 0 : (type == "IsNaN" ? std::isnan(value) : std::isinf(value));
    }
    return {y};
}

std::vector<TensorType> infer_cast(const OperatorContext& context) {
    if (context.node().op_type == "CastLike") return {{context.type(1).type, context.shape(0)}};
    const auto number = context.node().integer("to", 0);
    const auto type = element_type_of(number);
    context.require(type.has_value(), "a cast to element type " + std::to_string(number) + " of ONNX");
    return {{*type, context.shape(0)}};
}

std::vector<Array> evaluate_cast(const OperatorContext& context, const std::vector<TensorType>& types) {
    return {converted(context.constant(0), types[0].type)};
}

/// A bound of Clip: an attribute before opset 11, an optional scalar input since.
double clip_bound(const OperatorContext& context, const char* attribute, std::size_t input, double otherwise) {
    if (context.has_attribute(attribute)) return context.node().real(attribute, otherwise);
    if (!context.has(input)) return otherwise;
    const auto& bound = context.constant(input);
    context.require(bound.size() == 1, "a bound of shape " + text_of(bound.shape), "a scalar");
    return bound.at(0);
}

std::vector<Array> evaluate_clip(const OperatorContext& context, const std::vector<TensorType>& /*types*/) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const double least = clip_bound(context, "min", 1, -kInfinity);
    const double most = clip_bound(context, "max", 2, kInfinity);
    Array y = context.constant(0);
    for (auto& value : y.reals) value = static_cast<float>(std::min(most, std::max(least, static_cast<double>(value))));
    for (auto& value : y.integers) {
        if (static_cast<double>(value) < least) value = to_integer(least);
        if (static_cast<double>(value) > most) value = to_integer(most);
    }
    return {y};
}

/// Both outputs as in inference: nothing is dropped.
std::vector<TensorType> infer_dropout(const OperatorContext& context) {
    return {context.type(0), {ElementType::boolean, context.shape(0)}};
}

std::vector<Array> evaluate_dropout(const OperatorContext& context, const std::vector<TensorType>& types) {
    Array mask = make_array(ElementType::boolean, types[1].shape);
    std::ranges::fill(mask.integers, 1);
    return {context.constant(0), mask};
}

std::vector<Array> evaluate_identity(const OperatorContext& context, const std::vector<TensorType>& /*types*/) {
    return {context.constant(0)};
}

}  // namespace

void add_unary_rules(OperatorRules& rules) {
    for (const auto& [name, function] : unary_functions()) rules[name] = {same_as_first, evaluate_unary};
    rules["Not"] = {boolean_like_first, evaluate_predicate};
    rules["IsNaN"] = {boolean_like_first, evaluate_predicate};
    rules["IsInf"] = {boolean_like_first, evaluate_predicate};
    rules["Cast"] = {infer_cast, evaluate_cast};
    rules["CastLike"] = {infer_cast, evaluate_cast};
    rules["Clip"] = {same_as_first, evaluate_clip};
    rules["Dropout"] = {infer_dropout, evaluate_dropout};
    rules["Identity"] = {same_as_first, evaluate_identity};
}

}  // namespace tessera::models::onnx
