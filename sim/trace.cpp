#include "sim/trace.h"

#include <set>

namespace tessera::sim {

namespace {

/// The boards at which a record can be seen.
std::vector<BoardId> places(const TraceRecord& record, const partition::Mapping& mapping) {
    if (record.hop == TraceRecord::kInShard) return {mapping.shards[record.id].board};
    const auto& link = mapping.links[index(mapping.transfers[record.id].route[static_cast<std::size_t>(record.hop)])];
    return {link.from, link.to};
}

}  // namespace

std::vector<TraceRecord> Trace::records(const partition::Mapping& mapping) const {
    const std::set<BoardId> chosen(boards.begin(), boards.end());
    std::vector<TraceRecord> kept;
    for (const auto& record : records_) {
        const auto seen = places(record, mapping);
        if (chosen.empty() || std::any_of(seen.begin(), seen.end(), [&](BoardId board) { return chosen.contains(board); }))
            kept.push_back(record);
    }
    std::sort(kept.begin(), kept.end());
    return kept;
}

}  // namespace tessera::sim
