#pragma once

#include <vector>

#include "apps/explore/exploration.h"
#include "apps/explore/minimise.h"

namespace tessera::apps::explore {

/// Answers points of which some differ in the number of boards that are there alone.
///
/// Of such a series the point with the most boards is run first. A layout that it finds is one for every number down to the boards
/// that the layout takes, and where it finds none there is none on fewer boards: only what neither answers is run, again
/// with the most boards first. `run` of a result names the point that was run.
std::vector<PointResult> answer_by_boards(const std::vector<Point>& points, const Answer& answer);

}  // namespace tessera::apps::explore
