#include <metis.h>

#include <algorithm>
#include <cmath>

#include "partition/baselines.h"

namespace tessera::partition {

std::vector<std::uint32_t> metis_blocks(const WeightedGraph& graph, const BlockTypes& types, std::uint64_t seed) {
    constexpr double kUnitsOfBoard = 100000;  // METIS takes whole numbers
    const std::size_t blocks = types.size();
    if (blocks < 2) return std::vector<std::uint32_t>(graph.vertices(), 0);
    auto vertices = static_cast<idx_t>(graph.vertices()), parts = static_cast<idx_t>(blocks);
    auto constraints = static_cast<idx_t>(graph.board_fractions.front().size());
    std::vector<idx_t> weights;
    std::vector<double> totals(graph.board_fractions.front().size(), 0);
    for (const auto& fractions : graph.board_fractions) {
        for (std::size_t r = 0; r < fractions.size(); ++r) {
            weights.push_back(static_cast<idx_t>(std::ceil(fractions[r] * kUnitsOfBoard)));
            totals[r] += fractions[r];
        }
    }
    std::vector<double> room(totals.size(), 0);
    for (const std::uint32_t type : types) {
        for (std::size_t r = 0; r < room.size(); ++r) room[r] += graph.type_sizes[type][r];
    }
    // A block may weigh more than its part by as much as a board has room for.
    std::vector<real_t> imbalance, parts_of_all;
    imbalance.reserve(totals.size());
    for (std::size_t r = 0; r < room.size(); ++r) imbalance.push_back(static_cast<real_t>(std::max(1.001, room[r] / totals[r])));
    if (graph.type_sizes.size() > 1) {
        for (const std::uint32_t type : types) {
            for (std::size_t r = 0; r < room.size(); ++r) parts_of_all.push_back(static_cast<real_t>(graph.type_sizes[type][r] / room[r]));
        }
    }
    std::vector<idx_t> first(graph.first_edge.begin(), graph.first_edge.end()), ends(graph.ends.begin(), graph.ends.end());
    std::vector<idx_t> frames(graph.frames.begin(), graph.frames.end()), block_of(graph.vertices(), 0);
    idx_t options[METIS_NOPTIONS];
    METIS_SetDefaultOptions(options);
    options[METIS_OPTION_SEED] = static_cast<idx_t>(seed % 0x7fffffff);
    idx_t cut = 0;
    const int outcome =
        METIS_PartGraphKway(&vertices, &constraints, first.data(), ends.data(), weights.data(), nullptr, frames.data(), &parts,
                            parts_of_all.empty() ? nullptr : parts_of_all.data(), imbalance.data(), options, &cut, block_of.data());
    if (outcome != METIS_OK) return {};
    return {block_of.begin(), block_of.end()};
}

}  // namespace tessera::partition
