#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <thread>

#include "apps/commands.h"
#include "apps/explore/explore.h"
#include "apps/explore/point_run.h"
#include "apps/serve/serve.h"
#include "core/error.h"

namespace {

using namespace tessera;

constexpr int kBadInput = 1;
constexpr int kInterrupted = 130;  // 128 + SIGINT, as shells report it

/// Ends at once: files are written whole or not at all (write_file), so nothing is left half-written.
void interrupt(int) {
    constexpr std::string_view kMessage = "\ntessera: interrupted; nothing was left half-written\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kMessage.data(), kMessage.size());
    ::_exit(kInterrupted);
}

/// A line that is overwritten, on a terminal alone.
void show_progress(const std::string& stage, double fraction) {
    constexpr double kWidth = 10;
    const auto done = static_cast<std::size_t>(fraction * kWidth);
    fmt::print(stderr, "\r{:<60} [{:<10}] {:3.0f} %{}", stage.substr(0, 60), std::string(done, '='), 100 * fraction,
               fraction >= 1 ? "\r\x1b[K" : "");
}

std::map<std::string, std::int64_t> read_bindings(const std::vector<std::string>& texts) {
    std::map<std::string, std::int64_t> bindings;
    for (const auto& text : texts) {
        const auto equals = text.find('=');
        std::int64_t value = 0;
        if (equals == std::string::npos || !CLI::detail::lexical_cast(text.substr(equals + 1), value) || value < 1) {
            throw InputError("command line", "--bind", "found " + text, "NAME=VALUE with a whole number from 1");
        }
        bindings[text.substr(0, equals)] = value;
    }
    return bindings;
}

/// What the command line asks for.
struct Arguments {
    apps::Console console;
    std::string study;
    std::string out;
    std::string network;
    std::string what;
    int threads = 0;
    apps::MapOptions map;
    apps::InspectOptions inspect;
    apps::TraceOptions trace;
    apps::PartitionOptions partition;
    apps::explore::Options explore;
    apps::serve::Options serve;
    std::vector<std::string> bindings;
    std::vector<std::filesystem::path> outs;
    std::string page;
    std::function<int()> command;
};

void add_threads(CLI::App* command, int& threads) {
    command->add_option("--threads", threads, "that search (one for each processor); the answer does not depend on it")
        ->check(CLI::Range(1, 1024));
}

void add_run_command(CLI::App& app, Arguments& arguments) {
    auto* command = app.add_subcommand("run", "import, map, check, simulate and report");
    command->add_option("STUDY", arguments.study, "study file (see apps/studies/README.md)")->required();
    command->add_option("-o,--out", arguments.out, "folder for the results; made where it is missing")->required();
    command->add_option("--network", arguments.network, "file that takes the place of the study's network");
    add_threads(command, arguments.threads);
    command->callback([&arguments] {
        arguments.command = [&arguments] {
            return apps::run(arguments.study, arguments.out, arguments.network, arguments.console, arguments.threads);
        };
    });
}

void add_map_command(CLI::App& app, Arguments& arguments) {
    using partition::Partitioner;
    static const std::map<std::string, Partitioner> kPartitioners{{"tessera", Partitioner::tessera},
                                                                  {"metis", Partitioner::metis},
                                                                  {"scotch", Partitioner::scotch},
                                                                  {"scotch-map", Partitioner::scotch_map},
                                                                  {"greedy", Partitioner::greedy}};
    auto& options = arguments.map;
    auto* command = app.add_subcommand("map", "import and map: OUT/mapping.json");
    command->add_option("STUDY", options.study, "study file (see apps/studies/README.md)")->required();
    command->add_option("-o,--out", options.out, "folder for the results; made where it is missing")->required();
    command->add_option("--network", options.network, "file that takes the place of the study's network");
    command
        ->add_option("--partitioner", options.partitioner,
                     "who divides the shards among boards: tessera, metis, scotch, scotch-map or greedy")
        ->transform(CLI::CheckedTransformer(kPartitioners).description(""));
    command->add_flag("--refine", options.refine, "what another partitioner divides goes through our refinement as well");
    command->add_option("--from", options.from,
                        "folder of an earlier run: what still holds of its mapping is kept, and shards move only where they must");
    command->add_option("--time-limit", options.time_limit_s, "seconds after which the best mapping found so far is taken (none)")
        ->check(CLI::PositiveNumber);
    add_threads(command, arguments.map.threads);
    command->callback([&arguments] { arguments.command = [&arguments] { return apps::map(arguments.map, arguments.console); }; });
}

void add_folder_command(CLI::App& app, Arguments& arguments, const std::string& name, const std::string& help,
                        decltype(apps::check)* action) {
    auto* command = app.add_subcommand(name, help);
    command->add_option("OUT", arguments.out, "folder of a run")->required();
    command->callback(
        [&arguments, action] { arguments.command = [&arguments, action] { return action(arguments.out, arguments.console); }; });
}

void add_explore_command(CLI::App& app, Arguments& arguments) {
    auto& options = arguments.explore;
    options.jobs = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    auto* command = app.add_subcommand("explore", "run a study over many values of its parameters; starts again where it was stopped");
    command->add_option("EXPLORATION", options.exploration, "exploration file (see apps/studies/README.md)")->required();
    command->add_option("-o,--out", options.out, "folder for the results; made where it is missing")->required();
    command->add_option("--network", options.network, "file that takes the place of the study's network");
    command->add_option("-j,--jobs", options.jobs, "points that run at a time; one a processor core without it")
        ->check(CLI::Range(1, 1024));
    command->add_option("--executor", options.executor, "where points run: local, slurm (array jobs) or htcondor (with --dry-run)")
        ->check(CLI::IsMember({"local", "slurm", "htcondor"}));
    command->add_flag("--dry-run", options.dry_run, "write the files for Slurm or HTCondor, print how to submit them, and run nothing");
    command->add_option("--minimise", options.minimise, "boards: the fewest with which each point still passes")
        ->check(CLI::IsMember({"boards"}));
    command->add_option("--maximise", options.maximise, "a measure: its best value that passes, for each value of each axis");
    command->add_option("--frontier", options.frontier, "measures in which no passing point beats those that are listed")->delimiter(',');
    command->add_flag("--sensitivity", options.sensitivity, "change one and two parameters at a time, instead of all combinations");
    command->callback(
        [&arguments] { arguments.command = [&arguments] { return apps::explore::explore(arguments.explore, arguments.console); }; });
}

/// What batch systems and `serve` start for each point; not for people.
void add_point_command(CLI::App& app, Arguments& arguments) {
    auto* command = app.add_subcommand("point", "run FOLDER/study.json as a point of an exploration")->group("");
    command->add_option("FOLDER", arguments.out)->required();
    command->callback([&arguments] { arguments.command = [&arguments] { return apps::explore::run_stored_point(arguments.out); }; });
}

void add_serve_command(CLI::App& app, Arguments& arguments) {
    auto& options = arguments.serve;
    auto* command = app.add_subcommand("serve", "a page on which to change a study and see at once what becomes of it; until Ctrl-C");
    command->add_option("STUDIES", options.studies, "folder of study files (those that ship)");
    command->add_option("-o,--out", options.out, "folder for the runs (a temporary one)");
    command->add_option("--host", options.host, "address to listen at (127.0.0.1: this machine alone)");
    command->add_option("--port", options.port, "port to listen at; 0 takes any that is free (8080)")->check(CLI::Range(0, 65535));
    command->callback(
        [&arguments] { arguments.command = [&arguments] { return apps::serve::serve(arguments.serve, arguments.console); }; });
}

void add_simulate_command(CLI::App& app, Arguments& arguments) {
    auto* command = app.add_subcommand("simulate", "simulate OUT/mapping.json: OUT/simulation.json");
    command->add_option("OUT", arguments.out, "folder of a run")->required();
    command->add_option("--trace", arguments.trace.chrome, "also write a trace for Perfetto or chrome://tracing");
    command->add_option("--vcd", arguments.trace.vcd, "also write waves of links and boards");
    command->add_option("--from-bx", arguments.trace.from_bx, "first crossing that is traced (default 0)")->check(CLI::NonNegativeNumber);
    command->add_option("--crossings", arguments.trace.crossings, "crossings that are traced (default 20)")->check(CLI::PositiveNumber);
    command->add_option("--boards", arguments.trace.boards, "boards that are traced, as 0,3,4, with their links (default all)")
        ->delimiter(',');
    command->add_option("--links", arguments.trace.links, "links that are traced beside them, as 12,17")->delimiter(',');
    command->callback(
        [&arguments] { arguments.command = [&arguments] { return apps::simulate(arguments.out, arguments.trace, arguments.console); }; });
}

void add_commands(CLI::App& app, Arguments& arguments) {
    add_run_command(app, arguments);
    add_map_command(app, arguments);
    add_folder_command(app, arguments, "check", "check OUT/mapping.json from first principles", apps::check);
    add_simulate_command(app, arguments);
    add_folder_command(app, arguments, "report", "write OUT/report.{json,md,html}", apps::report);
    add_folder_command(app, arguments, "export", "boards and links as CSV, Graphviz and GraphML: OUT/boards.csv, OUT/boards.dot, ...",
                       apps::export_boards);

    add_explore_command(app, arguments);
    add_point_command(app, arguments);
    add_serve_command(app, arguments);

    auto* compare = app.add_subcommand("compare", "a table of what is published beside what Tessera says");
    compare->add_option("OUT", arguments.outs, "folders of runs")->required();
    compare->add_option("--into", arguments.page, "Markdown page whose table it takes the place of");
    compare->callback(
        [&arguments] { arguments.command = [&arguments] { return apps::compare(arguments.outs, arguments.page, arguments.console); }; });

    auto* inspect = app.add_subcommand("inspect", "operators, parameters, MACs, bits, sparsity and EBOPs of a network");
    inspect->add_option("MODEL", arguments.inspect.model, "ONNX file, conifer JSON file, or name of the zoo")->required();
    inspect->add_option("--bind", arguments.bindings, "value of a symbolic dimension, NAME=VALUE; may be repeated");
    inspect->add_option("--bits", arguments.inspect.bits, "width of weights and activations that the file does not quantise")
        ->check(CLI::Range(2, 32));
    inspect->callback([&arguments] {
        arguments.command = [&arguments] {
            arguments.inspect.bindings = read_bindings(arguments.bindings);
            return apps::inspect(arguments.inspect, arguments.console);
        };
    });

    auto* partition = app.add_subcommand("partition", "plain k-way partition of a METIS (.graph) or hMETIS (.hgr) file");
    partition->add_option("GRAPH", arguments.partition.graph, "graph, or hypergraph where the name ends in .hgr")->required();
    partition->add_option("-k,--blocks", arguments.partition.blocks, "number of blocks")->required()->check(CLI::Range(1, 1'000'000));
    partition->add_option("-o,--out", arguments.partition.out, "file for the block of each vertex, one a line")->required();
    partition->add_option("--imbalance", arguments.partition.imbalance, "what a block may weigh above the mean, as a fraction (0.03)")
        ->check(CLI::Range(0.0, 1.0));
    partition->add_option("--seed", arguments.partition.seed, "of every random choice");
    partition->callback(
        [&arguments] { arguments.command = [&arguments] { return apps::partition_graph(arguments.partition, arguments.console); }; });

    app.add_subcommand("validate", "cost models against published hardware results")->callback([&arguments] {
        arguments.command = [&arguments] { return apps::validate(arguments.console); };
    });

    auto* list = app.add_subcommand("list", "what the catalogues hold");
    list->add_option("WHAT", arguments.what, "boards, links, topologies or networks")
        ->required()
        ->check(CLI::IsMember({"boards", "links", "topologies", "networks"}));
    list->callback([&arguments] { arguments.command = [&arguments] { return apps::list(arguments.what, arguments.console); }; });
}

int run_command(int argc, char** argv) {
    CLI::App app{"Tessera: can this network run on these boards, for every bunch crossing and inside the latency budget?", "tessera"};
    app.footer(
        "Exit codes: 0 all requirements met, 1 bad input or usage, 2 a requirement is violated, 3 no mapping exists within the limits.");
    Arguments arguments;
    app.add_flag("--json", arguments.console.json, "machine-readable output alone on stdout");
    app.add_flag("-q,--quiet", arguments.console.quiet, "no log on stderr");
    app.require_subcommand(1);
    app.fallthrough();
    add_commands(app, arguments);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        throw InputError("command line", "", error.what(), "see tessera --help");
    }
    if (!arguments.console.quiet && ::isatty(STDERR_FILENO) == 1) arguments.console.progress = show_progress;
    std::signal(SIGINT, interrupt);
    return arguments.command();
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run_command(argc, argv);
    } catch (const InputError& error) {
        fmt::print(stderr, "tessera: {}\n", error.what());
        return kBadInput;
    } catch (const std::bad_alloc&) {
        fmt::print(stderr, "tessera: out of memory\n");
    } catch (const std::exception& error) {
        fmt::print(stderr, "tessera: internal error: {}; please report it with the input\n", error.what());
    }
    return kBadInput;
}
