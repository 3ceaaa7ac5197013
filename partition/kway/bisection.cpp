#include "partition/kway/bisection.h"

#include <algorithm>
#include <cmath>
#include <queue>

#include "partition/kway/coarsening.h"
#include "partition/kway/local_search.h"
#include "partition/random.h"

namespace tessera::partition::kway {

namespace {

/// Grows block 0 from a random vertex until it has its share: next comes the vertex that costs least.
Partitioned grow(const Hypergraph& graph, Weight share, std::mt19937_64& generator) {
    Partitioned partition(graph, std::vector<Block>(graph.vertices(), 1), 2);
    using Entry = std::pair<Weight, Vertex>;
    std::priority_queue<Entry> front;
    const auto anywhere = [](Block, Weight) { return true; };
    const auto start = static_cast<Vertex>(draw(generator, graph.vertices()));
    std::vector<bool> seen(graph.vertices(), false);
    Vertex next_seed = 0;
    front.emplace(0, start);
    while (partition.block_weight(0) < share) {
        if (front.empty()) {  // another component
            while (next_seed < graph.vertices() && partition.block(next_seed) == 0) ++next_seed;
            if (next_seed == graph.vertices()) break;
            front.emplace(0, next_seed);
        }
        const auto [gain, vertex] = front.top();
        front.pop();
        if (partition.block(vertex) == 0) continue;
        const auto now = partition.best_move(vertex, anywhere);
        if (now.found && now.gain < gain && seen[vertex]) {
            front.emplace(now.gain, vertex);
            continue;
        }
        if (partition.block_weight(0) > 0 && partition.block_weight(0) + graph.weight(vertex) > share + share / 8) {
            if (front.empty()) break;
            continue;
        }
        partition.move(vertex, 0);
        for (const auto& each : graph.nets_of(vertex)) {
            for (const Vertex pin : graph.pins(each.net)) {
                if (partition.block(pin) == 0) continue;
                seen[pin] = true;
                front.emplace(partition.best_move(pin, anywhere).gain, pin);
            }
        }
    }
    return partition;
}

struct Sides {
    Weight share = 0;          ///< of block 0
    std::vector<Weight> most;  ///< of both
};

std::vector<Block> bisect(const Hypergraph& graph, const Sides& sides, std::mt19937_64& generator) {
    constexpr std::size_t kCoarsest = 120;
    const Weight largest = std::max<Weight>(1, graph.total_weight() / 40);
    const auto levels = coarsen(graph, kCoarsest, largest, generator);
    const Hypergraph& coarsest = levels.empty() ? graph : levels.back().graph;

    // Small ones are cheap to try again.
    const std::size_t tries = std::clamp<std::size_t>(2000 / std::max<std::size_t>(1, coarsest.vertices()), 12, 64);
    std::vector<Block> best;
    std::pair<Weight, Weight> best_cost;  // weight too much, connectivity
    for (std::size_t attempt = 0; attempt < tries; ++attempt) {
        Partitioned grown = grow(coarsest, sides.share, generator);
        rebalance(grown, sides.most);
        search_locally(grown, sides.most, generator);
        const Weight excess = std::max<Weight>({0, grown.block_weight(0) - sides.most[0], grown.block_weight(1) - sides.most[1]});
        const std::pair cost{excess, grown.connectivity()};
        if (best.empty() || cost < best_cost) best = grown.block_of(), best_cost = cost;
    }
    for (std::size_t l = levels.size(); l-- > 0;) {
        Partitioned partition(l == 0 ? graph : levels[l - 1].graph, projected(best, levels[l].cluster_of), 2);
        rebalance(partition, sides.most);
        search_locally(partition, sides.most, generator);
        best = partition.block_of();
    }
    return best;
}

}  // namespace

std::vector<Block> bisect_recursively(const Hypergraph& graph, Block blocks, Weight most, std::mt19937_64& generator) {
    if (blocks == 1 || graph.vertices() == 0) return std::vector<Block>(graph.vertices(), 0);
    const Block left = blocks / 2;
    // What each bisection may be off, so that all of them together are off by no more than allowed.
    const double slack = static_cast<double>(most) * blocks / static_cast<double>(std::max<Weight>(1, graph.total_weight()));
    const double step = std::pow(std::max(1.0, slack), 1 / std::ceil(std::log2(blocks)));
    const auto share_of = [&](Block part) { return static_cast<double>(graph.total_weight()) * part / blocks; };
    Sides sides;
    sides.share = static_cast<Weight>(share_of(left));
    for (const Block part : {left, blocks - left}) {
        const auto even = static_cast<Weight>(std::ceil(share_of(part) * step));
        sides.most.push_back(std::min<Weight>(even, most * static_cast<Weight>(part)));
    }
    const std::vector<Block> halves = bisect(graph, sides, generator);
    std::vector<Block> result(graph.vertices());
    for (const Block half : {Block{0}, Block{1}}) {
        const Block base = half == 0 ? 0 : left;
        const auto inside = bisect_recursively(induced(graph, halves, half), half == 0 ? left : blocks - left, most, generator);
        std::size_t position = 0;
        for (Vertex vertex = 0; vertex < graph.vertices(); ++vertex) {
            if (halves[vertex] == half) result[vertex] = base + inside[position++];
        }
    }
    return result;
}

}  // namespace tessera::partition::kway
