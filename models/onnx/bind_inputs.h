#pragma once

#include <string>
#include <vector>

#include "models/onnx/parsed_model.h"

namespace tessera::models::onnx {

/// The inputs with static shapes. A dimension without a name goes by "INPUT[AXIS]".
/// @throws InputError for dimensions without a binding, except those of a batch (see read_onnx), and
/// for bindings that name no dimension or are below 1
std::vector<Value> bind_inputs(const std::vector<ParsedInput>& inputs, const Bindings& bindings, const std::string& file);

}  // namespace tessera::models::onnx
