#pragma once

#include <string>

#include "models/onnx/folded_graph.h"

namespace onnx {
class TensorProto;
}

namespace tessera::models::onnx {

/// ONNX's number of an element type. @throws InputError for those that Tessera does not read
ElementType element_type(int number, const std::string& file, const std::string& where);

/// The constant in `tensor`, whose own copy of the data is released.
/// @throws InputError for external data, unknown types and sizes that disagree with the dimensions
Array take_array(::onnx::TensorProto& tensor, const std::string& file, const std::string& where);

}  // namespace tessera::models::onnx
