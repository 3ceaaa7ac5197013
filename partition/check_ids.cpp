#include <fmt/format.h>

#include "partition/check_rules.h"

namespace tessera::partition {

namespace {

/// Appends a violation where a value is below its least.
class LeastValues {
  public:
    explicit LeastValues(Violations& found) : found_(found) {}

    void at_least(std::int64_t least, std::int64_t value, const char* what, const std::string& where) {
        if (value < least) found_.push_back({"value", where, fmt::format("{} is {}, at least {} allowed", what, value, least)});
    }

  private:
    Violations& found_;
};

void check_shard_values(const Mapping& mapping, LeastValues& values, Violations& found) {
    for (std::size_t s = 0; s < mapping.shards.size(); ++s) {
        const Shard& shard = mapping.shards[s];
        const std::string where = place_of(mapping, id_at<ShardId>(s));
        values.at_least(1, shard.engines, "engines", where);
        values.at_least(1, shard.chunks, "chunks", where);
        values.at_least(0, shard.chunk_interval_cycles, "chunk_interval_cycles", where);
        values.at_least(0, shard.latency_cycles, "latency_cycles", where);
        values.at_least(0, shard.start_cycle, "start_cycle", where);
        values.at_least(0, shard.token_begin, "first token", where);
        values.at_least(0, shard.channel_begin, "first channel", where);
        values.at_least(1, shard.token_end - shard.token_begin, "number of tokens", where);
        values.at_least(1, shard.channel_end - shard.channel_begin, "number of channels", where);
        values.at_least(shard.chunks, shard.token_end - shard.token_begin, "number of tokens of a shard that has a chunk each", where);
        for (const double amount : shard.resources.values()) {
            if (!(amount >= 0)) found.push_back({"value", where, fmt::format("a resource is {}, at least 0 allowed", amount)});
        }
        for (const ShardInput& input : shard.inputs) {
            values.at_least(0, input.slr_crossings, "slr_crossings", where);
            values.at_least(0, input.buffer_chunks, "buffer_chunks", where);
        }
    }
}

void check_system_values(const Mapping& mapping, LeastValues& values, Violations& found) {
    values.at_least(1, mapping.tmux_period_bx, "tmux_period_bx", "mapping");
    values.at_least(1, mapping.clock.cycles_per_bx, "cycles_per_bx", "clock");
    values.at_least(1, mapping.ticks_per_bx, "ticks_per_bx", "mapping");
    values.at_least(1, mapping.link_timing.frame_bits, "frame_bits", "link_timing");
    values.at_least(0, mapping.link_timing.header_frames, "header_frames", "link_timing");
    values.at_least(0, mapping.link_timing.crc_frames, "crc_frames", "link_timing");
    values.at_least(1, mapping.link_timing.ticks_per_frame, "ticks_per_frame", "link_timing");
    values.at_least(mapping.link_timing.frame_bits, mapping.link_timing.line_bits_per_frame, "line_bits_per_frame", "link_timing");
    values.at_least(0, mapping.switch_latency_cycles, "switch_latency_cycles", "mapping");
    if (found.empty() && mapping.ticks_per_bx % mapping.clock.cycles_per_bx != 0) {
        found.push_back({"value", "mapping",
                         fmt::format("ticks_per_bx is {}, a multiple of the {} cycles of a BX allowed", mapping.ticks_per_bx,
                                     mapping.clock.cycles_per_bx)});
    }
}

/// Appends a violation where an id is out of range.
class Ids {
  public:
    explicit Ids(Violations& found) : found_(found) {}

    void exists(std::size_t id, std::size_t count, const char* what, const std::string& where) {
        if (id >= count) found_.push_back({"id", where, fmt::format("{} {} named, {} there", what, id, count)});
    }
    void board_or_outside(BoardId board, const Mapping& mapping, const std::string& where) {
        if (board != kOutside) exists(index(board), mapping.boards.size(), "board", where);
    }

  private:
    Violations& found_;
};

}  // namespace

void check_values(const Mapping& mapping, Violations& found) {
    LeastValues values(found);
    check_system_values(mapping, values, found);
    for (std::size_t t = 0; t < mapping.board_types.size(); ++t) {
        const std::string where = fmt::format("board type {} ({})", t, mapping.board_types[t].name);
        values.at_least(1, mapping.board_types[t].slrs, "slrs", where);
        values.at_least(0, mapping.board_types[t].ports, "ports", where);
        values.at_least(0, mapping.board_types[t].slr_crossing_cycles, "slr_crossing_cycles", where);
    }
    for (std::size_t l = 0; l < mapping.links.size(); ++l) {
        const std::string where = place_of(mapping, id_at<LinkId>(l));
        values.at_least(1, mapping.links[l].lanes, "lanes", where);
        values.at_least(0, mapping.links[l].latency_ticks, "latency_ticks", where);
        values.at_least(0, mapping.links[l].buffer_frames, "buffer_frames", where);
    }
    check_shard_values(mapping, values, found);
    for (std::size_t t = 0; t < mapping.transfers.size(); ++t) {
        const std::string where = place_of(mapping, id_at<TransferId>(t));
        values.at_least(1, mapping.transfers[t].bits, "bits", where);
        values.at_least(0, mapping.transfers[t].start_tick, "start_tick", where);
    }
}

void check_ids(const Mapping& mapping, Violations& found) {
    Ids ids(found);
    for (std::size_t b = 0; b < mapping.boards.size(); ++b) {
        ids.exists(mapping.boards[b], mapping.board_types.size(), "board type", place_of(id_at<BoardId>(b)));
    }
    for (std::size_t l = 0; l < mapping.links.size(); ++l) {
        const std::string where = place_of(mapping, id_at<LinkId>(l));
        ids.board_or_outside(mapping.links[l].from, mapping, where);
        ids.board_or_outside(mapping.links[l].to, mapping, where);
    }
    for (std::size_t s = 0; s < mapping.shards.size(); ++s) {
        const std::string where = place_of(mapping, id_at<ShardId>(s));
        ids.board_or_outside(mapping.shards[s].board, mapping, where);
        for (const ShardInput& input : mapping.shards[s].inputs) {
            ids.exists(index(input.from), mapping.shards.size(), "shard", where);
            if (input.transfer) ids.exists(index(*input.transfer), mapping.transfers.size(), "transfer", where);
        }
    }
    for (std::size_t t = 0; t < mapping.transfers.size(); ++t) {
        const std::string where = place_of(mapping, id_at<TransferId>(t));
        ids.exists(index(mapping.transfers[t].from), mapping.shards.size(), "shard", where);
        ids.board_or_outside(mapping.transfers[t].to, mapping, where);
        for (const LinkId link : mapping.transfers[t].route) ids.exists(index(link), mapping.links.size(), "link", where);
    }
}

}  // namespace tessera::partition
