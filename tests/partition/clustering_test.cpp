#include "partition/clustering.h"

#include <doctest/doctest.h>

using namespace tessera;
using namespace tessera::partition;

namespace {

/// Shards of 10 LUTs, each reading the one before over a net too light to be worth a merger.
ShardGraph light_chain(const std::vector<std::uint32_t>& columns) {
    ShardVariant built;
    built.resources.lut = 10;
    ShardGraph graph;
    graph.variants = {{built}};
    graph.shards.resize(columns.size());
    graph.inputs.resize(columns.size()), graph.outputs.resize(columns.size());
    for (std::uint32_t s = 0; s < columns.size(); ++s) {
        graph.shards[s].column = columns[s];
        if (s == 0) continue;
        graph.outputs[s - 1] = {static_cast<std::uint32_t>(graph.nets.size())};
        graph.inputs[s] = graph.outputs[s - 1];
        graph.nets.push_back({s - 1, 64, 1, {s}});
    }
    return graph;
}

std::vector<std::uint32_t> clusters_of(const ShardGraph& graph, double largest_column) {
    BoardSpace space;
    space.types.front().slr_capacity.lut = 100;
    space.frames_per_event = 100;
    ClusterLimits limits;
    limits.largest_column = largest_column;
    return cluster_shards(graph, space, limits).of_shard;
}

}  // namespace

TEST_CASE("shards of a column stay together as far as a board holds them") {
    const auto graph = light_chain({0, 0, 0, 1, 1});
    CHECK(clusters_of(graph, 0) == std::vector<std::uint32_t>{0, 1, 2, 3, 4});
    CHECK(clusters_of(graph, 0.5) == std::vector<std::uint32_t>{0, 0, 0, 1, 1});
    CHECK(clusters_of(graph, 0.25) == std::vector<std::uint32_t>{0, 0, 1, 2, 2});
}

TEST_CASE("columns that need each other both ways are taken apart") {
    CHECK(clusters_of(light_chain({0, 1, 0, 1}), 0.5) == std::vector<std::uint32_t>{0, 1, 2, 3});
}
