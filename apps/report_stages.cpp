#include <algorithm>
#include <set>

#include "apps/report_sections.h"

namespace tessera::apps {

namespace {

/// What the mapping says of a stage; boards and lanes over all time nodes.
Json stage_entry(const partition::Mapping& mapping, const partition::Stage& stage, std::size_t op) {
    std::set<BoardId> boards;
    std::int64_t first_cycle = INT64_MAX;
    std::int64_t last_cycle = 0;
    for (const auto& shard : mapping.shards) {
        if (shard.op != op) continue;
        boards.insert(shard.board);
        first_cycle = std::min(first_cycle, shard.start_cycle);
        last_cycle = std::max(last_cycle, shard.start_cycle + shard.latency_cycles);
    }
    std::int64_t in = 0;
    std::int64_t out = 0;
    for (const auto& link : mapping.links) {
        if (boards.contains(link.to)) in += link.lanes;
        if (boards.contains(link.from)) out += link.lanes;
    }
    const auto copies = static_cast<std::int64_t>(mapping.tmux_period_bx);
    const double cycle_ns = mapping.clock.cycle_ns();
    return {{"name", stage.name},
            {"boards", static_cast<std::int64_t>(boards.size()) * copies},
            {"starts_ns", rounded(static_cast<double>(first_cycle) * cycle_ns)},
            {"ready_ns", rounded(static_cast<double>(last_cycle) * cycle_ns)},
            {"lanes_in", in * copies},
            {"lanes_out", out * copies}};
}

}  // namespace

Json stages_section(const std::vector<partition::Stage>& stages, const models::Network& network, const partition::Mapping& mapping) {
    Json section = Json::array();
    if (mapping.boards.empty()) return section;
    for (std::size_t s = 0; s < stages.size(); ++s) section.push_back(stage_entry(mapping, stages[s], network.operators.size() + 2 * s));
    return section;
}

}  // namespace tessera::apps
