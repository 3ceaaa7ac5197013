#include "partition/cable_loads.h"

#include <algorithm>
#include <numeric>

#include "partition/layout.h"
#include "partition/link_frames.h"

namespace tessera::partition {

namespace {

std::vector<std::uint32_t> all_places(const topologies::Topology& topology) {
    std::vector<std::uint32_t> places(topology.compute_boards);
    std::iota(places.begin(), places.end(), 0U);
    return places;
}

}  // namespace

CableLoads::CableLoads(const Mapping& mapping, const topologies::Topology& topology, const topologies::RoutingTable& table)
    : ways_(topology, table, all_places(topology)),
      load_(ways_.channels().size(), 0),
      sends_to_(mapping.boards.size()),
      gets_of_(mapping.boards.size()) {
    constexpr double kFill = 0.8;  // rounding and the ways that routes then take need the rest
    const double frames = static_cast<double>(frames_per_event(mapping));
    for (const auto& channel : ways_.channels()) room_.push_back(kFill * frames * mapping.link_timing.frame_bits * channel.lanes / 1024);
    for (const auto& [ends, sum] : bits_between_boards(mapping)) {
        const double kilobits = static_cast<double>(sum) / 1024;
        sends_to_[ends.first].push_back({ends.second, kilobits});
        gets_of_[ends.second].push_back({ends.first, kilobits});
    }
}

void CableLoads::put_on_all(const std::vector<std::uint32_t>& places) {
    for (std::uint32_t board = 0; board < places.size(); ++board) {
        for (const Partner& to : sends_to_[board]) add(places[board], places[to.board], to.kilobits);
    }
}

void CableLoads::add(std::uint32_t board, const std::vector<std::uint32_t>& places, std::uint32_t but, double sign) {
    for (const Partner& to : sends_to_[board]) {
        if (to.board != but) add(places[board], places[to.board], sign * to.kilobits);
    }
    for (const Partner& from : gets_of_[board]) {
        if (from.board != but) add(places[from.board], places[board], sign * from.kilobits);
    }
}

void CableLoads::add(std::uint32_t from_place, std::uint32_t to_place, double kilobits) {
    for (const auto& [channel, part] : ways_.between(from_place, to_place)) {
        const double before = std::max(0.0, load_[channel] - room_[channel]);
        load_[channel] += kilobits * part;
        excess_ += ways_.channels()[channel].alike * (std::max(0.0, load_[channel] - room_[channel]) - before);
    }
}

}  // namespace tessera::partition
