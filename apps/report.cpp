#include "apps/report.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "apps/report_sections.h"
#include "apps/waterfall.h"
#include "models/common_device.h"
#include "models/implementation.h"
#include "models/power.h"
#include "models/precision.h"
#include "topologies/board_roles.h"

namespace tessera::apps {

namespace {

/// How far from a bound; 0 where there is none.
double ratio(double value, double bound) { return bound > 0 ? rounded(value / bound) : 0.0; }

Json waterfall_section(const sim::Result& result) {
    Json rows = Json::array();
    for (const auto& row : waterfall(result.breakdown)) {
        Json kinds = Json::object();
        for (const auto& [kind, ns] : row.kinds) kinds[kind] = rounded(ns, 6);
        rows.push_back({{"stage", row.stage},
                        {"begin_ns", rounded(row.begin_ns, 6)},
                        {"ns", rounded(row.ns, 6)},
                        {"first_step", row.first_step},
                        {"end_step", row.end_step},
                        {"kinds", std::move(kinds)}});
    }
    return rows;
}

Json latency_section(const ReportInput& input) {
    Json simulated{{"min", 0.0}, {"p50", 0.0}, {"p99", 0.0}, {"max", 0.0}};
    Json breakdown = Json::array();
    Json histogram = Json::array();
    if (input.result) {
        const auto& seen = input.result->latency_ns;
        simulated = {{"min", rounded(seen.min)}, {"p50", rounded(seen.p50)}, {"p99", rounded(seen.p99)}, {"max", rounded(seen.max)}};
        for (const auto& step : input.result->breakdown)
            breakdown.push_back({{"stage", step.stage}, {"kind", step.kind}, {"ns", rounded(step.ns, 6)}});
        for (const auto& [edge, events] : input.result->latency_histogram) histogram.push_back({rounded(edge), events});
    }
    const auto analytic = input.mapping.analytic_latency_ns();
    const auto& bounds = input.search.bounds;
    const double reached = input.result ? input.result->latency_ns.max : analytic;
    Json latency{{"budget", input.study.latency_budget_ns}, {"simulated", std::move(simulated)}, {"analytic", rounded(analytic)}};
    latency["lower_bound"] = rounded(bounds.latency_ns);
    latency["over_lower_bound"] = ratio(reached, bounds.latency_ns);
    latency["lower_bound_on_boards"] = rounded(bounds.on_boards_ns);
    latency["over_lower_bound_on_boards"] = ratio(reached, bounds.on_boards_ns);
    latency["lower_bound_with_hops"] = rounded(bounds.with_hops_ns);
    latency["over_lower_bound_with_hops"] = ratio(reached, bounds.with_hops_ns);
    latency["breakdown"] = std::move(breakdown);
    latency["waterfall"] = input.result ? waterfall_section(*input.result) : Json::array();
    latency["histogram_upto_ns_events"] = std::move(histogram);
    return latency;
}

Json interval_section(const ReportInput& input) {
    const auto& result = input.result;
    Json stages = Json::array();
    if (result) {
        for (const auto& each : result->stages)
            stages.push_back({{"stage", each.stage}, {"min", rounded(each.min_ns)}, {"max", rounded(each.max_ns)}});
    }
    return {{"stages", std::move(stages)},
            {"required", rounded(input.study.required_interval_ns())},
            {"simulated_max", result ? rounded(sustained_interval_ns(*result)) : 0.0},
            {"slowest_stage", result ? result->slowest_stage : ""},
            {"between_decisions_max", result ? rounded(result->max_interval_ns) : 0.0}};
}

/// The precisions that were tried, as the study writes them.
Json precisions_section(Json trials, const Json& study) {
    for (Json& trial : trials) trial["precision"] = study["precision"][trial["position"].get<std::size_t>()];
    return trials;
}

/// Where nothing could be mapped, what is known is how many boards would be needed at the least.
int board_bound(const Search& search) {
    if (search.found()) return search.bounds.boards;
    return search.unit == "boards" ? static_cast<int>(std::ceil(search.needed)) : 0;
}

/// "A", "A and B", "A, B and C", each once.
std::string listed(const std::vector<std::string>& names) {
    std::vector<std::string> once;
    for (const auto& name : names) {
        if (std::find(once.begin(), once.end(), name) == once.end()) once.push_back(name);
    }
    return fmt::format("{}{}{}", fmt::join(once.begin(), once.end() - 1, ", "), once.size() > 1 ? " and " : "", once.back());
}

/// Boards of each type over all time nodes, in the order in which types are used.
Json board_types_section(const ReportInput& input) {
    const auto& study = input.study;
    std::vector<std::size_t> used(study.boards.size(), 0);
    for (const auto type : input.mapping.boards)
        used[study.type_named(input.mapping.board_types[type].name)] += static_cast<std::size_t>(input.mapping.tmux_period_bx);
    Json types = Json::array();
    for (std::size_t t = 0; t < used.size(); ++t) {
        const auto& [board, available] = study.boards[t];
        types.push_back({{"type", board.name}, {"device", board.device.name}, {"available", available}, {"used", used[t]}});
    }
    return types;
}

Json boards_section(const ReportInput& input) {
    const bool found = input.search.found();
    const auto used = found ? input.mapping.boards_in_system() : 0;
    const int bound = board_bound(input.search);
    std::vector<std::string> types, devices;
    for (const auto& stock : input.study.boards) types.push_back(stock.board.name), devices.push_back(stock.board.device.name);
    return {{"type", listed(types)},
            {"device", listed(devices)},
            {"types", board_types_section(input)},
            {"available", input.study.boards_available},
            {"used", used},
            {"spare", input.study.spare_boards()},
            {"lower_bound", bound},
            {"over_lower_bound", ratio(static_cast<double>(used), bound)},
            {"binding_resource", found ? input.search.bounds.binding_resource : input.search.no_mapping_constraint},
            {"tmux_period", found ? input.mapping.tmux_period_bx : 0},
            {"of_one_time_node", input.mapping.boards.size()},
            {"outside_at", topologies::read_board_roles(input.study.topology).description()}};
}

Json events_section(const std::optional<sim::Result>& result) {
    const auto events = result ? result->events : sim::Result{}.events;
    return {{"injected", events.injected},   {"completed", events.completed}, {"lost", events.lost},
            {"corrupted", events.corrupted}, {"in_flight", events.in_flight}, {"late", events.late}};
}

/// What became of each fault of the study, by time.
Json faults_section(const std::optional<sim::Result>& result) {
    Json faults = Json::array();
    if (result) faults = sim::to_json(*result)["faults"];
    return faults;
}

Json traffic_section(const ReportInput& input) {
    const auto traffic = input.result ? input.result->traffic : sim::Result{}.traffic;
    const char* kinds[] = {"full", "pile_up", "listed"};
    return {{"kind", kinds[static_cast<int>(input.study.traffic.kind)]},
            {"pile_up", input.study.traffic.pile_up},
            {"capacity_objects", traffic.capacity},
            {"mean_objects", rounded(traffic.mean_objects)},
            {"max_objects", traffic.max_objects},
            {"truncated_events", traffic.truncated_events},
            {"objects_cut", traffic.objects_cut}};
}

/// What the real (or assumed) weights come to after quantisation, over all operators.
Json precision_section(const models::Network& network) {
    double weights = 0;
    double zeros = 0;
    double bits = 0;
    for (const auto& op : network.operators) {
        if (op.weights.count == 0) continue;
        const auto seen = models::summarise_weights(op);
        const auto count = static_cast<double>(seen.count);
        weights += count;
        zeros += seen.zero_fraction * count;
        bits += seen.mean_effective_bits * (1 - seen.zero_fraction) * count;
    }
    return {{"zero_fraction", weights > 0 ? rounded(zeros / weights) : 0.0},
            {"mean_effective_bits", weights > zeros ? rounded(bits / (weights - zeros), 2) : 0.0}};
}

Json network_section(const models::Network& network) {
    double ebops = 0;
    for (const auto& op : network.operators) ebops += models::effective_bit_operations(network, op);
    Json section{{"name", network.name}, {"source", network.source}, {"parameters", network.parameters}, {"macs", network.macs()}};
    section["ebops"] = rounded(ebops, 0);
    section["weights"] = precision_section(network);
    section["operators"] = Json::object();
    for (const auto& [type, count] : network.operator_counts()) section["operators"][type] = count;
    return section;
}

/// Assumed values first: they are what a reader has to judge.
Json assumptions_section(const ReportInput& input) {
    std::vector<Assumption> all = input.network.assumptions;
    const auto append = [&](const std::vector<Assumption>& more) { all.insert(all.end(), more.begin(), more.end()); };
    std::set<std::string> devices;
    for (const auto& [board, boards] : input.study.boards) {
        append(board.sources);
        if (devices.insert(board.device.name).second) append(board.device.sources);
    }
    const boards::Device common = models::common_device(input.study.boards);
    const auto has_more = [&](const boards::BoardStock& stock) {
        const boards::Device& device = stock.board.device;
        return device.dsp != common.dsp || device.int8_products_per_dsp != common.int8_products_per_dsp ||
               device.int4_products_per_dsp != common.int4_products_per_dsp;
    };
    if (std::any_of(input.study.boards.begin(), input.study.boards.end(), has_more)) {
        all.push_back({"operators are built of what " + common.name + " have in common",
                       fmt::format("{}, {} products of 8 bits and {} of 4 bits a DSP slice", common.dsp, common.int8_products_per_dsp,
                                   common.int4_products_per_dsp),
                       "assumed: none is built for one type of board alone"});
    }
    append(input.study.link.sources);
    append(partition::assumptions_of(input.study.stages));
    append(models::cost_assumptions());
    append(models::power_assumptions());
    const auto& traffic = input.study.traffic;
    if (traffic.kind == sim::Traffic::Kind::pile_up)
        all.push_back({"objects per collision", fmt::format("{}", traffic.objects_per_collision), traffic.source});
    std::stable_partition(all.begin(), all.end(), [](const Assumption& each) { return each.source.starts_with("assumed"); });
    Json json = Json::array();
    for (const auto& each : all) json.push_back({{"what", each.what}, {"value", each.value}, {"source", each.source}});
    return json;
}

Json violations_section(const std::vector<partition::Violation>& violations) {
    Json all = Json::array();
    for (const auto& each : violations) all.push_back({{"rule", each.rule}, {"where", each.where}, {"what", each.what}});
    return all;
}

Json timing_section(const Timing& timing) {
    return {{"import", rounded(timing.import_s, 3)},
            {"cost", rounded(timing.cost_s, 3)},
            {"map", rounded(timing.map_s, 3)},
            {"simulate", rounded(timing.simulate_s, 3)},
            {"report", rounded(timing.report_s, 3)}};
}

double peak_rss_mib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace

Json make_report(const ReportInput& input) {
    const auto& study = input.study;
    Json report;
    report["schema"] = "tessera.report/1";
    report["study"] = study.name;
    report["question"] = study.question;
    report["verdict"] = verdict_section(input);
    if (!input.search.found()) report["no_mapping"] = to_json(input.search)["no_mapping"];
    report["simulated"] = input.result.has_value();
    report["latency_ns"] = latency_section(input);
    report["interval_ns"] = interval_section(input);
    report["boards"] = boards_section(input);
    report["uncertainty"] = uncertainty_section(input, report["verdict"]["pass"].get<bool>());
    report["power"] = power_section(input);
    const Json search = to_json(input.search);
    report["candidates"] = search["candidates"];
    report["front"] = search["front"];
    report["precisions"] = precisions_section(search["precisions"], input.study_json);
    report["compressions"] = search["compressions"];
    report["input_cuts"] = search["input_cuts"];
    if (search.contains("reuse")) report["reuse"] = search["reuse"];
    report["board_utilisation"] = board_utilisation(input.mapping);
    report["stages"] = stages_section(input.study.stages, input.network, input.mapping);
    report["floor_plan"] = floor_plan(input.mapping);
    report["timeline"] = timeline_section(input.mapping);
    report["links"] = links_section(input.mapping);
    report["activity"] = activity_section(input.mapping, input.result);
    report["events"] = events_section(input.result);
    report["traffic"] = traffic_section(input);
    report["faults"] = faults_section(input.result);
    report["losses"] = input.result ? Json(input.result->losses) : Json::array();
    report["violations"] = violations_section(input.violations);
    report["network"] = network_section(input.network);
    report["operators"] = operators_section(input.network, input.mapping);
    report["layers"] = layers_section(report["operators"]);
    report["topology"] = input.mapping.topology;
    report["places"] = topologies::to_json(input.mapping.places);
    report["clock"] = {{"bunch_frequency_mhz", study.clock.bunch_frequency_mhz}, {"cycles_per_bx", study.clock.cycles_per_bx}};
    report["link"] = {{"protocol", study.link.name}, {"line_rate_gbps", study.link.line_rate_gbps}};
    report["assumptions"] = assumptions_section(input);
    report["fingerprint"] = input.result ? fmt::format("{:016x}", input.result->fingerprint) : "";
    report["published"] = published_section(study.published, report);
    report["study_json"] = input.study_json;
    report["timing_s"] = timing_section(input.timing);
    report["peak_rss_mib"] = rounded(peak_rss_mib(), 1);
    return report;
}

Json without_measurements(Json report) {
    report.erase("timing_s");
    report.erase("peak_rss_mib");
    return report;
}

}  // namespace tessera::apps
