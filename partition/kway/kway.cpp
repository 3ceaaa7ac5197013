#include "partition/kway/kway.h"

#include <algorithm>
#include <cmath>

#include "partition/kway/bisection.h"
#include "partition/kway/coarsening.h"
#include "partition/kway/local_search.h"

namespace tessera::partition::kway {

namespace {

std::vector<Block> divide(const Hypergraph& graph, Block blocks, Weight most, std::mt19937_64& generator) {
    constexpr std::size_t kCoarsestPerBlock = 30, kCoarsest = 300;
    const std::size_t enough = std::max<std::size_t>(kCoarsestPerBlock * blocks, kCoarsest);
    const Weight largest = std::max<Weight>(1, 3 * graph.total_weight() / static_cast<Weight>(2 * enough));
    const auto levels = coarsen(graph, enough, largest, generator);
    const std::vector<Weight> limits(blocks, most);
    auto block_of = bisect_recursively(levels.empty() ? graph : levels.back().graph, blocks, most, generator);
    for (std::size_t l = levels.size() + 1; l-- > 0;) {
        if (l < levels.size()) block_of = projected(block_of, levels[l].cluster_of);
        Partitioned partition(l == 0 ? graph : levels[l - 1].graph, std::move(block_of), blocks);
        rebalance(partition, limits);
        search_locally(partition, limits, generator);
        block_of = partition.block_of();
    }
    return block_of;
}

}  // namespace

KwayResult partition_kway(const Hypergraph& graph, const KwayOptions& options) {
    std::mt19937_64 generator(options.seed);
    const double mean = static_cast<double>(graph.total_weight()) / options.blocks;
    KwayResult result;
    result.allowed_block = static_cast<Weight>(std::floor((1 + options.imbalance) * std::ceil(mean)));
    result.block_of = divide(graph, options.blocks, result.allowed_block, generator);

    const Partitioned partition(graph, result.block_of, options.blocks);
    result.connectivity = partition.connectivity();
    for (Net net = 0; net < graph.nets(); ++net) {
        const auto pins = graph.pins(net);
        const auto elsewhere = [&](Vertex pin) { return partition.block(pin) != partition.block(pins.front()); };
        if (std::any_of(pins.begin(), pins.end(), elsewhere)) result.cut += graph.net_weight(net);
    }
    for (Block block = 0; block < options.blocks; ++block) {
        result.heaviest_block = std::max(result.heaviest_block, partition.block_weight(block));
    }
    return result;
}

}  // namespace tessera::partition::kway
