#include "partition/board_mix.h"

#include <doctest/doctest.h>

#include <optional>

#include "partition/quicken.h"
#include "partition/refinement.h"
#include "partition/squeeze.h"
#include "tests/partition/exact_placement.h"
#include "tests/partition/integer_program.h"
#include "tests/partition/random_shard_graph.h"

namespace tessera::tests {

using namespace tessera::partition;

namespace {

boards::BoardStock stock_of(const std::string& name, const Resources& capacity, int boards) {
    boards::BoardStock stock;
    stock.board.name = name;
    stock.board.device.total = capacity;
    stock.board.usable = {1, 1, 1, 1, 1};
    stock.boards = boards;
    return stock;
}

/// Two types: so many large boards, then smaller ones of one SLR, which hold less of all but block RAM.
BoardSpace mixed_space(std::size_t large, std::size_t small, int slrs = 2) {
    BoardSpace space = board_space(slrs, 12, 27);
    space.types.front().name = "large";
    space.types.front().boards = large;
    BoardOffer& other = space.types.emplace_back(space.types.front());
    other.name = "small";
    other.slrs = 1;
    other.slr_capacity = other.slr_capacity.scaled({0.9, 0.9, 0.7, 1.2, 0.8});
    other.ports = 8;
    other.boards = small;
    return space;
}

ShardGraph built_on(ShardGraph graph, const Placement& placement) {
    for (std::size_t s = 0; s < graph.shards.size(); ++s) graph.shards[s].chosen = placement.variant[s];
    return graph;
}

std::size_t boards_of_type(const Placement& placement, std::uint32_t type) {
    std::size_t count = 0;
    for (std::size_t b = 0; b < placement.boards; ++b) count += placement.type_of(b) == type ? 1 : 0;
    return count;
}

/// What shards take at the least at prices of the mean board's resources, in mean boards.
double priced_need(const ShardGraph& graph, const Resources& mean, const std::array<double, 5>& prices) {
    double sum = 0;
    for (std::uint32_t s = 0; s < graph.shards.size(); ++s) {
        std::optional<double> least;
        for (const auto& variant : graph.variants_of(s)) {
            double price = 0;
            for (std::size_t r = 0; r < prices.size(); ++r) price += prices[r] * variant.resources.values()[r] / mean.values()[r];
            least = std::min(least.value_or(price), price);
        }
        sum += *least;
    }
    return sum;
}

/// What the mapper does to a placement before it joins the boards; nothing where it is not within the limits then.
std::optional<Placement> settled(const ShardGraph& graph, const BoardSpace& space, const Placement& placement, double ports) {
    RefinementSettings settings;
    settings.ports = ports;
    settings.moves = 20000;
    const ShardGraph built = built_on(graph, placement);
    auto result = quicken(built, space, refine(built, space, placement, settings), {});
    if (!within_limits(graph, space, result)) return std::nullopt;
    return result;
}

/// As the mapper does it: boards are grown until their ports suffice, then the shards are squeezed onto fewer.
std::optional<Placement> placed_on_mix(const ShardGraph& graph, const BoardSpace& space) {
    RefinementSettings patient;
    patient.ports = 0.9;
    patient.moves = 50000;
    std::optional<Placement> best;
    GrowthLimits limits;
    double ports = 0.8;
    for (int attempt = 0; attempt < 8 && !best; ++attempt, limits.ports *= 0.88, ports *= 0.94) {
        const auto grown = grow_boards(graph, space, limits);
        if (!std::holds_alternative<Placement>(grown)) continue;
        std::optional<Placement> placement = std::get<Placement>(grown);
        if (!within_stock(space, *placement))
            placement = squeeze(built_on(graph, *placement), space, *placement, placement->boards, patient, 3);
        if (placement) best = settled(graph, space, *placement, ports);
    }
    while (best && best->boards > 1) {
        auto fewer = squeeze(built_on(graph, *best), space, *best, best->boards - 1, patient, 3);
        if (fewer) fewer = settled(graph, space, *fewer, ports);
        if (!fewer) break;
        best = std::move(fewer);
    }
    return best;
}

}  // namespace

TEST_CASE("the fewest boards are those that hold most, as many as there are") {
    const boards::Stock one{stock_of("a", {100, 100, 100, 100, 100}, 5)};
    CHECK(fewest_boards(3.3, {1}, one, 1) == 3.3);
    CHECK(fewest_boards(7, {1}, one, 1) == 7);
    const boards::Stock two{stock_of("a", {100, 100, 100, 100, 100}, 5), stock_of("b", {300, 300, 300, 300, 300}, 4)};
    CHECK(fewest_boards(9, {1, 3}, two, 1) == 3);
    CHECK(fewest_boards(14, {1, 3}, two, 1) == 6);             // four of the large ones and two small ones
    CHECK(fewest_boards(23, {1, 3}, two, 1) == 11);            // all nine hold 17; two large ones more
    CHECK(fewest_boards(9, {1, 3}, two, 2) == 4.0 + 1.0 / 3);  // of each time node: two large, two small, and more of the large
    CHECK(boards_in_node(two, 2) == 4);
    CHECK(boards_in_node(two, 1) == 9);
}

TEST_CASE("prices of the mean board value each type by what it holds, and one type by 1") {
    const std::array<double, 5> prices{0.5, 0.25, 0.25, 0, 0};
    CHECK(priced_sizes({stock_of("a", {123, 456, 789, 10, 0}, 7)}, prices) == std::vector<double>{1});
    const boards::Stock two{stock_of("a", {100, 200, 300, 400, 500}, 3), stock_of("b", {300, 400, 100, 0, 500}, 1)};
    CHECK(mean_board(two) == Resources{150, 250, 250, 300, 500});
    const auto sizes = priced_sizes(two, prices);
    CHECK(sizes[0] == doctest::Approx(0.5 * 100 / 150 + 0.25 * 200 / 250 + 0.25 * 300 / 250));
    CHECK(3 * sizes[0] + sizes[1] == doctest::Approx(4));
    CHECK(smallest_slr(two) == Resources{100, 200, 100, 0, 500});
    CHECK(largest_slr(two) == Resources{300, 400, 300, 400, 500});
}

TEST_CASE("boards of the first type are used up first, then those of the next; none is overfull, whatever is done to them") {
    const RandomShardGraph kind{12, 3, 0.5, 6, 0.001};
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        CAPTURE(seed);
        BoardSpace space = mixed_space(3, 40);
        for (BoardOffer& offer : space.types) offer.ports = 1000;
        const ShardGraph graph = random_shard_graph(kind, space, seed);
        const auto grown = std::get<Placement>(grow_boards(graph, space, {}));
        CHECK(boards_of_type(grown, 0) == 3);
        CHECK(boards_of_type(grown, 1) > 2);
        for (std::size_t b = 0; b < grown.boards; ++b) CHECK(grown.type_of(b) == (b < 3 ? 0 : 1));
        CHECK(within_limits(graph, space, grown));
        RefinementSettings settings;
        settings.moves = 20000;
        const ShardGraph built = built_on(graph, grown);
        const auto refined = refine(built, space, grown, settings);
        CHECK(within_limits(graph, space, refined));
        CHECK(within_limits(graph, space, quicken(built, space, refined, {})));
        // Those that are left keep their types; of one type that is missing, as many as there are.
        const auto squeezed = squeeze(built, space, grown, grown.boards - 1, settings, 3);
        if (squeezed) CHECK(within_limits(graph, space, *squeezed));
        space.types.back().boards = boards_of_type(grown, 1) - 1;
        CHECK_FALSE(within_stock(space, grown));
        const auto within = squeeze(built, space, grown, grown.boards, settings, 3);
        if (within) CHECK(within_limits(graph, space, *within));
        CHECK(squeezed.has_value() == within.has_value());
    }
}

TEST_CASE("where the first type is too small for what comes next, the next type takes it") {
    BoardSpace space = mixed_space(0, 0);
    std::swap(space.types[0], space.types[1]);
    for (BoardOffer& offer : space.types) offer.boards = 100, offer.ports = 1000;
    space.types[0].slr_capacity = space.types[0].slr_capacity * 0.1;
    const ShardGraph graph = random_shard_graph({6, 2, 0.4, 6, 0.001}, space, 3);
    BoardSpace reference = space;
    reference.types.erase(reference.types.begin());
    ShardGraph large = random_shard_graph({6, 2, 0.4, 6, 0.001}, reference, 3);
    const auto grown = std::get<Placement>(grow_boards(large, space, {}));
    CHECK(within_limits(large, space, grown));
    CHECK(boards_of_type(grown, 1) > 0);
    // And where there is none of that, it fits no board.
    space.types[1].boards = 1;
    const auto short_of = std::get<Placement>(grow_boards(large, space, {}));
    CHECK_FALSE(within_stock(space, short_of));
}

TEST_CASE("boards of two types: as few as an integer program proves, and no fewer than the priced bound") {
    if (!IntegerProgram::available()) {
        MESSAGE("skipped: the tests were built without GLPK (Debian package libglpk-dev)");
        return;
    }
    constexpr double kMostGap = 0.1;
    int on_both = 0;
    for (std::uint64_t seed = 1; seed <= 7; ++seed) {
        CAPTURE(seed);
        const RandomShardGraph kind{3 + seed % 3, 1 + seed % 2, 0.45, 20, 0.001};  // each fits an SLR of either type
        const BoardSpace space = mixed_space(1, 9, 1);
        const ShardGraph graph = random_shard_graph(kind, space, seed);
        const auto placement = placed_on_mix(graph, space);
        REQUIRE(placement);
        const PlacementFigures best = best_placement(graph, space, {});
        CHECK(placement->boards == best.boards);
        const double cycles = analyse_timing(built_on(graph, *placement), *placement, {}).latency_cycles;
        CHECK(cycles <= (1 + kMostGap) * best.latency_cycles);
        CHECK(cycles >= best.latency_cycles * (1 - 1e-6));
        on_both += boards_of_type(*placement, 0) > 0 && boards_of_type(*placement, 1) > 0 ? 1 : 0;

        boards::Stock stock;
        for (const BoardOffer& offer : space.types) stock.push_back(stock_of(offer.name, offer.capacity(), static_cast<int>(offer.boards)));
        for (const std::array<double, 5>& prices : {std::array<double, 5>{1, 0, 0, 0, 0}, {0, 0, 1, 0, 0}, {0.3, 0.1, 0.3, 0.3, 0}}) {
            const double need = priced_need(graph, mean_board(stock), prices);
            CHECK(fewest_boards(need, priced_sizes(stock, prices), stock, 1) <= static_cast<double>(best.boards) + 1e-9);
        }
    }
    CHECK(on_both > 2);
}

}  // namespace tessera::tests
