#pragma once

#include <cstddef>
#include <vector>

#include "topologies/topology.h"

namespace tessera::topologies {

/// Row by row, `width` boards in each.
std::vector<Place> places_in_rows(std::size_t boards, std::size_t width);

/// There and back again in two rows, so that the last board stands beside the first.
std::vector<Place> places_of_ring(std::size_t boards);

/// Slices of `shape[0]` x `shape[1]` boards side by side; a shape of two sides is one slice.
std::vector<Place> places_of_torus(const std::vector<std::size_t>& shape, std::size_t boards);

/// Groups as near to a square as may be, and so are the boards of each; a step is left free between groups.
std::vector<Place> places_in_groups(std::size_t groups, std::size_t size);

/// The first level lies at the bottom; each is spread over the width of the widest.
std::vector<Place> places_in_levels(const std::vector<std::size_t>& boards_by_level);

}  // namespace tessera::topologies
