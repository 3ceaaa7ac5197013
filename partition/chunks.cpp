#include "partition/chunks.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/arithmetic.h"

namespace tessera::partition {

namespace {

/// Bits to each other board that reads a shard's result.
std::map<std::uint32_t, std::int64_t> bits_by_board(const ShardGraph& graph, const Placement& placement, std::uint32_t shard) {
    std::map<std::uint32_t, std::int64_t> bits;
    std::set<std::uint32_t> boards;
    for (const std::uint32_t net : graph.outputs[shard]) {
        boards.clear();
        for (const std::uint32_t consumer : graph.nets[net].consumers) boards.insert(placement.board_of(consumer));
        boards.erase(placement.board[shard]);
        for (const std::uint32_t board : boards) bits[board] += graph.nets[net].bits;
    }
    return bits;
}

/// What a shard sends to other boards.
struct Sending {
    std::int64_t transfers = 0;
    std::int64_t frames = 0;  ///< of the smallest
    int most = 0;             ///< chunks
};

Sending sending_of(const ShardGraph& graph, const Placement& placement, const ChunkLimits& limits, std::uint32_t shard) {
    const std::uint32_t home = placement.board[shard];
    Sending sending;
    sending.most = home == Placement::kOutsideBoard ? limits.most : limits.most_sent[home];
    for (const auto& [board, bits] : bits_by_board(graph, placement, shard)) {
        const std::int64_t frames = divide_up(bits, limits.frame_bits);
        sending.frames = sending.transfers == 0 ? frames : std::min(sending.frames, frames);
        ++sending.transfers;
        if (board != Placement::kOutsideBoard) sending.most = std::min(sending.most, limits.most_sent[board]);
    }
    return sending;
}

bool keeps_up(const ShardGraph& graph, std::uint32_t shard, int chunks, std::int64_t cycles_per_event) {
    const PlannedShard& planned = graph.shards[shard];
    const std::int64_t tokens = planned.region.tokens.size();
    return planned.outside ||
           std::int64_t{chunks} * graph.built(shard).chunk_interval_cycles(divide_up(tokens, chunks)) <= cycles_per_event;
}

/// Loses little where the last frame of each chunk is rounded up.
bool fills_frames(const Sending& sending, int chunks) {
    constexpr double kLittle = 1.25;
    return static_cast<double>(chunks * divide_up(sending.frames, chunks)) <= kLittle * static_cast<double>(sending.frames);
}

}  // namespace

std::vector<int> choose_chunks(const ShardGraph& graph, const Placement& placement, const ChunkLimits& limits) {
    std::vector<Sending> sending;
    for (std::uint32_t s = 0; s < graph.shards.size(); ++s) sending.push_back(sending_of(graph, placement, limits, s));
    std::vector<int> chosen(sending.size(), 1);
    for (std::int64_t least_frames = 1;; least_frames *= 2) {
        std::int64_t transferred = 0;
        bool reducible = false;
        for (std::uint32_t s = 0; s < sending.size(); ++s) {
            const bool sends = sending[s].transfers > 0;
            std::int64_t most = std::min<std::int64_t>(limits.most, graph.shards[s].region.tokens.size());
            if (sends) most = std::min({most, std::int64_t{sending[s].most}, sending[s].frames / least_frames, limits.payload_frames});
            int chunks = static_cast<int>(std::max<std::int64_t>(1, most));
            const auto possible = [&] {
                return keeps_up(graph, s, chunks, limits.cycles_per_event) && (!sends || fills_frames(sending[s], chunks));
            };
            while (chunks > 1 && !possible()) --chunks;
            chosen[s] = chunks;
            transferred += sending[s].transfers * chunks;
            reducible = reducible || (sends && chunks > 1);
        }
        if (transferred <= limits.most_transferred || !reducible) return chosen;
    }
}

}  // namespace tessera::partition
