#pragma once

#include "models/network.h"
#include "models/onnx/folded_graph.h"

namespace tessera::models {

/// A folded ONNX graph as a network: one operator for each that costs hardware, wiring for what
/// only moves data, formats where the file quantises. The result passes `verify`.
/// @throws InputError that names every unsupported operator type with its first node and count
Network lower(const onnx::FoldedGraph& graph);

}  // namespace tessera::models
