#pragma once

namespace tessera::partition {

/// What a search looks for among the mappings on the boards that are there.
enum class Objective {
    boards,   ///< the fewest boards within the latency budget; where none is within it, the lowest latency
    latency,  ///< the lowest latency, at however many of the boards
    pareto,   ///< all that no other beats in both; the one that `boards` asks for is the result
};

}  // namespace tessera::partition
