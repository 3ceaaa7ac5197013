#include <fmt/format.h>

#include <map>

#include "partition/check_rectangles.h"
#include "partition/check_rules.h"

namespace tessera::partition {

namespace {

// Sums of doubles in another order differ in the last digits.
constexpr double kRounding = 1e-9;

const BoardType& type_of(const Mapping& mapping, BoardId board) { return mapping.board_types[mapping.boards[index(board)]]; }

void check_places(const Mapping& mapping, Violations& found) {
    for (std::size_t s = 0; s < mapping.shards.size(); ++s) {
        const Shard& shard = mapping.shards[s];
        if (shard.board == kOutside) continue;
        const BoardType& type = type_of(mapping, shard.board);
        const std::string where = place_of(mapping, id_at<ShardId>(s));
        if (shard.slr < 0 || shard.slr >= type.slrs) {
            found.push_back({"slr", where, fmt::format("SLR {} of {}, which has {}", shard.slr, place_of(shard.board), type.slrs)});
        }
        if (type.is_switch) found.push_back({"switch", where, fmt::format("{} only forwards", place_of(shard.board))});
    }
}

/// Those of stages stand beside the topology.
void check_positions(const Mapping& mapping, Violations& found) {
    std::map<std::uint32_t, BoardId> board_at;
    for (std::size_t b = 0; b < mapping.positions.size(); ++b) {
        const auto [first, fresh] = board_at.try_emplace(mapping.positions[b], id_at<BoardId>(b));
        if (fresh) continue;
        found.push_back({"position", place_of(id_at<BoardId>(b)),
                         fmt::format("at position {} of the topology, where {} is", first->first, place_of(first->second))});
    }
}

void check_capacity(const Mapping& mapping, Violations& found) {
    std::map<std::pair<BoardId, int>, Resources> used;
    for (const Shard& shard : mapping.shards) {
        if (shard.board != kOutside) used[{shard.board, shard.slr}] += shard.resources;
    }
    for (const auto& [place, resources] : used) {
        const Resources& capacity = type_of(mapping, place.first).slr_capacity;
        for (std::size_t r = 0; r < Resources::names.size(); ++r) {
            const double amount = resources.values()[r];
            const double allowed = capacity.values()[r];
            if (amount <= allowed * (1 + kRounding)) continue;
            found.push_back({"capacity", fmt::format("{} SLR {}", place_of(place.first), place.second),
                             fmt::format("{:.1f} {} used, {:.1f} allowed", amount, Resources::names[r], allowed)});
        }
    }
}

void check_ports(const Mapping& mapping, Violations& found) {
    std::vector<std::int64_t> out(mapping.boards.size());
    std::vector<std::int64_t> in(mapping.boards.size());
    for (const Link& link : mapping.links) {
        if (link.from != kOutside) out[index(link.from)] += link.lanes;
        if (link.to != kOutside) in[index(link.to)] += link.lanes;
    }
    for (std::size_t b = 0; b < mapping.boards.size(); ++b) {
        const int ports = mapping.board_types[mapping.boards[b]].ports;
        const std::string where = place_of(id_at<BoardId>(b));
        if (out[b] > ports) found.push_back({"ports", where, fmt::format("{} lanes leave, {} ports allowed", out[b], ports)});
        if (in[b] > ports) found.push_back({"ports", where, fmt::format("{} lanes arrive, {} ports allowed", in[b], ports)});
    }
}

}  // namespace

void check_boards(const Mapping& mapping, Violations& found) {
    check_places(mapping, found);
    check_positions(mapping, found);
    check_capacity(mapping, found);
    check_ports(mapping, found);
}

void check_intervals(const Mapping& mapping, Violations& found) {
    for (std::size_t s = 0; s < mapping.shards.size(); ++s) {
        const Shard& shard = mapping.shards[s];
        const std::int64_t busy = std::int64_t{shard.chunks} * shard.chunk_interval_cycles;
        if (busy <= mapping.cycles_per_event()) continue;
        found.push_back({"interval", place_of(mapping, id_at<ShardId>(s)),
                         fmt::format("busy for {} cycles an event, {} allowed", busy, mapping.cycles_per_event())});
    }
}

void check_overlaps(const Mapping& mapping, Violations& found) {
    std::map<std::uint32_t, std::vector<std::size_t>> shards_of;
    for (std::size_t s = 0; s < mapping.shards.size(); ++s) shards_of[mapping.shards[s].op].push_back(s);
    for (const auto& [op, shards] : shards_of) {
        std::vector<models::Region> regions;
        for (const std::size_t s : shards) regions.push_back(region_of(mapping.shards[s]));
        const auto overlap = find_overlap(regions);
        if (!overlap) continue;
        const models::Region both = common_part(regions[overlap->first], regions[overlap->second]);
        found.push_back({"overlap", place_of(mapping, id_at<ShardId>(shards[overlap->second])),
                         fmt::format("makes {} of operator {} as {} does", text_of(both), op,
                                     place_of(mapping, id_at<ShardId>(shards[overlap->first])))});
    }
}

}  // namespace tessera::partition
