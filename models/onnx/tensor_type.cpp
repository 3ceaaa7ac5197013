#include "models/onnx/tensor_type.h"

#include <algorithm>

namespace tessera::models::onnx {

namespace {

constexpr std::int64_t kMostElements = std::int64_t{1} << 40;

}  // namespace

std::optional<ElementType> element_type_of(std::int64_t number) {
    switch (number) {
        case 1:
            return ElementType::float32;
        case 2:
            return ElementType::uint8;
        case 3:
            return ElementType::int8;
        case 4:
            return ElementType::uint16;
        case 5:
            return ElementType::int16;
        case 6:
            return ElementType::int32;
        case 7:
            return ElementType::int64;
        case 9:
            return ElementType::boolean;
        case 10:
            return ElementType::float16;
        case 11:
            return ElementType::float64;
        case 12:
            return ElementType::uint32;
        case 13:
            return ElementType::uint64;
        default:
            return std::nullopt;
    }
}

std::optional<std::int64_t> element_count(const Shape& shape) {
    if (std::ranges::any_of(shape, [](std::int64_t size) { return size < 0; })) return std::nullopt;
    if (std::ranges::find(shape, 0) != shape.end()) return 0;
    std::int64_t count = 1;
    for (const auto size : shape) {
        if (size > kMostElements / count) return std::nullopt;
        count *= size;
    }
    return count;
}

Shape strides_of(const Shape& shape) {
    Shape strides(shape.size(), 1);
    for (std::size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
    return strides;
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
    const auto& longer = a.size() >= b.size() ? a : b;
    const auto& shorter = a.size() >= b.size() ? b : a;
    Shape result = longer;
    const auto lead = longer.size() - shorter.size();
    for (std::size_t axis = 0; axis < shorter.size(); ++axis) {
        auto& size = result[lead + axis];
        if (size == shorter[axis] || shorter[axis] == 1) continue;
        if (size != 1) return std::nullopt;
        size = shorter[axis];
    }
    return result;
}

Array make_array(ElementType type, Shape shape) {
    Array array{.type = type, .shape = std::move(shape), .reals = {}, .integers = {}};
    const auto count = static_cast<std::size_t>(array.size());
    if (is_real(type)) {
        array.reals.assign(count, 0);
    } else {
        array.integers.assign(count, 0);
    }
    return array;
}

}  // namespace tessera::models::onnx
