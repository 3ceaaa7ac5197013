#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/onnx/folded_graph.h"

namespace tessera::models::onnx {

using Shape = std::vector<std::int64_t>;

/// Type and static shape of a tensor, constant or not.
struct TensorType {
    ElementType type = ElementType::float32;
    Shape shape;
};

/// The type behind a number of ONNX (onnx.proto, TensorProto.DataType); nothing for those that Tessera does not read.
std::optional<ElementType> element_type_of(std::int64_t number);

/// Elements of a shape; nothing where a dimension is negative or the number exceeds 2^40.
std::optional<std::int64_t> element_count(const Shape& shape);

/// Elements that lie between neighbours of each axis in row-major order.
Shape strides_of(const Shape& shape);

/// The shape both broadcast to by numpy's rules (ONNX "Broadcasting"); nothing where they do not fit.
std::optional<Shape> broadcast(const Shape& a, const Shape& b);

/// An array of zeros of a real or integer type.
Array make_array(ElementType type, Shape shape);

}  // namespace tessera::models::onnx
