#include "sim/trace.h"

#include <algorithm>

#include "sim/statistics.h"
#include "sim/tables.h"

namespace tessera::sim {

std::vector<TraceRecord> Trace::records(const partition::Mapping& mapping) const {
    const Tables tables = make_tables(mapping);
    const bool all_chosen = boards.empty() && links.empty();
    std::vector<bool> chosen(tables.stations, all_chosen), chosen_links(tables.links.size(), all_chosen);
    for (const auto board : boards) chosen.at(index(board)) = true;
    for (const auto link : links) chosen_links.at(index(link)) = true;
    std::vector<TraceRecord> all;
    for (const auto& event : events_) {
        const auto& stamps = stamps_[event.stamps];
        const auto add = [&](std::size_t stamp, std::int64_t ticks, std::size_t id, std::uint32_t chunk, std::int16_t hop) {
            if (stamps[stamp] == Record::kNever) return;
            all.push_back({event.bx * tables.ticks_per_bx + stamps[stamp], event.bx, static_cast<std::int32_t>(ticks),
                           static_cast<std::uint32_t>(id), chunk, static_cast<std::uint16_t>(event.time_node), hop});
        };
        for (std::size_t s = 0; s < tables.shards.size(); ++s) {
            const auto& shard = tables.shards[s];
            if (shard.station == tables.outside || !chosen[shard.station]) continue;  // sources do nothing
            for (std::uint32_t c = 0; c < shard.chunks; ++c) add(shard.first_stamp + c, shard.interval_ticks, s, c, TraceRecord::kInShard);
        }
        for (std::uint32_t h = 0; h < tables.hops.size(); ++h) {
            const auto& hop = tables.hops[h];
            const auto& link = tables.links[hop.link];
            const auto& transfer = tables.transfers[hop.transfer];
            if (!chosen[link.from] && !chosen[link.to] && !chosen_links[hop.link]) continue;
            for (std::uint32_t c = 0; c < transfer.chunks; ++c)
                add(Tables::stamp_of(hop, c), tables.serialise_ticks(hop, c, event.objects), hop.transfer, c,
                    static_cast<std::int16_t>(h - transfer.hops.begin));
        }
    }
    std::sort(all.begin(), all.end());
    return all;
}

}  // namespace tessera::sim
