#pragma once

#include <cstdint>
#include <vector>

#include "models/network.h"

namespace tessera::models {

/// Which axes of a tensor are tokens; the others are channels.
using TokenAxes = std::vector<bool>;
using Shape = std::vector<std::int64_t>;

/// How an output range of each category reads the input.
struct AxisAccess {
    Access tokens = Access::aligned;
    Access channels = Access::aligned;

    void make_whole(bool tokens_category) { (tokens_category ? tokens : channels) = Access::whole; }
};

/// Layout of `to`, a reshaped `from`: axes that are split or joined keep their category; axes that
/// join tokens with channels become channels, and `mixed` is set.
TokenAxes reshaped(const Shape& from, const TokenAxes& axes, const Shape& to, bool& mixed);

/// Access of a transposition: a category is aligned where the axes in it keep their order.
AxisAccess transposed_access(const Shape& from, const TokenAxes& axes, const std::vector<std::int64_t>& permutation);

/// Access of an operand of shape `from` that is broadcast (or tiled) to `to` with layout `axes`.
/// Shapes are aligned at their last axes, as ONNX does.
AxisAccess broadcast_access(const Shape& from, const Shape& to, const TokenAxes& axes);

/// Access of a Concat, Split or Slice along `axis`: the category that is cut is whole; both are
/// where pieces of it interleave, because an axis of its category stands before it.
AxisAccess cut_access(const Shape& shape, const TokenAxes& axes, std::size_t axis);

/// Elements of the category of `axis` for one step along it: the sizes of its later axes.
std::int64_t stride_of(const Shape& shape, const TokenAxes& axes, std::size_t axis);

/// True where both layouts agree on every axis longer than 1.
bool same_layout(const Shape& shape, const TokenAxes& a, const TokenAxes& b);

}  // namespace tessera::models
