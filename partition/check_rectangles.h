#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "models/network.h"

namespace tessera::partition {

/// The part that two ranges or regions have in common; empty where there is none.
models::Range common_part(const models::Range& a, const models::Range& b);
models::Region common_part(const models::Region& a, const models::Region& b);

/// Elements of the region; 0 where a range of it is empty.
std::int64_t area(const models::Region& region);

/// Elements that at least one of the regions holds.
std::int64_t union_area(std::vector<models::Region> regions);

/// Positions of two regions that have elements in common, if there are any. Near-linear in the
/// number of regions.
std::optional<std::pair<std::size_t, std::size_t>> find_overlap(const std::vector<models::Region>& regions);

}  // namespace tessera::partition
