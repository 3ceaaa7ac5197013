#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "partition/check.h"
#include "tests/models/cost_fixture.h"
#include "tests/partition/tampering.h"

using namespace tessera;
using namespace tessera::partition;
using models::Network;
using models::Range;

namespace {

constexpr int kBits = 8;

boards::Board board() {
    boards::Board board;
    board.name = "card";
    board.device = tests::vu13p();
    board.device.slr_crossing_cycles = 2;
    board.ports = 8;
    return board;
}

boards::Stock stock() { return {{board(), 4}}; }

/// 8 tokens of 4 channels through two token-wise layers, then all tokens to one, then a decision.
Network network() {
    models::NetworkBuilder builder("small");
    const TensorId in = builder.input("in", {8, 4});
    const TensorId fc = builder.dense("fc", in, 6);
    const TensorId relu = builder.activation("relu", "Relu", fc);
    const TensorId pool = builder.reduce_tokens("pool", "ReduceSum", relu);
    const TensorId head = builder.dense("head", pool, 2);
    builder.output("out", head);
    Network network = builder.build();
    tests::set_widths(network, kBits);
    return network;
}

std::uint32_t op_named(const Network& network, const std::string& name) {
    const auto found = std::find_if(network.operators.begin(), network.operators.end(), [&](const auto& op) { return op.name == name; });
    REQUIRE(found != network.operators.end());
    return static_cast<std::uint32_t>(index(found->id));
}

/// A shard of one engine with the first implementation that the cost model offers.
Shard make_shard(const Network& network, const std::string& name, Range channels, BoardId board, int chunks) {
    const std::uint32_t position = op_named(network, name);
    const auto& op = network.operators[position];
    Shard shard;
    shard.name = name;
    shard.op = position;
    shard.token_end = network.stream(op.id).tokens;
    shard.channel_begin = channels.begin, shard.channel_end = channels.end;
    shard.kind = models::name_of(op.kind);
    shard.board = board;
    shard.chunks = chunks;
    if (board == kOutside) return shard;
    const auto all = models::implementations(network, op, {{{0, shard.token_end}, channels}, 9}, ::board().device);
    REQUIRE_FALSE(all.empty());
    const auto& built = all.front();
    const int turns = static_cast<int>(shard.token_end) / chunks;
    shard.strategy = models::name_of(built.strategy);
    shard.reuse_factor = built.reuse_factor;
    shard.resources = built.resources;
    shard.chunk_interval_cycles = turns * built.token_interval_cycles;
    shard.latency_cycles = built.latency_cycles + (turns - 1) * built.token_interval_cycles;
    return shard;
}

ShardInput read_from(std::uint32_t shard, std::optional<std::uint32_t> transfer = std::nullopt, bool barrier = false) {
    ShardInput input;
    input.from = ShardId{shard};
    input.barrier = barrier;
    if (transfer) input.transfer = TransferId{*transfer};
    return input;
}

Transfer make_transfer(std::uint32_t from, BoardId to, std::int64_t elements, std::uint32_t link) {
    Transfer transfer;
    transfer.from = ShardId{from};
    transfer.to = to;
    transfer.bits = elements * kBits;
    transfer.route = {LinkId{link}};
    return transfer;
}

/// Shards: 0 in, 1 and 2 fc by channels, 3 relu on the first board; 4 pool, 5 head on the second.
Mapping valid_mapping(const Network& network) {
    Mapping mapping;
    const boards::Board card = board();
    mapping.board_types = {{"card", "VU13P", 4, card.slr_capacity(), card.device.per_slr(), 8, 2, false}};
    mapping.boards = {0, 0};
    mapping.links = {{kOutside, kFirst, 4, 0, 0, 64}, {kFirst, kSecond, 4, 5, 45, 64}, {kSecond, kOutside, 1, 0, 0, 64}};
    mapping.shards = {make_shard(network, "in", {0, 4}, kOutside, 4),  make_shard(network, "fc", {0, 3}, kFirst, 4),
                      make_shard(network, "fc", {3, 6}, kFirst, 4),    make_shard(network, "relu", {0, 6}, kFirst, 4),
                      make_shard(network, "pool", {0, 6}, kSecond, 1), make_shard(network, "head", {0, 2}, kSecond, 1)};
    mapping.shards[1].inputs = {read_from(0, 0)};
    mapping.shards[2].inputs = {read_from(0, 0)};
    mapping.shards[3].inputs = {read_from(1), read_from(2)};
    mapping.shards[4].inputs = {read_from(3, 1, true)};
    mapping.shards[5].inputs = {read_from(4)};
    mapping.transfers = {make_transfer(0, kFirst, 8 * 4, 0), make_transfer(3, kSecond, 8 * 6, 1), make_transfer(5, kOutside, 2, 2)};
    return mapping;
}

const std::vector<Tampering>& tamperings_against_network() {
    static const std::vector<Tampering> all{
        {"half of a layer missing",
         {"coverage", "flow"},
         [](Mapping& m) {
             m.shards[2] = m.shards[0];
             m.shards[2].token_end = 1;
             m.shards[2].chunks = 1;
             m.shards[3].inputs.pop_back();
         }},
        {"a layer made twice", {"coverage"}, [](Mapping& m) { m.shards.push_back(m.shards[1]); }},
        {"an input forgotten", {"flow"}, [](Mapping& m) { m.shards[3].inputs.pop_back(); }},
        {"the output forgotten", {"flow"}, [](Mapping& m) { m.transfers[2].to = kFirst; }},
        {"a source that is too small", {"flow"}, [](Mapping& m) { m.shards[0].token_end = 7; }},
        {"too few bits for a board", {"bits"}, [](Mapping& m) { m.transfers[1].bits = 8 * 6 * kBits - 1; }},
        {"too few bits to the outside", {"bits"}, [](Mapping& m) { m.transfers[2].bits = 2 * kBits - 1; }},
        {"fewer resources than the cost model's", {"resources"}, [](Mapping& m) { m.shards[1].resources = m.shards[1].resources * 0.9; }},
        {"no flip-flops", {"resources"}, [](Mapping& m) { m.shards[3].resources.ff = 0; }},
        {"one engine's resources for two", {"resources"}, [](Mapping& m) { m.shards[1].engines = 2; }},
        {"a latency of nothing", {"timing"}, [](Mapping& m) { m.shards[1].latency_cycles = 0; }},
        {"an interval of nothing", {"timing"}, [](Mapping& m) { m.shards[3].chunk_interval_cycles = 0; }},
        {"a strategy that the operator does not have", {"strategy"}, [](Mapping& m) { m.shards[1].strategy = "wiring"; }},
        {"a reuse factor that does not keep up", {"strategy"}, [](Mapping& m) { m.shards[1].reuse_factor = 1000; }},
        {"an operator that is not there", {"operator"}, [](Mapping& m) { m.shards[1].op = 99; }},
        {"the kind of another operator", {"operator"}, [](Mapping& m) { m.shards[1].kind = "softmax"; }},
        {"a region beyond the stream", {"operator"}, [](Mapping& m) { m.shards[2].channel_end = 7; }},
        {"a layer outside the boards", {"operator"}, [](Mapping& m) { m.shards[1].board = kOutside; }},
        {"an input on a board", {"operator"}, [](Mapping& m) { m.shards[0].board = kFirst; }},
        {"an SLR that is too large", {"board_type"}, [](Mapping& m) { m.board_types[0].slr_capacity.dsp += 1; }},
        {"too many ports", {"board_type"}, [](Mapping& m) { m.board_types[0].ports = 9; }},
        {"a crossing that is too fast", {"board_type"}, [](Mapping& m) { m.board_types[0].slr_crossing_cycles = 1; }},
        {"an id out of range", {"id"}, [](Mapping& m) { m.transfers[0].from = ShardId{77}; }},
    };
    return all;
}

}  // namespace

TEST_CASE("a mapping that lays out its network breaks no rule") {
    const Network small = network();
    const auto violations = check_against(valid_mapping(small), small, stock());
    CAPTURE(text_of(violations));
    CHECK(violations.empty());
}

TEST_CASE("every tampering against the network is found by its rule and no other") {
    const Network small = network();
    const Mapping valid = valid_mapping(small);
    for (const auto& tampering : tamperings_against_network()) {
        CAPTURE(tampering.what);
        Mapping mapping = valid;
        tampering.apply(mapping);
        const auto violations = check_against(mapping, small, stock());
        CAPTURE(text_of(violations));
        std::set<std::string> rules;
        for (const auto& violation : violations) rules.insert(violation.rule);
        CHECK(rules == tampering.rules);
    }
}

TEST_CASE("of several types every board is of one, and there are as many of it") {
    const Network small = network();
    Mapping mapping = valid_mapping(small);
    auto both = stock();
    both.push_back(both.front());
    both.front().boards = 1;
    both.back().board.name = "other card", both.back().board.ports = 4;
    const auto violations = [&] { return text_of(check_against(mapping, small, both)); };
    CHECK(violations().find("board_type: card: 2 boards, 1 are there") != std::string::npos);
    mapping.board_types.push_back(mapping.board_types.front());
    mapping.boards.back() = 1;
    mapping.board_types.back().name = "other card";
    CHECK(violations().find("8 ports, other card has 4") != std::string::npos);
    mapping.board_types.back().ports = 4;
    CHECK(violations() == "");
    mapping.tmux_period_bx = 5;  // as many time nodes, of a board of each type
    CHECK(violations().find("board_type: other card: 5 boards, 4 are there") != std::string::npos);
    mapping.tmux_period_bx = 1;
    mapping.board_types.back().name = "no card";
    CHECK(violations().find("none of the 2 that there are") != std::string::npos);
}

TEST_CASE("more bits, more resources and more time than needed are allowed") {
    const Network small = network();
    Mapping mapping = valid_mapping(small);
    mapping.transfers[1].bits *= 2;
    mapping.shards[1].resources = mapping.shards[1].resources * 3;
    mapping.shards[1].latency_cycles += 100;
    CHECK(check_against(mapping, small, stock()).empty());
}

TEST_CASE("the region that is fed is the union of what a board's shards need, not their sum") {
    const Network small = network();
    Mapping mapping = valid_mapping(small);
    // Both halves of fc read all of the input; it travels once.
    CHECK(mapping.transfers[0].bits == 8 * 4 * kBits);
    mapping.transfers[0].bits -= 1;
    const auto violations = check_against(mapping, small, stock());
    REQUIRE(violations.size() == 1);
    CHECK(violations[0].what == "255 bits an event, at least 256 needed");
}

TEST_CASE("an operator that needs all tokens waits for them where both sides have chunks") {
    models::NetworkBuilder builder("attention");
    const TensorId in = builder.input("in", {4, 4});
    const TensorId keys = builder.dense("keys", in, 4);
    const TensorId scores = builder.attention_scores("scores", in, keys, 1);
    builder.output("out", scores);
    Network attention = builder.build();
    tests::set_widths(attention, kBits);

    Mapping mapping = valid_mapping(network());
    mapping.shards = {make_shard(attention, "in", {0, 4}, kOutside, 2), make_shard(attention, "keys", {0, 4}, kFirst, 2),
                      make_shard(attention, "scores", {0, 4}, kFirst, 2)};
    mapping.shards[1].inputs = {read_from(0, 0)};
    mapping.shards[2].inputs = {read_from(0, 0), read_from(1, std::nullopt, true)};
    mapping.transfers = {make_transfer(0, kFirst, 16, 0), make_transfer(2, kOutside, 16, 2)};
    const auto valid = check_against(mapping, attention, stock());
    CAPTURE(text_of(valid));
    CHECK(valid.empty());

    mapping.shards[2].inputs[1].barrier = false;
    const auto violations = check_against(mapping, attention, stock());
    REQUIRE(violations.size() == 1);
    CHECK(violations[0].rule == "barrier");
    mapping.shards[1].chunks = 1;  // one chunk is waited for whole anyway
    mapping.shards[1].latency_cycles += 2 * mapping.shards[1].chunk_interval_cycles;
    mapping.shards[1].chunk_interval_cycles *= 2;
    CHECK(check_against(mapping, attention, stock()).empty());
}

TEST_CASE("a result may come in stripes, which together have room for all that is needed") {
    const Network small = network();
    Mapping mapping = valid_mapping(small);
    const std::int64_t bits = mapping.transfers[1].bits;
    mapping.transfers[1].bits = 100;
    mapping.transfers.push_back(mapping.transfers[1]);
    mapping.transfers.back().bits = bits - 100;
    mapping.shards[4].inputs.push_back(read_from(3, 3, true));
    const auto valid = check_against(mapping, small, stock());
    CAPTURE(text_of(valid));
    CHECK(valid.empty());

    mapping.transfers.back().bits -= 1;
    const auto violations = check_against(mapping, small, stock());
    REQUIRE(violations.size() == 1);
    CHECK(violations[0].rule == "bits");
}

TEST_CASE("what needs all tokens waits for every stripe of them") {
    models::NetworkBuilder builder("attention");
    const TensorId in = builder.input("in", {4, 4});
    const TensorId keys = builder.dense("keys", in, 4);
    builder.output("out", builder.attention_scores("scores", in, keys, 1));
    Network attention = builder.build();
    tests::set_widths(attention, kBits);

    Mapping mapping = valid_mapping(network());
    mapping.links.push_back({kOutside, kSecond, 4, 0, 0, 64});
    mapping.shards = {make_shard(attention, "in", {0, 4}, kOutside, 2), make_shard(attention, "keys", {0, 4}, kFirst, 2),
                      make_shard(attention, "scores", {0, 4}, kSecond, 2)};
    mapping.shards[1].inputs = {read_from(0, 0)};
    mapping.shards[2].inputs = {read_from(0, 1), read_from(1, 2, true), read_from(1, 3, true)};
    mapping.transfers = {make_transfer(0, kFirst, 16, 0), make_transfer(0, kSecond, 16, 3), make_transfer(1, kSecond, 8, 1),
                         make_transfer(1, kSecond, 8, 1), make_transfer(2, kOutside, 16, 2)};
    const auto valid = check_against(mapping, attention, stock());
    CAPTURE(text_of(valid));
    CHECK(valid.empty());

    for (const std::size_t stripe : {1U, 2U}) {
        Mapping hasty = mapping;
        hasty.shards[2].inputs[stripe].barrier = false;
        const auto violations = check_against(hasty, attention, stock());
        REQUIRE(violations.size() == 1);
        CHECK(violations[0].rule == "barrier");
    }
}

TEST_CASE("a shard of the later tokens does not stream along with a producer of all tokens") {
    const Network small = network();
    Mapping mapping = valid_mapping(small);
    // fc makes tokens 0-7 in four chunks. A shard of tokens 4-7 in two chunks needs token 5 at
    // once, but would wait for the first two of four chunks only, which end with token 3.
    mapping.shards[3].token_end = 4;
    mapping.shards[3].chunks = 2;
    Shard later = mapping.shards[3];
    later.token_begin = 4, later.token_end = 8;
    mapping.shards.push_back(later);
    mapping.shards[4].inputs.push_back(read_from(6, 3, true));
    mapping.transfers.push_back(make_transfer(6, kSecond, 4 * 6, 1));
    auto violations = check_against(mapping, small, stock());
    REQUIRE(violations.size() == 2);  // one for either half of fc
    CHECK(violations[0].rule == "barrier");
    CHECK(violations[0].where == "shard 6 (relu)");
    CHECK(violations[0].what == "chunk 0 needs the tokens of shard 1 before 6, and waits for those before 4");
    for (auto& input : mapping.shards[6].inputs) input.barrier = true;
    violations = check_against(mapping, small, stock());
    CAPTURE(text_of(violations));
    CHECK(violations.empty());
}
