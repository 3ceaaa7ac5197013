#include <algorithm>
#include <cmath>

#include "models/onnx/array_algorithms.h"
#include "models/onnx/operator_rules.h"

/// Functions of several elements, broadcast by numpy's rules.
namespace tessera::models::onnx {

namespace {

using Integer = std::int64_t;

struct BinaryFunction {
    double (*real)(double a, double b) = nullptr;
    Integer (*integer)(Integer a, Integer b) = nullptr;
    bool predicate = false;  ///< gives a Boolean
};

// Integers wrap around, as two's complement hardware does; signed overflow is undefined in C++.
std::uint64_t bits(Integer value) { return static_cast<std::uint64_t>(value); }
Integer add(Integer a, Integer b) { return static_cast<Integer>(bits(a) + bits(b)); }
Integer subtract(Integer a, Integer b) { return static_cast<Integer>(bits(a) - bits(b)); }
Integer multiply(Integer a, Integer b) { return static_cast<Integer>(bits(a) * bits(b)); }
Integer divide(Integer a, Integer b) { return b == -1 ? subtract(0, a) : a / b; }

/// The remainder with the sign of the divisor (Mod with fmod = 0).
Integer modulo(Integer a, Integer b) {
    const Integer remainder = b == -1 ? 0 : a % b;
    return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
}

Integer power(Integer a, Integer b) {
    if (b < 0) return a == 1 ? 1 : (a == -1 ? (b % 2 == 0 ? 1 : -1) : 0);
    Integer result = 1;
    for (; b > 0; b >>= 1) {
        if ((b & 1) != 0) result = multiply(result, a);
        a = multiply(a, a);
    }
    return result;
}

const std::map<std::string, BinaryFunction, std::less<>>& binary_functions() {
    using D = double;
    using I = Integer;
    static const std::map<std::string, BinaryFunction, std::less<>> functions = {
        {"Add", {[](D a, D b) { return a + b; }, add}},
        {"And", {[](D a, D b) -> D { return a != 0 && b != 0; }, [](I a, I b) -> I { return a != 0 && b != 0; }, true}},
        {"Div", {[](D a, D b) { return a / b; }, divide}},
        {"Equal", {[](D a, D b) -> D { return a == b; }, [](I a, I b) -> I { return a == b; }, true}},
        {"Greater", {[](D a, D b) -> D { return a > b; }, [](I a, I b) -> I { return a > b; }, true}},
        {"GreaterOrEqual", {[](D a, D b) -> D { return a >= b; }, [](I a, I b) -> I { return a >= b; }, true}},
        {"Less", {[](D a, D b) -> D { return a < b; }, [](I a, I b) -> I { return a < b; }, true}},
        {"LessOrEqual", {[](D a, D b) -> D { return a <= b; }, [](I a, I b) -> I { return a <= b; }, true}},
        {"Max", {[](D a, D b) { return std::max(a, b); }, [](I a, I b) { return std::max(a, b); }}},
        {"Mean", {[](D a, D b) { return a + b; }, add}},  // divided by their number at the end
        {"Min", {[](D a, D b) { return std::min(a, b); }, [](I a, I b) { return std::min(a, b); }}},
        {"Mod", {[](D a, D b) { return std::fmod(a, b); }, modulo}},
        {"Mul", {[](D a, D b) { return a * b; }, multiply}},
        {"Or", {[](D a, D b) -> D { return a != 0 || b != 0; }, [](I a, I b) -> I { return a != 0 || b != 0; }, true}},
        {"PRelu", {[](D a, D b) { return a < 0 ? a * b : a; }, [](I a, I b) { return a < 0 ? multiply(a, b) : a; }}},
        {"Pow", {[](D a, D b) { return std::pow(a, b); }, power}},
        {"Sub", {[](D a, D b) { return a - b; }, subtract}},
        {"Sum", {[](D a, D b) { return a + b; }, add}},
        {"Xor", {[](D a, D b) -> D { return (a != 0) != (b != 0); }, [](I a, I b) -> I { return (a != 0) != (b != 0); }, true}},
    };
    return functions;
}

Shape broadcast_inputs(const OperatorContext& context) {
    Shape shape = context.shape(0);
    for (std::size_t input = 1; input < context.inputs(); ++input) {
        const auto wider = broadcast(shape, context.shape(input));
        context.require(wider.has_value(), "inputs of shape " + text_of(shape) + " and " + text_of(context.shape(input)),
                        "shapes that broadcast to each other");
        shape = *wider;
    }
    return shape;
}

bool takes_any_number(const std::string& type) { return type == "Max" || type == "Min" || type == "Mean" || type == "Sum"; }

std::vector<TensorType> infer_broadcast(const OperatorContext& context) {
    if (!takes_any_number(context.node().op_type))
        context.require(context.inputs() == 2, std::to_string(context.inputs()) + " inputs", "2");
    const auto shape = broadcast_inputs(context);
    return {{binary_functions().at(context.node().op_type).predicate ? ElementType::boolean : context.type(0).type, shape}};
}

Array apply(const OperatorContext& context, const BinaryFunction& function, ElementType type, const Array& a, const Array& b) {
    const auto shape = *broadcast(a.shape, b.shape);
    const Array left = expanded(a, shape);
    const Array right = expanded(b, shape);
    Array result = make_array(type, shape);
    const bool fmod = context.node().integer("fmod", 0) != 0;
    const bool integers = !is_real(left.type) && !is_real(right.type) && !fmod;
    const bool divides = context.node().op_type == "Div" || context.node().op_type == "Mod";
    for (Integer i = 0; i < result.size(); ++i) {
        const auto index = static_cast<std::size_t>(i);
        if (!integers) {
            const double value = function.real(left.at(i), right.at(i));
            if (is_real(type)) {
                result.reals[index] = static_cast<float>(value);
            } else {
                result.integers[index] = to_integer(value);
            }
            continue;
        }
        if (divides && right.integers[index] == 0) context.fail("divides an integer by 0");
        result.integers[index] = wrapped(function.integer(left.integers[index], right.integers[index]), type);
    }
    return result;
}

std::vector<Array> evaluate_broadcast(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto& function = binary_functions().at(context.node().op_type);
    Array result = context.constant(0);
    for (std::size_t input = 1; input < context.inputs(); ++input)
        result = apply(context, function, types[0].type, result, context.constant(input));
    if (context.node().op_type == "Mean") {
        for (auto& value : result.reals) value /= static_cast<float>(context.inputs());
    }
    return {result};
}

std::vector<TensorType> infer_where(const OperatorContext& context) {
    context.require(context.inputs() == 3, std::to_string(context.inputs()) + " inputs", "3");
    return {{context.type(1).type, broadcast_inputs(context)}};
}

std::vector<Array> evaluate_where(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto condition = expanded(context.constant(0), types[0].shape);
    Array result = expanded(context.constant(1), types[0].shape);
    const auto otherwise = expanded(context.constant(2), types[0].shape);
    context.require(is_real(result.type) == is_real(otherwise.type), "branches of different types");
    for (Integer i = 0; i < result.size(); ++i) {
        if (condition.at(i) == 0) copy_element(otherwise, i, result, i);
    }
    return {result};
}

}  // namespace

void add_broadcast_rules(OperatorRules& rules) {
    for (const auto& [name, function] : binary_functions()) rules[name] = {infer_broadcast, evaluate_broadcast};
    rules["Where"] = {infer_where, evaluate_where};
}

}  // namespace tessera::models::onnx
