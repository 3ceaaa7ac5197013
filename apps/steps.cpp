#include "apps/steps.h"

#include <fmt/format.h>

#include "core/error.h"
#include "models/import.h"
#include "partition/input_cuts.h"
#include "sim/filling.h"

namespace tessera::apps {

namespace {

using Candidates = std::vector<partition::MappingResult::Candidate>;

constexpr double kMost = 1e18;

Json to_json(const LayoutFigures& figures) {
    return {{"boards", figures.boards}, {"latency_ns", figures.latency_ns}, {"lanes", figures.lanes}};
}

LayoutFigures read_figures(const JsonReader& reader) {
    return {static_cast<int>(reader.at("boards").integer(0, INT32_MAX)), reader.at("latency_ns").number(0, kMost),
            reader.at("lanes").integer(0, INT64_MAX)};
}

Json to_json(const Candidates& candidates) {
    Json json = Json::array();
    for (const auto& candidate : candidates) {
        json.push_back({{"tmux_period_bx", candidate.tmux_period_bx},
                        {"boards", candidate.boards},
                        {"latency_ns", candidate.latency_ns},
                        {"note", candidate.note}});
    }
    return json;
}

Candidates read_candidates(const JsonReader& reader) {
    Candidates candidates;
    for (const auto& item : reader.items()) {
        candidates.push_back({static_cast<int>(item.at("tmux_period_bx").integer(1, INT32_MAX)),
                              static_cast<int>(item.at("boards").integer(0, INT32_MAX)), item.at("latency_ns").number(0, kMost),
                              item.at("note").text()});
    }
    return candidates;
}

partition::Reuse read_reuse(const JsonReader& reader) {
    const auto shards = [&](const char* key) { return static_cast<std::size_t>(reader.at(key).integer(0, INT64_MAX)); };
    return {shards("stay"), shards("move"), shards("new")};
}

std::vector<InputCutTaken> read_input_cuts(const JsonReader& reader) {
    std::vector<InputCutTaken> cuts;
    for (const auto& item : reader.items()) {
        const auto id = id_at<OperatorId>(static_cast<std::size_t>(item.at("id").integer(0, UINT32_MAX)));
        cuts.push_back({item.at("operator").text(), {id, item.at("parts").integer(2, INT32_MAX)}});
    }
    return cuts;
}

}  // namespace

Json to_json(const Search& search) {
    Json json;
    json["schema"] = "tessera.search/1";
    json["found"] = search.found();
    if (!search.found()) {
        json["no_mapping"] = {{"constraint", search.no_mapping_constraint},
                              {"needed", search.needed},
                              {"available", search.available},
                              {"unit", search.unit},
                              {"explanation", search.explanation}};
    }
    json["bounds"] = {{"boards", search.bounds.boards},
                      {"binding_resource", search.bounds.binding_resource},
                      {"latency_ns", search.bounds.latency_ns},
                      {"on_boards_ns", search.bounds.on_boards_ns},
                      {"with_hops_ns", search.bounds.with_hops_ns}};
    json["candidates"] = to_json(search.candidates);
    json["front"] = to_json(search.front);
    json["precisions"] = Json::array();
    for (const auto& trial : search.precisions)
        json["precisions"].push_back({{"position", trial.position}, {"taken", trial.taken}, {"layout", to_json(trial.layout)}});
    json["compressions"] = Json::array();
    for (const auto& trial : search.compressions) {
        json["compressions"].push_back(
            {{"tensor", trial.tensor}, {"taken", trial.taken}, {"without", to_json(trial.without)}, {"with", to_json(trial.with)}});
    }
    json["input_cuts"] = Json::array();
    for (const auto& each : search.input_cuts)
        json["input_cuts"].push_back({{"operator", each.name}, {"id", index(each.cut.op)}, {"parts", each.cut.parts}});
    if (search.reuse) json["reuse"] = {{"stay", search.reuse->stay}, {"move", search.reuse->move}, {"new", search.reuse->fresh}};
    return json;
}

Search read_search(const JsonReader& reader) {
    if (reader.at("schema").text() != "tessera.search/1") reader.at("schema").fail("found another schema", "tessera.search/1");
    Search search;
    if (!reader.at("found").boolean()) {
        const auto none = reader.at("no_mapping");
        search.no_mapping_constraint = none.at("constraint").text();
        search.needed = none.at("needed").number(-kMost, kMost);
        search.available = none.at("available").number(-kMost, kMost);
        search.unit = none.at("unit").text();
        search.explanation = none.at("explanation").text();
    }
    const auto bounds = reader.at("bounds");
    search.bounds.boards = static_cast<int>(bounds.at("boards").integer(0, INT32_MAX));
    search.bounds.binding_resource = bounds.at("binding_resource").text();
    search.bounds.latency_ns = bounds.at("latency_ns").number(0, kMost);
    search.bounds.on_boards_ns = bounds.at("on_boards_ns").number(0, kMost);
    search.bounds.with_hops_ns = bounds.at("with_hops_ns").number(0, kMost);
    search.candidates = read_candidates(reader.at("candidates"));
    search.front = read_candidates(reader.at("front"));
    for (const auto& item : reader.at("precisions").items()) {
        const auto position = static_cast<std::size_t>(item.at("position").integer(0, INT32_MAX));
        search.precisions.push_back({position, item.at("taken").boolean(), read_figures(item.at("layout"))});
    }
    for (const auto& item : reader.at("compressions").items()) {
        search.compressions.push_back(
            {item.at("tensor").text(), item.at("taken").boolean(), read_figures(item.at("without")), read_figures(item.at("with"))});
    }
    if (reader.has("input_cuts")) search.input_cuts = read_input_cuts(reader.at("input_cuts"));
    if (reader.has("reuse")) search.reuse = read_reuse(reader.at("reuse"));
    return search;
}

std::size_t Search::precision() const {
    const auto taken = std::find_if(precisions.begin(), precisions.end(), [](const PrecisionTrial& trial) { return trial.taken; });
    return taken == precisions.end() ? 0 : taken->position;
}

models::Network with_compressions(models::Network imported, const Study& study, const Search& search) {
    for (std::size_t c = 0; c < search.compressions.size() && c < study.compressions.size(); ++c) {
        if (search.compressions[c].taken) imported = models::compressed(imported, study.compressions[c]);
    }
    return imported;
}

models::Network with_input_cuts(models::Network network, const Search& search) {
    for (const auto& [name, cut] : search.input_cuts) {
        if (index(cut.op) >= network.operators.size() || network.op(cut.op).name != name)
            throw InputError(network.name, name, "not the operator that the search beside it has cut", "the study that was searched");
        network = models::split_inputs(std::move(network), cut);
    }
    return network;
}

models::Network import_network(const Study& study, const std::filesystem::path& replacement) {
    return models::read_network(study.network, replacement);
}

void apply_study(const Study& study, models::Network& network, std::size_t precision) {
    models::apply_precision(network, study.precisions.at(precision));
    network.clock_mhz = study.clock.processing_mhz();
    models::apply_strategies(network, study.strategies);
    network = models::split_fixed_inputs(std::move(network));
    models::apply_arrivals(network, study.arrivals);
}

partition::MappingProblem mapping_problem(const Study& study, const models::Network& network) {
    partition::MappingProblem problem;
    problem.network = &network;
    problem.boards = study.layout_stock();
    problem.boards.front().boards -= boards_of(study.stages);
    problem.boards_available = study.layout_boards() - boards_of(study.stages);
    problem.link = study.link;
    problem.topology = study.topology;
    problem.clock = study.clock;
    problem.latency_budget_ns = study.latency_budget_ns;
    problem.tmux_periods_bx = study.tmux_periods_bx;
    problem.input_bits = study.input_bits;
    return problem;
}

namespace {

/// Lanes that a board of the network has in or out beyond its ports, on the one that has most.
int lanes_beyond_ports(const partition::Mapping& mapping) {
    std::vector<int> in(mapping.boards.size(), 0), out(mapping.boards.size(), 0);
    for (const auto& link : mapping.links) {
        if (link.to != kOutside) in[index(link.to)] += link.lanes;
        if (link.from != kOutside) out[index(link.from)] += link.lanes;
    }
    int most = 0;
    for (const auto& shard : mapping.shards) {
        if (shard.board == kOutside || shard.kind == partition::kExternal) continue;
        const auto board = index(shard.board);
        most = std::max(most, std::max(in[board], out[board]) - mapping.board_types[mapping.boards[board]].ports);
    }
    return most;
}

/// Runs the mapper on the network as it is, on boards with so many ports less than they have.
FoundMapping map_with_ports_kept(const Study& study, const models::Network& network, partition::MapperOptions options, int ports_kept) {
    options.seed = study.seed, options.objective = study.objective;
    auto problem = mapping_problem(study, network);
    for (auto& stock : problem.boards) stock.board.ports -= ports_kept;
    auto outcome = partition::map_network(problem, options);
    if (options.progress) options.progress("mapping", 1);
    FoundMapping found;
    auto& search = found.search;
    if (auto* none = std::get_if<partition::NoMapping>(&outcome)) {
        search.candidates = std::move(none->candidates);
        search.no_mapping_constraint = std::move(none->constraint);
        search.needed = none->needed;
        search.available = none->available;
        search.unit = std::move(none->unit);
        search.explanation = std::move(none->explanation);
        return found;
    }
    auto& result = std::get<partition::MappingResult>(outcome);
    search.bounds = std::move(result.bounds);
    search.candidates = std::move(result.candidates);
    found.mapping = std::move(result.mapping);
    found.front = std::move(result.front);
    if (!study.stages.empty()) {
        search.bounds.boards += boards_of(study.stages);
        search.bounds.latency_ns = bound_latency_ns(study.stages, search.bounds.latency_ns);
        search.bounds.on_boards_ns = bound_latency_ns(study.stages, search.bounds.on_boards_ns);
        search.bounds.with_hops_ns = bound_latency_ns(study.stages, search.bounds.with_hops_ns);
        const auto joined = [&](partition::Mapping mapping) {
            for (auto& type : mapping.board_types) type.ports += ports_kept;
            return add_stages(mapping, network, study.stages, study.link);
        };
        found.mapping = joined(std::move(found.mapping));
        for (auto& mapping : found.front) mapping = joined(std::move(mapping));
    }
    for (const auto& mapping : found.front) {
        const auto boards = static_cast<int>(mapping.boards_in_system());
        search.front.push_back({mapping.tmux_period_bx, boards, mapping.analytic_latency_ns(), ""});
    }
    if (options.earlier != nullptr) search.reuse = partition::compare(*options.earlier, found.mapping);
    return found;
}

/// The same with all ports; where stages then bring more lanes than there are, with as many ports kept for them.
FoundMapping map_as_cut(const Study& study, const models::Network& network, const partition::MapperOptions& options) {
    constexpr int kTries = 3;
    int kept = 0;
    for (int again = 1;; ++again) {
        FoundMapping found = map_with_ports_kept(study, network, options, kept);
        const int missing = study.stages.empty() ? 0 : lanes_beyond_ports(found.mapping);
        if (missing == 0 || again == kTries) return found;
        kept += missing;
    }
}

}  // namespace

FoundMapping find_mapping(const Study& study, const models::Network& network, const partition::MapperOptions& options) {
    Search needed;
    for (const auto& cut : partition::needed_input_cuts(mapping_problem(study, network)))
        needed.input_cuts.push_back({network.op(cut.op).name, cut});
    if (needed.input_cuts.empty()) return map_as_cut(study, network, options);
    FoundMapping found = map_as_cut(study, with_input_cuts(network, needed), options);
    found.search.input_cuts = std::move(needed.input_cuts);
    return found;
}

LayoutFigures figures_of(const Search& search, const partition::Mapping& mapping) {
    if (!search.found()) return {};
    std::int64_t lanes = 0;
    for (const auto& link : mapping.links) lanes += link.lanes;
    return {static_cast<int>(mapping.boards_in_system()), mapping.analytic_latency_ns(), lanes * mapping.tmux_period_bx};
}

bool meets(const LayoutFigures& layout, const Study& study) { return layout.boards > 0 && layout.latency_ns <= study.latency_budget_ns; }

bool better(const LayoutFigures& layout, const LayoutFigures& other, const Study& study) {
    if (layout.boards == 0 || other.boards == 0) return layout.boards > 0;
    return partition::better({layout.boards, layout.latency_ns}, {other.boards, other.latency_ns}, study.objective,
                             study.latency_budget_ns);
}

std::vector<partition::Violation> check_mapping(const Study& study, const models::Network& network, const partition::Mapping& mapping) {
    auto violations = partition::check(mapping);
    // Against the network only what hangs together on its own can be held.
    if (violations.empty()) violations = partition::check_against(mapping, network, study.layout_stock());
    if (violations.empty()) violations = partition::check_stages(mapping, network, study.stages);
    if (violations.empty()) violations = partition::check_board_roles(mapping, study.topology, mapping_problem(study, network).boards);
    const auto boards = static_cast<int>(mapping.boards_in_system());
    if (violations.empty() && boards > study.layout_boards())
        violations.push_back({"board_type", "all types", fmt::format("{} boards, {} are there", boards, study.layout_boards())});
    return violations;
}

sim::Result simulate_mapping(const Study& study, const partition::Mapping& mapping, sim::Trace* trace, const Progress& progress) {
    sim::Options options;
    options.bunch_crossings = study.bunch_crossings;
    options.filled = sim::read_filling(study.filling);
    options.seed = study.seed;
    options.faults = study.faults;
    options.traffic = study.traffic;
    options.trace = trace;
    options.late_after_ns = study.latency_budget_ns;
    options.progress = [&](double fraction) {
        if (progress) progress("simulating", fraction);
        return true;
    };
    return sim::simulate(mapping, options);
}

}  // namespace tessera::apps
