#pragma once

#include <optional>
#include <vector>

#include "partition/node_mapper.h"

namespace tessera::partition {

/// What a mapping would most likely take.
struct Forecast {
    int boards = 0;  ///< over all time nodes, switch boards included; may be more than there are
    double latency_ns = 0;
};

/// Shards of a time node that are to be had for so much patience.
std::int64_t count_shards(const MappingProblem& problem, const std::vector<models::Flow>& flows, const NodePlan& plan);

/// Forecasts the mapping at one TMUX period from what the search starts with, without what it spends its time on: operators are
/// cut, boards grown once, shards built faster where there is room, and a timing analysis says how long an event takes when no
/// transfer waits for another. What annealing makes of it is estimated: two thirds of the boards above the bound go, for a third
/// more latency, where the budget allows that; on a fixed topology a hop is the mean way between two boards.
///
/// The better one of what two prices of latency give; nothing where a shard fits no board, more boards would be needed than are
/// worth counting, or more ports than annealing has ever made do with. Tens of milliseconds for some thousand shards. How near it is:
/// apps/serve/README.md.
std::optional<Forecast> forecast_mapping(const MappingProblem& problem, const std::vector<models::Flow>& flows, const NodePlan& plan,
                                         Objective objective);

}  // namespace tessera::partition
