#include <doctest/doctest.h>

#include <random>

#include "core/error.h"
#include "partition/mapping.h"

using namespace tessera;
using namespace tessera::partition;

namespace {

/// Random but well-formed: every id exists, every amount is within its bounds.
class RandomMapping {
  public:
    explicit RandomMapping(std::uint64_t seed) : random_(seed) {}

    Mapping make() {
        mapping_.network = "network \"" + std::to_string(number(99)) + "\"\n";
        mapping_.clock = {40.0789 + real(), static_cast<int>(1 + number(11))};
        mapping_.tmux_period_bx = static_cast<int>(1 + number(17));
        mapping_.ticks_per_bx = mapping_.clock.cycles_per_bx * (1 + number(9));
        mapping_.link_timing = {"25g", 64, static_cast<int>(number(3)), static_cast<int>(number(3)), 1 + number(9), 25 * real(), 66};
        mapping_.switch_latency_cycles = static_cast<int>(number(20));
        mapping_.topology = "caf\u00e9 ring";
        for (std::int64_t t = 0; t <= number(3); ++t)
            mapping_.board_types.push_back({"type", "device", 4, resources(), resources(), 124, 2, coin()});
        for (std::int64_t b = 0; b < 1 + number(9); ++b) {
            mapping_.boards.push_back(static_cast<std::uint32_t>(random_() % mapping_.board_types.size()));
        }
        if (coin()) {
            for (std::size_t b = 0; b + coin() < mapping_.boards.size(); ++b)
                mapping_.positions.push_back(static_cast<std::uint32_t>(b + 3));
        }
        if (coin()) {
            for (std::size_t b = 0; b < mapping_.boards.size(); ++b) mapping_.places.push_back({real(), static_cast<double>(b)});
        }
        const std::int64_t links = 1 + number(9);
        const std::int64_t shards = 1 + number(9);
        const std::int64_t transfers = 1 + number(9);
        for (std::int64_t l = 0; l < links; ++l)
            mapping_.links.push_back({board(), board(), static_cast<int>(1 + number(8)), real() * 10, number(999), number(999)});
        for (std::int64_t s = 0; s < shards; ++s) mapping_.shards.push_back(shard(shards, transfers));
        for (std::int64_t t = 0; t < transfers; ++t) {
            Transfer transfer{ShardId{static_cast<std::uint32_t>(number(shards - 1))}, board(), number(1'000'000), {}, number(9999)};
            for (std::int64_t hop = 0; hop < number(4); ++hop)
                transfer.route.push_back(LinkId{static_cast<std::uint32_t>(number(links - 1))});
            mapping_.transfers.push_back(transfer);
        }
        mapping_.analytic_latency_ticks = number(1'000'000);
        return mapping_;
    }

  private:
    std::int64_t number(std::int64_t most) { return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(most + 1)); }
    double real() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
    bool coin() { return (random_() & 1U) != 0; }
    Resources resources() { return {real() * 1e6, real() * 1e6, static_cast<double>(number(9000)), number(2000) / 2.0, 0}; }
    BoardId board() { return coin() && coin() ? kOutside : id_at<BoardId>(random_() % mapping_.boards.size()); }

    Shard shard(std::int64_t shards, std::int64_t transfers) {
        Shard shard;
        shard.name = "fc [tokens 0-3]";
        shard.op = static_cast<std::uint32_t>(number(99));
        shard.token_begin = number(99), shard.token_end = shard.token_begin + number(99);
        shard.channel_begin = number(99), shard.channel_end = shard.channel_begin + number(99);
        shard.kind = "dense";
        shard.strategy = "dsp";
        shard.engines = static_cast<int>(number(9));
        shard.reuse_factor = static_cast<int>(number(9));
        shard.board = board();
        shard.slr = static_cast<int>(number(3));
        shard.resources = resources();
        shard.chunks = static_cast<int>(1 + number(7));
        shard.chunk_interval_cycles = static_cast<int>(number(9));
        shard.latency_cycles = static_cast<int>(number(99));
        for (std::int64_t i = 0; i < number(4); ++i) {
            ShardInput input;
            input.from = ShardId{static_cast<std::uint32_t>(number(shards - 1))};
            input.barrier = coin();
            if (coin()) input.transfer = TransferId{static_cast<std::uint32_t>(number(transfers - 1))};
            input.slr_crossings = static_cast<int>(number(3));
            input.buffer_chunks = number(99);
            shard.inputs.push_back(input);
        }
        shard.start_cycle = number(9999);
        return shard;
    }

    std::mt19937_64 random_;
    Mapping mapping_;
};

Mapping read_text(const std::string& text) { return read_mapping(JsonReader::from_text("mapping.json", text)); }

/// The message with which a mapping is rejected that has `value` at the JSON pointer `path`.
std::string rejection(const std::string& path, const Json& value) {
    Json json = to_json(RandomMapping(1).make());
    json[Json::json_pointer(path)] = value;
    try {
        read_text(json.dump());
    } catch (const InputError& error) {
        return error.what();
    }
    return "accepted";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// JSON pointers of all values, inner ones included.
void all_paths(const Json& json, const std::string& path, std::vector<std::string>& paths) {
    if (!path.empty()) paths.push_back(path);
    if (json.is_object()) {
        for (const auto& [key, value] : json.items()) all_paths(value, path + "/" + key, paths);
    } else if (json.is_array()) {
        for (std::size_t i = 0; i < json.size(); ++i) all_paths(json[i], path + "/" + std::to_string(i), paths);
    }
}

}  // namespace

TEST_CASE("random mappings round-trip, value by value and byte by byte") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const Mapping mapping = RandomMapping(seed).make();
        const std::string text = to_json(mapping).dump(1);
        const Mapping again = read_text(text);
        REQUIRE(again == mapping);
        CHECK(to_json(again).dump(1) == text);
    }
}

TEST_CASE("the schema stands first, and ids of the outside are a word") {
    Mapping mapping;
    mapping.boards = {};
    mapping.transfers.push_back({ShardId{0}, kOutside, 1, {}, 0});
    mapping.shards.emplace_back();
    const Json json = to_json(mapping);
    CHECK(json.begin().key() == "schema");
    CHECK(json["schema"] == "tessera.mapping/1");
    CHECK(json["transfers"][0]["to"] == "outside");
    CHECK(read_text(json.dump()) == mapping);
}

TEST_CASE("what is no mapping is rejected with its path") {
    CHECK(
        contains(rejection("/schema", "tessera.mapping/2"), "/schema: found \"tessera.mapping/2\"; expected one of \"tessera.mapping/1\""));
    CHECK(contains(rejection("/shards/0/op", -1), "/shards/0/op: found -1"));
    CHECK(contains(rejection("/shards/0/op", 0.5), "/shards/0/op: found 0.5"));
    CHECK(contains(rejection("/shards/0/chunks", 0), "/shards/0/chunks: found 0"));
    CHECK(contains(rejection("/shards/0/board", "inside"), "/shards/0/board"));
    CHECK(contains(rejection("/shards/0/board", 99), "/shards/0/board: board 99; expected one of the"));
    CHECK(contains(rejection("/boards/0", 99), "/boards/0: board type 99"));
    CHECK(contains(rejection("/transfers/0/from", 1000), "/transfers/0/from: shard 1000"));
    CHECK(contains(rejection("/transfers/0/route", Json::array({1000})), "/transfers/0/route/0: link 1000"));
    CHECK(contains(rejection("/transfers/0/bits", 1e300), "/transfers/0/bits"));
    CHECK(contains(rejection("/shards/0/tokens", Json::array({1})), "/shards/0/tokens: found 1 elements; expected [begin, end]"));
    CHECK(contains(rejection("/shards/0/tokens", Json::array({4, 3})), "/shards/0/tokens/1: found 3"));
    CHECK(contains(rejection("/shards/0/resources/lut", -0.5), "/shards/0/resources/lut: found -0.5"));
    CHECK(contains(rejection("/ticks_per_bx", 1'000'003), "/ticks_per_bx"));
    CHECK(contains(rejection("/clock/cycles_per_bx", 0), "/clock/cycles_per_bx"));
    CHECK(contains(rejection("/links/0/colour", "red"), "unknown key \"colour\""));
    CHECK(contains(rejection("/links", Json::object()), "/links: found {}; expected an array"));
    CHECK(contains(rejection("/tmux_period_bx", 18446744073709551615ULL), "/tmux_period_bx"));
}

TEST_CASE("any value replaced or taken away is an input error or a mapping, never a crash") {
    const Json good = to_json(RandomMapping(1).make());
    std::vector<std::string> paths;
    all_paths(good, "", paths);
    const std::vector<Json> hostile{nullptr,       true,          -1, 0, 4294967295U, 9223372036854775807, 1e308, "", "outside",
                                    Json::array(), Json::object()};
    std::size_t rejected = 0;
    for (const auto& path : paths) {
        for (const auto& value : hostile) {
            Json json = good;
            json[Json::json_pointer(path)] = value;
            try {
                read_mapping(JsonReader::from_text("mapping.json", json.dump()));
            } catch (const InputError&) {
                ++rejected;
            }
        }
    }
    CHECK(rejected > paths.size() * hostile.size() / 2);
    for (const auto& [key, value] : good.items()) {
        if (key == "places" || key == "positions") continue;  // there only where the topology is fixed
        Json json = good;
        json.erase(key);
        CHECK_THROWS_AS(read_mapping(JsonReader::from_text("mapping.json", json.dump())), InputError);
    }
}
