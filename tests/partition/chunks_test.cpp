#include "partition/chunks.h"

#include <doctest/doctest.h>

namespace tessera::partition {
namespace {

/// Two shards of so many tokens in a row, of which the first sends the second so many frames. The first takes a token a cycle.
ShardGraph sends(std::int64_t tokens, std::int64_t frames) {
    ShardGraph graph;
    graph.variants = {{ShardVariant{}}};
    graph.shards.resize(2);
    for (auto& shard : graph.shards) shard.region = {{0, tokens}, {0, 8}};
    graph.nets = {{0, 64 * frames, frames + 2, {1}}};
    graph.inputs = {{}, {0}};
    graph.outputs = {{0}, {}};
    return graph;
}

const Placement kApart{{0, 1}, {0, 0}, {0, 0}, 2};
const Placement kTogether{{0, 0}, {0, 0}, {0, 0}, 1};

}  // namespace

TEST_CASE("chunks that leave a board lose little to whole frames") {
    const auto chunks_of = [](std::int64_t frames, int most) {
        return choose_chunks(sends(720, frames), kApart, {16, {most, 16}, 1 << 20, 64, 718, 720});
    };
    CHECK(chunks_of(48, 16) == std::vector<int>{16, 16});  // three frames each
    CHECK(chunks_of(25, 16) == std::vector<int>{15, 16});  // sixteen would take 32 frames for 25, fifteen take 30
    CHECK(chunks_of(17, 16) == std::vector<int>{10, 16});
    CHECK(chunks_of(1, 16) == std::vector<int>{1, 16});
    CHECK(chunks_of(48, 2) == std::vector<int>{2, 16});  // a board short of ports
}

TEST_CASE("what leaves a board has no more chunks than a lane has time for") {
    const auto chunks_of = [](std::int64_t payload_frames) {
        return choose_chunks(sends(720, 480), kApart, {16, {16, 16}, 1 << 20, 64, payload_frames, 720});
    };
    CHECK(chunks_of(24) == std::vector<int>{16, 16});
    CHECK(chunks_of(8) == std::vector<int>{8, 16});
    CHECK(chunks_of(0) == std::vector<int>{1, 16});
}

TEST_CASE("a shard streams in as many chunks as it keeps up with") {
    auto graph = sends(18, 1);
    const auto chunks = [&](int engines, std::int64_t cycles_per_event) {
        graph.variants[0][0].engines = engines;
        return choose_chunks(graph, kTogether, {32, {32}, 1 << 20, 64, 7, cycles_per_event})[0];
    };
    CHECK(chunks(1, 18) == 18);
    CHECK(chunks(5, 18) == 18);  // one token each, although there are engines for five
    CHECK(chunks(5, 9) == 9);
    graph.variants[0][0].token_interval_cycles = 2;
    CHECK(chunks(5, 9) == 4);  // of five tokens at the most, two cycles each
    CHECK(chunks(5, 1) == 1);
}

TEST_CASE("where all transfers of an event are too many, each has fewer chunks") {
    const auto graph = sends(720, 48);
    CHECK(choose_chunks(graph, kApart, {16, {16, 16}, 16, 64, 718, 720})[0] == 16);
    CHECK(choose_chunks(graph, kApart, {16, {16, 16}, 15, 64, 718, 720})[0] < 16);
    CHECK(choose_chunks(graph, kApart, {16, {16, 16}, 0, 64, 718, 720})[0] == 1);
}

}  // namespace tessera::partition
