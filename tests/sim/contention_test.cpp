#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <random>

#include "tests/sim/mapping_builder.h"
#include "topologies/topology.h"

/// Known contention: many boards that send to one over a fat tree, and random traffic into a link.
namespace tessera::tests {

namespace {

constexpr std::int64_t kFrames = 5, kPacket = kFrames + 2, kLink = 17, kForward = 9;

/// Boards `senders` of a fat tree send one packet each to board 0, all at the same tick; the way takes `hops`.
class FatTree {
  public:
    FatTree(const std::string& text, std::size_t boards)
        : tree_(topologies::make_topology(JsonReader::from_text("test", text), boards, 64)),
          builder_(tree_.board_count, 40),
          routes_(tree_) {
        builder_.mapping.switch_latency_cycles = kForward;
        for (const auto& cable : tree_.cables) {
            for (const auto& [from, to] : {std::pair(cable.a, cable.b), std::pair(cable.b, cable.a)})
                links_[{index(from), index(to)}] = builder_.link(from, to, kLink);
        }
    }

    std::int64_t latency(const std::vector<std::size_t>& senders, std::size_t hops) {
        std::vector<partition::ShardInput> inputs;
        for (const auto sender : senders) {
            const auto here = MappingBuilder::board(sender);
            const auto made = builder_.shard(here, {1, 1, 4}, {builder_.input_at(here, kFrame)});
            const auto way = routes_.route(here, BoardId{0});
            REQUIRE(way.size() == hops + 1);
            std::vector<LinkId> route;
            for (std::size_t h = 0; h + 1 < way.size(); ++h) route.push_back(links_.at({index(way[h]), index(way[h + 1])}));
            inputs.push_back(builder_.over(builder_.transfer(made, BoardId{0}, kFrames * kFrame, route)));
        }
        builder_.decide(builder_.shard(BoardId{0}, {1, 1, 4}, inputs), kFrame);
        const auto result = simulate(builder_.mapping, 1);
        CHECK(result.events.completed == 1);
        return result.max_latency_ticks;
    }

  private:
    topologies::Topology tree_;
    MappingBuilder builder_;
    topologies::RoutingTable routes_;
    std::map<std::pair<std::size_t, std::size_t>, LinkId> links_;
};

/// Every hop takes a packet and a link, every switch its time; behind the link where all meet, each packet
/// waits for those before it, once.
std::int64_t expected(std::int64_t senders, std::int64_t hops) {
    return 3 + 4 + hops * (kPacket + kLink) + (hops - 1) * kForward + (senders - 1) * kPacket + 4 + 3;
}

}  // namespace

TEST_CASE("a fat tree of one level: all packets meet on the last link") {
    for (std::size_t m = 1; m <= 7; ++m) {
        CAPTURE(m);
        std::vector<std::size_t> senders;
        for (std::size_t s = 1; s <= m; ++s) senders.push_back(s);
        CHECK(FatTree(R"({"kind": "fat_tree", "children": [8], "parents": [1], "lanes": 1})", 8).latency(senders, 2) ==
              expected(static_cast<std::int64_t>(m), 2));
    }
}

TEST_CASE("a fat tree of two levels: packets from another leaf meet on its way up, and pass the rest one behind the other") {
    for (std::size_t m = 1; m <= 4; ++m) {
        CAPTURE(m);
        std::vector<std::size_t> senders;
        for (std::size_t s = 0; s < m; ++s) senders.push_back(4 + s);
        CHECK(FatTree(R"({"kind": "fat_tree", "children": [4, 4], "parents": [1, 1], "lanes": 1})", 16).latency(senders, 4) ==
              expected(static_cast<std::int64_t>(m), 4));
    }
}

TEST_CASE("a fat tree of two levels: packets from different leaves meet at the root") {
    const std::string text = R"({"kind": "fat_tree", "children": [4, 4], "parents": [1, 1], "lanes": 1})";
    CHECK(FatTree(text, 16).latency({4, 8, 12}, 4) == expected(3, 4));
}

namespace {

/// Crossings that are filled at random, `load` of the time that a packet of so many crossings takes.
std::vector<bool> poisson(std::int64_t events, double load, std::int64_t packet, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::geometric_distribution<std::int64_t> gap(load / static_cast<double>(packet));
    std::vector<bool> filled;
    for (std::int64_t e = 0; e < events; ++e) {
        filled.resize(filled.size() + static_cast<std::size_t>(gap(random)));
        filled.push_back(true);
    }
    return filled;
}

}  // namespace

TEST_CASE("random traffic into a link waits as an M/D/1 queue does") {
    // A crossing is one tick, much shorter than a packet, so that arrivals are a Poisson process.
    constexpr std::int64_t kEvents = 1'000'000, kService = 200;
    MappingBuilder builder(2);
    const auto in = builder.source();
    const auto brought = builder.transfer(in, BoardId{0}, (kService - 2) * kFrame, {builder.link(kOutside, BoardId{0}, 0, 1, 1'000'000)});
    const auto made = builder.shard(BoardId{0}, {1, 1, 4}, {builder.over(brought)});
    builder.decide(made, kFrame);
    builder.mapping.ticks_per_bx = 1;
    builder.mapping.clock.cycles_per_bx = 1;
    for (const double load : {0.5, 0.7}) {
        CAPTURE(load);
        sim::Options options;
        options.mode = sim::Mode::detailed;
        options.filled = poisson(kEvents, load, kService, 1);
        options.bunch_crossings = static_cast<std::int64_t>(options.filled.size());
        const auto result = sim::simulate(builder.mapping, options);
        CHECK(result.events.completed == kEvents);
        CHECK(result.links[0].utilisation == doctest::Approx(load).epsilon(0.01));
        // Pollaczek and Khinchine: the mean wait of M/D/1 is load x service / (2 (1 - load)).
        const double wait = result.latency_ns.mean / builder.mapping.tick_ns() - (kService + 4 + 3);
        CHECK(wait == doctest::Approx(load * kService / (2 * (1 - load))).epsilon(0.02));
    }
}

}  // namespace tessera::tests
