#include "partition/kept_places.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace tessera::partition {

namespace {

/// Whether every board of a mapping is in the topology as it was: it computes or only forwards, and stands at the same place of the
/// drawing.
bool stands_on(const Mapping& mapping, const topologies::Topology& topology) {
    if (mapping.places.empty() != topology.places.empty()) return false;
    if (std::set(mapping.positions.begin(), mapping.positions.end()).size() != mapping.positions.size()) return false;
    for (std::size_t b = 0; b < mapping.positions.size(); ++b) {
        const std::uint32_t position = mapping.positions[b];
        if (position >= topology.board_count) return false;
        if (mapping.board_types[mapping.boards[b]].is_switch != (position >= topology.compute_boards)) return false;
        if (!mapping.places.empty() && mapping.places[b] != topology.places[position]) return false;
    }
    return true;
}

}  // namespace

std::optional<Standing> standing(const Mapping& earlier, std::size_t room, const std::function<topologies::Topology(std::size_t)>& make) {
    std::set<BoardId> boards;
    for (const auto& shard : earlier.shards) {
        if (shard.board != kOutside && shard.kind != kExternal) boards.insert(shard.board);
    }
    if (boards.empty() || index(*boards.rbegin()) >= earlier.positions.size()) return std::nullopt;
    // It was made for boards that come before those that only forward, whether or not all of them still have shards.
    const std::size_t fewest = index(*boards.rbegin()) + 1;
    for (std::size_t size = fewest; size <= std::min(room, earlier.positions.size()); ++size) {
        Standing found{make(size), {}, 0};
        if (!stands_on(earlier, found.topology)) continue;
        for (const std::uint32_t position : earlier.positions) found.switches += position >= found.topology.compute_boards ? 1 : 0;
        for (const BoardId board : boards) found.places.push_back(earlier.positions[index(board)]);
        return found;
    }
    return std::nullopt;
}

std::vector<std::uint32_t> places_after(const Placement& earlier, const std::vector<std::uint32_t>& places, const Placement& now) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> shards;  // by the board now and the one before
    for (std::size_t s = 0; s < now.board.size(); ++s) {
        if (now.board[s] != Placement::kOutsideBoard && earlier.board[s] < places.size()) ++shards[{now.board[s], earlier.board[s]}];
    }
    std::vector<std::tuple<std::size_t, std::uint32_t, std::uint32_t>> most;
    most.reserve(shards.size());
    for (const auto& [boards, count] : shards) most.emplace_back(count, boards.first, boards.second);
    std::stable_sort(most.begin(), most.end(), [](const auto& a, const auto& b) { return std::get<0>(a) > std::get<0>(b); });
    std::vector<std::uint32_t> result(now.boards, kNoPlace);
    std::vector<bool> taken(places.size(), false);
    for (const auto& [count, board, before] : most) {
        if (result[board] != kNoPlace || taken[before]) continue;
        result[board] = places[before];
        taken[before] = true;
    }
    return result;
}

}  // namespace tessera::partition
