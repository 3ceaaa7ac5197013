#include "apps/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <functional>
#include <sstream>
#include <thread>

#include "apps/exports.h"
#include "apps/interruption.h"
#include "apps/published.h"
#include "apps/report.h"
#include "apps/report_text.h"
#include "core/error.h"
#include "core/files.h"
#include "models/precision.h"
#include "partition/fibre_list.h"
#include "partition/input_cuts.h"

namespace tessera::apps {

namespace {

/// Seconds since it was made.
class Stopwatch {
  public:
    double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

  private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::string pretty(const Json& json) { return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"; }

/// Long tables of numbers read well enough on one line, and large mappings parse faster.
std::string compact(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

void say(const Console& console, const std::string& text) {
    if (!console.quiet) fmt::print(stderr, "{}\n", text);
}

/// A study, its network and what was found for them: what a run's folder holds.
struct RunState {
    Study study;
    Json study_json;
    models::Network imported;  ///< kept where the study leaves its precision open, or offers compressions, which come before it
    models::Network network;
    Search search;
    partition::Mapping mapping;
    std::vector<partition::Mapping> front;  ///< of a Pareto search
    std::vector<partition::Violation> violations;
    std::optional<sim::Result> result;
    Timing timing;
};

RunState begin_imported(const std::filesystem::path& file, const std::filesystem::path& network_file, models::Network network,
                        Search search = {}) {
    RunState state;
    state.study = read_study(file);
    state.study_json = portable_study(file, network_file);
    state.search = std::move(search);
    state.network = with_compressions(std::move(network), state.study, state.search);
    if (state.search.precision() >= state.study.precisions.size())
        throw InputError(file.string(), "/precision", "fewer precisions than the search beside it has tried",
                         "the study that was searched");
    if (!state.study.compressions.empty() || state.study.precisions.size() > 1) state.imported = state.network;
    for (const auto& each : state.study.compressions) models::compressed(state.network, each);  // refused now, not after a search
    const Stopwatch watch;
    apply_study(state.study, state.network, state.search.precision());
    state.network = with_input_cuts(std::move(state.network), state.search);
    state.timing.cost_s = watch.seconds();
    return state;
}

RunState begin(const std::filesystem::path& file, const std::filesystem::path& network_file, const Console& console, Search search = {}) {
    const auto study = read_study(file);
    say(console, "importing the network of study \"" + study.name + "\"");
    const Stopwatch watch;
    auto network = import_network(study, network_file);
    const double import_s = watch.seconds();
    RunState state = begin_imported(file, network_file, std::move(network), std::move(search));
    state.timing.import_s = import_s;
    return state;
}

/// The folder of a run, before any step spends time on what could not be written.
void make_folder(const std::filesystem::path& out) {
    std::error_code error;
    std::filesystem::create_directories(out, error);
    if (error || !std::filesystem::is_directory(out, error))
        throw InputError(out.string(), "", "cannot be made", "a folder for the results");
}

/// Takes away what an earlier run left of the steps that are now to be done again.
void remove_results(const std::filesystem::path& out, std::initializer_list<const char*> names) {
    std::error_code ignored;  // what is not there needs no removal; what cannot be removed cannot be written either
    for (const char* name : names) std::filesystem::remove_all(out / name, ignored);
}

void take(FoundMapping found, RunState& state) {
    state.search = std::move(found.search);
    state.mapping = std::move(found.mapping);
    state.front = std::move(found.front);
}

/// Where the first precision does not meet the study, the next ones are tried, up to the first that does.
void try_precisions(RunState& state, const std::function<FoundMapping(const models::Network&)>& find,
                    const std::function<bool()>& should_stop) {
    if (state.study.precisions.size() < 2) return;
    std::vector<PrecisionTrial> trials{{0, true, figures_of(state.search, state.mapping)}};
    LayoutFigures best = trials.front().layout;
    for (std::size_t p = 1; p < state.study.precisions.size() && !meets(trials.back().layout, state.study) && !should_stop(); ++p) {
        models::Network network = state.imported;
        apply_study(state.study, network, p);
        auto found = find(network);
        trials.push_back({p, false, figures_of(found.search, found.mapping)});
        if (!better(trials.back().layout, best, state.study)) continue;
        best = trials.back().layout;
        for (auto& trial : trials) trial.taken = trial.position == p;
        state.network = std::move(network);
        take(std::move(found), state);
    }
    state.search.precisions = std::move(trials);
}

/// Lays the network out once more with each compression that the study offers, one after another; what makes it better stays.
void try_compressions(RunState& state, const std::function<FoundMapping(const models::Network&)>& find,
                      const std::function<bool()>& should_stop) {
    for (const auto& compression : state.study.compressions) {
        if (should_stop()) return;
        models::Network imported = models::compressed(state.imported, compression);
        models::Network network = imported;
        apply_study(state.study, network, state.search.precision());
        auto found = find(network);
        CompressionTrial trial{compression.tensor, false, figures_of(state.search, state.mapping), figures_of(found.search, found.mapping)};
        trial.taken = better(trial.with, trial.without, state.study);
        auto precisions = state.search.precisions;
        auto trials = std::move(state.search.compressions);
        trials.push_back(trial);
        if (trial.taken) {
            state.imported = std::move(imported), state.network = std::move(network);
            take(std::move(found), state);
        }
        state.search.precisions = std::move(precisions), state.search.compressions = std::move(trials);
    }
}

/// Where pieces of an operator read very many inputs, they are cut along these into more parts, as long as that makes the layout better.
void try_input_cuts(RunState& state, const std::function<FoundMapping(const models::Network&)>& find,
                    const std::function<bool()>& should_stop) {
    constexpr int kMostTrials = 4;
    const auto problem = mapping_problem(state.study, state.network);
    std::vector<models::InputCut> cuts;
    cuts.reserve(state.search.input_cuts.size());
    for (const auto& each : state.search.input_cuts) cuts.push_back(each.cut);
    for (int trial = 0; trial < kMostTrials && state.mapping.boards.size() != 1 && !should_stop(); ++trial) {
        const auto wider = partition::wider_input_cuts(problem, cuts);
        if (!wider) return;
        cuts = *wider;
        auto found = find(models::split_inputs(state.network, cuts));
        if (!found.search.found() && !state.search.found()) continue;
        if (!better(figures_of(found.search, found.mapping), figures_of(state.search, state.mapping), state.study)) return;
        auto& taken = found.search.input_cuts;  // what the mapper needed beside comes after these
        for (auto cut = cuts.rbegin(); cut != cuts.rend(); ++cut) taken.insert(taken.begin(), {state.network.op(cut->op).name, *cut});
        found.search.precisions = state.search.precisions, found.search.compressions = state.search.compressions;
        take(std::move(found), state);
    }
}

/// Looks for a mapping until the time is over (0: no limit) or the first Ctrl-C. Where that comes before any is found, it
/// ends the command, as in any other step.
void search(RunState& state, partition::MapperOptions options, double time_limit_s, const Console& console) {
    say(console, "mapping");
    const Stopwatch watch;
    bool interrupted = false, stopped = false;
    {
        const Interruption interruption;
        options.progress = console.progress;
        options.should_stop = [&] { return interruption.requested() || (time_limit_s > 0 && watch.seconds() > time_limit_s); };
        const auto find = [&](const models::Network& network) { return find_mapping(state.study, network, options); };
        take(find(state.network), state);
        try_precisions(state, find, options.should_stop);
        try_compressions(state, find, options.should_stop);
        try_input_cuts(state, find, options.should_stop);
        state.network = with_input_cuts(std::move(state.network), state.search);
        interrupted = interruption.requested(), stopped = options.should_stop();
    }
    state.timing.map_s = watch.seconds();
    if (interrupted && !state.search.found()) std::raise(SIGINT);
    if (stopped && state.search.found()) say(console, "the search was stopped: this is the best mapping found by then");
}

void write_mapping(const std::filesystem::path& out, const Study& study, const partition::Mapping& mapping) {
    write_file(out / "mapping.json", compact(partition::to_json(mapping)));
    if (study.topology.text("kind", "") == "patch_panel") write_file(out / "fibres.csv", partition::fibre_list_csv(mapping));
}

/// Each layout of a Pareto front in a folder of its own, from which every later step can be run.
void write_front(const RunState& state, const std::filesystem::path& folder) {
    for (const auto& mapping : state.front) {
        const auto out = folder / fmt::format("{}_boards", mapping.boards_in_system());
        make_folder(out);
        write_file(out / "study.json", pretty(state.study_json));
        write_file(out / "search.json", pretty(to_json(state.search)));
        write_mapping(out, state.study, mapping);
    }
}

/// Maps and writes study.json, search.json, mapping.json and a patch panel's fibres.csv. False where there is no mapping.
bool map_into(RunState& state, const std::filesystem::path& out, const Console& console, const partition::MapperOptions& options,
              double time_limit_s = 0) {
    search(state, options, time_limit_s, console);
    remove_results(out, {"mapping.json", "fibres.csv", "front", "simulation.json", "report.json", "report.md", "report.html"});
    write_file(out / "study.json", pretty(state.study_json));
    write_file(out / "search.json", pretty(to_json(state.search)));
    if (!state.search.found()) return false;
    write_front(state, out / "front");
    write_mapping(out, state.study, state.mapping);
    say(console, "checking");
    state.violations = check_mapping(state.study, state.network, state.mapping);
    return true;
}

const sim::Result& simulate_into(RunState& state, const std::filesystem::path& out, sim::Trace* trace, const Console& console) {
    say(console, "simulating");
    const Stopwatch watch;
    const auto& result = state.result.emplace(simulate_mapping(state.study, state.mapping, trace, console.progress));
    state.timing.simulate_s = watch.seconds();
    remove_results(out, {"report.json", "report.md", "report.html"});
    write_file(out / "simulation.json", compact(sim::to_json(result)));
    return result;
}

int report_into(const RunState& state, const std::filesystem::path& out, const Console& console) {
    const Stopwatch watch;
    Json json = make_report(
        {state.study, state.study_json, state.network, state.search, state.mapping, state.result, state.violations, state.timing});
    json["timing_s"]["report"] = watch.seconds();
    write_file(out / "report.json", pretty(json));
    write_file(out / "report.md", markdown_report(json));
    write_file(out / "report.html", html_report(json));
    if (console.json) {
        fmt::print("{}", pretty(json));
    } else {
        fmt::print("{}\n  report    {}\n", terminal_summary(json), (out / "report.html").string());
    }
    return exit_code(json);
}

/// 0: as many as there are processors.
int threads_for(int asked) { return asked > 0 ? asked : static_cast<int>(std::max(1U, std::thread::hardware_concurrency())); }

int run_steps(RunState state, const std::filesystem::path& out, const Console& console, int threads) {
    make_folder(out);
    partition::MapperOptions mapper;
    mapper.threads = threads;
    // A mapping that the checker rejects is not worth the simulation's time; the report says why.
    if (map_into(state, out, console, mapper) && state.violations.empty()) simulate_into(state, out, nullptr, console);
    return report_into(state, out, console);
}

/// What a run's folder holds so far: the study, what the search said, and the mapping where there is one.
RunState resume(const std::filesystem::path& out, const Console& console) {
    RunState state = begin(out / "study.json", "", console, read_search(JsonReader::from_file(out / "search.json")));
    if (state.search.found()) state.mapping = partition::read_mapping(JsonReader::from_file(out / "mapping.json"));
    return state;
}

int print_no_mapping(const Search& search, const Console& console) {
    if (console.json) {
        fmt::print("{}", pretty(to_json(search)));
    } else {
        fmt::print("NO MAPPING  {}\n", search.explanation);
    }
    return 3;
}

Json violations_json(const std::vector<partition::Violation>& violations) {
    Json all = Json::array();
    for (const auto& each : violations) all.push_back({{"rule", each.rule}, {"where", each.where}, {"what", each.what}});
    return all;
}

}  // namespace

int run(const std::filesystem::path& study, const std::filesystem::path& out, const std::filesystem::path& network, const Console& console,
        int threads) {
    return run_steps(begin(study, network, console), out, console, threads_for(threads));
}

int run_imported(const std::filesystem::path& study, const std::filesystem::path& out, models::Network network, const Console& console) {
    return run_steps(begin_imported(study, "", std::move(network)), out, console, 1);
}

int map(const MapOptions& options, const Console& console) {
    RunState state = begin(options.study, options.network, console);
    make_folder(options.out);
    partition::MapperOptions mapper;
    mapper.partitioner = options.partitioner;
    mapper.refine_baseline = options.refine;
    mapper.threads = threads_for(options.threads);
    partition::Mapping earlier;
    if (!options.from.empty()) {
        earlier = partition::read_mapping(JsonReader::from_file(options.from / "mapping.json"));
        mapper.earlier = &earlier;
    }
    if (!map_into(state, options.out, console, mapper, options.time_limit_s)) return print_no_mapping(state.search, console);
    const auto path = (options.out / "mapping.json").string();
    if (console.json) {
        fmt::print("{}", pretty({{"mapping", path}, {"search", to_json(state.search)}, {"violations", violations_json(state.violations)}}));
    } else {
        fmt::print("{} boards at a TMUX period of {} BX: {}\n", state.mapping.boards_in_system(), state.mapping.tmux_period_bx, path);
        if (state.search.reuse) fmt::print("{}\n", reuse_text(to_json(state.search)["reuse"]));
    }
    return state.violations.empty() ? 0 : 2;
}

int check(const std::filesystem::path& out, const Console& console) {
    const RunState state = resume(out, console);
    if (!state.search.found()) return print_no_mapping(state.search, console);
    const auto violations = check_mapping(state.study, state.network, state.mapping);
    if (console.json) {
        fmt::print("{}", pretty({{"violations", violations_json(violations)}}));
    } else if (violations.empty()) {
        fmt::print("the mapping holds: {} shards, {} transfers, {} links on {} boards of each time node\n", state.mapping.shards.size(),
                   state.mapping.transfers.size(), state.mapping.links.size(), state.mapping.boards.size());
    } else {
        for (const auto& each : violations) fmt::print("{}: {}: {}\n", each.rule, each.where, each.what);
    }
    return violations.empty() ? 0 : 2;
}

namespace {

sim::Trace wanted_trace(const TraceOptions& options, const partition::Mapping& mapping) {
    sim::Trace trace;
    trace.from_bx = options.from_bx;
    trace.to_bx = options.from_bx + options.crossings;
    for (const auto board : options.boards) {
        if (board >= mapping.boards.size())
            throw InputError("command line", "--boards", fmt::format("board {}", board), fmt::format("one of {}", mapping.boards.size()));
        trace.boards.push_back(id_at<BoardId>(board));
    }
    for (const auto link : options.links) {
        if (link >= mapping.links.size())
            throw InputError("command line", "--links", fmt::format("link {}", link), fmt::format("one of {}", mapping.links.size()));
        trace.links.push_back(id_at<LinkId>(link));
    }
    return trace;
}

void write_traces(const TraceOptions& options, const sim::Trace& trace, const partition::Mapping& mapping) {
    const auto write = [&](const std::filesystem::path& file, decltype(sim::write_vcd)* writer) {
        if (file.empty()) return;
        std::ostringstream text;
        writer(trace, mapping, text);
        write_file(file, text.str());
    };
    write(options.chrome, sim::write_chrome_trace);
    write(options.vcd, sim::write_vcd);
}

}  // namespace

int simulate(const std::filesystem::path& out, const TraceOptions& options, const Console& console) {
    RunState state;
    state.study = read_study(out / "study.json");
    state.mapping = partition::read_mapping(JsonReader::from_file(out / "mapping.json"));
    state.violations = partition::check(state.mapping);
    for (const auto& each : state.violations) say(console, fmt::format("{}: {}: {}", each.rule, each.where, each.what));
    auto trace = wanted_trace(options, state.mapping);
    const auto& result = simulate_into(state, out, options.chrome.empty() && options.vcd.empty() ? nullptr : &trace, console);
    write_traces(options, trace, state.mapping);
    if (console.json) {
        fmt::print("{}", pretty(sim::to_json(result)));
    } else {
        fmt::print("{} events injected, {} completed ({} late), {} corrupted, {} lost, {} in flight; latency {:.1f} ns at most; {}\n",
                   result.events.injected, result.events.completed, result.events.late, result.events.corrupted, result.events.lost,
                   result.events.in_flight, result.latency_ns.max, (out / "simulation.json").string());
        for (const auto& loss : result.losses) fmt::print("  {}\n", loss);
    }
    const bool all_done = result.events.injected > 0 && result.events.completed == result.events.injected;
    return all_done && state.violations.empty() ? 0 : 2;
}

int export_boards(const std::filesystem::path& out, const Console& console) {
    const auto reader = JsonReader::from_file(out / "report.json");
    if (reader.at("schema").text() != "tessera.report/1") reader.at("schema").fail("found another schema", "tessera.report/1");
    const std::array<std::pair<const char*, std::string (*)(const Json&)>, 4> formats{
        {{"boards.csv", boards_csv}, {"links.csv", links_csv}, {"boards.dot", graphviz}, {"boards.graphml", graphml}}};
    Json written = Json::array();
    for (const auto& [name, format] : formats) {
        write_file(out / name, format(reader.raw()));
        written.push_back((out / name).string());
    }
    if (console.json) {
        fmt::print("{}", pretty(written));
    } else {
        for (const auto& file : written) fmt::print("{}\n", file.get<std::string>());
    }
    return 0;
}

int compare(const std::vector<std::filesystem::path>& outs, const std::filesystem::path& page, const Console& console) {
    std::vector<Json> reports;
    reports.reserve(outs.size());
    for (const auto& out : outs) reports.push_back(JsonReader::from_file(out / "report.json").raw());
    const auto table = comparison_table(reports);
    if (!page.empty()) write_file(page, with_comparison(read_file(page), table, page));
    if (console.json) {
        Json all = Json::object();
        for (const auto& each : reports) all[each.at("study").get<std::string>()] = each.at("published");
        fmt::print("{}", pretty(all));
    } else {
        fmt::print("{}", table);
    }
    return 0;
}

int report(const std::filesystem::path& out, const Console& console) {
    RunState state = resume(out, console);
    if (state.search.found()) {
        state.violations = check_mapping(state.study, state.network, state.mapping);
        if (std::filesystem::exists(out / "simulation.json")) {
            state.result = sim::read_result(JsonReader::from_file(out / "simulation.json"));
        }
    }
    return report_into(state, out, console);
}

}  // namespace tessera::apps
