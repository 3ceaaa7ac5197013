#include <doctest/doctest.h>

#include <algorithm>

#include "partition/schedule.h"
#include "tests/sim/mapping_builder.h"

/// Latencies that a line of arithmetic gives, held against the simulation. All events must meet them.
namespace tessera::tests {

namespace {

/// The latency of all of `crossings` events, which must be the same.
std::int64_t latency_of(const partition::Mapping& mapping, std::int64_t crossings = 20) {
    const auto result = simulate(mapping, crossings);
    CHECK(result.events.completed == crossings);
    CHECK(result.latency_ns.min == result.latency_ns.max);
    return result.max_latency_ticks;
}

}  // namespace

TEST_CASE("a pipeline of n boards takes n computations and n + 1 serialisations") {
    constexpr std::int64_t kFrames = 4, kLink = 17;
    const Work work{1, 9, 11};
    for (std::int64_t n = 1; n <= 8; ++n) {
        CAPTURE(n);
        const std::int64_t packet = kFrames + 2;  // header and CRC
        const auto expected = (n + 1) * packet + n * work.latency + (n - 1) * kLink;
        CHECK(latency_of(chain(static_cast<std::size_t>(n), kFrames, work, kLink)) == expected);
    }
}

TEST_CASE("serialisation rounds up to frames of all bonded lanes, chunk by chunk") {
    struct Case {
        std::int64_t bits;
        int chunks, lanes;
        std::int64_t ticks;  ///< from the first frame to the last, header and CRC included
    };
    for (const auto& each : std::vector<Case>{{1, 1, 1, 3},
                                              {64, 1, 1, 3},
                                              {65, 1, 1, 4},
                                              {256, 1, 2, 4},
                                              {257, 1, 2, 5},
                                              {256, 1, 8, 3},
                                              {256, 4, 1, 6},
                                              {257, 4, 1, 10},      // 65 bits a chunk
                                              {1000, 3, 2, 11}}) {  // 334 bits a chunk: 3 frames of 128
        CAPTURE(each.bits);
        CAPTURE(each.chunks);
        CAPTURE(each.lanes);
        MappingBuilder builder(1, 4);
        const auto in = builder.source(each.chunks);
        const auto brought = builder.transfer(in, kFirst, each.bits, {builder.link(kOutside, kFirst, 0, each.lanes)});
        const auto made = builder.shard(kFirst, {1, 1, 5}, {builder.over(brought, true)});
        builder.decide(made, kFrame);
        CHECK(latency_of(builder.mapping) == each.ticks + 5 + 3);
    }
}

TEST_CASE("a longer header and CRC are paid once a packet") {
    auto mapping = chain(1, 2, {1, 1, 5}, 0, 2);
    mapping.link_timing.header_frames = 3;
    mapping.link_timing.crc_frames = 2;
    mapping.link_timing.ticks_per_frame = 1;
    CHECK(latency_of(mapping) == 7 + 5 + 7);
}

TEST_CASE("starts wait for the processing clock's edge, frames do not") {
    auto mapping = chain(1, 3, {1, 1, 2}, 0, 2);
    mapping.ticks_per_bx = 36;  // four ticks a cycle
    // 5 ticks in, start at 8, 2 cycles, 5 ticks out.
    CHECK(latency_of(mapping) == 8 + 8 + 5);
}

TEST_CASE("SLR crossings take their cycles between two shards of a board") {
    for (int crossings = 0; crossings <= 3; ++crossings) {
        MappingBuilder builder(1);
        const auto first = builder.shard(kFirst, {1, 2, 4}, {builder.input_at(kFirst, kFrame)});
        const auto second = builder.shard(kFirst, {1, 2, 5}, {MappingBuilder::local(first, crossings)});
        builder.decide(second, kFrame);
        CHECK(latency_of(builder.mapping) == 3 + 4 + 3 * crossings + 5 + 3);
    }
}

namespace {

/// A producer and a consumer on the same board, with as long a TMUX period as they take.
partition::Mapping two_stages(const Work& producer, const Work& consumer, bool barrier) {
    MappingBuilder builder(1, 1 + std::max(producer.chunks * producer.interval, consumer.chunks * consumer.interval) / 9);
    const auto first = builder.shard(kFirst, producer, {builder.input_at(kFirst, kFrame)});
    const auto second = builder.shard(kFirst, consumer, {MappingBuilder::local(first, 0, barrier)});
    builder.transfer(second, kOutside, kFrame * consumer.chunks, {builder.link(kFirst, kOutside, 0, 64)});
    return std::move(builder.mapping);
}

constexpr std::int64_t kIn = 3;  // one frame with header and CRC

/// The last chunk's way out: 1 frame and its CRC, and the header where it is the first too.
std::int64_t way_out(const Work& consumer) { return consumer.chunks == 1 ? 3 : 2; }

constexpr int kChunkInterval = 24, kLatency = 7;

/// When a producer of m chunks has made so many.
std::int64_t made(int chunks) { return kIn + (chunks - 1) * kChunkInterval + kLatency; }

constexpr int kSplits[] = {1, 2, 3, 4, 6, 12};

}  // namespace

TEST_CASE("a barrier starts with the last chunk") {
    for (const int m : kSplits) {
        for (const int n : kSplits) {
            CAPTURE(m);
            CAPTURE(n);
            const Work consumer{n, 4, 9};
            CHECK(latency_of(two_stages({m, kChunkInterval, kLatency}, consumer, true)) == made(m) + (n - 1) * 4 + 9 + way_out(consumer));
        }
    }
}

TEST_CASE("a quick stream ends soon after its last input") {
    for (const int m : kSplits) {
        for (const int n : kSplits) {
            CAPTURE(m);
            CAPTURE(n);
            // As fast as its input: what one chunk of input allows is done when the next comes.
            const Work consumer{n, kChunkInterval / ((n + m - 1) / m), 9};
            const int allowed_by_last = n - (m - 1) * n / m;
            const auto expected = made(m) + (allowed_by_last - 1) * consumer.interval + 9 + way_out(consumer);
            CHECK(latency_of(two_stages({m, kChunkInterval, kLatency}, consumer, false)) == expected);
        }
    }
}

TEST_CASE("a slow stream starts with its first input and never waits again") {
    for (const int m : kSplits) {
        for (const int n : kSplits) {
            CAPTURE(m);
            CAPTURE(n);
            const Work consumer{n, kChunkInterval * m + 1, 9};
            const auto expected = made((m + n - 1) / n) + (n - 1) * consumer.interval + 9 + way_out(consumer);
            CHECK(latency_of(two_stages({m, kChunkInterval, kLatency}, consumer, false), 5) == expected);
        }
    }
}

TEST_CASE("a shard waits for the latest of its inputs") {
    MappingBuilder builder(2);
    const auto quick = builder.shard(kFirst, {1, 1, 2}, {builder.input_at(kFirst, kFrame)});
    const auto slow = builder.shard(kSecond, {1, 1, 30}, {builder.input_at(kSecond, kFrame)});
    const auto brought = builder.transfer(slow, kFirst, kFrame, {builder.link(kSecond, kFirst, 13)});
    const auto joined = builder.shard(kFirst, {1, 1, 4}, {MappingBuilder::local(quick), builder.over(brought)});
    builder.decide(joined, kFrame);
    CHECK(latency_of(builder.mapping) == 3 + 30 + 3 + 13 + 4 + 3);
}

TEST_CASE("data that arrive late are waited for, and the breakdown says so") {
    constexpr int kArrival = 40;
    MappingBuilder builder(1);
    const auto early = builder.input_at(kFirst, kFrame);
    const auto late = builder.input_at(kFirst, kFrame);
    builder.mapping.shards[index(late.from)].latency_cycles = kArrival;
    builder.decide(builder.shard(kFirst, {1, 9, 5}, {early, late}), kFrame);
    CHECK(latency_of(builder.mapping) == kArrival + 3 + 5 + 3);
    CHECK(partition::schedule(builder.mapping).latency_ticks == kArrival + 3 + 5 + 3);
    const auto first = simulate(builder.mapping, 1).breakdown.front();
    CHECK(first.kind == "input");
    CHECK(first.ns == doctest::Approx(kArrival * builder.mapping.tick_ns()));
}

TEST_CASE("an event is complete with its last decision") {
    MappingBuilder builder(2);
    builder.decide(builder.shard(kFirst, {1, 1, 2}, {builder.input_at(kFirst, kFrame)}), kFrame);
    builder.decide(builder.shard(kSecond, {1, 1, 40}, {builder.input_at(kSecond, kFrame)}), kFrame * 5);
    CHECK(latency_of(builder.mapping) == 3 + 40 + 7);
}

TEST_CASE("boards on the way store and forward chunk by chunk") {
    constexpr std::int64_t kLink = 10, kForward = 6, kFrames = 2;
    for (const int chunks : {1, 2, 5}) {
        for (std::size_t hops = 1; hops <= 5; ++hops) {
            CAPTURE(chunks);
            CAPTURE(hops);
            MappingBuilder builder(hops + 1, 10);
            builder.mapping.switch_latency_cycles = kForward;
            // All chunks of the producer's result are there at once: those of the input pass it in order.
            const auto first = builder.shard(kFirst, {1, 1, 1}, {builder.input_at(kFirst, kFrame)});
            const auto burst = builder.shard(kFirst, {chunks, 0, 4}, {MappingBuilder::local(first)});
            std::vector<LinkId> route;
            for (std::size_t h = 0; h < hops; ++h)
                route.push_back(builder.link(MappingBuilder::board(h), MappingBuilder::board(h + 1), kLink));
            const auto last = MappingBuilder::board(hops);
            const auto brought = builder.transfer(burst, last, kFrames * kFrame * chunks, route);
            builder.decide(builder.shard(last, {1, 1, 1}, {builder.over(brought, true)}), kFrame);
            // The first link sends all chunks in a row; each further one stores the last chunk before it passes it on.
            const std::int64_t last_chunk = kFrames + (chunks == 1 ? 2 : 1);
            const auto way = chunks * kFrames + 2 + kLink + static_cast<std::int64_t>(hops - 1) * (kForward + last_chunk + kLink);
            CHECK(latency_of(builder.mapping) == 3 + 1 + 4 + way + 1 + 3);
        }
    }
}

TEST_CASE("transfers that become ready together share a link in the order of their ids") {
    MappingBuilder builder(2, 4);
    const auto link = builder.link(kFirst, kSecond, 10);
    std::vector<partition::ShardInput> inputs;
    std::vector<ShardId> made;
    const auto in = builder.input_at(kFirst, kFrame);
    for (int s = 0; s < 3; ++s) made.push_back(builder.shard(kFirst, {1, 1, 5}, {in}));
    for (const auto shard : made) inputs.push_back(builder.over(builder.transfer(shard, kSecond, kFrame * (1 + index(shard)), {link})));
    builder.decide(builder.shard(kSecond, {1, 1, 2}, inputs), kFrame);
    // Packets of 2, 3 and 4 frames with header and CRC, one after the other.
    CHECK(latency_of(builder.mapping) == 3 + 5 + (4 + 5 + 6) + 10 + 2 + 3);
}

}  // namespace tessera::tests
