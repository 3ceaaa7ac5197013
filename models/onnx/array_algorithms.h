#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "models/onnx/tensor_type.h"

/// Loops over constants, for real and integer elements alike.
namespace tessera::models::onnx {

/// Calls `visit(position, index)` for each element of `shape` in row-major order.
template <class Visit>
void for_each_index(const Shape& shape, Visit visit) {
    const auto count = element_count(shape).value_or(0);
    Shape index(shape.size(), 0);
    for (std::int64_t position = 0; position < count; ++position) {
        visit(position, std::as_const(index));
        for (std::size_t axis = shape.size(); axis-- > 0;) {
            if (++index[axis] < shape[axis]) break;
            index[axis] = 0;
        }
    }
}

/// The position of an index in an array with these strides.
std::int64_t dot(const Shape& index, const Shape& strides);

/// Copies one element; both arrays hold reals or both hold integers.
inline void copy_element(const Array& from, std::int64_t source, Array& to, std::int64_t target) {
    if (is_real(from.type)) {
        to.reals[static_cast<std::size_t>(target)] = from.reals[static_cast<std::size_t>(source)];
    } else {
        to.integers[static_cast<std::size_t>(target)] = from.integers[static_cast<std::size_t>(source)];
    }
}

/// result[index] = array[source(index)], where source gives a position in `array`, or -1 for zero.
template <class Source>
Array rearranged(const Array& array, const Shape& shape, Source source) {
    Array result = make_array(array.type, shape);
    for_each_index(shape, [&](std::int64_t position, const Shape& index) {
        const std::int64_t from = source(index);
        if (from >= 0) copy_element(array, from, result, position);
    });
    return result;
}

/// result[index] = array[first + index . strides]: transposed, sliced and repeated arrays.
Array strided(const Array& array, const Shape& shape, const Shape& strides, std::int64_t first = 0);

/// result[i, j, ...] = array[selected[0][i], selected[1][j], ...]; an entry of -1 gives `fill`.
Array select(const Array& array, const std::vector<Shape>& selected, double fill = 0);

/// The array repeated along its axes of size 1 and new leading axes. @pre it broadcasts to `shape`
Array expanded(const Array& array, const Shape& shape);

/// The same elements under another shape. @pre of the same number of elements
Array reshaped(Array array, Shape shape);

/// Axes in a new order: axis i of the result is axis order[i] of `array`.
Array transposed(const Array& array, const std::vector<std::size_t>& order);

/// Elements as another type: reals truncated, integers wrapped to their width, Booleans from != 0.
Array converted(const Array& array, ElementType type);

/// Truncated towards zero; the least integer where it is out of range or not a number.
std::int64_t to_integer(double value);

/// An integer as it is in a type of fewer bits.
std::int64_t wrapped(std::int64_t value, ElementType type);

}  // namespace tessera::models::onnx
