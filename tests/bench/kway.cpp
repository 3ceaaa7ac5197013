// Tessera's plain k-way partitioner beside METIS, in one run: cuts and times as ratios.
//
//   cmake --build --preset release --target bench_kway && build/release/tests/bench_kway
#include <fmt/format.h>
#include <metis.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <random>
#include <set>

#include "partition/kway/graph_file.h"
#include "partition/kway/kway.h"
#include "partition/random.h"

namespace {

using namespace tessera::partition;
using kway::Hypergraph;
using kway::Vertex;

struct Case {
    std::string name;
    Hypergraph graph;
};

Hypergraph unit_graph(std::size_t vertices, const std::set<std::pair<Vertex, Vertex>>& edges) {
    std::vector<Hypergraph::Pins> nets;
    for (const auto& [a, b] : edges) nets.push_back({{a, b}, 1});
    return {std::vector<kway::Weight>(vertices, 1), nets};
}

Hypergraph grid(Vertex width, Vertex height, Vertex depth) {
    std::set<std::pair<Vertex, Vertex>> edges;
    const auto at = [&](Vertex x, Vertex y, Vertex z) { return (z * height + y) * width + x; };
    for (Vertex z = 0; z < depth; ++z) {
        for (Vertex y = 0; y < height; ++y) {
            for (Vertex x = 0; x < width; ++x) {
                if (x + 1 < width) edges.insert({at(x, y, z), at(x + 1, y, z)});
                if (y + 1 < height) edges.insert({at(x, y, z), at(x, y + 1, z)});
                if (z + 1 < depth) edges.insert({at(x, y, z), at(x, y, z + 1)});
            }
        }
    }
    return unit_graph(std::size_t{width} * height * depth, edges);
}

Hypergraph random_graph(std::size_t vertices, std::size_t edges, std::uint64_t seed) {
    std::mt19937_64 generator(seed);
    std::set<std::pair<Vertex, Vertex>> all;
    while (all.size() < edges) {
        const auto a = static_cast<Vertex>(draw(generator, vertices)), b = static_cast<Vertex>(draw(generator, vertices));
        if (a != b) all.insert({std::min(a, b), std::max(a, b)});
    }
    return unit_graph(vertices, all);
}

struct Outcome {
    double cut = 0;
    double seconds = 0;
};

template <typename Work>
Outcome measured(const Work& work) {
    const auto begin = std::chrono::steady_clock::now();
    const double cut = work();
    return {cut, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count()};
}

Outcome run_metis(const Hypergraph& graph, idx_t blocks) {
    std::vector<idx_t> first{0}, ends, block_of(graph.vertices());
    for (Vertex v = 0; v < graph.vertices(); ++v) {
        for (const auto& incidence : graph.nets_of(v)) ends.push_back(static_cast<idx_t>(incidence.other_end));
        first.push_back(static_cast<idx_t>(ends.size()));
    }
    idx_t options[METIS_NOPTIONS];
    METIS_SetDefaultOptions(options);
    options[METIS_OPTION_UFACTOR] = 30;  // 3 %
    options[METIS_OPTION_SEED] = 1;
    auto vertices = static_cast<idx_t>(graph.vertices());
    idx_t constraints = 1, cut = 0;
    return measured([&] {
        METIS_PartGraphKway(&vertices, &constraints, first.data(), ends.data(), nullptr, nullptr, nullptr, &blocks, nullptr, nullptr,
                            options, &cut, block_of.data());
        return static_cast<double>(cut);
    });
}

std::vector<Case> cases() {
    std::vector<Case> all;
    const std::filesystem::path delaunay = TESSERA_SHARED_DIR "/graphs/delaunay_n15.graph";
    if (std::filesystem::exists(delaunay)) {
        all.push_back({"delaunay_n15", kway::read_graph(delaunay)});
    } else {
        fmt::print("skipped: {} is not there\n", delaunay.string());
    }
    all.push_back({"grid 200 x 200", grid(200, 200, 1)});
    all.push_back({"grid 32 x 32 x 32", grid(32, 32, 32)});
    all.push_back({"random 20000, degree 6", random_graph(20000, 60000, 7)});
    return all;
}

}  // namespace

int main() {
    fmt::print("{:<24}{:>6}{:>10}{:>10}{:>9}{:>12}{:>12}{:>9}\n", "graph", "k", "cut", "METIS", "ratio", "seconds", "METIS", "ratio");
    double log_cut = 0, log_time = 0;
    int rows = 0;
    for (const auto& [name, graph] : cases()) {
        for (const int blocks : {8, 64, 256}) {
            const kway::KwayOptions options{static_cast<kway::Block>(blocks), 0.03, 1};
            const Outcome ours = measured([&] { return static_cast<double>(kway::partition_kway(graph, options).cut); });
            const Outcome metis = run_metis(graph, blocks);
            fmt::print("{:<24}{:>6}{:>10}{:>10}{:>9.3f}{:>12.3f}{:>12.3f}{:>9.2f}\n", name, blocks, ours.cut, metis.cut,
                       ours.cut / metis.cut, ours.seconds, metis.seconds, ours.seconds / metis.seconds);
            log_cut += std::log(ours.cut / metis.cut), log_time += std::log(ours.seconds / metis.seconds), ++rows;
        }
    }
    fmt::print("geometric mean: {:.3f} of METIS's cut in {:.2f} x its time\n", std::exp(log_cut / rows), std::exp(log_time / rows));
}
