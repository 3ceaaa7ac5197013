#include <doctest/doctest.h>
#include <malloc.h>

#include <algorithm>

#include "partition/schedule.h"
#include "tests/sim/random_mapping.h"

/// Buffers before the shards: how much waits, what is lost where it is too much, and that nothing piles up elsewhere.
namespace tessera::tests {

namespace {

/// A shard that takes a quick way, there at `kFrames` + 2, and one round another board.
struct Diamond {
    explicit Diamond(int tmux_period_bx) : builder(2, tmux_period_bx) {
        const auto in = builder.source();
        const auto quick = builder.over(builder.transfer(in, kFirst, kFrame, {builder.link(kOutside, kFirst)}));
        const auto away =
            builder.shard(kSecond, {1, 1, 40}, {builder.over(builder.transfer(in, kSecond, kFrame, {builder.link(kOutside, kSecond)}))});
        const auto back = builder.over(builder.transfer(away, kFirst, kFrame, {builder.link(kSecond, kFirst, 17)}));
        builder.decide(builder.shard(kFirst, {1, 1, 5}, {quick, back}), kFrame);
    }
    partition::Mapping& mapping() { return builder.mapping; }
    partition::ShardInput& quick_input() { return builder.mapping.shards.back().inputs.front(); }

    MappingBuilder builder;
};

}  // namespace

TEST_CASE("what waits for the slowest way is as many events as come meanwhile") {
    // There at tick 3, read at 3 + 40 + 3 + 17 = 63: 61 ticks with the first and the last.
    for (const int n : {1, 2, 6, 7, 18}) {
        CAPTURE(n);
        Diamond diamond(n);
        const std::int64_t waiting = (61 + 9 * n - 1) / (9 * n);
        CHECK(partition::schedule(diamond.mapping()).input_chunks.back()[0] == waiting);
        const auto result = simulate(diamond.mapping(), 200);
        CHECK(result.boards[0].peak_buffer_chunks == waiting);
        CHECK(result.boards[1].peak_buffer_chunks == 1);
        CHECK(result.boards[0].lost_chunks == 0);
    }
}

TEST_CASE("a buffer of the scheduled depth is deep enough, with one place less every event that finds it full is lost") {
    for (const int n : {1, 2, 6}) {
        CAPTURE(n);
        Diamond diamond(n);
        const auto depth = partition::schedule(diamond.mapping()).input_chunks.back()[0];
        diamond.quick_input().buffer_chunks = depth;
        CHECK(simulate(diamond.mapping(), 200).events.lost == 0);
        diamond.quick_input().buffer_chunks = depth - 1;
        if (depth == 1) continue;
        const auto result = simulate(diamond.mapping(), 200);
        // The first events of each time node find room.
        CHECK(result.events.lost == 200 - n * (depth - 1));
        CHECK(result.events.completed == n * (depth - 1));
        CHECK(result.boards[0].lost_chunks == result.events.lost);
        CHECK(result.boards[0].peak_buffer_chunks == depth - 1);
        CHECK(result.losses.front() ==
              "board 0: buffer overflow before shard 2, of what shard 0 sends in BX " + std::to_string(n * (depth - 1)));
    }
}

namespace {

/// One event at a time in a time node, also in shards that no decision waits for.
void take_turns(partition::Mapping& mapping) {
    const auto ends = partition::schedule(mapping).shard_end_ticks;
    constexpr std::int64_t kLastInterval = 12;
    mapping.tmux_period_bx = 1 + static_cast<int>((*std::max_element(ends.begin(), ends.end()) + kLastInterval) / mapping.ticks_per_bx);
}

}  // namespace

TEST_CASE("the schedule's depths are exact wherever events do not disturb each other") {
    int full = 0;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        CAPTURE(seed);
        auto mapping = RandomMapping(seed).make();
        take_turns(mapping);
        const auto depths = partition::schedule(mapping).input_chunks;
        for (std::size_t s = 0; s < mapping.shards.size(); ++s) {
            for (std::size_t i = 0; i < depths[s].size(); ++i) mapping.shards[s].inputs[i].buffer_chunks = depths[s][i];
        }
        const std::int64_t events = std::int64_t{3} * mapping.tmux_period_bx;
        CHECK(simulate(mapping, events).events.completed == events);
        for (auto& shard : mapping.shards) {
            for (auto& input : shard.inputs) {
                if (input.buffer_chunks < 2) continue;
                ++full;
                --input.buffer_chunks;
                CHECK(simulate(mapping, events).events.lost == events);
                ++input.buffer_chunks;
            }
        }
    }
    CHECK(full > 100);
}

TEST_CASE("the depths that a mapping is given hold one event more: events with fewer objects lose nothing") {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        CAPTURE(seed);
        auto mapping = RandomMapping(seed).make();
        take_turns(mapping);
        partition::apply(partition::schedule(mapping), mapping);
        sim::Options options;
        options.bunch_crossings = std::int64_t{5} * mapping.tmux_period_bx;
        options.traffic.kind = sim::Traffic::Kind::listed;
        options.traffic.objects = {0, 1, 2, 3, 4};
        CHECK(sim::simulate(mapping, options).events.lost == 0);
    }
}

TEST_CASE("both modes lose the same events to full buffers") {
    std::int64_t lost = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        CAPTURE(seed);
        auto mapping = RandomMapping(seed).make();
        mapping.tmux_period_bx = 1 + static_cast<int>(seed % 9);
        for (auto& shard : mapping.shards) {
            for (auto& input : shard.inputs) input.buffer_chunks = static_cast<std::int64_t>(seed % 8);
        }
        sim::Options options;
        options.bunch_crossings = 100;
        const auto fast = sim::simulate(mapping, options);
        CHECK(fast.events.completed + fast.events.lost == 100);
        options.mode = sim::Mode::detailed;
        options.shuffle_construction = true;
        CHECK((sim::to_json(sim::simulate(mapping, options)).dump() == sim::to_json(fast).dump()));
        lost += fast.events.lost;
    }
    CHECK(lost > 1000);
}

namespace {

std::size_t most_memory(const partition::Mapping& mapping, const sim::Faults& faults, std::int64_t crossings) {
    std::size_t most = 0;
    sim::Options options;
    options.bunch_crossings = crossings;
    options.faults = faults;
    options.progress = [&](double) {
        most = std::max<std::size_t>(most, ::mallinfo2().uordblks);
        return true;
    };
    const auto result = sim::simulate(mapping, options);
    CHECK(result.events.completed == 0);
    CHECK(result.events.lost + result.events.in_flight == crossings);
    return most;
}

}  // namespace

TEST_CASE("memory does not grow with the events that a dead board or a shard that never starts keeps from their decision") {
    const auto mapping = chain(4, 4, {1, 9, 11}, 17, 2);
    auto never = mapping;
    never.shards[2].inputs[0].transfer.reset();  // waits for a result on another board that nobody brings
    sim::Fault dead;
    dead.kind = sim::Fault::Kind::board_dead, dead.place = 1;
    sim::Fault both = dead;
    both.time_node = 1;
    for (const auto& [system, faults] :
         std::vector<std::pair<partition::Mapping, sim::Faults>>{{mapping, {0, {dead, both}}}, {never, {}}}) {
        most_memory(system, faults, 2'000);
        const auto few = most_memory(system, faults, 10'000);
        CHECK(most_memory(system, faults, 100'000) <= few + 65'536);
    }
}

}  // namespace tessera::tests
