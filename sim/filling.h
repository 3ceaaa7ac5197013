#pragma once

#include <string>
#include <vector>

namespace tessera::sim {

/// Which of the 3564 bunch crossings of an orbit have collisions.
///
/// @param scheme "all", or the name of a file in sim/filling without ".json"
/// @throws InputError for a scheme that does not exist, naming those that do
std::vector<bool> read_filling(const std::string& scheme);

}  // namespace tessera::sim
