#pragma once

#include <string>
#include <vector>

#include "apps/explore/measures.h"

namespace tessera::apps::explore {

/// The passing points that no other passing point beats: none is at least as good in all of the
/// measures (indices of kMeasures) and better in one. In the order of `results`.
std::vector<const PointResult*> frontier(const std::vector<PointResult>& results, const std::vector<std::size_t>& measures);

/// The passing point with the best value of a measure, for one value of one axis.
struct Best {
    std::string axis;
    Json label;
    const PointResult* result = nullptr;  ///< null where no point passes there
};

/// For each value of each axis in turn, in the order of first appearance, the best passing point: what
/// that value still allows when all else is free.
std::vector<Best> best_of_each(const std::vector<PointResult>& results, std::size_t measure);

/// How far parameters move an answer away from that of the unchanged study.
struct Effect {
    Json coordinates;  ///< the one or two parameters that differ
    Status status = Status::kError;
    double boards = 0;      ///< more than the unchanged study takes; 0 where either has no mapping
    double latency_ns = 0;  ///< longer than it
    bool changes_verdict = false;
    /// Of two parameters: latency beyond the sum of what each does alone. 0 for one.
    double interaction_ns = 0;
};

/// Effects of the points of a sensitivity study, those that change the verdict first, then by the size of
/// the change of the latency. `results` holds the unchanged study (no coordinates) and its neighbours.
std::vector<Effect> effects(const std::vector<PointResult>& results);

}  // namespace tessera::apps::explore
