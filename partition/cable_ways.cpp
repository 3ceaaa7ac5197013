#include "partition/cable_ways.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace tessera::partition {

CableWays::CableWays(const topologies::Topology& topology, const topologies::RoutingTable& table, std::vector<std::uint32_t> places)
    : table_(table), places_(std::move(places)), leaving_(topology.board_count), known_(places_.size() * places_.size()) {
    for (const auto& cable : topology.cables) {
        for (const auto& [from, to] : {std::pair(cable.a, cable.b), std::pair(cable.b, cable.a)}) {
            leaving_[index(from)].push_back(static_cast<std::uint32_t>(channels_.size()));
            channels_.push_back({static_cast<std::uint32_t>(index(to)), cable.lanes});
        }
    }
}

int CableWays::hops(std::uint32_t from_board, std::uint32_t to_board) const {
    return std::max(0, table_.hops(id_at<BoardId>(places_[from_board]), id_at<BoardId>(places_[to_board])));
}

const std::vector<CableWays::Share>& CableWays::between(std::uint32_t from_board, std::uint32_t to_board) {
    auto& shares = known_[from_board * places_.size() + to_board];
    if (shares.empty()) shares = spread(places_[from_board], places_[to_board]);
    return shares;
}

std::vector<CableWays::Share> CableWays::spread(std::uint32_t from, std::uint32_t to) const {
    const auto links_to_go = [&](std::uint32_t place) { return table_.hops(id_at<BoardId>(place), id_at<BoardId>(to)); };
    std::vector<Share> shares;
    std::map<std::pair<int, std::uint32_t>, double, std::greater<>> open{{{links_to_go(from), from}, 1.0}};  // the furthest first
    while (!open.empty()) {
        const auto [links, place] = open.begin()->first;
        const double part = open.begin()->second;
        open.erase(open.begin());
        if (links <= 0) continue;
        std::vector<std::uint32_t> onward;
        int lanes = 0;
        for (const std::uint32_t c : leaving_[place]) {
            if (links_to_go(channels_[c].to) == links - 1) onward.push_back(c), lanes += channels_[c].lanes;
        }
        for (const std::uint32_t c : onward) {
            const double share = part * channels_[c].lanes / lanes;
            shares.push_back({c, share});
            open[{links - 1, channels_[c].to}] += share;
        }
    }
    return shares;
}

}  // namespace tessera::partition
