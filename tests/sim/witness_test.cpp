#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <variant>

#include "boards/catalogue.h"
#include "core/error.h"
#include "models/import.h"
#include "models/precision.h"
#include "partition/check.h"
#include "partition/mapper.h"
#include "partition/schedule.h"
#include "tests/sim/random_mapping.h"
#include "topologies/link_protocol.h"

/// The simulation and the mapper's schedule implement the same text twice. Where nothing of two events
/// contends they must agree to the tick; a mapping that was tampered with is caught by the checker before
/// the simulation contradicts it.
namespace tessera::tests {

namespace {

partition::Mapping mapped(const std::string& network_name, const std::string& topology) {
    auto network = models::read_network(JsonReader::from_text("test", R"({"zoo": ")" + network_name + "\"}"), "");
    models::apply_precision(network, models::read_precision(JsonReader::from_text("test", R"({"weights": 8, "activations": 8})")));
    partition::MappingProblem problem;
    problem.network = &network;
    problem.boards = {{boards::read_board(JsonReader::from_text("test", "\"Serenity-S1\""), boards::load_catalogue()), 1000}};
    problem.boards_available = 1000;
    problem.link = topologies::read_link_protocol(JsonReader::from_text("test", "\"25g-64b66b\""));
    problem.topology = JsonReader::from_text("test", topology);
    auto outcome = partition::map_network(problem);
    REQUIRE(std::holds_alternative<partition::MappingResult>(outcome));
    return std::move(std::get<partition::MappingResult>(outcome).mapping);
}

std::int64_t analytic(const partition::Mapping& mapping) { return partition::schedule(mapping).latency_ticks; }

}  // namespace

TEST_CASE("one event alone: schedule and simulation agree to the tick, whatever contends within it") {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        CAPTURE(seed);
        const auto mapping = RandomMapping(seed).make();
        const auto result = simulate(mapping, 1);
        CHECK(result.events.completed == 1);
        CHECK(result.max_latency_ticks == analytic(mapping));
    }
}

TEST_CASE("events that never meet: all of them take what the schedule says") {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        CAPTURE(seed);
        auto mapping = RandomMapping(seed).make();
        mapping.tmux_period_bx = 1 + static_cast<int>(analytic(mapping) / mapping.ticks_per_bx);  // one event at a time in a node
        const auto result = simulate(mapping, 2 * mapping.tmux_period_bx);
        CHECK(result.events.completed == 2 * mapping.tmux_period_bx);
        CHECK(result.latency_ns.min == result.latency_ns.max);
        CHECK(result.max_latency_ticks == analytic(mapping));
    }
}

namespace {

/// Nothing is asked for more than a period of its time.
bool keeps_up(const partition::Mapping& mapping) {
    const auto found = partition::check(mapping);
    return std::none_of(found.begin(), found.end(),
                        [](const auto& violation) { return violation.rule == "interval" || violation.rule == "bandwidth"; });
}

}  // namespace

TEST_CASE("events that meet on shared links: the steady schedule says what they take once it is the same for all") {
    int met = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        CAPTURE(seed);
        auto mapping = RandomMapping(seed).make();
        mapping.tmux_period_bx = 4;  // several events in a node at once
        while (!keeps_up(mapping)) ++mapping.tmux_period_bx;
        ++mapping.tmux_period_bx;  // where a link has no time to spare at all, it takes any number of events until it is the same for all
        const auto steady = partition::steady_schedule(mapping);
        const auto result = simulate(mapping, 400 * mapping.tmux_period_bx);
        CHECK(result.events.completed == 400 * mapping.tmux_period_bx);
        CHECK(static_cast<double>(steady.latency_ticks) * mapping.tick_ns() == doctest::Approx(result.latency_ns.p50));
        met += steady.latency_ticks > analytic(mapping) ? 1 : 0;
    }
    CHECK(met > 10);
}

TEST_CASE("networks of the zoo as the mapper lays them out: prediction and simulation agree to the tick") {
    const std::string panel = R"({"kind": "patch_panel"})";
    for (const auto& [network, topology] : std::vector<std::pair<std::string, std::string>>{
             {"jet_mlp", panel}, {"deepsets_8", panel}, {"axol1tl", panel}, {"econ_t", panel}, {"jet_mlp", R"({"kind": "ring"})"}}) {
        CAPTURE(network);
        CAPTURE(topology);
        const auto mapping = mapped(network, topology);
        const auto result = simulate(mapping, 300);
        CHECK(result.events.completed == 300);
        CHECK(result.max_latency_ticks == mapping.analytic_latency_ticks);
        CHECK(result.latency_ns.min == result.latency_ns.max);
        CHECK(result.max_interval_ns == doctest::Approx(mapping.clock.bx_ns()));
    }
}

TEST_CASE("the simulation does not look at the mapper's schedule") {
    auto mapping = chain(3, 4, {1, 9, 11}, 17);
    const auto result = simulate(mapping, 50);
    partition::apply(partition::schedule(mapping), mapping);
    for (auto& shard : mapping.shards) shard.start_cycle += 1234;
    for (auto& transfer : mapping.transfers) transfer.start_tick -= 77;
    mapping.analytic_latency_ticks = 1;
    const auto again = simulate(mapping, 50);
    CHECK(again.fingerprint == result.fingerprint);
    CHECK(again.max_latency_ticks == result.max_latency_ticks);
}

namespace {

struct Tampering {
    const char* what;
    const char* rule;  ///< of the checker, which finds it first
    std::function<void(partition::Mapping&)> apply;
    bool simulable;  ///< false: the simulation refuses it; true: it runs and contradicts the prediction
};

const std::vector<Tampering>& tamperings() {
    static const std::vector<Tampering> all{
        {"a route removed", "route", [](auto& m) { m.transfers[1].route.clear(); }, false},
        {"a route that ends too early", "route", [](auto& m) { m.transfers[1].to = kOutside; }, false},
        {"an input on another board without a transfer", "input", [](auto& m) { m.shards[2].inputs[0].transfer.reset(); }, true},
        {"a shard on a board that is not there", "id", [](auto& m) { m.shards[1].board = BoardId{17}; }, false},
        {"a shard moved without its transfers", "route", [](auto& m) { m.shards[1].board = BoardId{1}; }, false},
        {"a board over capacity in time", "interval", [](auto& m) { m.shards[1].chunk_interval_cycles = 10; }, true},
        {"a link over capacity", "bandwidth", [](auto& m) { m.transfers[1].bits = 10 * kFrame; }, true},
        {"a slower shard", "schedule", [](auto& m) { m.shards[1].latency_cycles += 5; }, true},
        {"two shards that wait for each other", "cycle",
         [](auto& m) {
             m.shards[1].inputs.push_back(MappingBuilder::local(ShardId{4}));
             m.shards.push_back(m.shards[1]);
             m.shards[4].inputs = {MappingBuilder::local(ShardId{1})};
             m.shards[4].op = 4;
         },
         true},
        {"a shard placed twice, of which the second is fed in the place of the first", "overlap",
         [](auto& m) {
             m.shards.push_back(m.shards[3]);
             m.shards.back().latency_cycles += 9;
             m.transfers[3].from = ShardId{4};
         },
         true},
    };
    return all;
}

bool has_rule(const std::vector<partition::Violation>& violations, const std::string& rule) {
    return std::any_of(violations.begin(), violations.end(), [&](const auto& each) { return each.rule == rule; });
}

}  // namespace

TEST_CASE("the checker catches a mapping that was tampered with, and the simulation refuses or contradicts it") {
    auto good = chain(3, 4, {1, 9, 11}, 17);
    partition::apply(partition::schedule(good), good);
    REQUIRE(partition::check(good).empty());
    const auto undisturbed = simulate(good, 30);
    REQUIRE(undisturbed.max_latency_ticks == good.analytic_latency_ticks);
    REQUIRE(undisturbed.events.completed == 30);

    for (const auto& tampering : tamperings()) {
        CAPTURE(tampering.what);
        auto mapping = good;
        tampering.apply(mapping);
        CHECK(has_rule(partition::check(mapping), tampering.rule));
        if (!tampering.simulable) {
            CHECK_THROWS_AS(simulate(mapping, 30), InputError);
            continue;
        }
        const auto result = simulate(mapping, 30);
        CHECK(result.events.injected == 30);
        CHECK((result.events.completed < 30 || result.max_latency_ticks != mapping.analytic_latency_ticks));
    }
}

TEST_CASE("too much logic on a board changes no time: there the checker alone protects the verdict") {
    auto mapping = chain(3, 4, {1, 9, 11}, 17);
    partition::apply(partition::schedule(mapping), mapping);
    mapping.shards[1].resources.lut = 1e9;
    CHECK(has_rule(partition::check(mapping), "capacity"));
    CHECK(simulate(mapping, 30).max_latency_ticks == mapping.analytic_latency_ticks);
}

TEST_CASE("a shard that waits for ever is named") {
    auto mapping = chain(3, 4, {1, 9, 11}, 17);
    mapping.shards[2].inputs[0].transfer.reset();
    const auto result = simulate(mapping, 30);
    CHECK(result.events.completed == 0);
    CHECK(result.events.in_flight == 30);
    REQUIRE_FALSE(result.losses.empty());
    CHECK(result.losses[0] == "time node 0: shard 2 on board 1 waits for shard 1 in event 0 of its time node");
}

}  // namespace tessera::tests
