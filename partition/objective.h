#pragma once

namespace tessera::partition {

/// What a search looks for among the mappings on the boards that are there.
enum class Objective {
    boards,   ///< the fewest boards within the latency budget; where none is within it, the lowest latency
    latency,  ///< the lowest latency, at however many of the boards
    pareto,   ///< all that no other beats in both; the one that `boards` asks for is the result
};

/// What layouts are compared by.
struct BoardsAndLatency {
    int boards = 0;
    double latency_ns = 0;
};

/// Whether the objective asks for `layout` rather than for `other`: within the budget the one on fewer boards, then the quicker; outside,
/// or where latency is all, the quicker, then the one on fewer boards.
bool better(const BoardsAndLatency& layout, const BoardsAndLatency& other, Objective objective, double latency_budget_ns);

}  // namespace tessera::partition
