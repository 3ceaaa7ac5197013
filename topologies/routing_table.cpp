#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/compressed_sparse_row_graph.hpp>

#include <algorithm>
#include <utility>

#include "topologies/topology.h"

namespace tessera::topologies {

namespace {

using Graph = boost::compressed_sparse_row_graph<boost::directedS>;

/// Both directions of every cable; the neighbours of a board in ascending order.
Graph graph_of(const Topology& topology) {
    std::vector<std::pair<std::size_t, std::size_t>> edges;
    for (const auto& cable : topology.cables) {
        edges.emplace_back(index(cable.a), index(cable.b));
        edges.emplace_back(index(cable.b), index(cable.a));
    }
    std::sort(edges.begin(), edges.end());
    return {boost::edges_are_sorted, edges.begin(), edges.end(), topology.board_count};
}

}  // namespace

RoutingTable::RoutingTable(const Topology& topology) : patch_panel_(topology.patch_panel), boards_(topology.board_count) {
    if (patch_panel_) return;
    next_.resize(boards_ * boards_);
    hops_.assign(boards_ * boards_, -1);
    const Graph graph = graph_of(topology);
    for (std::size_t to = 0; to < boards_; ++to) {
        // Cables carry both ways, so the distances from a board are those to it: row `to`.
        std::int32_t* distance = hops_.data() + to * boards_;
        distance[to] = 0;
        const auto recorder = boost::make_bfs_visitor(boost::record_distances(distance, boost::on_tree_edge()));
        boost::breadth_first_search(graph, boost::vertex(to, graph), boost::visitor(recorder));
        for (std::size_t from = 0; from < boards_; ++from) {
            if (distance[from] <= 0) continue;
            const auto [first, last] = boost::adjacent_vertices(boost::vertex(from, graph), graph);
            const auto nearer = std::find_if(first, last, [&](std::size_t next) { return distance[next] == distance[from] - 1; });
            next_[from * boards_ + to] = static_cast<std::uint32_t>(*nearer);
        }
    }
}

std::vector<BoardId> RoutingTable::route(BoardId from, BoardId to) const {
    if (from == to) return {from};
    if (patch_panel_) return {from, to};
    if (hops(from, to) < 0) return {};
    std::vector<BoardId> boards{from};
    while (boards.back() != to) boards.push_back(BoardId{next_[index(boards.back()) * boards_ + index(to)]});
    return boards;
}

int RoutingTable::hops(BoardId from, BoardId to) const {
    if (from == to) return 0;
    return patch_panel_ ? 1 : hops_[index(from) * boards_ + index(to)];
}

}  // namespace tessera::topologies
