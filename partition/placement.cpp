#include "partition/placement.h"

#include <algorithm>
#include <map>
#include <set>

namespace tessera::partition {

namespace {

std::uint32_t board_of(const Placement& placement, std::uint32_t shard) {
    return shard == ShardGraph::kNone ? Placement::kOutsideBoard : placement.board[shard];
}

/// Frames on one lane to each other board that reads a shard's result.
std::map<std::uint32_t, std::int64_t> frames_by_board(const ShardGraph& graph, const Placement& placement, std::uint32_t shard) {
    std::map<std::uint32_t, std::int64_t> frames;
    std::set<std::uint32_t> boards;
    for (const std::uint32_t net : graph.outputs[shard]) {
        boards.clear();
        for (const std::uint32_t consumer : graph.nets[net].consumers) boards.insert(board_of(placement, consumer));
        boards.erase(placement.board[shard]);
        for (const std::uint32_t board : boards) frames[board] += graph.nets[net].frames;
    }
    return frames;
}

}  // namespace

std::vector<int> limit_chunks(const ShardGraph& graph, const Placement& placement, int most, std::int64_t most_in_all) {
    struct Sending {
        std::int64_t transfers = 0;
        std::int64_t frames = 0;  ///< of the smallest
    };
    std::vector<Sending> sending(graph.shards.size());
    for (std::uint32_t s = 0; s < sending.size(); ++s) {
        for (const auto& [board, frames] : frames_by_board(graph, placement, s)) {
            sending[s].frames = sending[s].transfers == 0 ? frames : std::min(sending[s].frames, frames);
            ++sending[s].transfers;
        }
    }
    std::vector<int> chunks(sending.size(), most);
    for (std::int64_t frames_per_chunk = 1;; frames_per_chunk *= 2) {
        std::int64_t in_all = 0;
        bool reducible = false;
        for (std::size_t s = 0; s < sending.size(); ++s) {
            if (sending[s].transfers == 0) continue;
            chunks[s] = static_cast<int>(std::clamp<std::int64_t>(sending[s].frames / frames_per_chunk, 1, most));
            in_all += sending[s].transfers * chunks[s];
            reducible = reducible || chunks[s] > 1;
        }
        if (in_all <= most_in_all || !reducible) return chunks;
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
