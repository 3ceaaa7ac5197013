#include "models/lowering_layout.h"

#include <algorithm>

namespace tessera::models {

TokenAxes reshaped(const Shape& from, const TokenAxes& axes, const Shape& to, bool& mixed) {
    TokenAxes result(to.size(), true);
    mixed = false;
    std::size_t i = 0;
    std::size_t o = 0;
    while (i < from.size() || o < to.size()) {
        // A group: as many axes on both sides as it takes for their products to be equal.
        std::int64_t in = 1;
        std::int64_t out = 1;
        bool tokens = false;
        bool channels = false;
        const std::size_t first = o;
        const auto take_in = [&] {
            if (from[i] > 1) (axes[i] ? tokens : channels) = true;
            in *= from[i++];
        };
        const auto take_out = [&] { out *= to[o++]; };
        if (i < from.size()) take_in();
        if (o < to.size()) take_out();
        while (in != out) {
            if (in < out && i < from.size()) {
                take_in();
            } else if (o < to.size()) {
                take_out();
            } else {
                break;
            }
        }
        if (tokens && channels) mixed = true;
        for (std::size_t axis = first; axis < o; ++axis) result[axis] = !channels;
    }
    return result;
}

AxisAccess transposed_access(const Shape& from, const TokenAxes& axes, const std::vector<std::int64_t>& permutation) {
    AxisAccess access;
    std::int64_t last[2] = {-1, -1};
    for (const auto axis : permutation) {
        const auto a = static_cast<std::size_t>(axis);
        if (from[a] == 1) continue;
        if (axis < last[axes[a] ? 1 : 0]) access.make_whole(axes[a]);
        last[axes[a] ? 1 : 0] = axis;
    }
    return access;
}

AxisAccess broadcast_access(const Shape& from, const Shape& to, const TokenAxes& axes) {
    AxisAccess access;
    const std::size_t missing = to.size() - from.size();
    for (std::size_t axis = 0; axis < to.size(); ++axis) {
        const std::int64_t size = axis < missing ? 1 : from[axis - missing];
        if (size == to[axis]) continue;
        bool repeats = size > 1;  // a tiled axis starts again and again
        for (std::size_t later = axis + 1; later < to.size(); ++later) {
            repeats = repeats || (axes[later] == axes[axis] && later >= missing && from[later - missing] > 1);
        }
        if (repeats) access.make_whole(axes[axis]);
    }
    return access;
}

AxisAccess cut_access(const Shape& shape, const TokenAxes& axes, std::size_t axis) {
    AxisAccess access;
    access.make_whole(axes[axis]);
    for (std::size_t before = 0; before < axis; ++before) {
        if (axes[before] == axes[axis] && shape[before] > 1) return {Access::whole, Access::whole};
    }
    return access;
}

std::int64_t stride_of(const Shape& shape, const TokenAxes& axes, std::size_t axis) {
    std::int64_t stride = 1;
    for (std::size_t later = axis + 1; later < shape.size(); ++later) {
        if (axes[later] == axes[axis]) stride *= shape[later];
    }
    return stride;
}

bool same_layout(const Shape& shape, const TokenAxes& a, const TokenAxes& b) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        if (shape[axis] > 1 && a[axis] != b[axis]) return false;
    }
    return true;
}

}  // namespace tessera::models
