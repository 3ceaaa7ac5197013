#include "partition/schedule.h"

#include <doctest/doctest.h>

#include "partition/patch_panel.h"

using namespace tessera;
using namespace tessera::partition;

namespace {

/// Two boards of one SLR; frames of 64 bit, one tick each, one tick a cycle.
Mapping two_boards() {
    Mapping mapping;
    mapping.tmux_period_bx = 4;
    mapping.ticks_per_bx = 9;
    mapping.link_timing = {"test", 64, 1, 1, 1};
    BoardType type;
    type.name = "test", type.slrs = 2, type.ports = 8, type.slr_crossing_cycles = 3;
    mapping.board_types = {type};
    mapping.boards = {0, 0};
    return mapping;
}

Shard source(int chunks) {
    Shard shard;
    shard.name = "source", shard.kind = "input", shard.chunks = chunks;
    return shard;
}

Shard worker(BoardId board, int chunks, int interval, int latency, std::vector<ShardInput> inputs) {
    Shard shard;
    shard.name = "worker", shard.board = board, shard.chunks = chunks;
    shard.chunk_interval_cycles = interval, shard.latency_cycles = latency;
    shard.inputs = std::move(inputs);
    return shard;
}

ShardInput over(std::uint32_t from, std::uint32_t transfer, bool barrier = false) {
    return {id_at<ShardId>(from), barrier, id_at<TransferId>(transfer), 0};
}

constexpr BoardId kNear{0}, kFar{1};

/// input -> board 0 -> board 1 -> output, each transfer of 256 bits in two chunks on one lane.
Mapping pipeline(bool barrier) {
    Mapping mapping = two_boards();
    mapping.shards = {source(2), worker(kNear, 2, 5, 7, {over(0, 0)}), worker(kFar, 2, 4, 6, {over(1, 1, barrier)})};
    mapping.links = {{kOutside, kNear, 1, 0, 0, 100}, {kNear, kFar, 1, 5, 20, 100}, {kFar, kOutside, 1, 0, 0, 100}};
    mapping.transfers = {
        {ShardId{0}, kNear, 256, {LinkId{0}}}, {ShardId{1}, kFar, 256, {LinkId{1}}}, {ShardId{2}, kOutside, 256, {LinkId{2}}}};
    return mapping;
}

}  // namespace

TEST_CASE("a streaming pipeline takes what a hand calculation says") {
    // Input: chunk 0 takes header + 2 frames (0..3), chunk 1 2 frames + CRC (3..6).
    // Board 0: starts 3 and max(3 + 5, 6) = 8; results 10 and 15.
    // Link: 10..13, 15..18, with 20 ticks of latency there at 33 and 38.
    // Board 1: starts 33 and max(37, 38) = 38; results 39 and 44. Out: 39..42, 44..47.
    const auto result = schedule(pipeline(false));
    CHECK(result.latency_ticks == 47);
    CHECK(result.shard_start_ticks == std::vector<std::int64_t>{0, 3, 33});
    CHECK(result.transfer_start_ticks == std::vector<std::int64_t>{0, 10, 39});
    CHECK(result.critical_transfers.front() == TransferId{2});
}

TEST_CASE("chunks wait from their arrival to the start that reads them last") {
    // Board 0: chunks at 3 and 6 are read at 3 and 8. Board 1: at 33 and 38, read at 33 and 38.
    CHECK(schedule(pipeline(false)).input_chunks == std::vector<std::vector<std::int64_t>>{{}, {1}, {1}});
    // With a barrier both are read by both chunks, the last of which starts at 42.
    CHECK(schedule(pipeline(true)).input_chunks[2] == std::vector<std::int64_t>{2});
}

TEST_CASE("with many events on their way each has its chunks in the buffers") {
    // A second input from outside is there at 3 and waits for the first way round board 1.
    Mapping mapping = pipeline(true);
    mapping.shards.push_back(source(1));
    mapping.links.push_back({kOutside, kFar, 1, 0, 0, 100});
    mapping.transfers.push_back({ShardId{3}, kFar, 64, {LinkId{3}}});
    mapping.shards[2].inputs.push_back(over(3, 3));
    std::swap(mapping.shards[2], mapping.shards[3]);  // inputs come before their users
    mapping.transfers[2].from = ShardId{3}, mapping.transfers[3].from = ShardId{2};
    mapping.shards[3].inputs[1].from = ShardId{2};
    // It comes with a single chunk of three frames at 3 and is read by both chunks, at 38 and 42.
    for (const auto& [period_bx, waiting] : std::vector<std::pair<int, std::int64_t>>{{5, 1}, {4, 2}, {2, 3}, {1, 5}}) {
        CAPTURE(period_bx);
        mapping.tmux_period_bx = period_bx;  // 40 ticks from 3 to 42, both included
        CHECK(schedule(mapping).input_chunks[3][1] == waiting);
    }
    apply(schedule(mapping), mapping);
    CHECK(mapping.shards[3].inputs[1].buffer_chunks == 5 + 1);
    CHECK(mapping.shards[3].inputs[0].buffer_chunks == schedule(mapping).input_chunks[3][0] + 2);
}

TEST_CASE("a barrier waits for the last chunk") {
    // Board 1 starts at 38 and 42; results 44 and 48. Out: 44..47, 48..51.
    const auto result = schedule(pipeline(true));
    CHECK(result.latency_ticks == 51);
    CHECK(result.shard_start_ticks[2] == 38);
}

TEST_CASE("starts wait for the processing clock's edge") {
    Mapping mapping = pipeline(false);
    mapping.ticks_per_bx = 18;  // two ticks a cycle; frames still take one tick
    const auto result = schedule(mapping);
    // Input at 3 -> start 4, then max(4 + 10, 6) = 14; results 18 and 28; link 18..21, 28..31; there at 41, 51.
    // Board 1: 42 and max(50, 51) -> 52; results 54 and 64; out 54..57, 64..67.
    CHECK(result.latency_ticks == 67);
    CHECK(result.shard_start_ticks == std::vector<std::int64_t>{0, 4, 42});
    apply(result, mapping);
    CHECK(mapping.shards[2].start_cycle == 21);
    CHECK(mapping.analytic_latency_ticks == 67);
}

TEST_CASE("transfers that share a link go first come, first served, ties by id") {
    Mapping mapping = two_boards();
    mapping.shards = {source(1), worker(kNear, 1, 1, 2, {over(0, 0)}), worker(kNear, 1, 1, 2, {over(0, 0)}),
                      worker(kFar, 1, 1, 1, {over(1, 1), over(2, 2)})};
    mapping.links = {{kOutside, kNear, 1, 0, 0, 9}, {kNear, kFar, 1, 5, 10, 9}, {kFar, kOutside, 1, 0, 0, 9}};
    mapping.transfers = {{ShardId{0}, kNear, 64, {LinkId{0}}},
                         {ShardId{1}, kFar, 64, {LinkId{1}}},
                         {ShardId{2}, kFar, 128, {LinkId{1}}},
                         {ShardId{3}, kOutside, 64, {LinkId{2}}}};
    // In at 3; both results at 5; link 5..8 then 8..12, there at 22; result 23; out 23..26.
    const auto result = schedule(mapping);
    CHECK(result.transfer_start_ticks[1] == 5);
    CHECK(result.transfer_start_ticks[2] == 8);
    CHECK(result.latency_ticks == 26);
}

TEST_CASE("a board on the way forwards chunk by chunk, and SLR crossings take their cycles") {
    Mapping mapping = two_boards();
    mapping.boards = {0, 0, 0};
    mapping.switch_latency_cycles = 4;
    mapping.shards = {source(1), worker(kNear, 1, 1, 1, {over(0, 0)}), worker(kNear, 1, 1, 1, {{ShardId{1}, false, std::nullopt, 2}}),
                      worker(kFar, 1, 1, 1, {over(2, 1)})};
    mapping.links = {
        {kOutside, kNear, 1, 0, 0, 9}, {kNear, BoardId{2}, 1, 5, 10, 9}, {BoardId{2}, kFar, 2, 5, 10, 9}, {kFar, kOutside, 1, 0, 0, 9}};
    mapping.transfers = {
        {ShardId{0}, kNear, 64, {LinkId{0}}}, {ShardId{2}, kFar, 128, {LinkId{1}, LinkId{2}}}, {ShardId{3}, kOutside, 64, {LinkId{3}}}};
    // In at 3, result 4, two crossings of 3 cycles: start 10, result 11; 4 frames to 15, at 25; forwarded at 29;
    // two lanes: 3 frames to 32, at 42; result 43; out at 46.
    CHECK(schedule(mapping).latency_ticks == 46);
}

TEST_CASE("a patch panel gives each transfer a link of its own where ports allow") {
    Mapping mapping = pipeline(false);
    mapping.links.clear();
    for (auto& transfer : mapping.transfers) transfer.route.clear();
    REQUIRE_FALSE(allocate_patch_panel(mapping, 9, 5, 20).has_value());
    REQUIRE(mapping.links.size() == 3);
    for (const auto& transfer : mapping.transfers) REQUIRE(transfer.route.size() == 1);
    const auto& fibre = mapping.links[index(mapping.transfers[1].route[0])];
    CHECK(fibre.from == kNear);
    CHECK(fibre.to == kFar);
    CHECK(fibre.latency_ticks == 20);
    CHECK(fibre.lanes == 2);  // one frame a chunk: more lanes would not be quicker
}

TEST_CASE("a patch panel that runs out of ports names the board") {
    Mapping mapping = pipeline(false);
    mapping.transfers[1].bits = 64 * 36 * 8;  // eight lanes of a period of 36 frames would do without header and CRC
    const auto shortage = allocate_patch_panel(mapping, 9, 5, 20);
    REQUIRE(shortage.has_value());
    CHECK(shortage->needed > 8);
    CHECK(shortage->available == 8);
}
