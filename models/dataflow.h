#pragma once

#include <vector>

#include "models/network.h"

namespace tessera::models {

/// Data that one operator with hardware (or an input) sends to another (or an output), with the
/// wiring between them resolved.
///
/// Element (t, c) of `from` within the producer's stream lands in the consumer's input, whose own
/// frame of reference is the stream of the consumer's input tensor. Ranges of different size
/// correspond proportionally when one size divides the other; where they do not, or where wiring
/// mixes tokens with channels, `tokens` or `channels` is `whole`.
struct Flow {
    OperatorId producer;
    OperatorId consumer;
    TensorId tensor;  ///< the producer's own output tensor: its format is what travels
    Region from;      ///< the part of the producer's stream that is read
    Region to;        ///< where it lands in the consumer's *output* frame: the ranges of output tokens and channels it matters for
    Access tokens;    ///< whole: every consumer token in `to` needs all of `from.tokens`
    Access channels;
};

/// The flows between all operators that are not wiring, sorted by (consumer, producer, from).
/// Promises: for each input of each consumer, the flows cover all that the consumer reads.
std::vector<Flow> dataflow(const Network& network);

/// The part of `flow.from` that the consumer needs for `wanted` of its output stream; empty ranges
/// where it needs nothing of it.
Region needed(const Flow& flow, const Region& wanted);

}  // namespace tessera::models
