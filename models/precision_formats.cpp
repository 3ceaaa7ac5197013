#include "models/precision_formats.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>

namespace tessera::models {

namespace {

template <std::size_t N>
bool is_one_of(std::string_view type, const std::array<std::string_view, N>& types) {
    return std::find(types.begin(), types.end(), type) != types.end();
}

/// Drops the lowest bits where a format is wider than Tessera's formats can be.
FixedPoint limited(FixedPoint format) {
    format.width = std::clamp(format.width, 1, kWidestFormat);
    return format;
}

FixedPoint product(const FixedPoint& a, const FixedPoint& b) {
    return {a.width + b.width, a.integer_bits + b.integer_bits, a.is_signed || b.is_signed};
}

FixedPoint sum_of(FixedPoint term, std::int64_t terms) {
    const int growth = terms <= 1 ? 0 : std::bit_width(static_cast<std::uint64_t>(terms - 1));
    term.width += growth;
    term.integer_bits += growth;
    return limited(term);
}

const FixedPoint& operand(const Network& network, const Operator& op, std::size_t position) {
    return network.tensor(op.inputs[position].tensor).format;
}

bool operands_known(const Network& network, const Operator& op) {
    return !op.inputs.empty() &&
           std::all_of(op.inputs.begin(), op.inputs.end(), [&](const Input& in) { return network.tensor(in.tensor).format.width > 0; });
}

/// What all quantisers make of a network input that nobody else reads: the detector sends no more.
std::optional<FixedPoint> format_of_quantisers(const Network& network, TensorId id) {
    std::optional<FixedPoint> found;
    for (const Operator& op : network.operators) {
        const bool reads = std::any_of(op.inputs.begin(), op.inputs.end(), [&](const Input& in) { return in.tensor == id; });
        if (!reads) continue;
        if (op.kind != OperatorKind::quantise || !network.tensor(op.outputs.front()).format_from_file) return std::nullopt;
        const FixedPoint& made = network.tensor(op.outputs.front()).format;
        found = found ? common_format(*found, made) : made;
    }
    return found;
}

std::optional<FixedPoint> elementwise_format(const Network& network, const Operator& op) {
    FixedPoint format = operand(network, op, 0);
    const bool multiplies = op.type == "Mul";
    const bool adds = is_one_of(op.type, std::array<std::string_view, 3>{"Add", "Sub", "Sum"});
    const bool chooses = is_one_of(op.type, std::array<std::string_view, 3>{"Max", "Min", "Where"});
    if (!multiplies && !adds && !chooses) return std::nullopt;
    for (std::size_t i = 1; i < op.inputs.size(); ++i) {
        format = multiplies ? limited(product(format, operand(network, op, i))) : common_format(format, operand(network, op, i));
    }
    if (op.type == "Sub" && !format.is_signed) format = {format.width + 1, format.integer_bits + 1, true};
    return adds ? sum_of(format, static_cast<std::int64_t>(op.inputs.size())) : limited(format);
}

FixedPoint without_sign(const FixedPoint& format) {
    return format.is_signed && format.width > 1 ? FixedPoint{format.width - 1, format.integer_bits - 1, false} : format;
}

}  // namespace

FixedPoint common_format(const FixedPoint& a, const FixedPoint& b) {
    const bool is_signed = a.is_signed || b.is_signed;
    const int magnitude = std::max(a.integer_bits - (a.is_signed ? 1 : 0), b.integer_bits - (b.is_signed ? 1 : 0));
    const int fraction = std::max(a.width - a.integer_bits, b.width - b.integer_bits);
    const int integer_bits = magnitude + (is_signed ? 1 : 0);
    return limited({integer_bits + fraction, integer_bits, is_signed});
}

FixedPoint assumed_activation_format(const Operator& op, int bits) {
    static constexpr std::array<std::string_view, 2> fractions{"Sigmoid", "HardSigmoid"};
    static constexpr std::array<std::string_view, 4> within_one{"Tanh", "Erf", "Sin", "Cos"};
    static constexpr std::array<std::string_view, 4> not_negative{"Relu", "Abs", "Sqrt", "Exp"};
    if (op.kind == OperatorKind::softmax || is_one_of(op.type, fractions)) return {bits, 0, false};
    if (is_one_of(op.type, within_one)) return {bits, 1, true};
    if (is_one_of(op.type, not_negative)) return {bits, 3, false};
    return {bits, 4, true};
}

FixedPoint accumulator_format(const Network& network, const Operator& op) {
    if (!operands_known(network, op)) return {};
    const FixedPoint& first = operand(network, op, 0);
    switch (op.kind) {
        case OperatorKind::dense:
        case OperatorKind::convolution:
        case OperatorKind::recurrent: {
            const bool has_bias = op.weights.count > op.weights.inputs * op.weights.outputs;
            return op.weights.format.width > 0 ? sum_of(product(first, op.weights.format), op.weights.inputs + (has_bias ? 1 : 0))
                                               : FixedPoint{};
        }
        case OperatorKind::matmul:
            return op.inputs.size() > 1 ? sum_of(product(first, operand(network, op, 1)), op.contraction) : FixedPoint{};
        case OperatorKind::reduction:
            return op.type == "ReduceSum" || op.type == "ReduceMean" ? sum_of(first, op.contraction) : FixedPoint{};
        default:
            return {};
    }
}

std::optional<FixedPoint> lossless_format(const Network& network, const Operator& op) {
    if (op.kind == OperatorKind::input) return format_of_quantisers(network, op.outputs.front());
    if (!operands_known(network, op)) return std::nullopt;
    switch (op.kind) {
        case OperatorKind::dense:
        case OperatorKind::convolution:
        case OperatorKind::matmul:
            return op.accumulator.width > 0 ? std::optional(op.accumulator) : std::nullopt;
        case OperatorKind::reduction:
            return op.type == "ReduceSum" ? op.accumulator : operand(network, op, 0);
        case OperatorKind::scale_shift:
            if (op.weights.format.width == 0) return std::nullopt;
            return sum_of(product(operand(network, op, 0), op.weights.format), 2);
        case OperatorKind::elementwise:
            return elementwise_format(network, op);
        case OperatorKind::activation:
            return op.type == "Relu" ? std::optional(without_sign(operand(network, op, 0))) : std::nullopt;
        case OperatorKind::gather:
            return op.weights.count > 0 ? op.weights.format : operand(network, op, 0);
        case OperatorKind::wiring:
        case OperatorKind::pooling:
        case OperatorKind::scatter:
        case OperatorKind::top_k:
            return operand(network, op, 0);
        default:
            return std::nullopt;
    }
}

}  // namespace tessera::models
