#pragma once

#include "models/network.h"
#include "models/onnx/folded_graph.h"

namespace tessera::models {

/// Whether `lower` knows an operator type.
bool is_lowered(const std::string& op_type);

/// A folded ONNX graph as a network: one operator for each that costs hardware, wiring for what
/// only moves data, formats where the file quantises. The result passes `verify`.
/// @pre every node's type is_lowered
/// @throws InputError naming a node that is used in a form for which there is no hardware
Network lower(onnx::FoldedGraph graph);

}  // namespace tessera::models
