#include "partition/cable_ways.h"

#include <doctest/doctest.h>

#include <numeric>

#include "partition/wiring.h"

namespace tessera::partition {
namespace {

topologies::Topology topology_of_kind(const std::string& text, std::size_t boards, int ports) {
    return topologies::make_topology(JsonReader::from_text("topology", text), boards, ports);
}

std::vector<std::uint32_t> in_order(std::size_t boards) {
    std::vector<std::uint32_t> places(boards);
    std::iota(places.begin(), places.end(), 0U);
    return places;
}

/// A chain of four shards of one LUT each, that send each other 160 frames of 64 bits.
ShardGraph chain() {
    ShardGraph graph;
    graph.variants = {{ShardVariant{}}};
    graph.shards.resize(4);
    for (auto& shard : graph.shards) shard.region = {{0, 1}, {0, 8}};
    graph.inputs.resize(4), graph.outputs.resize(4);
    for (std::uint32_t s = 0; s + 1 < 4; ++s) {
        graph.needs.push_back({.from = s, .to = s + 1, .bits = 64 * 160});
        graph.nets.push_back({s, 64 * 160, 162, {s + 1}});
        graph.outputs[s].push_back(s), graph.inputs[s + 1].push_back(s);
    }
    return graph;
}

}  // namespace

TEST_CASE("what a board sends is spread over all ways of the fewest links, by their lanes") {
    const auto torus = topology_of_kind(R"({"kind": "torus2d", "shape": [4, 4]})", 16, 32);
    const topologies::RoutingTable table(torus);
    CableWays ways(torus, table, in_order(16));
    CHECK(ways.hops(0, 5) == 2);
    const auto shares = ways.between(0, 5);  // round either corner
    REQUIRE(shares.size() == 4);
    for (const auto& share : shares) CHECK(share.part == doctest::Approx(0.5));
    CHECK(ways.between(0, 1).size() == 1);
    CHECK(ways.hops(3, 3) == 0);
    CHECK(ways.between(3, 3).empty());

    const auto tree = topology_of_kind(R"({"kind": "fat_tree", "children": [4], "parents": [3], "switch_ports": 32})", 4, 24);
    const topologies::RoutingTable under_switches(tree);
    CableWays up_and_down(tree, under_switches, {2, 0});
    REQUIRE(up_and_down.between(0, 1).size() == 2);  // three switches that are alike, up and down
    for (const auto& [channel, part] : up_and_down.between(0, 1)) {
        CHECK(part == doctest::Approx(1.0 / 3));
        CHECK(up_and_down.channels()[channel].alike == 3);
    }
}

TEST_CASE("switches with the same cables count as one, those with others do not, and boards never do") {
    const auto tree = topology_of_kind(R"({"kind": "fat_tree", "children": [4, 4], "parents": [2, 2], "switch_ports": 64})", 16, 24);
    const topologies::RoutingTable table(tree);
    CableWays ways(tree, table, in_order(16));
    for (const std::uint32_t to : {1U, 5U, 15U}) {
        CAPTURE(to);
        double crossed = 0, arriving = 0;
        for (const auto& [channel, part] : ways.between(0, to)) {
            const auto& cables = ways.channels()[channel];
            CHECK(part * cables.alike <= 1 + 1e-9);
            crossed += part * cables.alike;
            if (cables.to == to) arriving += part * cables.alike;
        }
        CHECK(arriving == doctest::Approx(1));
        CHECK(crossed == doctest::Approx(ways.hops(0, to)));
    }
    const auto directions = [](int sum, const CableWays::Channel& channel) { return sum + channel.alike; };
    CHECK(std::accumulate(ways.channels().begin(), ways.channels().end(), 0, directions) == 2 * static_cast<int>(tree.cables.size()));
    CHECK(ways.channels().size() == 80);  // 64 of the lower switches, whose parents differ; 32 of the top ones, two of which are alike
}

TEST_CASE("all of what a board sends leaves it and arrives, however far away") {
    const auto dragonfly = topology_of_kind(R"({"kind": "dragonfly"})", 30, 64);
    const topologies::RoutingTable table(dragonfly);
    CableWays ways(dragonfly, table, in_order(30));
    for (std::uint32_t to = 1; to < 30; ++to) {
        double arriving = 0, crossed = 0;
        for (const auto& [channel, part] : ways.between(0, to)) {
            crossed += part;
            if (ways.channels()[channel].to == to) arriving += part;
        }
        CHECK(arriving == doctest::Approx(1));
        CHECK(crossed == doctest::Approx(ways.hops(0, to)));
    }
}

TEST_CASE("what comes from the outside crosses the cables from the nearest board at which it enters, and leaves at one board") {
    const auto ring = topology_of_kind(R"({"kind": "ring", "lanes": 1, "inputs_at": [0, 4], "decision_at": 6})", 8, 8);
    const topologies::RoutingTable table(ring);
    CableWays ways(ring, table, {1, 2, 3, 4});
    constexpr auto kOutside = CableWays::kOutsideBoard;
    CHECK(ways.cabled(kOutside, 0));
    CHECK(ways.cabled(0, kOutside));
    CHECK(ways.hops(kOutside, 0) == 1);  // from 0
    CHECK(ways.hops(kOutside, 2) == 1);  // from 4
    CHECK(ways.hops(kOutside, 3) == 0);  // it is one of them
    CHECK(ways.between(kOutside, 3).empty());
    CHECK(ways.between(kOutside, 1).size() == 2);
    CHECK(ways.hops(3, kOutside) == 2);
    for (const auto& [channel, part] : ways.between(3, kOutside)) CHECK(ways.channels()[channel].to > 4);

    const auto open = topology_of_kind(R"({"kind": "ring", "lanes": 1})", 8, 8);
    const topologies::RoutingTable same(open);
    const CableWays anywhere(open, same, {1, 2});
    CHECK_FALSE(anywhere.cabled(kOutside, 0));
    CHECK_FALSE(anywhere.cabled(0, kOutside));
    CHECK(anywhere.cabled(0, 1));
}

TEST_CASE("a cable with too much on it costs, and costs nothing once it is relieved") {
    const auto ring = topology_of_kind(R"({"kind": "ring", "lanes": 1})", 4, 8);
    const topologies::RoutingTable table(ring);
    CableWays cables(ring, table, in_order(4));
    BoardSpace space;
    space.types.front().ports = 2, space.types.front().outside_ports = 6, space.frames_per_event = 162;
    RefinementSettings settings;
    settings.cables = &cables, settings.cable_fill = 1;
    const auto graph = chain();
    const Placement line{{0, 1, 2, 3}, {0, 0, 0, 0}, {0, 0, 0, 0}, 4};
    Wiring wiring(graph, space, line, settings);
    // Shard 2 joins shard 0: its two nets, of a lane each, take other directions of cables than the first net.
    const double worse = wiring.move(2, 0);
    CHECK(worse == doctest::Approx(0).epsilon(1e-9));  // 0 -> 1, 1 -> 0, 0 -> 3: a direction of a cable each
    const double overloaded = wiring.move(3, 1);       // now 0 -> 1 carries two
    CHECK(overloaded > 1);
    CHECK(wiring.move(3, 3) == doctest::Approx(-overloaded));
    CHECK(wiring.move(2, 2) == doctest::Approx(-worse));
}

TEST_CASE("a need on the slowest path costs for every link that it crosses") {
    const auto ring = topology_of_kind(R"({"kind": "ring", "lanes": 1})", 4, 8);
    const topologies::RoutingTable table(ring);
    CableWays cables(ring, table, in_order(4));
    BoardSpace space;
    space.types.front().ports = 20, space.types.front().outside_ports = 20, space.frames_per_event = 162;
    RefinementSettings settings;
    settings.cables = &cables;
    const auto graph = chain();
    const Placement line{{0, 1, 2, 3}, {0, 0, 0, 0}, {0, 0, 0, 0}, 4};
    Wiring wiring(graph, space, line, settings);
    wiring.weigh_hops({100, {1, 1, 1}});
    CHECK(wiring.move(3, 0) == doctest::Approx(1 + Wiring::kHopCost));  // a lane over two links instead of one
    CHECK(wiring.move(3, 2) == doctest::Approx(-2 - 2 * Wiring::kHopCost));
}

}  // namespace tessera::partition
