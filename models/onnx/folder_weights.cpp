#include <algorithm>
#include <array>
#include <cmath>

#include "models/onnx/folder.h"

/// Some exporters store weights as integers and turn them into reals by Cast, Mul and Add. Evaluated,
/// they would look like weights that nobody quantised; so they stay integers behind a DequantizeLinear.
namespace tessera::models::onnx {

namespace {

constexpr std::array kWeighted = {"Conv", "ConvTranspose", "MatMul", "Gemm"};

/// How far an offset may be from a whole number of steps: float32 keeps 1e-7 of some hundred steps.
constexpr double kOffsetTolerance = 1e-3;

bool is_narrow_integer(ElementType type) { return type == ElementType::int8 || type == ElementType::uint8; }

}  // namespace

std::optional<Folder::AffineWeights> Folder::affine_result(const OperatorContext& context) const {
    const auto& node = context.node();
    if (node.op_type == "Cast" && is_narrow_integer(context.type(0).type) && context.constant(0).size() > 1)
        return AffineWeights{.integers = node.inputs[0], .scale = 1, .zero_point = 0};
    if (context.inputs() != 2) return std::nullopt;
    const bool swapped = !affine_.contains(node.inputs[0]);
    if (swapped && (node.op_type == "Sub" || !affine_.contains(node.inputs[1]))) return std::nullopt;
    const auto& number = context.constant(swapped ? 0 : 1);
    auto weights = affine_.at(node.inputs[swapped ? 1 : 0]);
    if (number.size() != 1 || number.shape.size() > graph_.constants.at(weights.integers).shape.size()) return std::nullopt;
    if (node.op_type == "Mul" && number.at(0) > 0) {
        weights.scale *= number.at(0);
        return weights;
    }
    if (node.op_type != "Add" && node.op_type != "Sub") return std::nullopt;
    const double steps = (node.op_type == "Add" ? -1 : 1) * number.at(0) / weights.scale;
    weights.zero_point += std::round(steps);
    const bool is_signed = graph_.constants.at(weights.integers).type == ElementType::int8;
    const bool fits = is_signed ? std::abs(weights.zero_point + 0.5) < 128 : std::abs(weights.zero_point - 127.5) < 128;
    if (std::abs(steps - std::round(steps)) > kOffsetTolerance || !fits) return std::nullopt;
    return weights;
}

void Folder::restore_quantised_weights(Node& node) {
    if (std::ranges::find(kWeighted, node.op_type) == kWeighted.end() || node.inputs.size() < 2) return;
    const auto found = affine_.find(node.inputs[1]);
    if (found == affine_.end()) return;
    const auto& [integers, scale, zero_point] = found->second;
    const auto result = node.inputs[1] + "/dequantised";
    node.inputs[1] = result;
    if (graph_.values.contains(result)) return;

    const auto& weights = graph_.constants.at(integers);
    Array step = make_array(ElementType::float32, {});
    step.reals[0] = static_cast<float>(scale);
    Array zero = make_array(weights.type, {});
    zero.integers[0] = static_cast<std::int64_t>(zero_point);
    Node quantiser{.name = "DequantizeLinear of " + found->first,
                   .op_type = "DequantizeLinear",
                   .inputs = {integers, result + "/scale", result + "/zero_point"},
                   .outputs = {result},
                   .attributes = {}};
    const auto shape = weights.shape;
    add_constant(quantiser.inputs[1], std::move(step));
    add_constant(quantiser.inputs[2], std::move(zero));
    keep(std::move(quantiser), {{ElementType::float32, shape}});
}

}  // namespace tessera::models::onnx
