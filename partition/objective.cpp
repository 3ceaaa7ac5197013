#include "partition/objective.h"

#include <utility>

namespace tessera::partition {

bool better(const BoardsAndLatency& layout, const BoardsAndLatency& other, Objective objective, double latency_budget_ns) {
    const auto counts = [&](const BoardsAndLatency& each) {
        return objective != Objective::latency && each.latency_ns <= latency_budget_ns;
    };
    if (counts(layout) != counts(other)) return counts(layout);
    if (counts(layout)) return std::pair(layout.boards, layout.latency_ns) < std::pair(other.boards, other.latency_ns);
    return std::pair(layout.latency_ns, layout.boards) < std::pair(other.latency_ns, other.boards);
}

}  // namespace tessera::partition
