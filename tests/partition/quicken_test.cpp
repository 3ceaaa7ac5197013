#include "partition/quicken.h"

#include <doctest/doctest.h>

namespace tessera::partition {
namespace {

/// Two shards in a row on one SLR, each small and slow (100 cycles, 10 LUTs) or large and fast (10 cycles, 50 LUTs).
ShardGraph two_in_a_row() {
    ShardVariant slow, fast;
    slow.token_latency_cycles = 100, slow.resources.lut = 10;
    fast.token_latency_cycles = 10, fast.resources.lut = 50;
    ShardGraph graph;
    graph.variants = {{slow, fast}};
    graph.shards.resize(2);
    for (auto& shard : graph.shards) shard.region = {{0, 1}, {0, 8}};
    graph.needs = {{.from = 0, .to = 1, .region = {}, .bits = 64, .barrier = true},
                   {.from = 1, .to = ShardGraph::kNone, .region = {}, .bits = 64, .barrier = true}};
    return graph;
}

BoardSpace one_slr(double lut) {
    BoardSpace space;
    space.types.front().slr_capacity.lut = lut;
    return space;
}

const Placement kOnOneSlr{{0, 0}, {0, 0}, {0, 0}, 1};

int built_fast(double lut) {
    const auto variant = quicken(two_in_a_row(), one_slr(lut), kOnOneSlr, {}).variant;
    return static_cast<int>(variant[0] + variant[1]);
}

}  // namespace

TEST_CASE("shards on the slowest path are built faster as far as their SLR has room") {
    CHECK(built_fast(59) == 0);
    CHECK(built_fast(61) == 1);
    CHECK(built_fast(99) == 1);
    CHECK(built_fast(101) == 2);
}

TEST_CASE("quickening lowers the latency by what the faster shard saves, and moves nothing") {
    const auto graph = two_in_a_row();
    const auto quick = quicken(graph, one_slr(61), kOnOneSlr, {});
    CHECK(quick.board == kOnOneSlr.board);
    CHECK(quick.slr == kOnOneSlr.slr);
    auto built = graph;
    for (std::size_t s = 0; s < built.shards.size(); ++s) built.shards[s].chosen = quick.variant[s];
    CHECK(analyse_timing(built, quick, {}).latency_cycles == analyse_timing(graph, kOnOneSlr, {}).latency_cycles - 90);
}

TEST_CASE("quickening leaves flip-flops for the registers between SLRs") {
    auto graph = two_in_a_row();
    graph.variants[0][1].resources.ff = 45;
    BoardSpace space = one_slr(1000);
    const auto built_fast = [&](double ff) {
        space.types.front().slr_capacity.ff = ff;
        const auto variant = quicken(graph, space, kOnOneSlr, {}).variant;
        return static_cast<int>(variant[0] + variant[1]);
    };
    CHECK(built_fast(91) == 1);  // both take 90
    CHECK(built_fast(92) == 2);
}

}  // namespace tessera::partition
