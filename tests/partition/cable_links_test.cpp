#include "partition/cable_links.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "partition/link_frames.h"

namespace tessera::partition {
namespace {

/// One shard for each transfer, whose bits are given.
Mapping with_transfers(const std::vector<std::int64_t>& bits, int chunks) {
    Mapping mapping;
    mapping.link_timing = {"test", 64, 1, 1, 1};
    for (std::uint32_t t = 0; t < bits.size(); ++t) {
        Shard shard;
        shard.chunks = chunks;
        mapping.shards.push_back(shard);
        mapping.transfers.push_back({id_at<ShardId>(t), BoardId{1}, bits[t], {}});
    }
    return mapping;
}

std::vector<std::uint32_t> all_of(const Mapping& mapping) {
    std::vector<std::uint32_t> transfers(mapping.transfers.size());
    std::iota(transfers.begin(), transfers.end(), 0U);
    return transfers;
}

std::int64_t frames_on(const Mapping& mapping, const CableLink& link) {
    std::int64_t frames = 0;
    for (const std::uint32_t t : link.transfers)
        frames += transfer_frames(mapping.transfers[t].bits, mapping.shards[t].chunks, link.lanes, mapping.link_timing);
    return frames;
}

}  // namespace

TEST_CASE("what leaves a cable time is one link of all its lanes") {
    // 20 frames of 10 lanes, header and CRC each: 44 of 100 frames.
    const Mapping mapping = with_transfers({64 * 10 * 20, 64 * 10 * 20}, 1);
    const auto links = share_lanes(mapping, all_of(mapping), 10, 100);
    REQUIRE(links.size() == 1);
    CHECK(links.front() == CableLink{10, {0, 1}, 44});
}

TEST_CASE("small transfers that would not fill a wide link share its lanes out among links") {
    // Each takes 8 chunks of a lane's frame: 10 frames on however many lanes, so that one link carries 10 of them in 100 frames.
    const Mapping mapping = with_transfers(std::vector<std::int64_t>(24, 64 * 8), 8);
    const auto links = share_lanes(mapping, all_of(mapping), 12, 100);
    REQUIRE(links.size() == 3);  // 80 frames on each, less than nearly all of the time
    for (const CableLink& link : links) {
        CHECK(link.lanes == 4);
        CHECK(link.frames == 80);
    }
}

TEST_CASE("a large transfer gets the lanes that it needs, small ones the rest") {
    std::vector<std::int64_t> bits(17, 64 * 8);
    bits.push_back(64 * 8 * 12 * 8);  // 96 frames and header and CRC on 8 lanes
    const Mapping mapping = with_transfers(bits, 8);
    const auto links = share_lanes(mapping, all_of(mapping), 10, 100);
    CHECK(links.front().frames <= 100);
    const auto large = std::find_if(links.begin(), links.end(), [](const CableLink& link) { return link.transfers.front() == 17; });
    REQUIRE(large != links.end());
    CHECK(large->lanes == 8);
    CHECK(links.size() == 3);
}

TEST_CASE("a cable that cannot carry its transfers says by how much") {
    const Mapping mapping = with_transfers({64 * 10 * 150}, 1);
    const auto links = share_lanes(mapping, all_of(mapping), 10, 100);
    REQUIRE(links.size() == 1);
    CHECK(links.front().frames == 152);
}

TEST_CASE("every transfer has a link and no lane has two") {
    std::mt19937_64 generator(7);
    for (int round = 0; round < 200; ++round) {
        std::vector<std::int64_t> bits(1 + generator() % 40);
        for (auto& each : bits) each = static_cast<std::int64_t>(1 + generator() % 8000);
        const Mapping mapping = with_transfers(bits, 1 + static_cast<int>(generator() % 8));
        const int lanes = 1 + static_cast<int>(generator() % 60);
        const auto links = share_lanes(mapping, all_of(mapping), lanes, 162);
        std::vector<std::uint32_t> carried;
        int used = 0;
        for (const CableLink& link : links) {
            used += link.lanes;
            CHECK(link.lanes > 0);
            CHECK(link.frames == frames_on(mapping, link));
            CHECK(link.frames <= links.front().frames);
            carried.insert(carried.end(), link.transfers.begin(), link.transfers.end());
        }
        CHECK(used == lanes);
        std::sort(carried.begin(), carried.end());
        CHECK(carried == all_of(mapping));
    }
}

}  // namespace tessera::partition
