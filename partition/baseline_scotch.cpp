#include <algorithm>
#include <cmath>
#include <cstdio>

// Scotch's header takes FILE for granted.
#include <scotch.h>

#include "partition/baselines.h"

namespace tessera::partition {

std::vector<std::uint32_t> scotch_blocks(const WeightedGraph& graph, std::size_t blocks, std::uint64_t seed) {
    constexpr double kUnitsOfBoard = 10000;  // Scotch takes whole numbers
    if (blocks < 2) return std::vector<std::uint32_t>(graph.vertices(), 0);
    std::vector<SCOTCH_Num> first(graph.first_edge.begin(), graph.first_edge.end()), ends(graph.ends.begin(), graph.ends.end());
    std::vector<SCOTCH_Num> frames(graph.frames.begin(), graph.frames.end()), weights, block_of(graph.vertices(), 0);
    double total = 0;
    for (const auto& fractions : graph.board_fractions) {
        const double scarcest = *std::max_element(fractions.begin(), fractions.end());
        weights.push_back(std::max<SCOTCH_Num>(1, static_cast<SCOTCH_Num>(std::ceil(scarcest * kUnitsOfBoard))));
        total += scarcest;
    }
    const double imbalance = std::max(0.01, static_cast<double>(blocks) / total - 1);

    SCOTCH_Context context;
    SCOTCH_Graph plain, bound;
    SCOTCH_Strat strategy;
    SCOTCH_contextInit(&context);
    SCOTCH_contextOptionSetNum(&context, SCOTCH_OPTIONNUMDETERMINISTIC, 1);
    SCOTCH_contextRandomSeed(&context, static_cast<SCOTCH_Num>(seed % 0x7fffffff));
    SCOTCH_contextThreadSpawn(&context, 1, nullptr);
    SCOTCH_graphInit(&plain);
    SCOTCH_graphBuild(&plain, 0, static_cast<SCOTCH_Num>(graph.vertices()), first.data(), first.data() + 1, weights.data(), nullptr,
                      static_cast<SCOTCH_Num>(ends.size()), ends.data(), frames.data());
    SCOTCH_graphInit(&bound);
    SCOTCH_contextBindGraph(&context, &plain, &bound);
    SCOTCH_stratInit(&strategy);
    SCOTCH_stratGraphMapBuild(&strategy, SCOTCH_STRATQUALITY, static_cast<SCOTCH_Num>(blocks), imbalance);
    SCOTCH_graphPart(&bound, static_cast<SCOTCH_Num>(blocks), &strategy, block_of.data());
    SCOTCH_stratExit(&strategy);
    SCOTCH_graphExit(&bound);
    SCOTCH_graphExit(&plain);
    SCOTCH_contextExit(&context);
    return {block_of.begin(), block_of.end()};
}

}  // namespace tessera::partition
