#pragma once

#include <cstdint>
#include <vector>

#include "models/dataflow.h"
#include "partition/operator_options.h"

namespace tessera::partition {

/// The operators that stream into each other, token by token: joined by flows that no token waits for others on, and behind as many
/// waits for all tokens. All but the slowest of such a group wait for that one, so that a group streams as its slowest operator does.
/// @param flows  as models::dataflow gives them
/// @return by operator: the number of its group, from 0
std::vector<std::uint32_t> streaming_groups(const models::Network& network, const std::vector<models::Flow>& flows);

/// How near each operator is to the slowest way through the network, from 0 (as much slack as the whole latency) to 1 (on it), when
/// transfers take no time.
std::vector<double> operator_criticality(const models::Network& network, const std::vector<models::Flow>& flows,
                                         const std::vector<std::vector<OperatorOption>>& options, const std::vector<std::size_t>& chosen);

/// What a cycle of each operator is worth where one of the whole latency is worth `boards_per_cycle`: less off the slowest way.
/// @param groups  as streaming_groups gives them
CyclePrices price_as_one(const std::vector<double>& criticality, const std::vector<std::uint32_t>& groups, double boards_per_cycle);

/// The same where each of so many operators counts by itself, and a quarter of its streaming.
CyclePrices price_apart(std::size_t operators, double boards_per_cycle);

}  // namespace tessera::partition
