#pragma once

#include <string>

#include "models/network.h"

namespace tessera::models {

/// True where a rule of a study that names `pattern` is meant for `op`: an operator kind ("dense"), a type ("MatMul"),
/// or a name, in which * is any text and ? any one character.
bool matches(const std::string& pattern, const Operator& op);

}  // namespace tessera::models
