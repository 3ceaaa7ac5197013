#include "partition/check.h"

#include <fmt/format.h>

#include "partition/check_rules.h"

namespace tessera::partition {

std::string place_of(BoardId board) { return board == kOutside ? "outside" : fmt::format("board {}", index(board)); }

std::string place_of(const Mapping& mapping, ShardId shard) {
    return fmt::format("shard {} ({})", index(shard), mapping.shards[index(shard)].name);
}

std::string place_of(const Mapping& mapping, LinkId link) {
    const Link& ends = mapping.links[index(link)];
    return fmt::format("link {} ({} to {})", index(link), place_of(ends.from), place_of(ends.to));
}

std::string place_of(const Mapping& mapping, TransferId transfer) {
    const Transfer& ends = mapping.transfers[index(transfer)];
    return fmt::format("transfer {} (shard {} to {})", index(transfer), index(ends.from), place_of(ends.to));
}

models::Region region_of(const Shard& shard) { return {{shard.token_begin, shard.token_end}, {shard.channel_begin, shard.channel_end}}; }

std::string text_of(const models::Region& region) {
    return fmt::format("tokens {}-{}, channels {}-{}", region.tokens.begin, region.tokens.end - 1, region.channels.begin,
                       region.channels.end - 1);
}

std::vector<Violation> check(const Mapping& mapping) {
    Violations found;
    check_values(mapping, found);
    check_ids(mapping, found);
    if (!found.empty()) return found;  // the other rules would follow ids to nowhere or divide by nothing
    check_boards(mapping, found);
    check_links(mapping, found);
    check_routes(mapping, found);
    check_inputs(mapping, found);
    check_order(mapping, found);
    check_bandwidth(mapping, found);
    check_intervals(mapping, found);
    check_overlaps(mapping, found);
    if (found.empty()) check_schedule(mapping, found);
    return found;
}

}  // namespace tessera::partition
