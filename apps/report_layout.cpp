#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "apps/name_groups.h"
#include "apps/report_sections.h"
#include "models/precision.h"
#include "partition/link_frames.h"
#include "partition/schedule.h"

namespace tessera::apps {

namespace {

Json fractions(const Resources& used, const Resources& total) {
    const auto values = used.values();
    const auto capacity = total.values();
    Json json;
    for (std::size_t i = 0; i < values.size(); ++i) json[Resources::names[i]] = capacity[i] > 0 ? rounded(values[i] / capacity[i]) : 0.0;
    return json;
}

/// What the shards and links of one time node put on each of its boards.
struct BoardLoad {
    int shards = 0;
    Resources used;
    int lanes_out = 0;
    int lanes_in = 0;
    std::map<std::uint32_t, Resources> operators;
};

std::vector<BoardLoad> board_loads(const partition::Mapping& mapping) {
    std::vector<BoardLoad> loads(mapping.boards.size());
    for (const auto& shard : mapping.shards) {
        if (shard.board == kOutside) continue;
        auto& load = loads[index(shard.board)];
        ++load.shards;
        load.used += shard.resources;
        if (shard.kind != partition::kExternal) load.operators[shard.op] += shard.resources;
    }
    for (const auto& link : mapping.links) {
        if (link.from != kOutside) loads[index(link.from)].lanes_out += link.lanes;
        if (link.to != kOutside) loads[index(link.to)].lanes_in += link.lanes;
    }
    return loads;
}

double part_of(int lanes, int ports) { return ports > 0 ? rounded(static_cast<double>(lanes) / ports) : 0.0; }

std::string board_name(BoardId board) { return board == kOutside ? "outside" : fmt::format("{}", index(board)); }

/// How the shards of one operator were built, and where.
struct OperatorLayout {
    int shards = 0;
    Resources resources;
    std::set<std::string> strategies;
    std::set<std::size_t> boards;
};

std::map<std::uint32_t, OperatorLayout> operator_layouts(const partition::Mapping& mapping) {
    std::map<std::uint32_t, OperatorLayout> layouts;
    for (const auto& shard : mapping.shards) {
        auto& layout = layouts[shard.op];
        ++layout.shards;
        layout.resources += shard.resources;
        layout.strategies.insert(shard.strategy);
        if (shard.board != kOutside) layout.boards.insert(index(shard.board));
    }
    return layouts;
}

Json operator_entry(const models::Network& network, const models::Operator& op) {
    Json entry{{"operator", index(op.id)}, {"name", op.name}, {"type", op.type}, {"kind", name_of(op.kind)}, {"macs", op.macs}};
    const auto stream = network.stream(op.id);
    entry["tokens"] = stream.tokens;
    entry["channels"] = stream.channels;
    if (!op.outputs.empty()) entry["activation_format"] = network.tensor(op.outputs[0]).format.text();
    if (op.weights.count > 0) {
        const auto weights = models::summarise_weights(op);
        entry["weight_format"] = op.weights.format.text();
        entry["parameters"] = op.weights.count;
        entry["zero_fraction"] = rounded(weights.zero_fraction);
        entry["mean_effective_bits"] = rounded(weights.mean_effective_bits, 2);
        entry["mean_signed_digits"] = rounded(weights.mean_signed_digits, 2);
    }
    entry["ebops"] = rounded(models::effective_bit_operations(network, op), 0);
    return entry;
}

}  // namespace

Json board_utilisation(const partition::Mapping& mapping) {
    Json boards = Json::array();
    const auto loads = board_loads(mapping);
    for (int node = 0; node < mapping.tmux_period_bx; ++node) {
        for (std::size_t b = 0; b < loads.size(); ++b) {
            const auto& type = mapping.board_types[mapping.boards[b]];
            Json board;
            board["board"] = static_cast<std::size_t>(node) * loads.size() + b;
            board["time_node"] = node;
            board["type"] = type.name;
            board["shards"] = loads[b].shards;
            board.update(fractions(loads[b].used, type.device_total * type.slrs));
            board["ports_tx"] = part_of(loads[b].lanes_out, type.ports);
            board["ports_rx"] = part_of(loads[b].lanes_in, type.ports);
            boards.push_back(std::move(board));
        }
    }
    return boards;
}

namespace {

/// Position of the resource of which most is used, so that the parts of a board add up to what it holds.
std::size_t scarcest_resource(const std::array<double, 5>& used, const std::array<double, 5>& total) {
    std::size_t scarcest = 0;
    for (std::size_t r = 1; r < used.size(); ++r) {
        if (total[r] > 0 && used[r] * total[scarcest] > used[scarcest] * total[r]) scarcest = r;
    }
    return scarcest;
}

}  // namespace

Json floor_plan(const partition::Mapping& mapping) {
    Json boards = Json::array();
    const auto loads = board_loads(mapping);
    for (std::size_t b = 0; b < loads.size(); ++b) {
        const auto& type = mapping.board_types[mapping.boards[b]];
        const auto total = (type.device_total * type.slrs).values();
        const auto scarcest = scarcest_resource(loads[b].used.values(), total);
        Json operators = Json::array();
        for (const auto& [op, used] : loads[b].operators) {
            operators.push_back(
                {{"operator", op}, {"fraction", total[scarcest] > 0 ? rounded(used.values()[scarcest] / total[scarcest]) : 0.0}});
        }
        boards.push_back(std::move(operators));
    }
    return boards;
}

Json timeline_section(const partition::Mapping& mapping) {
    struct Span {
        std::int64_t begin = std::numeric_limits<std::int64_t>::max(), end = 0;
    };
    std::vector<Span> spans(mapping.boards.size());
    const auto schedule = partition::expected_schedule(mapping);
    for (std::size_t s = 0; s < mapping.shards.size(); ++s) {
        if (mapping.shards[s].board == kOutside) continue;
        auto& span = spans[index(mapping.shards[s].board)];
        span.begin = std::min(span.begin, schedule.shard_start_ticks[s]);
        span.end = std::max(span.end, schedule.shard_end_ticks[s]);
    }
    Json boards = Json::array();
    for (const auto& span : spans) {  // a board without shards forwards only
        boards.push_back(span.end > 0 ? Json{{"begin_ns", rounded(static_cast<double>(span.begin) * mapping.tick_ns(), 1)},
                                             {"end_ns", rounded(static_cast<double>(span.end) * mapping.tick_ns(), 1)}}
                                      : Json());
    }
    return boards;
}

Json layers_section(const Json& operators) {
    constexpr std::size_t kMostRows = 40;  // what fits a page
    std::vector<NamedAmount> placed;
    std::vector<std::size_t> positions;
    for (std::size_t i = 0; i < operators.size(); ++i) {
        if (!operators[i].contains("boards") || operators[i]["boards"].get<int>() == 0) continue;
        placed.push_back({operators[i]["name"].get<std::string>(), operators[i]["boards"].get<double>()});
        positions.push_back(i);
    }
    Json layers = Json::array();
    for (const auto& group : group_by_name(placed, kMostRows)) {
        Json members = Json::array();
        for (std::size_t i = group.begin; i < group.end; ++i) members.push_back(operators[positions[i]]["operator"]);
        layers.push_back({{"name", group.label}, {"operators", std::move(members)}});
    }
    return layers;
}

std::vector<double> link_loads(const partition::Mapping& mapping) {
    std::vector<std::int64_t> frames(mapping.links.size(), 0);
    for (const auto& transfer : mapping.transfers) {
        const int chunks = mapping.shards[index(transfer.from)].chunks;
        for (const auto link : transfer.route) {
            frames[index(link)] += partition::transfer_frames(transfer.bits, chunks, mapping.links[index(link)].lanes, mapping.link_timing);
        }
    }
    const auto ticks = static_cast<double>(mapping.ticks_per_bx * mapping.tmux_period_bx);
    std::vector<double> loads;
    loads.reserve(frames.size());
    for (const auto count : frames) loads.push_back(static_cast<double>(count * mapping.link_timing.ticks_per_frame) / ticks);
    return loads;
}

namespace {

/// Payload that comes from outside the boards, over all time nodes.
double entering_gbps(const partition::Mapping& mapping) {
    std::int64_t bits = 0;
    for (const auto& transfer : mapping.transfers) {
        if (mapping.shards[index(transfer.from)].board == kOutside) bits += transfer.bits;
    }
    return static_cast<double>(bits) / mapping.clock.bx_ns();
}

}  // namespace

Json links_section(const partition::Mapping& mapping) {
    const auto loads = link_loads(mapping);
    std::int64_t lanes = 0;
    Json all = Json::array();
    for (std::size_t l = 0; l < mapping.links.size(); ++l) {
        const auto& link = mapping.links[l];
        lanes += link.lanes;
        Json entry{{"from", board_name(link.from)}, {"to", board_name(link.to)}, {"lanes", link.lanes}, {"utilisation", rounded(loads[l])}};
        all.push_back(std::move(entry));
    }
    const double lane_gbps = static_cast<double>(mapping.ticks_per_bx) / static_cast<double>(mapping.link_timing.ticks_per_frame) *
                             mapping.link_timing.frame_bits / mapping.clock.bx_ns();
    Json links;
    links["used"] = lanes * mapping.tmux_period_bx;
    links["max_utilisation"] = loads.empty() ? 0.0 : rounded(*std::max_element(loads.begin(), loads.end()));
    links["entering_gbps"] = rounded(entering_gbps(mapping), 1);
    links["total_gbps"] = rounded(static_cast<double>(lanes * mapping.tmux_period_bx) * lane_gbps, 1);
    links["of_one_time_node"] = std::move(all);
    return links;
}

Json operators_section(const models::Network& network, const partition::Mapping& mapping) {
    const auto layouts = operator_layouts(mapping);
    Json all = Json::array();
    for (const auto& op : network.operators) {
        if (op.kind == models::OperatorKind::wiring) continue;
        Json entry = operator_entry(network, op);
        if (const auto found = layouts.find(static_cast<std::uint32_t>(index(op.id))); found != layouts.end()) {
            const auto& layout = found->second;
            const auto values = layout.resources.values();
            entry["shards"] = layout.shards;
            entry["boards"] = layout.boards.size();
            entry["strategies"] = layout.strategies;
            for (std::size_t i = 0; i < values.size(); ++i) entry[Resources::names[i]] = rounded(values[i], 1);
        }
        all.push_back(std::move(entry));
    }
    return all;
}

}  // namespace tessera::apps
