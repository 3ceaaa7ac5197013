#pragma once

#include <optional>

#include "models/onnx/operator_context.h"

namespace tessera::models::onnx {

/// The input that the node's first result equals element by element, where that is certain: Identity,
/// a Reshape to the same shape, a Concat of one, a product with 1, ...
std::optional<std::size_t> unchanged_input(const OperatorContext& context, const TensorType& result);

/// Whether all elements of a constant are `value`.
bool is_all(const Array& array, double value);

}  // namespace tessera::models::onnx
