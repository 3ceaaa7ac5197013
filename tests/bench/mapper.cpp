// The mapper beside METIS, Scotch (k-way and static mapping) and a fill layer by layer, which get the same shards, links, schedule and
// checks. Of the best baseline's row there are two more questions: our lowest latency on as many boards, and our fewest boards at its
// latency.
//
//   cmake --build --preset release --target bench_mapper && build/release/tests/bench_mapper [NETWORK [TOPOLOGY [BY [refined]]]]
//
// NETWORK, TOPOLOGY and BY leave out all rows whose name does not contain them. With `refined`, the baselines' boards go through our
// refinement as well: what is left of the difference is then due to growth and squeezing. Every row has the same time limit and counts
// with the best that was found by then.
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <optional>

#include "apps/steps.h"
#include "models/precision.h"
#include "models/strategy_rules.h"

namespace {

using namespace tessera;
using partition::Partitioner;

struct Case {
    std::string name;
    std::string study;
    std::string file;  ///< takes the place of the study's network; empty: none
    std::string zoo;   ///< the same, by name
};

const std::array kCases{Case{"CMS ParT 4 bit", "cms_particle_transformer_4bit", "cms_particletransformer_AK4.onnx", ""},
                        Case{"CMS ParT 6 bit", "cms_particle_transformer_6bit", "cms_particletransformer_AK4.onnx", ""},
                        Case{"CMS ParT 8 bit", "cms_particle_transformer", "cms_particletransformer_AK4.onnx", ""},
                        Case{"masked particle 6 bit", "default", "", ""},
                        Case{"OmniJet-alpha 6 bit", "default", "", "omnijet_alpha"},
                        Case{"Moonshine 8 bit", "moonshine_encoder", "moonshine_tiny_encoder_q8.onnx", ""}};
constexpr std::array kTopologies{"patch_panel", "fat_tree", "torus3d", "dragonfly"};
constexpr std::array<std::pair<const char*, Partitioner>, 5> kPartitioners{{{"tessera", Partitioner::tessera},
                                                                            {"metis", Partitioner::metis},
                                                                            {"scotch", Partitioner::scotch},
                                                                            {"scotch-map", Partitioner::scotch_map},
                                                                            {"greedy", Partitioner::greedy}}};

constexpr std::chrono::seconds kTimeLimit{30};

struct Outcome {
    bool in_budget = false;
    double boards = 0;
    double latency_ns = 0;
};

/// Maps, checks and prints one row.
std::optional<Outcome> measure(const Case& what, const std::string& topology, const apps::Study& study, const models::Network& network,
                               std::pair<const char*, Partitioner> partitioner, bool refined = false) {
    const auto begin = std::chrono::steady_clock::now();
    partition::MapperOptions options;
    options.partitioner = partitioner.second;
    options.refine_baseline = refined;
    options.should_stop = [&] { return std::chrono::steady_clock::now() - begin > kTimeLimit; };
    const auto [search, mapping, front] = apps::find_mapping(study, network, options);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    fmt::print("{:<22} {:<12} {:<11}", what.name, topology, partitioner.first);
    if (!search.found()) {
        fmt::print(" none: {} ({:.0f} of {:.0f} {}) {:>8.1f}\n", search.no_mapping_constraint, search.needed, search.available, search.unit,
                   seconds);
        return std::nullopt;
    }
    const Outcome found{true, static_cast<double>(mapping.boards_in_system()), mapping.analytic_latency_ns()};
    const auto violations = apps::check_mapping(study, network, mapping);
    fmt::print("{:>5}{:>8.0f}{:>7.2f}{:>10.0f}{:>7.2f}{:>7.2f}{:>9.1f}{}{}\n", mapping.tmux_period_bx, found.boards,
               found.boards / search.bounds.boards, found.latency_ns, found.latency_ns / search.bounds.latency_ns,
               found.latency_ns / std::max(search.bounds.with_hops_ns, search.bounds.on_boards_ns), seconds,
               found.latency_ns > study.latency_budget_ns ? "  over the latency budget" : "",
               violations.empty() ? "" : "  REJECTED: " + violations.front().what);
    return Outcome{found.latency_ns <= study.latency_budget_ns, found.boards, found.latency_ns};
}

/// Geometric means of our figures over a baseline's, where both are within the budget.
class Comparison {
  public:
    void add(const Outcome& ours, const Outcome& theirs) {
        if (!ours.in_budget || !theirs.in_budget) return;
        log_boards_ += std::log(ours.boards / theirs.boards), log_latency_ += std::log(ours.latency_ns / theirs.latency_ns), ++rows_;
    }
    void print(const std::string& name) const {
        if (rows_ == 0) return;
        fmt::print("tessera over {:<16} {:.3f} of the boards, {:.3f} of the latency (geometric means of {} rows)\n", name,
                   std::exp(log_boards_ / rows_), std::exp(log_latency_ / rows_), rows_);
    }

  private:
    double log_boards_ = 0, log_latency_ = 0;
    int rows_ = 0;
};

bool contains(const std::string& text, int argc, char** argv, int position) {
    return argc <= position || text.find(argv[position]) != std::string::npos;
}

void measure_all(int argc, char** argv) {
    fmt::print("{:<22} {:<12} {:<11}{:>5}{:>8}{:>7}{:>10}{:>7}{:>7}{:>9}\n", "network", "topology", "by", "TMUX", "boards", "bound x", "ns",
               "bound x", "tight x", "seconds");
    std::array<Comparison, kPartitioners.size()> comparisons;  // the first: against the best of all baselines
    Comparison equal_boards, equal_latency;
    for (const Case& what : kCases) {
        const std::filesystem::path file = what.file.empty() ? "" : std::filesystem::path(TESSERA_SHARED_DIR "/models") / what.file;
        if (!contains(what.name, argc, argv, 1)) continue;
        if (!file.empty() && !std::filesystem::exists(file)) {
            fmt::print("{:<22} skipped: {} is not there\n", what.name, file.string());
            continue;
        }
        apps::Study study = apps::read_study(std::filesystem::path(TESSERA_SOURCE_DIR) / "apps/studies" / (what.study + ".json"));
        if (!what.zoo.empty()) study.network = JsonReader::from_text("network", fmt::format(R"({{"zoo": "{}"}})", what.zoo));
        study.tmux_periods_bx = {1, 2, 3, 6, 9, 18};
        models::Network network = apps::import_network(study, file);
        models::apply_precision(network, study.precisions.front());
        network.clock_mhz = study.clock.processing_mhz();
        for (const std::string topology : kTopologies) {
            if (!contains(topology, argc, argv, 2)) continue;
            study.topology = JsonReader::from_text("topology", fmt::format(R"({{"kind": "{}"}})", topology));
            std::optional<Outcome> ours, best;
            for (std::size_t p = 0; p < kPartitioners.size(); ++p) {
                if (!contains(kPartitioners[p].first, argc, argv, 3)) continue;
                const auto found = measure(what, topology, study, network, kPartitioners[p], argc > 4);
                if (p == 0) ours = found;
                if (p == 0 || !found || !found->in_budget) continue;
                if (ours) comparisons[p].add(*ours, *found);
                if (!best || std::pair(found->boards, found->latency_ns) < std::pair(best->boards, best->latency_ns)) best = found;
            }
            if (!ours || !best) continue;
            comparisons[0].add(*ours, *best);
            apps::Study same = study;
            same.objective = partition::Objective::latency;
            same.boards_available = static_cast<int>(best->boards);
            if (const auto found = measure(what, topology, same, network, {"at boards", Partitioner::tessera}))
                equal_boards.add(*found, *best);
            same.objective = partition::Objective::boards;
            same.latency_budget_ns = best->latency_ns;
            if (const auto found = measure(what, topology, same, network, {"at ns", Partitioner::tessera}))
                equal_latency.add(*found, *best);
        }
    }
    for (std::size_t p = 1; p < kPartitioners.size(); ++p) comparisons[p].print(kPartitioners[p].first);
    comparisons[0].print("the best of them");
    equal_boards.print("it at its boards");
    equal_latency.print("it at its latency");
}

}  // namespace

int main(int argc, char** argv) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    try {
        measure_all(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_mapper: {}\n", error.what());
        return 1;
    }
    return 0;
}
