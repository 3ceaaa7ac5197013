#include "partition/cable_loads.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "partition/topology_placement.h"

namespace tessera::partition {
namespace {

topologies::Topology ring_of(std::size_t boards, int lanes) {
    topologies::Topology ring;
    ring.compute_boards = ring.board_count = boards;
    for (std::size_t b = 0; b < boards; ++b)
        ring.cables.push_back({id_at<BoardId>(std::min(b, (b + 1) % boards)), id_at<BoardId>(std::max(b, (b + 1) % boards)), lanes, 5});
    return ring;
}

struct Sent {
    std::uint32_t from = 0, to = 0;
    std::int64_t frames = 0;  ///< of 64 bits
};

/// A shard for each transfer, on boards in the order of their numbers; an event every 1600 frames.
Mapping mapping_of(std::size_t boards, const std::vector<Sent>& sent) {
    Mapping mapping;
    mapping.tmux_period_bx = 1, mapping.ticks_per_bx = 1600;
    mapping.link_timing = {"test", 64, 1, 1, 1};
    mapping.board_types.emplace_back();
    mapping.boards.assign(boards, 0);
    for (const Sent& each : sent) {
        Shard shard;
        shard.board = id_at<BoardId>(each.from);
        mapping.transfers.push_back({id_at<ShardId>(mapping.shards.size()), id_at<BoardId>(each.to), 64 * each.frames, {}});
        mapping.shards.push_back(shard);
    }
    return mapping;
}

std::vector<std::uint32_t> numbered_places(std::size_t boards) {
    std::vector<std::uint32_t> places(boards);
    std::iota(places.begin(), places.end(), 0U);
    return places;
}

}  // namespace

TEST_CASE("what is too much for a cable is counted as boards change places") {
    const auto ring = ring_of(6, 1);
    const topologies::RoutingTable table(ring);
    // A lane carries 0.8 of 1600 frames easily; from 0 to 1 there are 720 more.
    CableLoads loads(mapping_of(6, {{0, 1, 1000}, {0, 1, 1000}, {2, 3, 1000}}), ring, table);
    auto places = numbered_places(6);
    loads.put_on_all(places);
    const double excess = 720.0 * 64 / 1024;
    CHECK(loads.excess_kilobits() == doctest::Approx(excess));

    const auto exchange = [&] {
        loads.take_off(1, places);
        loads.take_off(3, places, 1);
        std::swap(places[1], places[3]);
        loads.put_on(1, places);
        loads.put_on(3, places, 1);
    };
    exchange();  // now 1 is opposite of 0, and each way round carries half
    CHECK(loads.excess_kilobits() == doctest::Approx(0));
    exchange();
    CHECK(loads.excess_kilobits() == doctest::Approx(excess));
}

TEST_CASE("boards are placed where no cable carries too much, though more links are crossed") {
    const auto ring = ring_of(4, 1);
    const topologies::RoutingTable table(ring);
    const Mapping much = mapping_of(4, {{0, 1, 2000}}), little = mapping_of(4, {{0, 1, 1000}});
    const auto links = [&](const Mapping& mapping) {
        const auto places = place_on_topology(mapping, ring, table, 1);
        return table.hops(id_at<BoardId>(places[0]), id_at<BoardId>(places[1]));
    };
    CHECK(links(much) == 2);
    CHECK(links(little) == 1);
}

}  // namespace tessera::partition
