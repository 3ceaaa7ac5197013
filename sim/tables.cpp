#include "sim/tables.h"

#include <string>

#include "core/error.h"

namespace tessera::sim {

namespace {

[[noreturn]] void fail(const std::string& where, const std::string& found, const std::string& expected) {
    throw InputError("mapping", where, found, expected);
}

void require(bool holds, const std::string& where, const std::string& found, const std::string& expected) {
    if (!holds) fail(where, found, expected);
}

std::string named(const char* what, std::size_t position) { return std::string(what) + " " + std::to_string(position); }

std::uint32_t station_of(BoardId board, std::size_t boards, const std::string& where) {
    if (board == kOutside) return static_cast<std::uint32_t>(boards);
    require(index(board) < boards, where, "board " + std::to_string(index(board)), "one of " + std::to_string(boards) + " boards");
    return static_cast<std::uint32_t>(index(board));
}

void add_shard(const partition::Mapping& mapping, std::size_t s, Tables& tables) {
    const auto& shard = mapping.shards[s];
    const auto where = named("shard", s);
    require(shard.chunks >= 1 && shard.chunk_interval_cycles >= 0 && shard.latency_cycles >= 0, where, "negative times or no chunks",
            "at least one chunk, times from 0");
    Tables::Shard made;
    made.station = station_of(shard.board, mapping.boards.size(), where);
    made.chunks = shard.chunks;
    made.interval_ticks = shard.chunk_interval_cycles * tables.ticks_per_cycle;
    made.latency_ticks = shard.latency_cycles * tables.ticks_per_cycle;
    made.first_input = static_cast<std::uint32_t>(tables.inputs.size());
    for (const auto& input : shard.inputs) {
        require(index(input.from) < mapping.shards.size(), where, named("input from shard", index(input.from)), "a shard that exists");
        require(!input.transfer || index(*input.transfer) < mapping.transfers.size(), where, "input by a transfer that does not exist", "");
        const auto& producer = mapping.shards[index(input.from)];
        const auto type = shard.board == kOutside ? 0 : mapping.boards[index(shard.board)];
        const std::int64_t crossing = type < mapping.board_types.size() ? mapping.board_types[type].slr_crossing_cycles : 0;
        tables.inputs.push_back({static_cast<std::uint32_t>(index(input.from)), static_cast<std::uint32_t>(s), producer.chunks,
                                 input.barrier, input.slr_crossings * crossing * tables.ticks_per_cycle});
    }
    made.end_input = static_cast<std::uint32_t>(tables.inputs.size());
    made.first_stamp = static_cast<std::uint32_t>(tables.stamps_per_event);
    tables.stamps_per_event += static_cast<std::size_t>(shard.chunks);
    if (shard.board == kOutside) {
        require(shard.inputs.empty(), where, "inputs outside the boards", "a source without inputs");
        tables.sources.push_back(static_cast<std::uint32_t>(s));
    }
    tables.shards.push_back(std::move(made));
}

void add_transfer(const partition::Mapping& mapping, std::size_t t, Tables& tables) {
    const auto& transfer = mapping.transfers[t];
    const auto where = named("transfer", t);
    require(index(transfer.from) < mapping.shards.size(), where, "comes from a shard that does not exist", "");
    require(!transfer.route.empty(), where, "has no route", "at least one link");
    Tables::Transfer made;
    made.from = static_cast<std::uint32_t>(index(transfer.from));
    made.chunks = mapping.shards[index(transfer.from)].chunks;
    made.decision = transfer.to == kOutside;
    std::uint32_t at = tables.shards[made.from].station;
    for (const auto id : transfer.route) {
        require(index(id) < tables.links.size(), where, "goes over a link that does not exist", "");
        const auto& link = tables.links[index(id)];
        require(link.from == at, where, named("goes over link", index(id)) + ", which does not begin where the one before ends",
                "a chain of links");
        at = link.to;
        const std::int64_t chunk_bits = (transfer.bits + made.chunks - 1) / made.chunks;
        const std::int64_t frame_bits = std::int64_t{mapping.link_timing.frame_bits} * mapping.links[index(id)].lanes;
        made.chunk_ticks.push_back((chunk_bits + frame_bits - 1) / frame_bits * tables.ticks_per_frame);
        made.route.push_back(static_cast<std::uint32_t>(index(id)));
    }
    require(at == station_of(transfer.to, mapping.boards.size(), where), where, "does not end at its board", "a chain of links to it");
    made.first_stamp = static_cast<std::uint32_t>(tables.stamps_per_event);
    tables.stamps_per_event += 2 * made.route.size() * static_cast<std::size_t>(made.chunks);
    tables.decisions += made.decision ? 1U : 0U;
    tables.shards[made.from].transfers.push_back(static_cast<std::uint32_t>(t));
    tables.transfers.push_back(std::move(made));
}

/// Tells producers and transfers which inputs they feed.
void join_inputs(const partition::Mapping& mapping, Tables& tables) {
    std::uint32_t next = 0;
    for (std::size_t s = 0; s < mapping.shards.size(); ++s) {
        for (const auto& input : mapping.shards[s].inputs) {
            const std::uint32_t id = next++;
            if (input.transfer) {
                tables.transfers[index(*input.transfer)].users.push_back(id);
                tables.inputs[id].delay_ticks = 0;
            } else if (mapping.shards[index(input.from)].board == mapping.shards[s].board) {
                tables.shards[index(input.from)].local_users.push_back(id);
            }  // else nothing feeds it: the shard stalls, and the simulation says so
        }
    }
}

void mark_shared_links(Tables& tables) {
    std::vector<bool> used(tables.links.size());
    for (const auto& transfer : tables.transfers) {
        for (const auto link : transfer.route) {
            tables.links[link].shared = tables.links[link].shared || used[link];
            used[link] = true;
        }
    }
}

}  // namespace

Tables make_tables(const partition::Mapping& mapping) {
    require(mapping.tmux_period_bx >= 1 && mapping.ticks_per_bx >= 1 && mapping.clock.cycles_per_bx >= 1, "clock", "a period below 1",
            "at least 1");
    require(mapping.ticks_per_bx % mapping.clock.cycles_per_bx == 0, "ticks_per_bx", std::to_string(mapping.ticks_per_bx),
            "a multiple of cycles_per_bx");
    require(mapping.link_timing.frame_bits >= 1 && mapping.link_timing.ticks_per_frame >= 1, "link_timing", "a frame of nothing",
            "at least 1");
    Tables tables;
    tables.stations = mapping.boards.size() + 1;
    tables.outside = static_cast<std::uint32_t>(mapping.boards.size());
    tables.ticks_per_bx = mapping.ticks_per_bx;
    tables.ticks_per_cycle = mapping.ticks_per_cycle();
    tables.ticks_per_frame = mapping.link_timing.ticks_per_frame;
    tables.frame_bits = mapping.link_timing.frame_bits;
    tables.forward_ticks = mapping.switch_latency_cycles * tables.ticks_per_cycle;
    tables.header_ticks = mapping.link_timing.header_frames * tables.ticks_per_frame;
    tables.crc_ticks = mapping.link_timing.crc_frames * tables.ticks_per_frame;
    for (std::size_t l = 0; l < mapping.links.size(); ++l) {
        const auto& link = mapping.links[l];
        const auto where = named("link", l);
        require(link.lanes >= 1 && link.latency_ticks >= 0, where, "no lanes or a negative latency", "at least one lane");
        tables.links.push_back({station_of(link.from, mapping.boards.size(), where), station_of(link.to, mapping.boards.size(), where),
                                link.latency_ticks, link.buffer_frames * tables.ticks_per_frame, link.lanes, false});
    }
    for (std::size_t s = 0; s < mapping.shards.size(); ++s) add_shard(mapping, s, tables);
    for (std::size_t t = 0; t < mapping.transfers.size(); ++t) add_transfer(mapping, t, tables);
    join_inputs(mapping, tables);
    mark_shared_links(tables);
    require(!tables.sources.empty(), "shards", "no source", "at least one shard outside the boards");
    require(tables.decisions > 0, "transfers", "none leads outside", "at least one decision");
    return tables;
}

}  // namespace tessera::sim
