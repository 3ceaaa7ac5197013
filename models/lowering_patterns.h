#pragma once

#include "models/onnx/folded_graph.h"

namespace tessera::models {

/// Recognises operators that exporters take apart and puts them together again: LayerNormalization
/// (mean, centred square, mean, root, quotient, scale and shift), Gelu (through Erf) and Swish
/// (x times its sigmoid). A pattern is only folded when nothing else uses its inner values.
void fuse_patterns(onnx::FoldedGraph& graph);

}  // namespace tessera::models
