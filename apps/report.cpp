#include "apps/report.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "models/implementation.h"
#include "models/precision.h"

namespace tessera::apps {

namespace {

/// Rounds to what a reader can use, so that reports compare byte by byte.
double rounded(double value, double step = 1e-4) { return std::round(value / step) * step; }

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
    std::map<std::uint32_t, double> operators;  ///< LUTs by operator
};

std::vector<BoardLoad> board_loads(const partition::Mapping& mapping) {
    std::vector<BoardLoad> loads(mapping.boards.size());
    for (const auto& shard : mapping.shards) {
        if (shard.board == kOutside) continue;
        auto& load = loads[index(shard.board)];
        ++load.shards;
        load.used += shard.resources;
        load.operators[shard.op] += shard.resources.lut;
    }
    for (const auto& link : mapping.links) {
        if (link.from != kOutside) loads[index(link.from)].lanes_out += link.lanes;
        if (link.to != kOutside) loads[index(link.to)].lanes_in += link.lanes;
    }
    return loads;
}

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
            board["ports_tx"] = type.ports > 0 ? rounded(static_cast<double>(loads[b].lanes_out) / type.ports) : 0.0;
            board["ports_rx"] = type.ports > 0 ? rounded(static_cast<double>(loads[b].lanes_in) / type.ports) : 0.0;
            boards.push_back(std::move(board));
        }
    }
    return boards;
}

/// Which operators sit on which board of a time node: the floor plan.
Json floor_plan(const partition::Mapping& mapping) {
    Json boards = Json::array();
    for (const auto& load : board_loads(mapping)) {
        Json operators = Json::array();
        for (const auto& [op, lut] : load.operators) operators.push_back({{"operator", op}, {"lut", rounded(lut, 1)}});
        boards.push_back(std::move(operators));
    }
    return boards;
}

std::string board_name(BoardId board) { return board == kOutside ? "outside" : fmt::format("{}", index(board)); }

Json links_section(const partition::Mapping& mapping, const std::optional<sim::Result>& result) {
    double most = 0;
    std::int64_t lanes = 0;
    Json all = Json::array();
    for (std::size_t l = 0; l < mapping.links.size(); ++l) {
        const auto& link = mapping.links[l];
        lanes += link.lanes;
        Json entry{{"from", board_name(link.from)}, {"to", board_name(link.to)}, {"lanes", link.lanes}};
        if (result) {
            most = std::max(most, result->links[l].utilisation);
            entry["utilisation"] = rounded(result->links[l].utilisation);
            entry["peak_buffer_frames"] = result->links[l].peak_buffer_frames;
        }
        all.push_back(std::move(entry));
    }
    const double lane_gbps = static_cast<double>(mapping.ticks_per_bx) / static_cast<double>(mapping.link_timing.ticks_per_frame) *
                             mapping.link_timing.frame_bits / mapping.clock.bx_ns();
    Json links;
    links["used"] = lanes * mapping.tmux_period_bx;
    links["max_utilisation"] = rounded(most);
    links["total_gbps"] = rounded(static_cast<double>(lanes * mapping.tmux_period_bx) * lane_gbps, 0.1);
    links["of_one_time_node"] = std::move(all);
    return links;
}

Json latency_section(const ReportInput& input) {
    Json latency;
    latency["budget"] = input.study.latency_budget_ns;
    Json simulated{{"min", 0.0}, {"p50", 0.0}, {"p99", 0.0}, {"max", 0.0}};
    Json breakdown = Json::array();
    Json histogram = Json::array();
    if (input.result) {
        const auto& seen = input.result->latency_ns;
        simulated = {{"min", rounded(seen.min)}, {"p50", rounded(seen.p50)}, {"p99", rounded(seen.p99)}, {"max", rounded(seen.max)}};
        for (const auto& step : input.result->breakdown) breakdown.push_back({{"stage", step.stage}, {"kind", step.kind}, {"ns", step.ns}});
        for (const auto& [edge, events] : input.result->latency_histogram) histogram.push_back({rounded(edge), events});
    }
    latency["simulated"] = std::move(simulated);
    const auto analytic = static_cast<double>(input.mapping.analytic_latency_ticks) * input.mapping.tick_ns();
    latency["analytic"] = rounded(analytic);
    latency["lower_bound"] = rounded(input.search.bounds.latency_ns);
    latency["breakdown"] = std::move(breakdown);
    latency["histogram"] = std::move(histogram);
    return latency;
}

Json operators_section(const ReportInput& input) {
    struct Layout {
        int shards = 0;
        Resources resources;
        std::set<std::string> strategies;
        std::set<std::size_t> boards;
    };
    std::map<std::uint32_t, Layout> layouts;
    for (const auto& shard : input.mapping.shards) {
        auto& layout = layouts[shard.op];
        ++layout.shards;
        layout.resources += shard.resources;
        layout.strategies.insert(shard.strategy);
        if (shard.board != kOutside) layout.boards.insert(index(shard.board));
    }
    Json all = Json::array();
    for (const auto& op : input.network.operators) {
        if (op.kind == models::OperatorKind::wiring) continue;
        Json entry{{"operator", index(op.id)}, {"name", op.name}, {"type", op.type}, {"kind", name_of(op.kind)}, {"macs", op.macs}};
        const auto stream = input.network.stream(op.id);
        entry["tokens"] = stream.tokens;
        entry["channels"] = stream.channels;
        if (!op.outputs.empty()) entry["activation_format"] = input.network.tensor(op.outputs[0]).format.text();
        if (op.weights.count > 0) {
            const auto weights = models::summarise_weights(op);
            entry["weight_format"] = op.weights.format.text();
            entry["parameters"] = op.weights.count;
            entry["zero_fraction"] = rounded(weights.zero_fraction);
            entry["mean_effective_bits"] = rounded(weights.mean_effective_bits, 0.01);
            entry["mean_signed_digits"] = rounded(weights.mean_signed_digits, 0.01);
        }
        entry["ebops"] = rounded(models::effective_bit_operations(input.network, op), 1);
        if (const auto found = layouts.find(static_cast<std::uint32_t>(index(op.id))); found != layouts.end()) {
            const auto& layout = found->second;
            const auto values = layout.resources.values();
            entry["shards"] = layout.shards;
            entry["boards"] = layout.boards.size();
            entry["strategies"] = layout.strategies;
            for (std::size_t i = 0; i < values.size(); ++i) entry[Resources::names[i]] = rounded(values[i], 0.1);
        }
        all.push_back(std::move(entry));
    }
    return all;
}

Json network_section(const ReportInput& input) {
    double ebops = 0;
    for (const auto& op : input.network.operators) ebops += models::effective_bit_operations(input.network, op);
    Json network;
    network["name"] = input.network.name;
    network["source"] = input.network.source;
    network["parameters"] = input.network.parameters;
    network["macs"] = input.network.macs();
    network["ebops"] = rounded(ebops, 1);
    network["operators"] = Json::object();
    for (const auto& [type, count] : input.network.operator_counts()) network["operators"][type] = count;
    return network;
}

/// Assumed values first: they are what a reader has to judge.
Json assumptions_section(const ReportInput& input) {
    std::vector<Assumption> all = input.network.assumptions;
    const auto append = [&](const std::vector<Assumption>& more) { all.insert(all.end(), more.begin(), more.end()); };
    append(input.study.board.sources);
    append(input.study.board.device.sources);
    append(input.study.link.sources);
    append(models::cost_assumptions());
    std::stable_partition(all.begin(), all.end(), [](const Assumption& a) { return a.source.starts_with("assumed"); });
    Json json = Json::array();
    for (const auto& each : all) json.push_back({{"what", each.what}, {"value", each.value}, {"source", each.source}});
    return json;
}

Json verdict_section(const ReportInput& input) {
    Json verdict;
    const bool found = input.search.found();
    const auto& result = input.result;
    std::set<std::string> broken;
    for (const auto& violation : input.violations) broken.insert(violation.rule);
    const bool links_broken = broken.contains("ports") || broken.contains("bandwidth") || broken.contains("route");
    const bool others_broken = broken.size() > static_cast<std::size_t>(broken.contains("ports") + broken.contains("bandwidth") + broken.contains("route"));
    const bool complete = result && result->events.completed > 0 && result->events.completed == result->events.injected;
    constexpr double kOfRounding = 1 + 1e-9;
    const bool latency = complete && result->latency_ns.max <= input.study.latency_budget_ns * kOfRounding;
    const bool interval = complete && result->longest_stage_interval_ns <= input.study.required_interval_ns() * kOfRounding;
    bool lost_on_links = false;
    if (result) {
        for (const auto& link : result->links) lost_on_links = lost_on_links || link.lost_chunks > 0 || link.utilisation > kOfRounding;
    }
    const bool resources = found && !others_broken;
    const bool links = found && !links_broken && !lost_on_links;
    verdict["pass"] = latency && interval && resources && links && complete;
    verdict["latency"] = latency;
    verdict["interval"] = interval;
    verdict["resources"] = resources;
    verdict["links"] = links;
    verdict["events"] = complete;
    return verdict;
}

double peak_rss_mib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace

Json make_report(const ReportInput& input) {
    const auto& result = input.result;
    Json report;
    report["schema"] = "tessera.report/1";
    report["study"] = input.study.name;
    report["question"] = input.study.question;
    report["verdict"] = verdict_section(input);
    if (!input.search.found()) report["no_mapping"] = to_json(input.search)["no_mapping"];
    report["latency_ns"] = latency_section(input);
    report["interval_ns"] = {{"required", rounded(input.study.required_interval_ns())},
                             {"simulated_max", result ? rounded(result->longest_stage_interval_ns) : 0.0},
                             {"slowest_stage", result ? result->slowest_stage : ""},
                             {"between_decisions_max", result ? rounded(result->max_interval_ns) : 0.0}};
    report["boards"] = {{"type", input.study.board.name},
                        {"available", input.study.boards_available},
                        {"used", input.search.found() ? input.mapping.boards_in_system() : 0},
                        {"lower_bound", input.search.bounds.boards},
                        {"binding_resource", input.search.bounds.binding_resource},
                        {"tmux_period", input.search.found() ? input.mapping.tmux_period_bx : 0},
                        {"of_one_time_node", input.mapping.boards.size()}};
    report["candidates"] = to_json(input.search)["candidates"];
    report["board_utilisation"] = board_utilisation(input.mapping);
    report["floor_plan"] = floor_plan(input.mapping);
    report["links"] = links_section(input.mapping, result);
    Json events{{"injected", 0}, {"completed", 0}, {"lost", 0}, {"corrupted", 0}, {"in_flight", 0}};
    if (result) {
        events = {{"injected", result->events.injected},
                  {"completed", result->events.completed},
                  {"lost", result->events.lost},
                  {"corrupted", result->events.corrupted},
                  {"in_flight", result->events.in_flight}};
    }
    report["events"] = std::move(events);
    report["losses"] = result ? Json(result->losses) : Json::array();
    report["violations"] = Json::array();
    for (const auto& each : input.violations) report["violations"].push_back({{"rule", each.rule}, {"where", each.where}, {"what", each.what}});
    report["network"] = network_section(input);
    report["operators"] = operators_section(input);
    report["topology"] = input.mapping.topology;
    report["clock"] = {{"bunch_frequency_mhz", input.study.clock.bunch_frequency_mhz}, {"cycles_per_bx", input.study.clock.cycles_per_bx}};
    report["link"] = {{"protocol", input.study.link.name}, {"line_rate_gbps", input.study.link.line_rate_gbps}};
    report["assumptions"] = assumptions_section(input);
    report["fingerprint"] = result ? fmt::format("{:016x}", result->fingerprint) : "";
    report["study_json"] = input.study_json;
    report["timing_s"] = {{"import", rounded(input.timing.import_s, 1e-3)},
                          {"cost", rounded(input.timing.cost_s, 1e-3)},
                          {"map", rounded(input.timing.map_s, 1e-3)},
                          {"simulate", rounded(input.timing.simulate_s, 1e-3)},
                          {"report", rounded(input.timing.report_s, 1e-3)}};
    report["peak_rss_mib"] = rounded(peak_rss_mib(), 0.1);
    return report;
}

int exit_code(const Json& report) {
    if (report.contains("no_mapping")) return 3;
    return report["verdict"]["pass"].get<bool>() ? 0 : 2;
}

std::vector<std::string> failures(const Json& report) {
    std::vector<std::string> all;
    if (report.contains("no_mapping")) {
        all.push_back("no mapping: " + report["no_mapping"]["explanation"].get<std::string>());
        return all;
    }
    const auto& verdict = report["verdict"];
    const auto& events = report["events"];
    if (!verdict["events"].get<bool>()) {
        all.push_back(fmt::format("events: of {} injected, {} completed, {} were lost, {} corrupted, {} never finished",
                                  events["injected"].get<std::int64_t>(), events["completed"].get<std::int64_t>(),
                                  events["lost"].get<std::int64_t>(), events["corrupted"].get<std::int64_t>(),
                                  events["in_flight"].get<std::int64_t>()));
    }
    const double latency = report["latency_ns"]["simulated"]["max"].get<double>();
    const double budget = report["latency_ns"]["budget"].get<double>();
    if (latency > budget) all.push_back(fmt::format("latency: {:.1f} ns, {:.1f} ns over the budget of {:.1f} ns", latency, latency - budget, budget));
    const double interval = report["interval_ns"]["simulated_max"].get<double>();
    const double required = report["interval_ns"]["required"].get<double>();
    if (!verdict["interval"].get<bool>() && interval > required) {
        all.push_back(fmt::format("interval: {} takes an event every {:.2f} ns, {:.2f} ns are required",
                                  report["interval_ns"]["slowest_stage"].get<std::string>(), interval, required));
    }
    for (const auto& each : report["violations"]) {
        all.push_back(fmt::format("{}: {}: {}", each["rule"].get<std::string>(), each["where"].get<std::string>(), each["what"].get<std::string>()));
    }
    if (!verdict["links"].get<bool>() && report["violations"].empty()) all.emplace_back("links: a link is overloaded or loses data");
    return all;
}

}  // namespace tessera::apps
