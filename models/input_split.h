#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/network.h"

namespace tessera::models {

/// A dense operator whose input channels are cut into parts: each part sums the products of its own inputs, and an adder sums the parts.
struct InputCut {
    OperatorId op{};
    std::int64_t parts = 2;

    friend bool operator==(const InputCut&, const InputCut&) = default;
};

/// Why the input channels of an operator cannot be cut into so many parts, as the end of a sentence that begins with the operator;
/// empty where they can. Dense operators can that read the channels of each token.
std::string why_not_cut(const Network& network, const Operator& op, std::int64_t parts);

/// The network with one operator cut along its input channels: in its place stand `NAME.inputs.K` (a Slice), `NAME.part.K` and
/// `NAME.sum` (an Add), which makes its tensor in the format that this has. What is multiplied and counted stays the same.
///
/// The parts have the weights of their inputs and the strategy that is fixed of the operator; the first adds the bias. Their sums have
/// the format of the operator's accumulator where one is given, else one in which they cannot overflow nor lose a bit. Scales that
/// are no powers of two come behind the adder (`NAME.scale`).
/// @pre the network has its precision
/// @throws InputError where the operator cannot be cut so
Network split_inputs(Network network, const InputCut& cut);

/// All of these cuts, one after another: an id is that of the network as the cuts before leave it.
Network split_inputs(Network network, const std::vector<InputCut>& cuts);

/// The network with all operators cut for which a study fixes `input_parts`.
Network split_fixed_inputs(Network network);

}  // namespace tessera::models
