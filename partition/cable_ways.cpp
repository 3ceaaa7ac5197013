#include "partition/cable_ways.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <utility>

namespace tessera::partition {

CableWays::CableWays(const topologies::Topology& topology, const topologies::RoutingTable& table, std::vector<std::uint32_t> places)
    : table_(table),
      roles_(topology.roles),
      places_(std::move(places)),
      leaving_(topology.board_count),
      known_((places_.size() + 1) * (places_.size() + 1)) {
    for (const auto& cable : topology.cables) {
        for (const auto& [from, to] : {std::pair(cable.a, cable.b), std::pair(cable.b, cable.a)}) {
            leaving_[index(from)].push_back(static_cast<std::uint32_t>(channels_.size()));
            channels_.push_back({static_cast<std::uint32_t>(index(to)), cable.lanes});
        }
    }
}

bool CableWays::cabled(std::uint32_t from_board, std::uint32_t to_board) const {
    if (from_board == kOutsideBoard) return !roles_.inputs_at.empty() && to_board != kOutsideBoard;
    return to_board != kOutsideBoard || roles_.decision_at.has_value();
}

int CableWays::hops(std::uint32_t from_board, std::uint32_t to_board) const {
    return std::max(0, table_.hops(id_at<BoardId>(place_from(from_board, to_board)), id_at<BoardId>(place_to(to_board))));
}

const std::vector<CableWays::Share>& CableWays::between(std::uint32_t from_board, std::uint32_t to_board) {
    const auto number = [&](std::uint32_t board) { return board == kOutsideBoard ? places_.size() : board; };
    auto& shares = known_[number(from_board) * (places_.size() + 1) + number(to_board)];
    if (shares.empty()) shares = spread(place_from(from_board, to_board), place_to(to_board));
    return shares;
}

std::uint32_t CableWays::place_to(std::uint32_t to_board) const {
    return to_board == kOutsideBoard ? static_cast<std::uint32_t>(index(*roles_.decision_at)) : places_[to_board];
}

std::uint32_t CableWays::place_from(std::uint32_t from_board, std::uint32_t to_board) const {
    if (from_board != kOutsideBoard) return places_[from_board];
    const auto links = [&](BoardId entrance) {
        const int hops = table_.hops(entrance, id_at<BoardId>(places_[to_board]));
        return hops < 0 ? std::numeric_limits<int>::max() : hops;
    };
    const auto nearer = [&](BoardId a, BoardId b) { return links(a) < links(b); };
    return static_cast<std::uint32_t>(index(*std::min_element(roles_.inputs_at.begin(), roles_.inputs_at.end(), nearer)));
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
