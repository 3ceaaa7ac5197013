#pragma once

#include "models/cost_context.h"

namespace tessera::models {

/// The registers and line buffers that turn a stream of tokens into windows.
struct WindowBuffer {
    Resources resources;
    double elements = 0;  ///< of one window and one channel
};

/// For the window, strides and row length of a convolution or pooling over `channels` input
/// channels at `positions` places: (rows - 1) x row_length tokens in shift registers, or in block RAM where a row is
/// longer than 64 tokens, and the window itself in flip-flops. Where `interval` cycles pass between two
/// output tokens, ceil(input tokens per output token / interval) tokens enter in a cycle.
WindowBuffer window_buffer(const CostContext& context, double channels, double positions, double interval);

}  // namespace tessera::models
