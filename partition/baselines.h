#pragma once

#include <cstdint>
#include <functional>
#include <variant>
#include <vector>

#include "partition/partitioner.h"
#include "partition/placement.h"
#include "partition/shard_graph.h"
#include "topologies/topology.h"

namespace tessera::partition {

/// A graph as k-way partitioners take it. An edge stands at both of its vertices.
struct WeightedGraph {
    std::vector<std::int32_t> first_edge;              ///< by vertex, and one more: where its edges begin
    std::vector<std::int32_t> ends;                    ///< by edge: the vertex at its other end
    std::vector<std::int32_t> frames;                  ///< by edge: its weight
    std::vector<std::vector<double>> board_fractions;  ///< by vertex: of the largest board, by resource; unused ones are left out
    std::vector<std::vector<double>> type_sizes;       ///< by type of board: what it holds of each of these, of the largest board

    std::size_t vertices() const { return board_fractions.size(); }
};

/// The type of the board that each block becomes.
using BlockTypes = std::vector<std::uint32_t>;

/// The block of each vertex by METIS (Karypis and Kumar, J. Parallel Distrib. Comput. 48, 1998): the
/// least cut with which no block takes more than a board of any resource, as far as METIS finds one; empty where METIS gives up.
std::vector<std::uint32_t> metis_blocks(const WeightedGraph& graph, const BlockTypes& types, std::uint64_t seed);

/// The same by Scotch (Pellegrini and Roman, HPCN 1996), which knows one weight: a vertex weighs what it takes of its scarcest resource.
std::vector<std::uint32_t> scotch_blocks(const WeightedGraph& graph, const BlockTypes& types, std::uint64_t seed);

/// Static mapping by Scotch (Pellegrini, Static Mapping by Dual Recursive Bipartitioning, SHPCC 1994), which counts an edge once for
/// each cable between its ends' boards: the board of each vertex among the topology's first that work; empty where Scotch gives up.
std::vector<std::uint32_t> scotch_boards(const WeightedGraph& graph, const topologies::Topology& topology, const BlockTypes& types,
                                         std::uint64_t seed);

/// Makes the topology of so many boards.
using TopologyOf = std::function<topologies::Topology(std::size_t boards)>;

/// Divides the shards, built as the sharder has chosen, by one of the baselines. METIS and Scotch get as few blocks as fit
/// the SLRs of their boards, first fit decreasing; greedy takes the shards in topological order and opens a board where one is full.
/// Boards are of the first type as far as there are any, then of the next; by static mapping of the type at their place. Of `limits` only
/// the fill and the most boards count. By static mapping, boards are numbered as those of the topology; else in the order of their first
/// shards.
std::variant<Placement, UnfitShard> divide_by_baseline(Partitioner partitioner, const ShardGraph& graph, const BoardSpace& space,
                                                       const GrowthLimits& limits, const TopologyOf& topology_of, std::uint64_t seed);

}  // namespace tessera::partition
