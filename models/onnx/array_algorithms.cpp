#include "models/onnx/array_algorithms.h"

#include <limits>

namespace tessera::models::onnx {

std::int64_t to_integer(double value) {
    constexpr double kLimit = 9223372036854775808.0;
    return value >= -kLimit && value < kLimit ? static_cast<std::int64_t>(value) : std::numeric_limits<std::int64_t>::min();
}

std::int64_t dot(const Shape& index, const Shape& strides) {
    std::int64_t position = 0;
    for (std::size_t axis = 0; axis < index.size(); ++axis) position += index[axis] * strides[axis];
    return position;
}

namespace {

/// Row by row, since weights of millions of elements pass through here.
template <class T>
void copy_rows(const std::vector<T>& from, std::vector<T>& to, const Shape& shape, const Shape& strides, std::int64_t first) {
    if (to.empty()) return;
    const auto length = shape.empty() ? 1 : shape.back();
    const auto step = shape.empty() ? 0 : strides.back();
    const Shape rows(shape.begin(), shape.end() - (shape.empty() ? 0 : 1));
    const Shape row_strides(strides.begin(), strides.end() - (shape.empty() ? 0 : 1));
    auto target = to.begin();
    for_each_index(rows, [&](std::int64_t, const Shape& row) {
        auto position = first + dot(row, row_strides);
        for (std::int64_t i = 0; i < length; ++i, position += step) *target++ = from[static_cast<std::size_t>(position)];
    });
}

}  // namespace

Array strided(const Array& array, const Shape& shape, const Shape& strides, std::int64_t first) {
    Array result = make_array(array.type, shape);
    copy_rows(array.reals, result.reals, shape, strides, first);
    copy_rows(array.integers, result.integers, shape, strides, first);
    return result;
}

Array select(const Array& array, const std::vector<Shape>& selected, double fill) {
    Shape shape;
    for (const auto& axis : selected) shape.push_back(static_cast<std::int64_t>(axis.size()));
    Array result = make_array(array.type, shape);
    const auto strides = strides_of(array.shape);
    for_each_index(shape, [&](std::int64_t position, const Shape& index) {
        std::int64_t from = 0;
        for (std::size_t axis = 0; axis < index.size() && from >= 0; ++axis) {
            const auto chosen = selected[axis][static_cast<std::size_t>(index[axis])];
            from = chosen < 0 ? -1 : from + chosen * strides[axis];
        }
        if (from >= 0) {
            copy_element(array, from, result, position);
        } else if (is_real(array.type)) {
            result.reals[static_cast<std::size_t>(position)] = static_cast<float>(fill);
        } else {
            result.integers[static_cast<std::size_t>(position)] = to_integer(fill);
        }
    });
    return result;
}

Array expanded(const Array& array, const Shape& shape) {
    if (array.shape == shape) return array;
    const auto lead = shape.size() - array.shape.size();
    const auto own = strides_of(array.shape);
    Shape strides(shape.size(), 0);
    for (std::size_t axis = 0; axis < array.shape.size(); ++axis) strides[lead + axis] = array.shape[axis] == 1 ? 0 : own[axis];
    return strided(array, shape, strides);
}

Array reshaped(Array array, Shape shape) {
    array.shape = std::move(shape);
    return array;
}

Array transposed(const Array& array, const std::vector<std::size_t>& order) {
    const auto own = strides_of(array.shape);
    Shape shape;
    Shape strides;
    for (const auto axis : order) {
        shape.push_back(array.shape[axis]);
        strides.push_back(own[axis]);
    }
    return strided(array, shape, strides);
}

std::int64_t wrapped(std::int64_t value, ElementType type) {
    switch (type) {
        case ElementType::boolean:
            return value != 0 ? 1 : 0;
        case ElementType::int8:
            return static_cast<std::int8_t>(value);
        case ElementType::uint8:
            return static_cast<std::uint8_t>(value);
        case ElementType::int16:
            return static_cast<std::int16_t>(value);
        case ElementType::uint16:
            return static_cast<std::uint16_t>(value);
        case ElementType::int32:
            return static_cast<std::int32_t>(value);
        case ElementType::uint32:
            return static_cast<std::uint32_t>(value);
        default:
            return value;
    }
}

Array converted(const Array& array, ElementType type) {
    Array result = make_array(type, array.shape);
    for (std::size_t i = 0; i < result.reals.size(); ++i) result.reals[i] = static_cast<float>(array.at(static_cast<std::int64_t>(i)));
    for (std::size_t i = 0; i < result.integers.size(); ++i) {
        if (!is_real(array.type)) {
            result.integers[i] = wrapped(array.integers[i], type);
        } else {
            const auto real = static_cast<double>(array.reals[i]);
            result.integers[i] = type == ElementType::boolean ? (real != 0 ? 1 : 0) : wrapped(to_integer(real), type);
        }
    }
    return result;
}

}  // namespace tessera::models::onnx
