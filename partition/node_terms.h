#pragma once

#include <vector>

#include "partition/node_mapper.h"
#include "partition/placement.h"
#include "partition/sharding.h"
#include "partition/splitting.h"
#include "partition/timing.h"
#include "topologies/topology.h"

namespace tessera::partition {

/// What the shards of a time node are cut and placed within; follows from the problem and the plan alone.
struct NodeTerms {
    BoardSpace space;
    ShardingContext context;
    bool patch_panel = true;
    std::size_t room_for_boards = 0;  ///< of the topology
    int most_boards = 0;              ///< that there are and that the topology has room for
    int thinnest_cable_lanes = 0;     ///< 0: no cables
    int most_sent_chunks = 1;         ///< that a shard sends another board
};

/// The problem, the flows and the plan must outlive them.
NodeTerms node_terms(const MappingProblem& problem, const std::vector<models::Flow>& flows, const NodePlan& plan, int most_boards);

/// At weight 1 of `price_latency`: a percent of the latency budget is worth a percent of the boards that the bound asks for.
double fair_latency_price(const NodePlan& plan, const MappingProblem& problem);

/// How the operators are cut.
/// @param fine  into smaller shards
std::vector<ShardGrid> cut_operators(const MappingProblem& problem, const NodePlan& plan, const NodeTerms& terms, bool fine = false);

/// Builds the shards as the placement says, and gives each as many chunks as it can stream.
void build_as(ShardGraph& graph, const Placement& placement, const NodeTerms& terms);

/// The same for shards that are built so already, where what leaves or reaches a board is no more chunks than its entry of `most_sent`.
void stream(ShardGraph& graph, const Placement& placement, const NodeTerms& terms, const std::vector<int>& most_sent);

/// What a hop takes before links exist.
HopTiming hop_timing(const MappingProblem& problem);

/// Of so many boards. Where the study leaves the lanes open, cables take no more ports than leave room for the data from outside.
topologies::Topology topology_of(const MappingProblem& problem, const NodePlan& plan, std::size_t boards);

}  // namespace tessera::partition
