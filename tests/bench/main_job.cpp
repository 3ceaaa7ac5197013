// The main job's times beside their limits: import and cost under 3 s, a whole run under 90 s and 3 GiB on 2 cores, for the CMS
// Particle Transformer (where it is there) and for the default study.
//
//   cmake --build --preset release --target bench_main_job && build/release/tests/bench_main_job
#include <fmt/format.h>

#include <chrono>
#include <filesystem>

#include "apps/commands.h"
#include "apps/steps.h"
#include "models/dataflow.h"
#include "models/precision.h"
#include "partition/node_mapper.h"

namespace {

using namespace tessera;

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Import, quantisation, and all implementations of every operator at the study's longest TMUX period.
double import_and_cost_s(const std::filesystem::path& file, const std::filesystem::path& replacement) {
    const apps::Study study = apps::read_study(file);
    const auto begin = std::chrono::steady_clock::now();
    models::Network network = apps::import_network(study, replacement);
    models::apply_precision(network, study.precisions.front());
    const auto problem = apps::mapping_problem(study, network);
    const auto planned = partition::plan_node(problem, models::dataflow(network), problem.tmux_periods_bx.back());
    const double seconds = seconds_since(begin);
    if (std::holds_alternative<partition::NodeFailure>(planned)) fmt::print("no implementation for some operator of {}\n", file.string());
    return seconds;
}

void measure(const std::string& name, const std::filesystem::path& replacement) {
    const auto study = std::filesystem::path(TESSERA_SOURCE_DIR) / "apps/studies" / (name + ".json");
    if (!replacement.empty() && !std::filesystem::exists(replacement)) {
        fmt::print("{:<28}  skipped: {} is not there\n", name, replacement.string());
        return;
    }
    const double import_and_cost = import_and_cost_s(study, replacement);
    const auto out = std::filesystem::temp_directory_path() / ("tessera_bench_" + name);
    apps::Console console;
    console.quiet = true;
    const auto begin = std::chrono::steady_clock::now();
    const int exit_code = apps::run(study, out, replacement, console);
    const double whole = seconds_since(begin);
    const auto report = JsonReader::from_file(out / "report.json").raw();
    const auto& timing = report["timing_s"];
    fmt::print("{:<28}{:>16.2f} s{:>9.2f} s{:>9.2f} s{:>9.2f} s{:>9.0f} MiB  exit code {}\n", name, import_and_cost,
               timing["map"].get<double>(), timing["simulate"].get<double>(), whole, report["peak_rss_mib"].get<double>(), exit_code);
    std::filesystem::remove_all(out);
}

}  // namespace

int main() {
    const std::string heads =
        fmt::format("{:<28}{:>18}{:>11}{:>11}{:>11}{:>13}", "study", "import and cost", "map", "simulate", "whole run", "peak RSS");
    measure("cms_particle_transformer", TESSERA_SHARED_DIR "/models/cms_particletransformer_AK4.onnx");
    measure("default", "");
    fmt::print("{}\n{:<28}{:>18}{:>33}{:>13}\n", heads, "limits", "3 s", "90 s", "3 GiB");
}
