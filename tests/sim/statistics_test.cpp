#include <doctest/doctest.h>
#include <malloc.h>

#include <cmath>
#include <numeric>

#include "tests/sim/random_mapping.h"

/// What the simulation tells: waterfall, distributions, fingerprint, memory.
namespace tessera::tests {

namespace {

std::int64_t sum_of_steps_ticks(const sim::Result& result, const partition::Mapping& mapping) {
    std::int64_t sum = 0;
    for (const auto& step : result.breakdown) {
        const double ticks = step.ns / mapping.tick_ns();
        CHECK(std::abs(ticks - std::round(ticks)) < 1e-6);
        sum += std::llround(ticks);
    }
    return sum;
}

std::int64_t counted(const sim::Result& result) {
    return result.events.completed + result.events.lost + result.events.corrupted + result.events.in_flight;
}

}  // namespace

TEST_CASE("the waterfall of the slowest event adds up to its latency, whatever it waited for") {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        CAPTURE(seed);
        auto mapping = RandomMapping(seed).make();
        mapping.tmux_period_bx = 1 + static_cast<int>(seed % 20);  // often too short: events wait for one another
        const auto result = simulate(mapping, 100);
        CHECK(sum_of_steps_ticks(result, mapping) == result.max_latency_ticks);
        CHECK(counted(result) == 100);
    }
}

TEST_CASE("the waterfall of a pipeline names its stages in order") {
    const auto mapping = chain(2, 4, {1, 9, 11}, 17);
    const auto result = simulate(mapping, 20);
    struct Step {
        std::string stage, kind;
        std::int64_t ticks;
    };
    const std::vector<Step> expected{{"outside -> board 0", "input", 6}, {"op1", "compute", 11}, {"board 0 -> board 1", "serialise", 6},
                                     {"board 0 -> board 1", "link", 17}, {"op2", "compute", 11}, {"board 1 -> outside", "serialise", 6}};
    REQUIRE(result.breakdown.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CAPTURE(i);
        CHECK(result.breakdown[i].stage == expected[i].stage);
        CHECK(result.breakdown[i].kind == expected[i].kind);
        CHECK(std::llround(result.breakdown[i].ns / mapping.tick_ns()) == expected[i].ticks);
    }
}

TEST_CASE("a wait behind earlier events is called a wait") {
    MappingBuilder builder(1);
    builder.decide(builder.shard(BoardId{0}, {1, 12, 20}, {builder.input_at(BoardId{0}, kFrame)}), kFrame);
    const auto result = simulate(builder.mapping, 11);
    double waited = 0;
    for (const auto& step : result.breakdown) waited += step.kind == "wait" ? step.ns : 0;
    CHECK(std::llround(waited / builder.mapping.tick_ns()) == 10 * 3);
}

TEST_CASE("percentiles and histogram of a ramp of latencies") {
    // Event e takes 26 + 3 e ticks.
    MappingBuilder builder(1);
    builder.decide(builder.shard(BoardId{0}, {1, 12, 20}, {builder.input_at(BoardId{0}, kFrame)}), kFrame);
    const auto result = simulate(builder.mapping, 101);
    const double tick = builder.mapping.tick_ns();
    CHECK(result.latency_ns.min == doctest::Approx(26 * tick));
    CHECK(result.latency_ns.p50 == doctest::Approx((26 + 3 * 50) * tick));
    CHECK(result.latency_ns.p99 == doctest::Approx((26 + 3 * 99) * tick));
    CHECK(result.latency_ns.max == doctest::Approx((26 + 3 * 100) * tick));
    std::int64_t events = 0;
    for (const auto& [edge, count] : result.latency_histogram) events += count;
    CHECK(events == 101);
    CHECK(result.latency_histogram.back().first == doctest::Approx((26 + 3 * 100 + 1) * tick));
}

TEST_CASE("detailed and fast mode are the same to the tick, also where links are shared and buffers overflow") {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        CAPTURE(seed);
        auto mapping = RandomMapping(seed).make();
        mapping.tmux_period_bx = 1 + static_cast<int>(seed % 7);
        for (auto& link : mapping.links) link.buffer_frames = 10 + static_cast<std::int64_t>(seed % 50);
        sim::Options options;
        options.bunch_crossings = 100;
        options.mode = sim::Mode::detailed;
        const auto detailed = sim::to_json(sim::simulate(mapping, options)).dump();
        options.mode = sim::Mode::fast;
        CHECK(sim::to_json(sim::simulate(mapping, options)).dump() == detailed);
    }
}

TEST_CASE("the order in which modules are made does not matter, nor does running again") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        CAPTURE(seed);
        auto mapping = RandomMapping(seed).make();
        mapping.tmux_period_bx = 1 + static_cast<int>(seed % 5);
        sim::Options options;
        options.bunch_crossings = 200;
        const auto first = sim::to_json(sim::simulate(mapping, options)).dump();
        CHECK(sim::to_json(sim::simulate(mapping, options)).dump() == first);
        options.shuffle_construction = true;
        for (options.seed = 1; options.seed <= 5; ++options.seed) CHECK(sim::to_json(sim::simulate(mapping, options)).dump() == first);
    }
}

TEST_CASE("the fingerprint sees one tick and one frame") {
    const auto fingerprint = [](const partition::Mapping& mapping) { return simulate(mapping, 20).fingerprint; };
    const auto base = chain(3, 4, {1, 9, 11}, 17);
    auto later = base;
    later.links[1].latency_ticks += 1;
    auto longer = base;
    longer.transfers[1].bits += 1;
    CHECK(fingerprint(base) != 0);
    CHECK(fingerprint(later) != fingerprint(base));
    CHECK(fingerprint(longer) != fingerprint(base));
    CHECK(fingerprint(later) != fingerprint(longer));
}

TEST_CASE("memory does not grow with the number of events") {
    const auto mapping = chain(4, 4, {1, 9, 11}, 17, 2);
    simulate(mapping, 2'000);
    const auto used = [] { return ::mallinfo2().uordblks; };
    std::size_t most_short = 0, most_long = 0;
    const auto watch = [&](std::size_t& most, std::int64_t crossings) {
        sim::Options options;
        options.bunch_crossings = crossings;
        options.progress = [&](double) {
            most = std::max(most, used());
            return true;
        };
        sim::simulate(mapping, options);
    };
    watch(most_short, 10'000);
    watch(most_long, 100'000);
    CHECK(most_long <= most_short + 64 * 1024);
}

TEST_CASE("a simulation that is stopped early still accounts for what it injected") {
    sim::Options options;
    options.bunch_crossings = 10'000;
    options.progress = [](double fraction) { return fraction < 0.5; };
    const auto result = sim::simulate(chain(3, 4, {1, 9, 11}, 17), options);
    CHECK(result.events.injected > 4'000);
    CHECK(result.events.injected < 6'000);
    CHECK(result.events.completed == result.events.injected);
}

TEST_CASE("a result round-trips through its file") {
    auto mapping = RandomMapping(7).make();
    mapping.tmux_period_bx = 2;
    const auto json = sim::to_json(simulate(mapping, 200));
    const auto again = sim::read_result(JsonReader::from_text("simulation.json", json.dump()));
    CHECK(sim::to_json(again) == json);
}

}  // namespace tessera::tests
