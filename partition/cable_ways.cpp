#include "partition/cable_ways.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <utility>

namespace tessera::partition {

namespace {

/// By place: the first that is a switch with just the same cables, or the place itself.
std::vector<std::uint32_t> first_alike(const topologies::Topology& topology) {
    std::vector<std::vector<std::pair<std::uint32_t, int>>> joined(topology.board_count);  // other end and lanes
    for (const auto& cable : topology.cables) {
        joined[index(cable.a)].emplace_back(index(cable.b), cable.lanes);
        joined[index(cable.b)].emplace_back(index(cable.a), cable.lanes);
    }
    std::vector<std::uint32_t> first(topology.board_count);
    std::map<std::vector<std::pair<std::uint32_t, int>>, std::uint32_t> switches;
    for (std::uint32_t place = 0; place < first.size(); ++place) {
        std::sort(joined[place].begin(), joined[place].end());
        first[place] = place < topology.compute_boards ? place : switches.try_emplace(std::move(joined[place]), place).first->second;
    }
    return first;
}

}  // namespace

CableWays::CableWays(const topologies::Topology& topology, const topologies::RoutingTable& table, std::vector<std::uint32_t> places)
    : table_(table),
      roles_(topology.roles),
      places_(std::move(places)),
      leaving_(topology.board_count),
      known_((places_.size() + 1) * (places_.size() + 1)) {
    const auto first = first_alike(topology);
    const auto add = [&](std::uint32_t from, std::uint32_t to, int lanes) {
        auto& leaving = leaving_[from];
        const auto same = [&](std::uint32_t c) { return channels_[c].to == to && channels_[c].lanes == lanes; };
        const auto known = std::find_if(leaving.begin(), leaving.end(), same);
        if (known != leaving.end()) {
            ++channels_[*known].alike;
        } else {
            leaving.push_back(static_cast<std::uint32_t>(channels_.size()));
            channels_.push_back({to, lanes});
        }
    };
    for (const auto& cable : topology.cables) {
        add(first[index(cable.a)], first[index(cable.b)], cable.lanes);
        add(first[index(cable.b)], first[index(cable.a)], cable.lanes);
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
            if (links_to_go(channels_[c].to) == links - 1) onward.push_back(c), lanes += channels_[c].alike * channels_[c].lanes;
        }
        for (const std::uint32_t c : onward) {
            const double share = part * channels_[c].lanes / lanes;
            shares.push_back({c, share});
            open[{links - 1, channels_[c].to}] += channels_[c].alike * share;
        }
    }
    return shares;
}

}  // namespace tessera::partition
