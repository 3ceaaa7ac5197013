#include "sim/traffic.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>

#include "core/error.h"
#include "tests/sim/mapping_builder.h"

namespace tessera::tests {

namespace {

sim::Traffic traffic(const std::string& text) { return sim::read_traffic(JsonReader::from_text("study.json", text)); }

/// A source of 8 tokens of one frame each, in two chunks, and a board that wants both.
partition::Mapping eight_objects() {
    MappingBuilder builder(1, 4);
    const auto in = builder.source(2);
    builder.mapping.shards[0].token_end = 8;
    const auto brought = builder.transfer(in, BoardId{0}, 8 * kFrame, {builder.link(kOutside, BoardId{0})});
    builder.decide(builder.shard(BoardId{0}, {1, 9, 5}, {builder.over(brought, true)}), kFrame);
    return std::move(builder.mapping);
}

sim::Result simulate_traffic(const sim::Traffic& traffic, std::int64_t crossings, sim::Mode mode = sim::Mode::fast) {
    sim::Options options;
    options.bunch_crossings = crossings;
    options.traffic = traffic;
    options.mode = mode;
    return sim::simulate(eight_objects(), options);
}

}  // namespace

TEST_CASE("full occupancy is the worst case and cuts nothing") {
    const auto result = simulate_traffic({}, 40);
    CHECK(result.max_latency_ticks == 8 + 2 + 5 + 3);
    CHECK(result.latency_ns.min == result.latency_ns.max);
    CHECK(result.traffic.capacity == 8);
    CHECK(result.traffic.mean_objects == 8);
    CHECK(result.traffic.truncated_events == 0);
}

TEST_CASE("fewer objects take fewer frames on the way in, more are cut off and counted") {
    // 3 of 8 objects are 1.5 of the 4 frames of a chunk: 2. 20 objects are cut to 8.
    for (const auto& [objects, ticks] :
         std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 2}, {3, 6}, {4, 6}, {5, 8}, {8, 10}, {20, 10}}) {
        CAPTURE(objects);
        sim::Traffic listed;
        listed.kind = sim::Traffic::Kind::listed;
        listed.objects = {objects};
        const auto result = simulate_traffic(listed, 40);
        CHECK(result.max_latency_ticks == ticks + 5 + 3);
        CHECK(result.latency_ns.min == result.latency_ns.max);
        CHECK(result.traffic.truncated_events == (objects > 8 ? 40 : 0));
        CHECK(result.traffic.objects_cut == (objects > 8 ? 40 * 12 : 0));
        CHECK(result.traffic.max_objects == objects);
    }
}

TEST_CASE("listed events come in turn, over and over") {
    sim::Traffic listed;
    listed.kind = sim::Traffic::Kind::listed;
    listed.objects = {2, 9, 4};
    const auto result = simulate_traffic(listed, 31);
    CHECK(result.traffic.mean_objects == doctest::Approx((11 * 2 + 10 * 9 + 10 * 4) / 31.0));
    CHECK(result.traffic.truncated_events == 10);
}

TEST_CASE("pile-up has the mean and the variance of a Poisson number of Poisson numbers") {
    for (const double pile_up : {0.5, 60.0, 140.0, 200.0}) {
        for (const double objects : {0.1, 0.5, 3.0}) {
            CAPTURE(pile_up);
            CAPTURE(objects);
            sim::Traffic drawn;
            drawn.kind = sim::Traffic::Kind::pile_up;
            drawn.pile_up = pile_up, drawn.objects_per_collision = objects;
            const sim::Occupancy occupancy(drawn, 1, 7);
            constexpr std::int64_t kEvents = 200'000;
            double sum = 0, squares = 0;
            for (std::int64_t bx = 0; bx < kEvents; ++bx) {
                const auto n = static_cast<double>(occupancy.objects(bx, bx));
                sum += n, squares += n * n;
            }
            const double mean = pile_up * objects, variance = mean * (1 + objects);
            CHECK(std::abs(sum / kEvents - mean) < 4 * std::sqrt(variance / kEvents));
            CHECK(squares / kEvents - sum / kEvents * (sum / kEvents) == doctest::Approx(variance).epsilon(0.03));
        }
    }
}

TEST_CASE("the same seed draws the same events in either mode, another seed others") {
    const auto drawn = traffic(R"({"pile_up": 10, "objects_per_collision": 0.6})");
    const auto result = simulate_traffic(drawn, 500);
    CHECK(result.traffic.truncated_events > 50);
    CHECK(result.latency_ns.min < result.latency_ns.max);
    CHECK(sim::to_json(simulate_traffic(drawn, 500, sim::Mode::detailed)).dump() == sim::to_json(result).dump());
    const sim::Occupancy one(drawn, 8, 1), other(drawn, 8, 2);
    int different = 0;
    for (int bx = 0; bx < 100; ++bx) different += one.objects(bx, bx) != other.objects(bx, bx) ? 1 : 0;
    CHECK(different > 50);
}

TEST_CASE("traffic as a study writes it") {
    CHECK(traffic("\"full\"").kind == sim::Traffic::Kind::full);
    const auto drawn = traffic(R"({"pile_up": 140})");
    CHECK(drawn.pile_up == 140);
    CHECK(drawn.source.starts_with("assumed"));
    CHECK_THROWS_WITH_AS(traffic("\"empty\""), "study.json: /: found \"empty\"; expected one of \"full\"", InputError);
    CHECK_THROWS_AS(traffic(R"({"pile_up": -1})"), InputError);
    CHECK_THROWS_AS(traffic(R"({"pile_up": 60, "file": "x"})"), InputError);
    CHECK_THROWS_AS(traffic(R"({"file": "/no/such/file.json"})"), InputError);
}

}  // namespace tessera::tests
