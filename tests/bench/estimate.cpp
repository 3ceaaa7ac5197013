// The estimate of `tessera serve` beside what the mapper finds: studies as they ship, and some of them with one slider moved.
//
//   cmake --build --preset release --target bench_estimate && build/release/tests/bench_estimate [STUDY]
//
// STUDY leaves out all rows whose study does not contain it.
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <vector>

#include "apps/serve/estimate.h"
#include "apps/steps.h"

namespace {

using namespace tessera;

/// A study, and what differs from it.
struct Row {
    const char* study;
    const char* model = "";    ///< file that takes the place of the network; empty: none
    const char* pointer = "";  ///< into the study
    Json value{};
};

constexpr const char* kParticleTransformer = "cms_particletransformer_AK4.onnx";

std::vector<Row> rows() {
    std::vector<Row> all{{"jet_mlp"},
                         {"million_parameters"},
                         {"default"},
                         {"cms_particle_transformer_4bit", kParticleTransformer},
                         {"cms_particle_transformer_6bit", kParticleTransformer},
                         {"cms_particle_transformer", kParticleTransformer},
                         {"masked_particle_torus"},
                         {"masked_particle_fat_tree"},
                         {"cms_interaction_network", "cms_higgsInteractionNet.onnx"},
                         {"cms_deepdoublex", "cms_DeepDoubleX_BvL.onnx"},
                         {"cms_particlenet_hlt", "cms_HLT_ParticleNetAK4.onnx"},
                         {"qkeras_jet_tagger", "qzoo_qkeras_jettagging.onnx"},
                         {"axol1tl"},
                         {"dune_data_selection"},
                         {"foundation_model_trigger"},
                         {"hl_lhc_level1"}};
    for (const double rate : {16.0, 28.0, 56.0}) all.push_back({"default", "", "/link/line_rate_gbps", rate});
    for (const int boards : {300, 600}) all.push_back({"default", "", "/boards_available", boards});
    for (const int bits : {4, 5}) all.push_back({"default", "", "/precision", {{"weights", bits}, {"activations", bits}}});
    for (const int period : {6, 18}) all.push_back({"default", "", "/tmux_periods_bx", {period}});
    for (const int period : {2, 9}) all.push_back({"million_parameters", "", "/tmux_periods_bx", {period}});
    for (const double rate : {16.0, 56.0}) all.push_back({"million_parameters", "", "/link/line_rate_gbps", rate});
    for (const int bits : {2, 6}) all.push_back({"million_parameters", "", "/precision", {{"weights", bits}, {"activations", bits}}});
    return all;
}

double since_ms(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

/// Geometric mean and the worst of ratios, whichever way they err.
struct Errors {
    double sum = 0, worst = 0;
    int count = 0;

    void add(double estimated, double mapped) {
        const double error = std::abs(std::log(estimated / mapped));
        sum += error, worst = std::max(worst, error), ++count;
    }
    std::string text() const { return fmt::format("typically {:.2f} x, at the most {:.2f} x", std::exp(sum / count), std::exp(worst)); }
};

void measure(const Row& row, Errors& boards, Errors& latency) {
    const std::filesystem::path shared = TESSERA_SHARED_DIR;
    const auto file = std::filesystem::path(TESSERA_SOURCE_DIR) / "apps" / "studies" / (std::string(row.study) + ".json");
    const auto model = *row.model == '\0' ? std::filesystem::path() : shared / "models" / row.model;
    if (!model.empty() && !std::filesystem::exists(model)) return;
    Json json = apps::portable_study(file, model);
    if (*row.pointer != '\0') json[Json::json_pointer(row.pointer)] = row.value;
    const auto study = apps::read_study(JsonReader::from_text(row.study, json.dump()));
    auto network = apps::import_network(study, "");
    const auto begin = std::chrono::steady_clock::now();
    const auto likely = apps::serve::estimate(study, network).likely;
    const double estimate_ms = since_ms(begin);
    const auto begin_map = std::chrono::steady_clock::now();
    apps::apply_study(study, network);
    const auto found = apps::find_mapping(study, network);
    const double map_ms = since_ms(begin_map);
    const auto mapped = apps::figures_of(found.search, found.mapping);
    fmt::print("{:<30} {:<22} {:<10}", row.study, row.pointer, row.value.is_null() ? "" : row.value.dump().substr(0, 10));
    fmt::print(" {:>4} {:>6} {:>9.0f} {:>4} {:>6} {:>9.0f}", likely ? likely->tmux_period_bx : 0, likely ? likely->likely_boards : 0,
               likely ? likely->likely_latency_ns : 0, found.search.found() ? found.mapping.tmux_period_bx : 0, mapped.boards,
               mapped.latency_ns);
    fmt::print(" {:>8.0f} {:>9.0f}\n", estimate_ms, map_ms);
    std::fflush(stdout);
    if (!likely || mapped.boards == 0) return;
    boards.add(likely->likely_boards, mapped.boards);
    latency.add(likely->likely_latency_ns, mapped.latency_ns);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string only = argc > 1 ? argv[1] : "";
    fmt::print("{:<64} {:>4} {:>6} {:>9} {:>4} {:>6} {:>9} {:>8} {:>9}\n", "study", "TMUX", "boards", "ns", "TMUX", "boards", "ns", "ms",
               "map ms");
    Errors boards, latency;
    for (const auto& row : rows()) {
        if (std::string(row.study).find(only) != std::string::npos) measure(row, boards, latency);
    }
    if (boards.count > 0) fmt::print("boards {}\nlatency {}\n", boards.text(), latency.text());
}
