#include "partition/slr_exchange.h"

#include <doctest/doctest.h>

namespace tessera::partition {
namespace {

/// Shards of one size, each of which the next reads.
ShardGraph row_of(std::size_t shards) {
    ShardVariant variant;
    variant.resources.lut = 40;
    ShardGraph graph;
    graph.variants = {{variant}};
    graph.shards.resize(shards);
    for (std::uint32_t s = 0; s + 1 < shards; ++s) graph.needs.push_back({.from = s, .to = s + 1, .region = {}, .bits = 64});
    return graph;
}

BoardSpace slrs_of(double lut) {
    BoardSpace space;
    space.types.front().slrs = 4;
    space.types.front().slr_capacity.lut = lut;
    return space;
}

}  // namespace

TEST_CASE("a shard moves to the SLR of those it talks to, where there is room") {
    Placement placement{{0, 0}, {0, 3}, {0, 0}, 1};
    SUBCASE("room for both") {
        exchange_between_slrs(row_of(2), slrs_of(81), {1}, placement);
        CHECK(placement.slr[0] == placement.slr[1]);
    }
    SUBCASE("room for one: as near as it gets") {
        exchange_between_slrs(row_of(2), slrs_of(79), {1}, placement);
        CHECK(std::abs(placement.slr[0] - placement.slr[1]) == 1);
    }
}

TEST_CASE("shards change places where all SLRs are full") {
    // 0 and 1 talk to each other, and 2 and 3; each SLR has room for two.
    Placement placement{{0, 0, 0, 0}, {0, 1, 1, 0}, {0, 0, 0, 0}, 1};
    BoardSpace space = slrs_of(81);
    space.types.front().slrs = 2;
    exchange_between_slrs(row_of(4), space, {1, 0, 1}, placement);
    CHECK(placement.slr[0] == placement.slr[1]);
    CHECK(placement.slr[2] == placement.slr[3]);
    CHECK(placement.slr[0] != placement.slr[2]);
}

TEST_CASE("what costs nothing to cross stays, and so does what is on two boards") {
    Placement placement{{0, 1, 1}, {3, 0, 2}, {0, 0, 0}, 2};
    const Placement before = placement;
    exchange_between_slrs(row_of(3), slrs_of(81), {0, 0}, placement);
    CHECK(placement.slr == before.slr);
}

}  // namespace tessera::partition
