#include "partition/kway/kway.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <random>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "partition/kway/graph_file.h"
#include "tests/shared_files.h"

using namespace tessera;
using namespace tessera::partition::kway;

namespace {

Hypergraph grid(Vertex width, Vertex height) {
    std::vector<Hypergraph::Pins> nets;
    for (Vertex y = 0; y < height; ++y) {
        for (Vertex x = 0; x < width; ++x) {
            if (x + 1 < width) nets.push_back({{y * width + x, y * width + x + 1}, 1});
            if (y + 1 < height) nets.push_back({{y * width + x, (y + 1) * width + x}, 1});
        }
    }
    return {std::vector<Weight>(std::size_t{width} * height, 1), nets};
}

Hypergraph random_hypergraph(std::size_t vertices, std::size_t nets, std::size_t most_pins, std::mt19937& generator) {
    std::vector<Hypergraph::Pins> all;
    for (std::size_t n = 0; n < nets; ++n) {
        std::set<Vertex> pins;
        const std::size_t size = 2 + generator() % (most_pins - 1);
        while (pins.size() < size) pins.insert(static_cast<Vertex>(generator() % vertices));
        all.push_back({{pins.begin(), pins.end()}, static_cast<Weight>(1 + generator() % 5)});
    }
    std::vector<Weight> weights;
    for (std::size_t v = 0; v < vertices; ++v) weights.push_back(1 + generator() % 3);
    return {std::move(weights), all};
}

/// Connectivity from the definition alone.
Weight connectivity_of(const Hypergraph& graph, const std::vector<Block>& block_of) {
    Weight sum = 0;
    for (partition::kway::Net net = 0; net < graph.nets(); ++net) {
        std::set<Block> blocks;
        for (const Vertex pin : graph.pins(net)) blocks.insert(block_of[pin]);
        sum += graph.net_weight(net) * static_cast<Weight>(blocks.size() - 1);
    }
    return sum;
}

Weight heaviest_of(const Hypergraph& graph, const std::vector<Block>& block_of, Block blocks) {
    std::vector<Weight> weights(blocks, 0);
    for (Vertex v = 0; v < graph.vertices(); ++v) weights[block_of[v]] += graph.weight(v);
    return *std::max_element(weights.begin(), weights.end());
}

/// The best division in two, by trying all.
Weight best_bisection(const Hypergraph& graph, Weight most) {
    Weight best = std::numeric_limits<Weight>::max();
    for (std::uint32_t sides = 0; sides < (1U << (graph.vertices() - 1)); ++sides) {
        std::vector<Block> block_of;
        for (Vertex v = 0; v < graph.vertices(); ++v) block_of.push_back(sides >> v & 1U);
        if (heaviest_of(graph, block_of, 2) <= most) best = std::min(best, connectivity_of(graph, block_of));
    }
    return best;
}

class TemporaryFile {
  public:
    TemporaryFile(const std::string& name, const std::string& text)
        : path_(std::filesystem::temp_directory_path() / ("tessera_" + std::to_string(::getpid()) + "_" + name)) {
        write_file(path_, text);
    }
    ~TemporaryFile() { std::filesystem::remove(path_); }
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

std::string file_rejection(const std::string& name, const std::string& text) {
    const TemporaryFile file(name, text);
    try {
        read_graph(file.path());
    } catch (const InputError& error) {
        return error.what();
    }
    return "";
}

bool mentions(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("small hypergraphs are divided in two as well as any division does") {
    std::mt19937 generator(5);
    int best_found = 0;
    Weight all_found = 0, all_best = 0;
    constexpr int kCases = 40;
    for (int i = 0; i < kCases; ++i) {
        const Hypergraph graph = random_hypergraph(12, 24, i % 2 == 0 ? 2 : 4, generator);
        const KwayResult result = partition_kway(graph, {2, 0.2, 1});
        CHECK(result.heaviest_block <= result.allowed_block);
        const Weight best = best_bisection(graph, result.allowed_block);
        CHECK(result.connectivity >= best);
        all_found += result.connectivity, all_best += best;
        best_found += result.connectivity == best ? 1 : 0;
    }
    CHECK(best_found >= kCases * 9 / 10);
    CHECK(static_cast<double>(all_found) <= 1.03 * static_cast<double>(all_best));
}

TEST_CASE("a grid is cut along straight lines") {
    CHECK(partition_kway(grid(32, 32), {2, 0.03, 1}).cut == 32);
    CHECK(partition_kway(grid(32, 32), {4, 0.03, 1}).cut <= 73);  // 64 with straight lines
}

TEST_CASE("figures are those of the division, and blocks are as heavy as allowed at most") {
    std::mt19937 generator(11);
    for (const Block blocks : {Block{1}, Block{3}, Block{7}, Block{40}}) {
        const Hypergraph graph = random_hypergraph(600, 1500, 5, generator);
        const KwayResult result = partition_kway(graph, {blocks, 0.05, 3});
        REQUIRE(result.block_of.size() == 600);
        CHECK(*std::max_element(result.block_of.begin(), result.block_of.end()) < blocks);
        CHECK(result.connectivity == connectivity_of(graph, result.block_of));
        CHECK(result.heaviest_block == heaviest_of(graph, result.block_of, blocks));
        CHECK(result.heaviest_block <= result.allowed_block);
        CHECK(result.cut <= result.connectivity);
        CHECK(partition_kway(graph, {blocks, 0.05, 3}).block_of == result.block_of);
    }
}

TEST_CASE("odd graphs have a division too") {
    CHECK(partition_kway(Hypergraph({}, std::vector<Hypergraph::Pins>{}), {4, 0.03, 1}).block_of.empty());
    CHECK(partition_kway(Hypergraph({1}, std::vector<Hypergraph::Pins>{}), {4, 0.03, 1}).block_of.size() == 1);
    const KwayResult apart = partition_kway(Hypergraph(std::vector<Weight>(64, 1), std::vector<Hypergraph::Pins>{}), {8, 0, 1});
    CHECK(apart.cut == 0);
    CHECK(apart.heaviest_block == 8);
}

TEST_CASE("public graphs are cut better than METIS cuts them") {
    const auto path = tests::shared_file("graphs/delaunay_n15.graph");
    if (!path) return;
    const Hypergraph graph = read_graph(*path);
    CHECK(graph.vertices() == 32768);
    CHECK(graph.nets() == 98274);
    const KwayResult result = partition_kway(graph, {8, 0.03, 1});
    CHECK(result.heaviest_block <= result.allowed_block);
    CHECK(result.cut <= 1386);  // METIS 5.1, k-way, 3 %
}

TEST_CASE("METIS and hMETIS files are read with their weights") {
    const TemporaryFile graph("weighted.graph", "% a path of three\n3 2 11\n5 2 7\n6 1 7 3 9\n7 2 9\n");
    const Hypergraph path = read_graph(graph.path());
    REQUIRE(path.vertices() == 3);
    REQUIRE(path.nets() == 2);
    CHECK(path.weight(1) == 6);
    CHECK(path.net_weight(0) == 7);
    CHECK(path.net_weight(1) == 9);

    const TemporaryFile nets("weighted.hgr", "3 4 11\n2 1 2\n8 2 3 4\n5 1\n1\n2\n3\n4\n");
    const Hypergraph hypergraph = read_graph(nets.path());
    CHECK(hypergraph.vertices() == 4);
    CHECK(hypergraph.nets() == 2);  // one pin joins nothing
    CHECK(hypergraph.net_weight(1) == 8);
    CHECK(hypergraph.weight(3) == 4);
}

TEST_CASE("a graph file's mistakes are named with their line") {
    CHECK(mentions(file_rejection("a.graph", "2 1\n2\n"), "line 3: end of the file"));
    CHECK(mentions(file_rejection("a.graph", "2 1\n3\n1\n"), "line 2: vertex 3"));
    CHECK(mentions(file_rejection("a.graph", "2 1\n2\n\n"), "line 3"));
    CHECK(mentions(file_rejection("a.graph", "2 1\n\n1\n"), "does not list it"));
    CHECK(mentions(file_rejection("a.graph", "2 1\n1\n1\n"), "to itself"));
    CHECK(mentions(file_rejection("a.graph", "2 5\n2\n1\n"), "1 edges"));
    CHECK(mentions(file_rejection("a.graph", "two 1\n"), "\"two 1\""));
    CHECK(mentions(file_rejection("a.hgr", "1 2\n1 3\n"), "vertex 3"));
    CHECK(mentions(file_rejection("a.hgr", "2 2\n1 2\n"), "end of the file"));
    CHECK(mentions(file_rejection("a.hgr", "1 2 11\n0 1 2\n1\n1\n"), "net weight 0"));
}
