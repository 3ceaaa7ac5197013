#include "models/onnx/operator_context.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace tessera::models::onnx {

std::string text_of(const Shape& shape) {
    std::string text = "[";
    for (const auto size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
    return text + "]";
}

void OperatorContext::fail(const std::string& found, const std::string& expected) const {
    throw InputError(file_, node_.name + " (" + node_.op_type + ")", found, expected);
}

const TensorType& OperatorContext::type(std::size_t input) const {
    require(has(input), "input " + std::to_string(input) + " is missing");
    return operands_[input].type;
}

const Array& OperatorContext::constant(std::size_t input) const {
    require(has(input), "input " + std::to_string(input) + " is missing");
    require(operands_[input].array != nullptr, "the shape of its result depends on data, through " + node_.inputs[input], "a constant");
    return *operands_[input].array;
}

std::vector<std::int64_t> OperatorContext::integers(std::size_t input) const {
    const auto& array = constant(input);
    if (!is_real(array.type)) return array.integers;
    std::vector<std::int64_t> result;
    for (const auto value : array.reals) {
        require(std::abs(value) < 1e15F, "input " + std::to_string(input) + " holds " + std::to_string(value), "integers");
        result.push_back(static_cast<std::int64_t>(value));
    }
    return result;
}

std::int64_t OperatorContext::integer(std::size_t input) const {
    const auto values = integers(input);
    require(values.size() == 1, "input " + std::to_string(input) + " has " + std::to_string(values.size()) + " elements", "one");
    return values.front();
}

std::vector<std::int64_t> OperatorContext::integers_of(const std::string& attribute, std::size_t input) const {
    if (has_attribute(attribute)) return node_.integers(attribute, {});
    return has(input) ? integers(input) : std::vector<std::int64_t>{};
}

std::size_t OperatorContext::axis(std::int64_t axis, std::int64_t rank) const {
    const auto from_start = axis < 0 ? axis + rank : axis;
    require(from_start >= 0 && from_start < rank, "axis " + std::to_string(axis), "an axis of " + std::to_string(rank) + " dimensions");
    return static_cast<std::size_t>(from_start);
}

std::vector<bool> OperatorContext::axes(const std::vector<std::int64_t>& axes, std::int64_t rank) const {
    std::vector<bool> flags(static_cast<std::size_t>(rank), axes.empty());
    for (const auto entry : axes) flags[axis(entry, rank)] = true;
    return flags;
}

void OperatorContext::require_rank(std::size_t input, std::int64_t least) const {
    require(rank(input) >= least, "input " + std::to_string(input) + " of shape " + text_of(shape(input)),
            "at least " + std::to_string(least) + " dimensions");
}

}  // namespace tessera::models::onnx
