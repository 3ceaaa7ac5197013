#pragma once

#include <functional>
#include <vector>

#include "apps/explore/exploration.h"
#include "apps/explore/measures.h"

namespace tessera::apps::explore {

/// Answers points, in their order.
using Answer = std::function<std::vector<PointResult>(const std::vector<Point>&)>;

/// For each point the result with the fewest boards that passes, or the point's own result where it
/// does not pass: bisection of `boards_available` between the lower bound on boards and what the last
/// mapping used. All points advance together, so that their questions are answered at the same time.
/// A mapper is a heuristic: that fewer boards fail is not proof that none would do, and the lower bound stands beside the result.
std::vector<PointResult> minimise_boards(const std::vector<Point>& points, const Answer& answer);

}  // namespace tessera::apps::explore
