#include "partition/placement.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/arithmetic.h"

namespace tessera::partition {

namespace {

std::uint32_t board_of(const Placement& placement, std::uint32_t shard) {
    return shard == ShardGraph::kNone ? Placement::kOutsideBoard : placement.board[shard];
}

/// Bits to each other board that reads a shard's result.
std::map<std::uint32_t, std::int64_t> bits_by_board(const ShardGraph& graph, const Placement& placement, std::uint32_t shard) {
    std::map<std::uint32_t, std::int64_t> bits;
    std::set<std::uint32_t> boards;
    for (const std::uint32_t net : graph.outputs[shard]) {
        boards.clear();
        for (const std::uint32_t consumer : graph.nets[net].consumers) boards.insert(board_of(placement, consumer));
        boards.erase(placement.board[shard]);
        for (const std::uint32_t board : boards) bits[board] += graph.nets[net].bits;
    }
    return bits;
}

/// The largest power of two up to `most` that loses little where the last frame of each chunk is rounded up. Powers of two, because
/// the chunks of one shard then end where those of another do, so that nothing waits for more than it needs.
int even_chunks(std::int64_t frames, std::int64_t most) {
    constexpr double kLittle = 1.25;
    int chunks = 1;
    for (int more = 2; more <= most; more *= 2) {
        if (static_cast<double>(more * divide_up(frames, more)) <= kLittle * static_cast<double>(frames)) chunks = more;
    }
    return chunks;
}

}  // namespace

BoardSlrs::BoardSlrs(const BoardSpace& space, const Placement& placement) {
    std::size_t next = 0;
    for (std::size_t board = 0; board < placement.boards; ++board) {
        const BoardOffer& offer = space.types[placement.type_of(board)];
        offers_.push_back(&offer);
        first_.push_back(next);
        next += static_cast<std::size_t>(offer.slrs);
    }
}

std::vector<Resources> BoardSlrs::room() const {
    std::vector<Resources> room;
    for (const BoardOffer* offer : offers_)
        room.insert(room.end(), static_cast<std::size_t>(offer->slrs), offer->slr_capacity * (1 - 1e-9));
    return room;
}

bool within_stock(const BoardSpace& space, const Placement& placement) {
    std::vector<std::size_t> taken(space.types.size(), 0);
    for (std::size_t board = 0; board < placement.boards; ++board) ++taken[placement.type_of(board)];
    for (std::size_t type = 0; type < taken.size(); ++type) {
        if (taken[type] > space.types[type].boards) return false;
    }
    return true;
}

std::vector<int> limit_chunks(const ShardGraph& graph, const Placement& placement, const ChunkLimits& limits) {
    struct Sending {
        std::int64_t transfers = 0;
        std::int64_t frames = 0;  ///< of the smallest
        int most = 0;             ///< chunks
    };
    std::vector<Sending> sending(graph.shards.size());
    for (std::uint32_t s = 0; s < sending.size(); ++s) {
        const std::uint32_t home = placement.board[s];
        sending[s].most = home == Placement::kOutsideBoard ? limits.most : limits.most_sent[home];
        for (const auto& [board, bits] : bits_by_board(graph, placement, s)) {
            const std::int64_t frames = divide_up(bits, limits.frame_bits);
            sending[s].frames = sending[s].transfers == 0 ? frames : std::min(sending[s].frames, frames);
            ++sending[s].transfers;
            if (board != Placement::kOutsideBoard) sending[s].most = std::min(sending[s].most, limits.most_sent[board]);
        }
    }
    std::vector<int> chunks(sending.size(), limits.most);
    for (std::int64_t least_frames = 1;; least_frames *= 2) {
        std::int64_t in_all = 0;
        bool reducible = false;
        for (std::size_t s = 0; s < sending.size(); ++s) {
            if (sending[s].transfers == 0) continue;
            chunks[s] = even_chunks(sending[s].frames, std::min<std::int64_t>(sending[s].most, sending[s].frames / least_frames));
            in_all += sending[s].transfers * chunks[s];
            reducible = reducible || chunks[s] > 1;
        }
        if (in_all <= limits.most_transferred || !reducible) return chunks;
    }
}

std::vector<double> net_fanout(const ShardGraph& graph, const Placement& placement) {
    std::vector<double> fanout(graph.nets.size(), 0);
    std::set<std::uint32_t> boards;
    for (std::size_t n = 0; n < graph.nets.size(); ++n) {
        boards.clear();
        for (const std::uint32_t consumer : graph.nets[n].consumers) boards.insert(board_of(placement, consumer));
        boards.erase(placement.board[graph.nets[n].from]);
        fanout[n] = static_cast<double>(boards.size());
    }
    return fanout;
}

}  // namespace tessera::partition
