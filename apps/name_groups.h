#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tessera::apps {

/// Something with a name such as "/Encoder/layers.0/fc1", and how much of the whole it is.
struct NamedAmount {
    std::string name;
    double amount = 0;
};

/// Consecutive items [begin, end) that belong together.
struct NameGroup {
    std::string label;  ///< what their names have in common: "/Encoder/layers.0"; "a … b" where that is nothing
    std::size_t begin = 0;
    std::size_t end = 0;
};

/// Puts a sequence into at most `most` groups (at least one), in order and without gaps, for people to read.
/// Names are taken apart at '.' and '/'. A group of more than a third of the whole is divided further where there is room.
/// Where
/// names have little in common, three and more neighbours of less than a fiftieth of the whole each are joined,
/// then those that are smallest together until there is room.
std::vector<NameGroup> group_by_name(const std::vector<NamedAmount>& items, std::size_t most);

}  // namespace tessera::apps
