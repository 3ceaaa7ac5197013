#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/onnx/tensor_type.h"

namespace tessera::models::onnx {

/// An input of a node while it is folded: its static type, and its elements where it is constant.
struct Operand {
    bool present = false;
    TensorType type;
    const Array* array = nullptr;
};

/// A node with all that its rule may ask for; every accessor rejects a malformed node by name.
class OperatorContext {
  public:
    OperatorContext(const Node& node, std::int64_t opset, const std::string& file, std::vector<Operand> operands)
        : node_(node), opset_(opset), file_(file), operands_(std::move(operands)) {}

    const Node& node() const { return node_; }
    std::int64_t opset() const { return opset_; }
    bool channels_last() const { return node_.integer("channels_last", 0) != 0; }

    std::size_t inputs() const { return operands_.size(); }
    bool has(std::size_t input) const { return input < operands_.size() && operands_[input].present; }
    /// Type of an input that must be there.
    const TensorType& type(std::size_t input) const;
    const Shape& shape(std::size_t input) const { return type(input).shape; }
    std::int64_t rank(std::size_t input) const { return static_cast<std::int64_t>(shape(input).size()); }

    /// The elements of an input that must be constant, because the shape of a result depends on it.
    const Array& constant(std::size_t input) const;
    /// The elements of an input, nullptr where it is not there or not constant.
    const Array* constant_or_null(std::size_t input) const { return has(input) ? operands_[input].array : nullptr; }
    /// A constant of integers (or of whole reals).
    std::vector<std::int64_t> integers(std::size_t input) const;
    /// The one integer of a constant.
    std::int64_t integer(std::size_t input) const;

    bool has_attribute(const std::string& name) const { return node_.attributes.contains(name); }
    /// Integers of an attribute of older opsets or of a constant input of newer ones; empty where neither is there.
    std::vector<std::int64_t> integers_of(const std::string& attribute, std::size_t input) const;

    /// An axis of `rank` dimensions, counted from the end where it is negative.
    std::size_t axis(std::int64_t axis, std::int64_t rank) const;
    /// Axes as a flag for each dimension; all of them where `axes` is empty.
    std::vector<bool> axes(const std::vector<std::int64_t>& axes, std::int64_t rank) const;

    /// Rejects the node where the condition does not hold.
    void require(bool condition, const std::string& found, const std::string& expected = "") const {
        if (!condition) fail(found, expected);
    }
    void require_rank(std::size_t input, std::int64_t least) const;
    [[noreturn]] void fail(const std::string& found, const std::string& expected = "") const;

  private:
    const Node& node_;
    std::int64_t opset_;
    const std::string& file_;
    std::vector<Operand> operands_;
};

/// "[1, 64, 16]"
std::string text_of(const Shape& shape);

}  // namespace tessera::models::onnx
