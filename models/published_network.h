#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "models/network.h"

namespace tessera::models {

/// Builds the network of a published design from the keys of its row:
///
/// - "input": {"tokens", "channels"}
/// - "layers": blocks of the zoo (zoo_blocks.h) and these:
///   {"block": "global_sum", "outputs": n}: relu(W x + V sum of x), of JEDI-linear;
///   {"block": "plain_transformer", "layers", "heads", "feed_forward", "normalise"}: attention and a perceptron with
///   residual sums, normalised before each of the four products (SubLN, arXiv:2210.06423) or not at all;
///   {"block": "valid_convolution", "side", "filters", "kernel"}: of a square image without padding, with Relu;
///   {"block": "max_pool", "side", "kernel"}: of a square image; {"block": "activation", "type": "LeakyRelu"};
///   {"block": "trees", "rounds", "outputs", "depth"}: in every round a tree for each output, all of them full
/// - "reuse_factors": one for each constant matrix in order, where they differ (Operator::fixed)
/// - "folding": [PE, SIMD] of each constant matrix in order, as FINN has it: outputs and inputs at a time
/// - "precision": as in a study
/// - what is known of the weights, if not their distribution alone: "weights": for each constant matrix in order
///   [not zero, signed digits, trimmed bits, of three digits and more, digits of those], counted in the real weights or
///   in those of another training of the same network; or "hgq": {"ebops", "bits", "digits"}, published effective bit
///   operations from which the fraction of weights that are not zero follows, each of so many trimmed bits and signed
///   digits; or "binary": true, weights of -1 and 1
/// @throws InputError
Network read_published_network(const JsonReader& row, const std::string& name);

/// The PE of "folding", one for each constant matrix in order; empty where the row has none. @throws InputError
std::vector<int> read_processing_elements(const JsonReader& row);

}  // namespace tessera::models
