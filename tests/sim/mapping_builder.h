#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "partition/mapping.h"
#include "sim/simulation.h"

namespace tessera::tests {

inline constexpr BoardId kFirst{0}, kSecond{1}, kThird{2};

/// How a shard works: chunks of an event, cycles between two of them, cycles to a result.
struct Work {
    int chunks = 1;
    int interval = 1;
    int latency = 1;
};

/// Writes small mappings by hand. One tick is a processing cycle and a frame of 64 bit on one lane,
/// nine make a BX; packets have one frame of header and one of CRC; a crossing of SLRs takes 3 cycles.
class MappingBuilder {
  public:
    explicit MappingBuilder(std::size_t boards, int tmux_period_bx = 1) {
        mapping.tmux_period_bx = tmux_period_bx;
        partition::BoardType type;
        type.name = "card", type.device = "device", type.slrs = 4, type.ports = 64, type.slr_crossing_cycles = 3;
        type.slr_capacity = type.device_total = {1000, 1000, 1000, 1000, 1000};
        mapping.board_types = {type};
        mapping.boards.assign(boards, 0);
    }

    static BoardId board(std::size_t position) { return id_at<BoardId>(position); }

    /// A lane (or more, bonded) from one place to another.
    LinkId link(BoardId from, BoardId to, std::int64_t latency_ticks = 0, int lanes = 1, std::int64_t buffer_frames = 10'000) {
        mapping.links.push_back({from, to, lanes, 0, latency_ticks, buffer_frames});
        return id_at<LinkId>(mapping.links.size() - 1);
    }

    ShardId source(int chunks = 1) { return shard(kOutside, {chunks, 0, 0}, {}, {}); }

    ShardId shard(BoardId at, const Work& work, std::vector<partition::ShardInput> inputs, const Resources& resources = {1, 1, 0, 0, 0}) {
        partition::Shard made;
        made.op = static_cast<std::uint32_t>(mapping.shards.size());
        made.name = "op" + std::to_string(made.op);
        made.kind = at == kOutside ? "input" : "dense";
        made.token_end = work.chunks, made.channel_end = 1;
        made.board = at;
        made.resources = resources;
        made.chunks = work.chunks, made.chunk_interval_cycles = work.interval, made.latency_cycles = work.latency;
        made.inputs = std::move(inputs);
        mapping.shards.push_back(std::move(made));
        return id_at<ShardId>(mapping.shards.size() - 1);
    }

    TransferId transfer(ShardId from, BoardId to, std::int64_t bits, std::vector<LinkId> route) {
        mapping.transfers.push_back({from, to, bits, std::move(route), 0});
        return id_at<TransferId>(mapping.transfers.size() - 1);
    }

    /// An input that a transfer brings.
    partition::ShardInput over(TransferId transfer, bool barrier = false) const {
        return {mapping.transfers[index(transfer)].from, barrier, transfer, 0};
    }
    static partition::ShardInput local(ShardId from, int slr_crossings = 0, bool barrier = false) {
        return {from, barrier, std::nullopt, slr_crossings};
    }

    /// A source whose result comes to a board over a link of its own.
    partition::ShardInput input_at(BoardId at, std::int64_t bits, int chunks = 1) {
        const auto from = source(chunks);
        return over(transfer(from, at, bits, {link(kOutside, at)}));
    }
    /// A shard's result leaves the system over a link of its own.
    void decide(ShardId from, std::int64_t bits) {
        const BoardId at = mapping.shards[index(from)].board;
        transfer(from, kOutside, bits, {link(at, kOutside)});
    }

    partition::Mapping mapping;
};

constexpr std::int64_t kFrame = 64;  ///< bits

/// Simulates every crossing of `crossings`.
inline sim::Result simulate(const partition::Mapping& mapping, std::int64_t crossings) {
    sim::Options options;
    options.bunch_crossings = crossings;
    return sim::simulate(mapping, options);
}

/// A chain of boards with one shard each: input of `frames`, as many between boards and out.
inline partition::Mapping chain(std::size_t boards, std::int64_t frames, const Work& work, std::int64_t link_latency,
                                int tmux_period_bx = 1) {
    MappingBuilder builder(boards, tmux_period_bx);
    auto input = builder.input_at(MappingBuilder::board(0), frames * kFrame, work.chunks);
    for (std::size_t b = 0; b < boards; ++b) {
        const auto here = MappingBuilder::board(b);
        const auto made = builder.shard(here, work, {input});
        if (b + 1 == boards) {
            builder.decide(made, frames * kFrame);
        } else {
            const auto next = MappingBuilder::board(b + 1);
            input = builder.over(builder.transfer(made, next, frames * kFrame, {builder.link(here, next, link_latency)}));
        }
    }
    return std::move(builder.mapping);
}

}  // namespace tessera::tests
