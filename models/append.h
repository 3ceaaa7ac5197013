#pragma once

#include <map>
#include <string>

#include "models/network.h"

namespace tessera::models {

/// Appends the operators of `part` to `whole`; each takes `prefix` before its name. Parameters and assumptions add up.
///
/// An input of `part` that `fed` names vanishes: what read it reads that tensor of `whole`, which must have the same stream.
/// Outputs of `part` vanish too: the tensors of `whole` that they read are returned, by the names of the outputs in `part`.
/// @throws InputError where a tensor has another stream than the input that it feeds
std::map<std::string, TensorId> append(Network& whole, const Network& part, const std::string& prefix,
                                       const std::map<std::string, TensorId>& fed);

}  // namespace tessera::models
