#include "sim/tables.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>

#include "core/error.h"
#include "sim/line.h"

namespace tessera::sim {

namespace {

[[noreturn]] void fail(const std::string& where, const std::string& found, const std::string& expected) {
    throw InputError("mapping", where, found, expected);
}

void require(bool holds, const std::string& where, const std::string& found, const std::string& expected) {
    if (!holds) fail(where, found, expected);
}

template <class T>
std::uint32_t position(const std::vector<T>& table) {
    return static_cast<std::uint32_t>(table.size());
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
    made.chunks = static_cast<std::uint32_t>(shard.chunks);
    made.interval_ticks = shard.chunk_interval_cycles * tables.ticks_per_cycle;
    made.latency_ticks = shard.latency_cycles * tables.ticks_per_cycle;
    made.inputs.begin = position(tables.inputs);
    for (const auto& input : shard.inputs) {
        require(index(input.from) < mapping.shards.size(), where, named("input from shard", index(input.from)), "a shard that exists");
        require(!input.transfer || index(*input.transfer) < mapping.transfers.size(), where, "input by a transfer that does not exist", "");
        if (input.transfer) {
            const auto& transfer = mapping.transfers[index(*input.transfer)];
            require(transfer.from == input.from && transfer.to == shard.board, where,
                    named("input by transfer", index(*input.transfer)) + " of another result or to another board",
                    "the transfer that brings it here");
        }
        const auto type = shard.board == kOutside ? 0 : mapping.boards[index(shard.board)];
        const std::int64_t crossing = type < mapping.board_types.size() ? mapping.board_types[type].slr_crossing_cycles : 0;
        Tables::Input in;
        in.from = static_cast<std::uint32_t>(index(input.from));
        in.shard = static_cast<std::uint32_t>(s);
        in.chunks = static_cast<std::uint32_t>(mapping.shards[index(input.from)].chunks);
        in.barrier = input.barrier;
        in.slr_ticks = input.slr_crossings * crossing * tables.ticks_per_cycle;
        require(input.buffer_chunks >= 0, where, "a buffer of negative depth", "at least 0 places");
        in.places = input.buffer_chunks;
        tables.inputs.push_back(in);
    }
    made.inputs.end = position(tables.inputs);
    made.first_stamp = static_cast<std::uint32_t>(tables.stamps_per_event);
    tables.stamps_per_event += made.chunks;
    if (shard.board == kOutside) {
        require(shard.inputs.empty(), where, "inputs outside the boards", "a source without inputs");
        tables.sources.push_back(static_cast<std::uint32_t>(s));
    }
    tables.shards.push_back(made);
}

void add_transfer(const partition::Mapping& mapping, std::size_t t, Tables& tables) {
    const auto& transfer = mapping.transfers[t];
    const auto where = named("transfer", t);
    require(index(transfer.from) < mapping.shards.size(), where, "comes from a shard that does not exist", "");
    require(!transfer.route.empty(), where, "has no route", "at least one link");
    Tables::Transfer made;
    made.from = static_cast<std::uint32_t>(index(transfer.from));
    made.chunks = static_cast<std::uint32_t>(mapping.shards[index(transfer.from)].chunks);
    made.decision = transfer.to == kOutside;
    made.hops.begin = position(tables.hops);
    std::uint32_t at = tables.shards[made.from].station;
    for (const auto id : transfer.route) {
        require(index(id) < tables.links.size(), where, "goes over a link that does not exist", "");
        const auto& link = tables.links[index(id)];
        require(link.from == at, where, named("goes over link", index(id)) + ", which does not begin where the one before ends",
                "a chain of links");
        at = link.to;
        const std::int64_t chunk_bits = (transfer.bits + made.chunks - 1) / made.chunks;
        const std::int64_t frame_bits = std::int64_t{mapping.link_timing.frame_bits} * link.lanes;
        tables.hops.push_back({static_cast<std::uint32_t>(index(id)), static_cast<std::uint32_t>(t),
                               static_cast<std::uint32_t>(tables.stamps_per_event), false,
                               tables.shards[made.from].station == tables.outside,
                               (chunk_bits + frame_bits - 1) / frame_bits * tables.ticks_per_frame});
        tables.stamps_per_event += std::size_t{2} * made.chunks;
    }
    made.hops.end = position(tables.hops);
    tables.hops.back().last = true;
    require(at == station_of(transfer.to, mapping.boards.size(), where), where, "does not end at its board", "a chain of links to it");
    tables.decisions += made.decision ? 1U : 0U;
    tables.transfers.push_back(made);
}

/// Tells an input where its chunks come from and when they are there.
void join(const partition::ShardInput& from, Tables& tables, Tables::Input& input) {
    const auto& producer = tables.shards[input.from];
    if (from.transfer) {
        const auto& hop = tables.hops[tables.transfers[index(*from.transfer)].hops.end - 1];
        input.stream = tables.stream_of_transfer(index(*from.transfer));
        input.first_stamp = static_cast<std::uint32_t>(Tables::stamp_of(hop, 0) + 1);
        input.stamp_step = 2;
        input.slr_ticks = 0;
    } else if (producer.station == tables.shards[input.shard].station) {
        input.stream = input.from;
        input.first_stamp = producer.first_stamp;
        input.producer_ticks = producer.latency_ticks;
    } else {
        input.stream = tables.stream_of_transfer(tables.transfers.size());  // the shard stalls, and the simulation says so
    }
}

void join_streams(const partition::Mapping& mapping, Tables& tables) {
    std::vector<std::vector<std::uint32_t>> users(tables.shards.size() + tables.transfers.size() + 1), leaving(tables.shards.size());
    std::uint32_t next = 0;
    for (const auto& shard : mapping.shards) {
        for (const auto& from : shard.inputs) {
            join(from, tables, tables.inputs[next]);
            users[tables.inputs[next].stream].push_back(next);
            ++next;
        }
    }
    for (std::uint32_t t = 0; t < tables.transfers.size(); ++t) leaving[tables.transfers[t].from].push_back(t);
    const auto listed = [&](const std::vector<std::uint32_t>& some) {
        const auto begin = position(tables.ids);
        tables.ids.insert(tables.ids.end(), some.begin(), some.end());
        return Tables::Range{begin, position(tables.ids)};
    };
    for (const auto& each : users) tables.stream_users.push_back(listed(each));
    for (std::size_t s = 0; s < tables.shards.size(); ++s) tables.shards[s].transfers = listed(leaving[s]);
}

/// Which shards ever start: the sources, and those that get something on every input.
std::vector<bool> fed_shards(const Tables& tables) {
    std::vector<std::uint32_t> unfed_inputs(tables.shards.size());
    for (const auto& input : tables.inputs) ++unfed_inputs[input.shard];
    std::vector<bool> fed(tables.shards.size());
    std::vector<std::uint32_t> reached = tables.sources;
    while (!reached.empty()) {
        const std::uint32_t s = reached.back();
        reached.pop_back();
        fed[s] = true;
        const auto feed = [&](std::uint32_t stream) {
            for (const auto input : tables.listed(tables.stream_users[stream])) {
                if (--unfed_inputs[tables.inputs[input].shard] == 0) reached.push_back(tables.inputs[input].shard);
            }
        };
        feed(s);
        for (const auto t : tables.listed(tables.shards[s].transfers)) feed(tables.stream_of_transfer(t));
    }
    return fed;
}

/// Only steps that happen: where a shard never starts, events are over when all else is done, but undecided.
void count_steps(Tables& tables) {
    const auto fed = fed_shards(tables);
    for (std::size_t s = 0; s < tables.shards.size(); ++s) {
        tables.shards[s].fed = fed[s];
        tables.steps_per_event += fed[s] ? tables.shards[s].chunks : 0;
    }
    for (const auto& transfer : tables.transfers) {
        const std::int64_t times = transfer.hops.end - transfer.hops.begin + (transfer.decision ? 1 : 0);
        tables.steps_per_event += fed[transfer.from] ? transfer.chunks * times : 0;
        if (transfer.decision && !fed[transfer.from]) tables.decides = false;
    }
}

/// Sources may be parts of a network input, by tokens or by channels.
std::int64_t count_objects(const partition::Mapping& mapping) {
    std::map<std::uint32_t, std::int64_t> tokens;  // by network input
    for (const auto& shard : mapping.shards) {
        if (shard.board == kOutside) tokens[shard.op] = std::max(tokens[shard.op], shard.token_end);
    }
    return std::accumulate(tokens.begin(), tokens.end(), std::int64_t{0},
                           [](std::int64_t sum, const auto& each) { return sum + each.second; });
}

/// Numbers the stations that the links of each lead to, and tells links that several transfers use.
void join_links(Tables& tables) {
    std::vector<std::map<std::uint32_t, std::int32_t>> neighbours(tables.stations);
    for (auto& link : tables.links) {
        auto& known = neighbours[link.from];
        link.neighbour = known.emplace(link.to, static_cast<std::int32_t>(known.size())).first->second;
    }
    std::vector<bool> used(tables.links.size());
    for (const auto& hop : tables.hops) {
        tables.links[hop.link].shared = tables.links[hop.link].shared || used[hop.link];
        used[hop.link] = true;
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
    require(line_keeps_up(mapping), "link_timing", "a line of " + std::to_string(mapping.link_timing.line_rate_gbps) + " Gb/s",
            "one that carries a word for each frame");
    Tables tables;
    tables.stations = mapping.boards.size() + 1;
    tables.outside = static_cast<std::uint32_t>(mapping.boards.size());
    tables.time_nodes = mapping.tmux_period_bx;
    tables.ticks_per_bx = mapping.ticks_per_bx;
    tables.ticks_per_cycle = mapping.ticks_per_cycle();
    tables.ticks_per_frame = mapping.link_timing.ticks_per_frame;
    tables.line_bits_per_frame = mapping.link_timing.line_bits_per_frame;
    tables.forward_ticks = mapping.switch_latency_cycles * tables.ticks_per_cycle;
    tables.header_ticks = mapping.link_timing.header_frames * tables.ticks_per_frame;
    tables.crc_ticks = mapping.link_timing.crc_frames * tables.ticks_per_frame;
    for (std::size_t l = 0; l < mapping.links.size(); ++l) {
        const auto& link = mapping.links[l];
        const auto where = named("link", l);
        require(link.lanes >= 1 && link.latency_ticks >= 0, where, "no lanes or a negative latency", "at least one lane");
        tables.links.push_back({station_of(link.from, mapping.boards.size(), where), station_of(link.to, mapping.boards.size(), where),
                                link.latency_ticks, link.buffer_frames * tables.ticks_per_frame, link.lanes});
    }
    for (std::size_t s = 0; s < mapping.shards.size(); ++s) add_shard(mapping, s, tables);
    for (std::size_t t = 0; t < mapping.transfers.size(); ++t) add_transfer(mapping, t, tables);
    join_streams(mapping, tables);
    join_links(tables);
    count_steps(tables);
    tables.objects_per_event = count_objects(mapping);
    require(!tables.sources.empty(), "shards", "no source", "at least one shard outside the boards");
    require(tables.decisions > 0, "transfers", "none leads outside", "at least one decision");
    return tables;
}

}  // namespace tessera::sim
