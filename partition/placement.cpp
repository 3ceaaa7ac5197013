#include "partition/placement.h"

#include <algorithm>
#include <set>

namespace tessera::partition {

BoardSlrs::BoardSlrs(const BoardSpace& space, const Placement& placement) {
    std::size_t next = 0;
    for (std::size_t board = 0; board < placement.boards; ++board) {
        const BoardOffer& offer = space.types[placement.type_of(board)];
        offers_.push_back(&offer);
        first_.push_back(next);
        next += static_cast<std::size_t>(offer.slrs);
    }
}

FreeRoom::FreeRoom(const BoardSpace& space, const Placement& placement) : slrs_(space, placement) {
    for (std::uint32_t board = 0; board < placement.boards; ++board)
        free_.insert(free_.end(), static_cast<std::size_t>(slrs_.count(board)), slrs_.capacity(board) * (1 - 1e-9));
}

FreeRoom::FreeRoom(const ShardGraph& graph, const BoardSpace& space, const Placement& placement) : FreeRoom(space, placement) {
    for (std::uint32_t s = 0; s < graph.shards.size(); ++s) {
        if (!graph.shards[s].outside) at(placement.board[s], placement.slr[s]) -= placement.resources(graph, s);
    }
}

int FreeRoom::tightest(std::uint32_t board, const Resources& needed) const {
    int best = -1;
    double best_left = 0;
    for (int slr = 0; slr < slrs_.count(board); ++slr) {
        const Resources& free = at(board, slr);
        if (!needed.fits(free)) continue;
        const double left = (free - needed).max_fraction(slrs_.capacity(board));
        if (best < 0 || left < best_left) best = slr, best_left = left;
    }
    return best;
}

bool within_stock(const BoardSpace& space, const Placement& placement) {
    std::vector<std::size_t> taken(space.types.size(), 0);
    for (std::size_t board = 0; board < placement.boards; ++board) ++taken[placement.type_of(board)];
    for (std::size_t type = 0; type < taken.size(); ++type) {
        if (taken[type] > space.types[type].boards) return false;
    }
    return true;
}

std::vector<double> net_fanout(const ShardGraph& graph, const Placement& placement) {
    std::vector<double> fanout(graph.nets.size(), 0);
    std::set<std::uint32_t> boards;
    for (std::size_t n = 0; n < graph.nets.size(); ++n) {
        boards.clear();
        for (const std::uint32_t consumer : graph.nets[n].consumers) boards.insert(placement.board_of(consumer));
        boards.erase(placement.board[graph.nets[n].from]);
        fanout[n] = static_cast<double>(boards.size());
    }
    return fanout;
}

}  // namespace tessera::partition
