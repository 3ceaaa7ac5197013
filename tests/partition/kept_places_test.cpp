#include "partition/kept_places.h"

#include <doctest/doctest.h>

#include "partition/reuse.h"
#include "partition/topology_placement.h"

namespace tessera::partition {
namespace {

topologies::Topology torus_of(std::size_t boards, const std::string& more = "") {
    return topologies::make_topology(JsonReader::from_text("topology", R"({"kind": "torus2d")" + more + "}"), boards, 32);
}

Shard shard_on(std::uint32_t board, std::int64_t token) {
    Shard shard;
    shard.name = "fc [token " + std::to_string(token) + ", channel 0]";
    shard.token_begin = token, shard.token_end = token + 1, shard.channel_end = 1;
    shard.board = BoardId{board};
    return shard;
}

/// A chain of shards, one a board, that each send the next 1024 bits; boards stand at these positions of a topology.
Mapping chain_at(const topologies::Topology& topology, std::vector<std::uint32_t> positions) {
    Mapping mapping;
    mapping.board_types.resize(1);
    for (std::uint32_t b = 0; b < positions.size(); ++b) {
        mapping.boards.push_back(0);
        mapping.places.push_back(topology.places[positions[b]]);
        mapping.shards.push_back(shard_on(b, b));
        if (b > 0) mapping.transfers.push_back({ShardId{b - 1}, BoardId{b}, 1024, {}, 0});
    }
    mapping.positions = std::move(positions);
    return mapping;
}

std::optional<Standing> standing_on_torus(const Mapping& mapping, const std::string& more = "") {
    return standing(mapping, 100, [&](std::size_t boards) { return torus_of(boards, more); });
}

}  // namespace

TEST_CASE("an earlier mapping is found on the topology that it stands on, whatever lanes its cables have now") {
    const auto torus = torus_of(7);  // 3 x 3
    const auto found = standing_on_torus(chain_at(torus, {8, 2, 0, 5, 1, 7, 6}), R"(, "lanes": 3)");
    REQUIRE(found.has_value());
    CHECK(found->topology == torus_of(7, R"(, "lanes": 3)"));
    CHECK(found->places == std::vector<std::uint32_t>{8, 2, 0, 5, 1, 7, 6});
    CHECK(found->switches == 0);

    CHECK_FALSE(standing_on_torus(chain_at(torus, {8, 2, 0, 5, 1, 7, 7})).has_value());
    CHECK_FALSE(standing_on_torus(chain_at(torus_of(4), {0, 1, 3, 2}), R"(, "shape": [4, 1])").has_value());
    Mapping patched = chain_at(torus, {0, 1, 2});
    patched.positions.clear(), patched.places.clear();
    CHECK_FALSE(standing_on_torus(patched).has_value());
    CHECK_FALSE(standing(chain_at(torus, {0, 1, 2, 3, 4, 5, 6, 7, 8}), 8, [](std::size_t boards) { return torus_of(boards); }).has_value());
}

TEST_CASE("boards are where most of their shards were, however they are numbered now") {
    Placement before, now;
    before.boards = 3, now.boards = 3;
    before.board = {0, 0, 1, 1, 1, 2, Placement::kOutsideBoard};
    now.board = {1, 1, 0, 0, 1, 2, Placement::kOutsideBoard};
    CHECK(places_after(before, {7, 4}, now) == std::vector<std::uint32_t>{4, 7, kNoPlace});
}

TEST_CASE("a new board stands beside those that it talks to, on a board that works") {
    const auto ring = torus_of(8, R"(, "shape": [8, 1])");
    const topologies::RoutingTable table(ring);
    const auto mapping = chain_at(ring, {0, 1, 2});
    CHECK(place_beside(mapping, ring, table, {4, kNoPlace, 6}) == std::vector<std::uint32_t>{4, 5, 6});
    CHECK(place_beside(mapping, ring, table, {4, 5, kNoPlace}) == std::vector<std::uint32_t>{4, 5, 6});
    const auto broken = torus_of(8, R"(, "shape": [8, 1], "failed": [5])");
    CHECK(place_beside(mapping, broken, topologies::RoutingTable(broken), {4, kNoPlace, 6})[1] == 0);  // the other way round
    for (const std::uint32_t place : place_on_topology(chain_at(ring, {0, 1, 2, 3, 4, 6, 7}), broken, topologies::RoutingTable(broken), 1))
        CHECK(place != 5);
}

TEST_CASE("a board stands where there is one of its type, and near where its inputs enter") {
    auto ring = torus_of(8, R"(, "shape": [8, 1])");
    ring.types = {1, 0, 0, 1, 0, 0, 1, 0};
    const topologies::RoutingTable table(ring);
    auto mapping = chain_at(ring, {0, 1, 2, 3, 4});
    mapping.board_types.resize(2);
    mapping.boards = {0, 1, 0, 1, 0};
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        const auto places = place_on_topology(mapping, ring, table, seed);
        for (std::size_t b = 0; b < places.size(); ++b) CHECK(ring.types[places[b]] == mapping.boards[b]);
    }
    CHECK(place_beside(mapping, ring, table, {1, kNoPlace, 4, 6, 5}) == std::vector<std::uint32_t>{1, 3, 4, 6, 5});

    const auto bound = torus_of(8, R"(, "shape": [8, 1], "inputs_at": [6])");
    Mapping alone = chain_at(bound, {0});
    alone.shards.push_back(alone.shards.front());
    alone.shards.back().board = kOutside;
    alone.transfers.push_back({ShardId{1}, BoardId{0}, 1024, {}, 0});
    CHECK(place_beside(alone, bound, topologies::RoutingTable(bound), {kNoPlace}) == std::vector<std::uint32_t>{6});
}

TEST_CASE("a shard stays where it is at the same position of a fixed topology, else on the board of most shards") {
    const auto torus = torus_of(9);
    Mapping before = chain_at(torus, {8, 2, 0}), now = chain_at(torus, {2, 8, 0});
    CHECK(compare(before, now).stay == 1);
    CHECK(compare(before, now).move == 2);
    std::swap(now.shards[0].board, now.shards[1].board);
    CHECK(compare(before, now).stay == 3);
    before.positions.clear();
    std::swap(now.shards[0].board, now.shards[1].board);
    CHECK(compare(before, now).stay == 3);
}

}  // namespace tessera::partition
