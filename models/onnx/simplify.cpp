#include "models/onnx/simplify.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace tessera::models::onnx {

namespace {

template <std::size_t N>
bool is_one_of(const std::string& type, const std::array<std::string_view, N>& names) {
    return std::ranges::find(names, type) != names.end();
}

// What gives its input back where the shape stays the same.
constexpr std::array<std::string_view, 16> kMoves = {"Identity", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze",
                                                     "Expand",   "Tile",    "Split",   "Concat",  "Sum",     "Max",
                                                     "Min",      "Mean",    "Resize",  "Upsample"};
constexpr std::array<std::string_view, 5> kReductions = {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd"};

/// Whether a move of equal shapes moves nothing; the operators of several inputs only with one.
bool moves_nothing(const OperatorContext& context) {
    const auto& type = context.node().op_type;
    if (type == "Concat" || type == "Sum" || type == "Max" || type == "Min" || type == "Mean") return context.inputs() == 1;
    return true;
}

/// All but axes of size 1 keep their order.
bool keeps_order(const OperatorContext& context) {
    std::int64_t last = -1;
    for (const auto axis : context.node().integers("perm", {})) {
        if (axis < 0 || axis >= context.rank(0)) return false;
        if (context.shape(0)[static_cast<std::size_t>(axis)] == 1) continue;
        if (axis < last) return false;
        last = axis;
    }
    return context.has_attribute("perm");
}

/// A factor of 1, a summand of 0 and the like on the other side of a binary operator.
std::optional<std::size_t> neutral_partner(const OperatorContext& context) {
    const auto& type = context.node().op_type;
    const bool product = type == "Mul" || type == "Div" || type == "Pow";
    if (!product && type != "Add" && type != "Sub") return std::nullopt;
    const double neutral = product ? 1 : 0;
    const auto neutral_at = [&](std::size_t input) {
        const auto* array = context.constant_or_null(input);
        return array != nullptr && is_all(*array, neutral);
    };
    if (neutral_at(1)) return 0;
    if ((type == "Mul" || type == "Add") && neutral_at(0)) return 1;
    return std::nullopt;
}

bool has_no_reverse_step(const OperatorContext& context) {
    return std::ranges::all_of(context.integers_of("steps", 4), [](auto step) { return step > 0; });
}

bool has_no_pads(const OperatorContext& context) {
    return std::ranges::all_of(context.integers_of("pads", 1), [](auto pad) { return pad == 0; });
}

}  // namespace

bool is_all(const Array& array, double value) {
    for (std::int64_t i = 0; i < array.size(); ++i) {
        if (array.at(i) != value) return false;
    }
    return true;
}

std::optional<std::size_t> unchanged_input(const OperatorContext& context, const TensorType& result) {
    const auto& type = context.node().op_type;
    if (const auto partner = neutral_partner(context)) {
        return context.shape(*partner) == result.shape ? partner : std::nullopt;
    }
    if (!context.has(0) || context.shape(0) != result.shape) return std::nullopt;
    bool unchanged = is_one_of(type, kMoves) && moves_nothing(context);
    if (type == "Cast" || type == "CastLike")
        unchanged = context.type(0).type == result.type || (is_real(context.type(0).type) && is_real(result.type));
    if (type == "Transpose") unchanged = keeps_order(context);
    if (type == "Slice") unchanged = has_no_reverse_step(context);
    if (type == "Pad") unchanged = has_no_pads(context);
    if (is_one_of(type, kReductions)) unchanged = context.node().integer("keepdims", 1) != 0;
    return unchanged ? std::optional<std::size_t>(0) : std::nullopt;
}

}  // namespace tessera::models::onnx
