#include "partition/check.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>

#include "partition/check_rectangles.h"
#include "partition/schedule.h"
#include "tests/partition/tampering.h"

using namespace tessera;
using namespace tessera::partition;
using models::Region;

namespace {

Shard make_shard(const std::string& name, std::uint32_t op, BoardId board, int slr, int chunks, int interval, int latency) {
    Shard shard;
    shard.name = name;
    shard.op = op;
    shard.token_end = 4;
    shard.channel_end = 4;
    shard.board = board;
    shard.slr = slr;
    shard.resources = {600, 1000, 4, 2, 1};
    shard.chunks = chunks;
    shard.chunk_interval_cycles = interval;
    shard.latency_cycles = latency;
    return shard;
}

ShardInput input_from(std::uint32_t shard, std::optional<std::uint32_t> transfer, int crossings = 0, bool barrier = false) {
    ShardInput input;
    input.from = ShardId{shard};
    input.barrier = barrier;
    if (transfer) input.transfer = TransferId{*transfer};
    input.slr_crossings = crossings;
    return input;
}

Transfer make_transfer(std::uint32_t from, BoardId to, std::int64_t bits, std::vector<LinkId> route, std::int64_t start_tick) {
    Transfer transfer;
    transfer.from = ShardId{from};
    transfer.to = to;
    transfer.bits = bits;
    transfer.route = std::move(route);
    transfer.start_tick = start_tick;
    return transfer;
}

constexpr BoardId kSwitch{2};

/// A source, two shards on the SLRs of one board and one on another board behind a switch; one tick is a cycle and a frame.
Mapping valid_mapping() {
    Mapping mapping;
    mapping.ticks_per_bx = 9;
    mapping.switch_latency_cycles = 9;
    mapping.board_types = {{"card", "device", 2, {1000, 2000, 10, 10, 10}, {2000, 4000, 20, 20, 20}, 4, 2, false},
                           {"switch", "device", 2, {1000, 2000, 10, 10, 10}, {2000, 4000, 20, 20, 20}, 4, 2, true}};
    mapping.boards = {0, 0, 1};
    mapping.links = {{kOutside, kFirst, 1, 0, 0, 64},
                     {kFirst, kSwitch, 1, 5, 45, 64},
                     {kSwitch, kSecond, 1, 5, 45, 64},
                     {kSecond, kOutside, 1, 0, 0, 64}};
    mapping.shards = {make_shard("in", 0, kOutside, 0, 2, 0, 0), make_shard("fc1", 1, kFirst, 0, 2, 2, 3),
                      make_shard("fc2", 2, kFirst, 1, 2, 2, 4), make_shard("pool", 3, kSecond, 0, 1, 4, 5)};
    mapping.shards[0].resources = {};
    mapping.shards[1].inputs = {input_from(0, 0)};
    mapping.shards[2].inputs = {input_from(1, std::nullopt, 1)};
    mapping.shards[3].inputs = {input_from(2, 1, 0, true)};
    mapping.transfers = {make_transfer(0, kFirst, 128, {LinkId{0}}, 0), make_transfer(2, kSecond, 200, {LinkId{1}, LinkId{2}}, 11),
                         make_transfer(3, kOutside, 64, {LinkId{3}}, 124)};
    // By hand: chunk 0 enters with its header in 2 ticks; fc1 takes 3 cycles; one SLR is crossed in
    // 2; fc2 takes 4. Its chunks of 100 bits, 2 frames and header or CRC, leave at 11 and 14, are at
    // the switch at 59 and 62, leave it at 68 and 71, arrive at 116 and 119. pool waits for both.
    mapping.shards[1].start_cycle = 2;
    mapping.shards[2].start_cycle = 7;
    mapping.shards[3].start_cycle = 119;
    // fc1 and fc2 read each chunk as it comes, pool has both at 119; and one event more.
    mapping.shards[1].inputs[0].buffer_chunks = 1 + 2;
    mapping.shards[2].inputs[0].buffer_chunks = 1 + 2;
    mapping.shards[3].inputs[0].buffer_chunks = 2 + 2;
    mapping.analytic_latency_ticks = 127;
    return mapping;
}

std::set<std::string> rules_of(const std::vector<Violation>& violations) {
    std::set<std::string> rules;
    for (const auto& violation : violations) rules.insert(violation.rule);
    return rules;
}

const std::vector<Tampering>& tamperings() {
    static const std::vector<Tampering> all{
        {"a buffer that does not hold what a barrier needs", {"input"}, [](Mapping& m) { m.shards[3].inputs[0].buffer_chunks = 1; }},
        {"a line code that takes bits away", {"value"}, [](Mapping& m) { m.link_timing.line_bits_per_frame = 63; }},
        {"a route removed", {"route"}, [](Mapping& m) { m.transfers[1].route.clear(); }},
        {"a hop removed", {"route"}, [](Mapping& m) { m.transfers[1].route.pop_back(); }},
        {"hops in the wrong order", {"route"}, [](Mapping& m) { std::swap(m.transfers[1].route[0], m.transfers[1].route[1]); }},
        {"a route through the outside",
         {"route"},
         [](Mapping& m) {
             m.links[1].to = kOutside;
             m.links[2].from = kOutside;
         }},
        {"a route in a circle",
         {"route"},
         [](Mapping& m) {
             m.links.push_back({kSwitch, kFirst, 1, 5, 45, 64});
             m.transfers[1].route = {LinkId{1}, LinkId{4}, LinkId{1}, LinkId{2}};
             m.tmux_period_bx = 6;
         }},
        {"a transfer to its own board", {"route", "input"}, [](Mapping& m) { m.transfers[1].to = kFirst; }},
        {"a stripe that nobody reads",
         {"transfer"},
         [](Mapping& m) {
             m.links[0].lanes = 2;
             m.transfers.push_back(m.transfers[0]);
         }},
        {"two transfers to a board where nobody reads them",
         {"transfer"},
         [](Mapping& m) {
             Transfer unread = m.transfers[1];
             unread.from = ShardId{1}, unread.bits = 8;
             m.tmux_period_bx = 6;
             m.transfers.insert(m.transfers.end(), 2, unread);
         }},
        {"a shard placed twice",
         {"overlap"},
         [](Mapping& m) {
             m.shards.push_back(m.shards[1]);
             m.shards.back().board = kSecond;
             m.shards.back().slr = 1;
             m.shards.back().inputs.clear();
         }},
        {"a shard on a switch", {"switch", "input"}, [](Mapping& m) { m.shards[1].board = kSwitch; }},
        {"an SLR that is not there",
         {"slr", "input"},
         [](Mapping& m) {
             m.shards[1].slr = 2;
             m.shards[2].slr = 0;
         }},
        {"two boards at one position of the topology",
         {"position"},
         [](Mapping& m) {
             m.positions = {4, 7, 4};
         }},
        {"too much logic in an SLR", {"capacity"}, [](Mapping& m) { m.shards[3].resources.lut = 1001; }},
        {"too many DSPs of two shards in one SLR",
         {"capacity"},
         [](Mapping& m) {
             m.shards[1].slr = 1;
             m.shards[1].resources = m.shards[2].resources = {1, 1, 6, 0, 0};
         }},
        {"more lanes than ports", {"ports"}, [](Mapping& m) { m.links[1].lanes = 5; }},
        {"more lanes than ports in all",
         {"ports"},
         [](Mapping& m) {
             m.links.push_back({kOutside, kSecond, 4, 0, 0, 64});
         }},
        {"a link from a board to itself",
         {"link"},
         [](Mapping& m) {
             m.links.push_back({kFirst, kFirst, 1, 0, 0, 64});
         }},
        {"an overloaded link", {"bandwidth"}, [](Mapping& m) { m.transfers[1].bits = 64 * 8; }},
        {"a link overloaded by headers", {"bandwidth"}, [](Mapping& m) { m.link_timing.header_frames = 7; }},
        {"an interval beyond the event's", {"interval"}, [](Mapping& m) { m.shards[1].chunk_interval_cycles = 5; }},
        {"a cycle", {"cycle", "order"}, [](Mapping& m) { m.shards[1].inputs.push_back(input_from(2, std::nullopt, 1)); }},
        {"a user before its input",
         {"order"},
         [](Mapping& m) {
             std::swap(m.shards[1], m.shards[2]);
             m.shards[1].inputs[0].from = ShardId{2};
             m.shards[2].inputs[0].from = ShardId{0};
             m.shards[3].inputs[0].from = ShardId{1};
             m.transfers[1].from = ShardId{1};
         }},
        {"an input without a transfer", {"input"}, [](Mapping& m) { m.shards[3].inputs[0].transfer.reset(); }},
        {"an input by another shard's transfer", {"input"}, [](Mapping& m) { m.shards[3].inputs[0].transfer = TransferId{0}; }},
        {"a crossing that is not counted", {"input"}, [](Mapping& m) { m.shards[2].inputs[0].slr_crossings = 0; }},
        {"a source with an input", {"source", "order", "cycle"}, [](Mapping& m) { m.shards[0].inputs = {input_from(1, std::nullopt)}; }},
        {"a start before the input", {"schedule"}, [](Mapping& m) { m.shards[3].start_cycle = 100; }},
        {"a local start before the result", {"schedule"}, [](Mapping& m) { m.shards[2].start_cycle = 6; }},
        {"a transfer before the result", {"schedule"}, [](Mapping& m) { m.transfers[1].start_tick = 9; }},
        {"a board id out of range", {"id"}, [](Mapping& m) { m.shards[1].board = BoardId{3}; }},
        {"a board type out of range", {"id"}, [](Mapping& m) { m.boards[1] = 2; }},
        {"a link id out of range", {"id"}, [](Mapping& m) { m.transfers[0].route = {LinkId{4}}; }},
        {"a shard id out of range", {"id"}, [](Mapping& m) { m.shards[1].inputs[0].from = ShardId{99}; }},
        {"a transfer id out of range", {"id"}, [](Mapping& m) { m.shards[1].inputs[0].transfer = TransferId{3}; }},
        {"a link's end out of range", {"id"}, [](Mapping& m) { m.links[0].to = BoardId{7}; }},
        {"no lanes", {"value"}, [](Mapping& m) { m.links[0].lanes = 0; }},
        {"no chunks", {"value"}, [](Mapping& m) { m.shards[1].chunks = 0; }},
        {"more chunks than tokens", {"value"}, [](Mapping& m) { m.shards[1].chunks = 5; }},
        {"nothing to transfer", {"value"}, [](Mapping& m) { m.transfers[1].bits = 0; }},
        {"an empty region", {"value"}, [](Mapping& m) { m.shards[1].channel_end = 0; }},
        {"negative resources", {"value"}, [](Mapping& m) { m.shards[1].resources.dsp = -1; }},
        {"ticks that do not divide", {"value"}, [](Mapping& m) { m.ticks_per_bx = 10; }},
    };
    return all;
}

}  // namespace

TEST_CASE("a valid mapping breaks no rule") {
    const auto violations = check(valid_mapping());
    CAPTURE(text_of(violations));
    CHECK(violations.empty());
}

TEST_CASE("the mapper's schedule of the valid mapping is the one worked out by hand") {
    Mapping mapping = valid_mapping();
    apply(schedule(mapping), mapping);
    CHECK(mapping == valid_mapping());
}

TEST_CASE("every tampering is found by its rule and no other") {
    for (const auto& tampering : tamperings()) {
        CAPTURE(tampering.what);
        Mapping mapping = valid_mapping();
        tampering.apply(mapping);
        const auto violations = check(mapping);
        CAPTURE(text_of(violations));
        CHECK(rules_of(violations) == tampering.rules);
    }
}

TEST_CASE("a violation says where, what was found and what is allowed") {
    Mapping mapping = valid_mapping();
    mapping.shards[3].resources.lut = 1001;
    mapping.links[1].lanes = 5;
    const auto violations = check(mapping);
    REQUIRE(violations.size() == 3);
    CHECK(violations[0].where == "board 1 SLR 0");
    CHECK(violations[0].what == "1001.0 lut used, 1000.0 allowed");
    CHECK(violations[1].where == "board 0");
    CHECK(violations[1].what == "5 lanes leave, 4 ports allowed");
    CHECK(violations[2].what == "5 lanes arrive, 4 ports allowed");
}

TEST_CASE("a board exactly full and a link exactly loaded are allowed") {
    Mapping mapping = valid_mapping();
    mapping.shards[3].resources = mapping.board_types[0].slr_capacity;
    mapping.links[0].lanes = 4;
    mapping.shards[1].chunk_interval_cycles = 4;  // 8 of 9 cycles
    mapping.shards[2].chunk_interval_cycles = 4;
    mapping.shards[2].start_cycle = 10;
    mapping.transfers[1].bits = 64 * 6;  // 2 chunks of 3 frames, header and CRC: 8 of 9 frames
    mapping.transfers[1].start_tick = 14;
    mapping.shards[3].start_cycle = 140;
    mapping.transfers[2].start_tick = 145;
    CHECK(check(mapping).empty());
}

TEST_CASE("time multiplexing gives links and shards more time") {
    Mapping mapping = valid_mapping();
    mapping.transfers[1].bits = 64 * 12;
    mapping.shards[3].start_cycle = 1000;
    mapping.transfers[2].start_tick = 2000;
    CHECK(rules_of(check(mapping)) == std::set<std::string>{"bandwidth"});
    mapping.tmux_period_bx = 2;
    CHECK(check(mapping).empty());
}

TEST_CASE("an empty mapping is checked too") { CHECK(check(Mapping{}).empty()); }

namespace {

Region random_region(std::mt19937_64& random) {
    const auto range = [&] {
        const auto begin = static_cast<std::int64_t>(random() % 12);
        return models::Range{begin, begin + static_cast<std::int64_t>(random() % 5)};
    };
    return {range(), range()};
}

}  // namespace

TEST_CASE("areas and overlaps of rectangles agree with counting elements") {
    std::mt19937_64 random(3);
    for (int round = 0; round < 2000; ++round) {
        std::vector<Region> regions(random() % 6);
        for (auto& region : regions) region = random_region(random);
        int count[17][17] = {};
        for (const auto& region : regions) {
            for (auto t = region.tokens.begin; t < region.tokens.end; ++t) {
                for (auto c = region.channels.begin; c < region.channels.end; ++c) ++count[t][c];
            }
        }
        std::int64_t held = 0;
        bool twice = false;
        for (const auto& row : count) {
            for (const int n : row) held += n > 0 ? 1 : 0, twice = twice || n > 1;
        }
        CHECK(union_area(regions) == held);
        const auto overlap = find_overlap(regions);
        CHECK(overlap.has_value() == twice);
        if (overlap) CHECK(area(common_part(regions[overlap->first], regions[overlap->second])) > 0);
    }
}

TEST_CASE("lanes from and to the outside are at the boards that the study names, by their positions where they have any") {
    Mapping mapping = valid_mapping();
    const auto found = [&](const std::string& keys) {
        return check_board_roles(mapping, JsonReader::from_text("topology", R"({"kind": "patch_panel")" + keys + "}"), {});
    };
    CHECK(found("").empty());
    CHECK(found(R"(, "inputs_at": [0], "decision_at": 1)").empty());
    const auto entrance = found(R"(, "inputs_at": [1, 2])");
    REQUIRE(entrance.size() == 1);
    CHECK(text_of(entrance) == "entrance: link 0 (outside to board 0): ends at number 0; inputs at boards 1 and 2\n");
    const auto exit = found(R"(, "decision_at": 0)");
    CHECK(text_of(exit) == "exit: link 3 (board 1 to outside): leaves number 1; decision at board 0\n");
    mapping.positions = {4, 7, 5};
    CHECK(found(R"(, "inputs_at": [4], "decision_at": 7)").empty());
    CHECK(rules_of(found(R"(, "inputs_at": [0], "decision_at": 1)")) == std::set<std::string>{"entrance", "exit"});
}

TEST_CASE("an operator of very many shards is searched for overlaps") {
    std::vector<Region> regions;
    for (std::int64_t t = 0; t < 300; ++t) {
        for (std::int64_t c = 0; c < 300; ++c) regions.push_back({{t, t + 1}, {c * 3, c * 3 + 3}});
    }
    CHECK_FALSE(find_overlap(regions).has_value());
    regions.push_back({{299, 300}, {899, 900}});
    CHECK(find_overlap(regions).has_value());
}
