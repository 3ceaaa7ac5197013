#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/network.h"

namespace tessera::models {

/// An input of one network that an output of another makes.
struct Join {
    std::string input;   ///< "PART.INPUT"
    std::string output;  ///< "PART.OUTPUT"
    std::string file;    ///< where the join stands, for messages
    std::string path;
};

/// Several networks as one: operators `PART.NAME`, part after part, which have names without dots. All inputs that no join makes, and
/// all outputs that make none, are those of the whole.
/// @throws InputError for a join of what is not there or not before it, and where the two have different streams
Network joined(const std::vector<std::pair<std::string, Network>>& parts, const std::vector<Join>& joins);

}  // namespace tessera::models
