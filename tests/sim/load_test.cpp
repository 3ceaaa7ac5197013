#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "sim/filling.h"
#include "tests/sim/mapping_builder.h"

/// What the system sustains: intervals, time multiplexing, buffers and filling schemes.
namespace tessera::tests {

namespace {

std::int64_t in_ticks(double ns, const partition::Mapping& mapping) { return std::llround(ns / mapping.tick_ns()); }

/// One board whose shard takes an event every `interval` cycles.
partition::Mapping folded(int interval, int tmux_period_bx) {
    MappingBuilder builder(1, tmux_period_bx);
    builder.decide(builder.shard(kFirst, {1, interval, 20}, {builder.input_at(kFirst, kFrame)}), kFrame);
    return std::move(builder.mapping);
}

}  // namespace

TEST_CASE("a folded operator has exactly its initiation interval") {
    constexpr std::int64_t kEvents = 50;
    for (const int interval : {1, 8, 9, 10, 13, 27}) {
        CAPTURE(interval);
        const auto mapping = folded(interval, 1);
        const auto result = simulate(mapping, kEvents);
        const std::int64_t late = std::max(0, interval - 9);  // each event waits so much longer than the one before
        CHECK(result.max_latency_ticks == 3 + 20 + 3 + late * (kEvents - 1));
        CHECK(in_ticks(result.max_interval_ns, mapping) == std::max(9, interval));
        CHECK(in_ticks(result.longest_stage_interval_ns, mapping) == std::max(9, interval));
        CHECK(result.events.completed == kEvents);
        REQUIRE(result.stages.size() == 1);
        CHECK(result.stages[0].stage == "op1");
        CHECK(in_ticks(result.stages[0].min_ns, mapping) == std::max(9, interval));
        CHECK(in_ticks(result.stages[0].max_ns, mapping) == std::max(9, interval));
    }
}

TEST_CASE("a stage whose input comes unevenly has intervals from its own to the crossing's") {
    // Every second event is two frames longer on the way in, so it starts two ticks later.
    sim::Options options;
    options.bunch_crossings = 40;
    options.traffic.kind = sim::Traffic::Kind::listed;
    options.traffic.objects = {2, 4};
    MappingBuilder builder(1);
    const auto input = builder.input_at(kFirst, 4 * kFrame);
    builder.mapping.shards[0].token_end = 4;
    builder.decide(builder.shard(kFirst, {1, 5, 20}, {input}), kFrame);
    const auto result = sim::simulate(builder.mapping, options);
    REQUIRE(result.stages.size() == 1);
    CHECK(in_ticks(result.stages[0].min_ns, builder.mapping) == 9 - 2);
    CHECK(in_ticks(result.stages[0].max_ns, builder.mapping) == 9 + 2);
}

TEST_CASE("N time nodes give each event N crossings") {
    for (const int n : {1, 6, 18}) {
        CAPTURE(n);
        const auto exact = folded(9 * n, n);
        const auto result = simulate(exact, 100);
        CHECK(result.events.completed == 100);
        CHECK(result.max_latency_ticks == 26);
        CHECK(result.latency_ns.min == result.latency_ns.max);
        CHECK(in_ticks(result.max_interval_ns, exact) == 9);
        CHECK(result.slowest_stage == "op1");

        const auto over = folded(9 * n + 1, n);
        const auto slower = simulate(over, 100);
        CHECK(slower.max_latency_ticks == 26 + (100 - 1) / n);  // one tick more with every event of a node
        CHECK(slower.longest_stage_interval_ns > over.clock.bx_ns());
    }
}

TEST_CASE("a board works for a node of its own: a full link of 9 N frames is busy all the time") {
    for (const int n : {1, 6, 18}) {
        CAPTURE(n);
        const std::int64_t frames = 9 * n - 2;
        const auto mapping = chain(2, frames, {1, 9 * n, 5}, 40, n);
        const auto result = simulate(mapping, 360);
        const std::int64_t latency = 3 * 9 * n + 2 * 5 + 40;
        CHECK(result.max_latency_ticks == latency);
        CHECK(result.links[1].peak_buffer_frames == 9 * n);
        // Busy for 360 events of 9 N, of the N copies' time until the last event is complete.
        CHECK(result.links[1].utilisation == doctest::Approx(360.0 * 9 / static_cast<double>(359 * 9 + latency)));
    }
}

namespace {

/// A link that takes 12 ticks for an event of 9: it falls 3 ticks behind with each.
partition::Mapping overloaded(std::int64_t buffer_frames) {
    MappingBuilder builder(2);
    const auto first = builder.shard(kFirst, {1, 9, 5}, {builder.input_at(kFirst, kFrame)});
    const auto brought = builder.transfer(first, kSecond, 10 * kFrame, {builder.link(kFirst, kSecond, 30, 1, buffer_frames)});
    builder.decide(builder.shard(kSecond, {1, 9, 5}, {builder.over(brought)}), kFrame);
    return std::move(builder.mapping);
}

}  // namespace

TEST_CASE("a buffer that overflows loses exactly the event that finds it full") {
    // Backlog with the event's own 12 frames: 12, 15, 18, 21. With 20 frames of buffer every fourth is lost,
    // which takes the 9 ticks of backlog away again.
    const auto result = simulate(overloaded(20), 40);
    CHECK(result.events.injected == 40);
    CHECK(result.events.lost == 10);
    CHECK(result.events.completed == 30);
    CHECK(result.events.in_flight == 0);
    CHECK(result.links[1].lost_chunks == 10);
    CHECK(result.links[1].peak_buffer_frames == 18);
    REQUIRE(result.losses.size() == 10);
    for (std::size_t i = 0; i < 10; ++i) CHECK(result.losses[i] == "link 1: buffer overflow in BX " + std::to_string(4 * i + 3));
    // The events that are not lost pass in their order and at their time.
    const std::int64_t undisturbed = 3 + 5 + 12 + 30 + 5 + 3;
    CHECK(in_ticks(result.latency_ns.min, overloaded(20)) == undisturbed);
    CHECK(result.max_latency_ticks == undisturbed + 6);
}

TEST_CASE("a buffer that is just deep enough loses nothing, one frame less does") {
    constexpr std::int64_t kEvents = 40;
    const std::int64_t deepest = 12 + 3 * (kEvents - 1);
    CHECK(simulate(overloaded(deepest), kEvents).events.lost == 0);
    const auto result = simulate(overloaded(deepest - 1), kEvents);
    CHECK(result.events.lost == 1);
    REQUIRE(result.losses.size() == 1);
    CHECK(result.losses[0] == "link 1: buffer overflow in BX 39");
    CHECK(result.max_latency_ticks == 58 + 3 * (kEvents - 2));
}

namespace {

/// Crossings with collisions in ATLAS and CMS, as the name of an LHC scheme says:
/// SPACING_BUNCHESb_COLLISIONS_...; "nominal_2808" has but one number.
std::int64_t collisions_by_name(const std::string& name) {
    const auto bunches = name.find("b_");
    return std::stoll(name.substr(bunches == std::string::npos ? name.find('_') + 1 : bunches + 2));
}

}  // namespace

TEST_CASE("every filling scheme has the collisions that its name says, and an abort gap of 3 us") {
    constexpr int kAbortGapBx = 119;
    const auto names = sim::filling_schemes();
    CHECK(names.size() >= 6);
    for (const auto& name : names) {
        if (name == "all") continue;
        CAPTURE(name);
        const auto filled = sim::read_filling(name);
        CHECK(filled.size() == 3564);
        CHECK(std::count(filled.begin(), filled.end(), true) == collisions_by_name(name));
        CHECK(std::count(filled.end() - kAbortGapBx, filled.end(), true) == 0);
    }
}

TEST_CASE("schemes with trains of 144 bunches as injected") {
    // Every crossing of a train of the BCMS scheme of 2018 is filled, and the SPS's gap of 200 ns behind it is empty.
    const auto filled = sim::read_filling("25ns_2556b_2544_2215_2332_144bpi_20injV2");
    for (int bx = 214; bx < 262; ++bx) CHECK(filled[static_cast<std::size_t>(bx)]);
    for (int bx = 262; bx < 269; ++bx) CHECK_FALSE(filled[static_cast<std::size_t>(bx)]);
    CHECK(filled[269]);
}

TEST_CASE("a filling scheme that is not there is refused with those that are") {
    CHECK_THROWS_WITH_AS(sim::read_filling("nominal_2809"),
                         "simulation: /filling: no scheme \"nominal_2809\"; expected one of: 25ns_2556b_2544_2215_2332_144bpi_20injV2, "
                         "25ns_2744b_2736_2246_2370_240bpi_13inj_800ns_bs200ns_BCMS_5x48b, "
                         "25ns_2760b_2748_2492_2574_288bpi_13inj_800ns_bs200ns, 8b4e_1972b_1960_1178_1886_224bpi_12inj_800ns_bs200ns, "
                         "all, nominal_2808",
                         InputError);
}

TEST_CASE("the gaps of a filling scheme let an overloaded stage recover") {
    sim::Options options;
    options.bunch_crossings = 2 * 3564;
    options.filled = sim::read_filling("nominal_2808");
    const auto result = sim::simulate(folded(10, 1), options);
    CHECK(result.events.injected == 2 * 2808);
    CHECK(result.events.completed == 2 * 2808);
    // It falls behind by one tick with each event of a train of 72, and catches up 9 ticks with each of the 8 empty
    // crossings. The longest run between two long gaps is four trains.
    CHECK(result.max_latency_ticks == 26 + 71);
}

}  // namespace tessera::tests
