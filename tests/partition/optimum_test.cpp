#include <doctest/doctest.h>
#include <fmt/format.h>

#include <optional>
#include <string>

#include "partition/quicken.h"
#include "partition/refinement.h"
#include "partition/squeeze.h"
#include "tests/partition/exact_placement.h"
#include "tests/partition/integer_program.h"
#include "tests/partition/random_shard_graph.h"

namespace tessera::tests {

using namespace tessera::partition;

namespace {

RefinementSettings refinement_settings(double ports) {
    RefinementSettings settings;
    settings.ports = ports;
    settings.moves = 20000;
    return settings;
}

ShardGraph built_as(ShardGraph graph, const Placement& placement) {
    for (std::size_t s = 0; s < graph.shards.size(); ++s) graph.shards[s].chosen = placement.variant[s];
    return graph;
}

/// What the mapper does to a placement before it joins the boards; nothing where these would run out of ports.
std::optional<Placement> refined(const ShardGraph& graph, const BoardSpace& space, const Placement& placement, double ports) {
    const ShardGraph built = built_as(graph, placement);
    const Placement result = quicken(built, space, refine(built, space, placement, refinement_settings(ports)), {});
    if (!within_limits(graph, space, result)) return std::nullopt;
    return result;
}

/// As the mapper does it: boards are grown until their ports suffice, then the shards are squeezed onto fewer.
std::optional<Placement> placed(const ShardGraph& graph, const BoardSpace& space) {
    std::optional<Placement> best;
    GrowthLimits limits;
    double ports = 0.8;
    for (int attempt = 0; attempt < 8 && !best; ++attempt, limits.ports *= 0.88, ports *= 0.94) {
        const auto grown = grow_boards(graph, space, limits);
        if (const auto* placement = std::get_if<Placement>(&grown)) best = refined(graph, space, *placement, ports);
    }
    while (best && best->boards > 1) {
        auto settings = refinement_settings(0.9);
        settings.moves = 50000;
        auto fewer = squeeze(built_as(graph, *best), space, *best, best->boards - 1, settings, 3);
        if (fewer) fewer = refined(graph, space, *fewer, ports);
        if (!fewer) break;
        best = fewer;
    }
    return best;
}

}  // namespace

TEST_CASE("placements of small shard graphs are within 5 % of the optimum that an integer program proves") {
    if (!IntegerProgram::available()) {
        MESSAGE("skipped: the tests were built without GLPK (Debian package libglpk-dev)");
        return;
    }
    constexpr double kMostGap = 0.05;
    constexpr std::uint64_t kInstances = 36;
    std::string table = "shards  boards  least  cycles   least    gap\n";
    for (std::uint64_t seed = 1; seed <= kInstances; ++seed) {
        CAPTURE(seed);
        const RandomShardGraph kind{2 + seed % 4, 1 + (seed / 4) % 2, 0.6, 40, 0.001};
        const BoardSpace space = board_space(1 + static_cast<int>(seed % 2), 8, 27);
        const ShardGraph graph = random_shard_graph(kind, space, seed);
        const auto placement = placed(graph, space);
        REQUIRE(placement);
        const double cycles = analyse_timing(built_as(graph, *placement), *placement, {}).latency_cycles;
        const PlacementFigures best = best_placement(graph, space, {});
        CHECK(placement->boards == best.boards);  // of few boards one more is more than 5 %
        CHECK(cycles <= (1 + kMostGap) * best.latency_cycles);
        CHECK(cycles >= best.latency_cycles * (1 - 1e-6));  // or the program does not describe the problem
        table += fmt::format("{:>6}{:>8}{:>7}{:>8.1f}{:>8.1f}{:>5.1f} %\n", graph.shards.size(), placement->boards, best.boards, cycles,
                             best.latency_cycles, 100 * (cycles / best.latency_cycles - 1));
    }
    MESSAGE(table);
}

}  // namespace tessera::tests
