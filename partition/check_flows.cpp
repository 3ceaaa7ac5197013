#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "partition/check_rules.h"

namespace tessera::partition {

void check_links(const Mapping& mapping, Violations& found) {
    for (std::size_t l = 0; l < mapping.links.size(); ++l) {
        const Link& link = mapping.links[l];
        if (link.from == link.to) found.push_back({"link", place_of(mapping, id_at<LinkId>(l)), "joins a place to itself"});
    }
}

namespace {

/// What is wrong with a route; empty where nothing is.
std::string route_fault(const Mapping& mapping, const Transfer& transfer) {
    BoardId place = mapping.shards[index(transfer.from)].board;
    if (place == transfer.to) return "starts where it ends, " + place_of(place);
    std::set<BoardId> visited{place};
    for (std::size_t hop = 0; hop < transfer.route.size(); ++hop) {
        const Link& link = mapping.links[index(transfer.route[hop])];
        if (link.from != place) return fmt::format("hop {} leaves {}, the data are at {}", hop, place_of(link.from), place_of(place));
        place = link.to;
        if (place == kOutside && hop + 1 < transfer.route.size()) return fmt::format("hop {} leads outside on the way", hop);
        if (!visited.insert(place).second) return fmt::format("hop {} leads back to {}", hop, place_of(place));
    }
    if (place != transfer.to)
        return fmt::format("ends at {} after {} hops, not at {}", place_of(place), transfer.route.size(), place_of(transfer.to));
    return "";
}

}  // namespace

void check_routes(const Mapping& mapping, Violations& found) {
    for (std::size_t t = 0; t < mapping.transfers.size(); ++t) {
        const std::string fault = route_fault(mapping, mapping.transfers[t]);
        if (!fault.empty()) found.push_back({"route", place_of(mapping, id_at<TransferId>(t)), fault});
    }
}

namespace {

/// What is wrong with an input; empty where nothing is.
std::string input_fault(const Mapping& mapping, const Shard& shard, const ShardInput& input) {
    const Shard& from = mapping.shards[index(input.from)];
    const std::string what = fmt::format("input from shard {}", index(input.from));
    if (input.barrier && input.buffer_chunks > 0 && input.buffer_chunks < from.chunks)
        return what + fmt::format(" is needed whole, {} chunks; its buffer has {} places", from.chunks, input.buffer_chunks);
    if (!input.transfer) {
        if (from.board != shard.board) return what + fmt::format(" on {} comes by no transfer", place_of(from.board));
        const int apart = std::abs(from.slr - shard.slr);
        if (input.slr_crossings < apart) return what + fmt::format(" crosses {} SLRs, {} apart", input.slr_crossings, apart);
        return "";
    }
    const Transfer& transfer = mapping.transfers[index(*input.transfer)];
    const std::string by = fmt::format(" comes by transfer {}", index(*input.transfer));
    if (transfer.from != input.from) return what + by + fmt::format(", which carries shard {}", index(transfer.from));
    if (transfer.to != shard.board) return what + by + fmt::format(", which ends at {}", place_of(transfer.to));
    return "";
}

using Stripes = std::map<std::pair<ShardId, BoardId>, std::size_t>;

/// How many transfers bring a board what a shard makes.
Stripes count_stripes(const Mapping& mapping) {
    Stripes stripes;
    for (const Transfer& transfer : mapping.transfers) ++stripes[{transfer.from, transfer.to}];
    return stripes;
}

/// Who reads one stripe of a result reads them all.
void check_stripes(const Mapping& mapping, ShardId shard, const Stripes& stripes, Violations& found) {
    std::map<ShardId, std::set<TransferId>> read;
    for (const ShardInput& input : mapping.shards[index(shard)].inputs) {
        if (input.transfer) read[input.from].insert(*input.transfer);
    }
    for (const auto& [from, transfers] : read) {
        const auto there = stripes.find({from, mapping.shards[index(shard)].board});
        if (there == stripes.end() || transfers.size() >= there->second) continue;
        found.push_back(
            {"transfer", place_of(mapping, shard),
             fmt::format("reads {} of the {} transfers that bring its board shard {}", transfers.size(), there->second, index(from))});
    }
}

/// On a board each stripe has a reader.
void check_readers(const Mapping& mapping, const Stripes& stripes, Violations& found) {
    std::set<TransferId> read;
    for (const Shard& shard : mapping.shards) {
        for (const ShardInput& input : shard.inputs) {
            if (input.transfer) read.insert(*input.transfer);
        }
    }
    for (std::size_t t = 0; t < mapping.transfers.size(); ++t) {
        const Transfer& transfer = mapping.transfers[t];
        const bool stripe = transfer.to != kOutside && stripes.at({transfer.from, transfer.to}) > 1;
        if (stripe && !read.contains(id_at<TransferId>(t)))
            found.push_back({"transfer", place_of(mapping, id_at<TransferId>(t)), "a stripe that nobody reads"});
    }
}

}  // namespace

void check_inputs(const Mapping& mapping, Violations& found) {
    const Stripes stripes = count_stripes(mapping);
    check_readers(mapping, stripes, found);
    for (std::size_t s = 0; s < mapping.shards.size(); ++s) {
        const Shard& shard = mapping.shards[s];
        const std::string where = place_of(mapping, id_at<ShardId>(s));
        if (shard.board == kOutside) {
            if (!shard.inputs.empty()) found.push_back({"source", where, fmt::format("{} inputs outside, 0 allowed", shard.inputs.size())});
            continue;
        }
        for (const ShardInput& input : shard.inputs) {
            const std::string fault = input_fault(mapping, shard, input);
            if (!fault.empty()) found.push_back({"input", where, fault});
        }
        check_stripes(mapping, id_at<ShardId>(s), stripes, found);
    }
}

void check_order(const Mapping& mapping, Violations& found) {
    // Shards that wait for nothing are taken away until none is left (Kahn, CACM 5, 1962); what stays is in or behind a cycle.
    std::vector<std::size_t> waiting(mapping.shards.size());
    std::vector<std::vector<std::size_t>> users(mapping.shards.size());
    for (std::size_t s = 0; s < mapping.shards.size(); ++s) {
        waiting[s] = mapping.shards[s].inputs.size();
        for (const ShardInput& input : mapping.shards[s].inputs) {
            users[index(input.from)].push_back(s);
            if (index(input.from) < s) continue;
            found.push_back(
                {"order", place_of(mapping, id_at<ShardId>(s)), fmt::format("input from shard {}, which comes later", index(input.from))});
        }
    }
    std::vector<std::size_t> free;
    for (std::size_t s = 0; s < waiting.size(); ++s) {
        if (waiting[s] == 0) free.push_back(s);
    }
    for (std::size_t next = 0; next < free.size(); ++next) {
        for (const std::size_t user : users[free[next]]) {
            if (--waiting[user] == 0) free.push_back(user);
        }
    }
    if (free.size() == waiting.size()) return;
    const auto stuck = std::find_if(waiting.begin(), waiting.end(), [](std::size_t inputs) { return inputs > 0; });
    found.push_back({"cycle", place_of(mapping, id_at<ShardId>(static_cast<std::size_t>(stuck - waiting.begin()))),
                     fmt::format("{} shards wait for themselves, 0 allowed", waiting.size() - free.size())});
}

void check_bandwidth(const Mapping& mapping, Violations& found) {
    const LinkTiming& timing = mapping.link_timing;
    // In double: whole numbers stay exact far beyond any load that is allowed, and nothing overflows.
    std::vector<double> frames(mapping.links.size());
    for (const Transfer& transfer : mapping.transfers) {
        const auto chunks = static_cast<std::int64_t>(mapping.shards[index(transfer.from)].chunks);
        const std::int64_t chunk_bits = (transfer.bits + chunks - 1) / chunks;
        for (const LinkId link : transfer.route) {
            const std::int64_t bits_at_once = std::int64_t{timing.frame_bits} * mapping.links[index(link)].lanes;
            const std::int64_t chunk_frames = (chunk_bits + bits_at_once - 1) / bits_at_once;
            frames[index(link)] += static_cast<double>(chunks * chunk_frames + timing.header_frames + timing.crc_frames);
        }
    }
    const double allowed = static_cast<double>(mapping.tmux_period_bx) * static_cast<double>(mapping.ticks_per_bx);
    for (std::size_t l = 0; l < frames.size(); ++l) {
        const double ticks = frames[l] * static_cast<double>(timing.ticks_per_frame);
        if (ticks <= allowed) continue;
        found.push_back({"bandwidth", place_of(mapping, id_at<LinkId>(l)),
                         fmt::format("{:.0f} ticks of frames an event, {:.0f} allowed", ticks, allowed)});
    }
}

}  // namespace tessera::partition
