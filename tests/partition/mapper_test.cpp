#include "partition/mapper.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <random>

#include "core/error.h"
#include "models/arrival.h"
#include "partition/check.h"
#include "partition/node_mapper.h"
#include "partition/random.h"
#include "tests/partition/mapping_problems.h"

using namespace tessera;
using namespace tessera::partition;

TEST_CASE("a small network takes one board and one time node") {
    const auto network = perceptron(16, 32);
    const auto problem = problem_of(network, board_of(1728000, 4, 124), kPatchPanel, 100);
    const auto outcome = map_network(problem);
    const auto& result = mapped(outcome);
    check_result(problem, result);
    CHECK(result.mapping.boards_in_system() == 1);
    CHECK(result.mapping.tmux_period_bx == 1);
    CHECK(result.bounds.boards == 1);
}

TEST_CASE("an input that arrives late is waited for, and no source may claim to be early") {
    auto network = perceptron(16, 8);
    const auto prompt = problem_of(network, board_of(200000, 1, 8), kPatchPanel, 1);
    const auto before = std::get<MappingResult>(map_network(prompt));
    models::apply_arrivals(network, models::read_arrivals(JsonReader::from_text("arrivals", R"({"*": 1, "x": 1000})")));
    const auto problem = problem_of(network, board_of(200000, 1, 8), kPatchPanel, 1);
    auto result = std::get<MappingResult>(map_network(problem));
    check_result(problem, result);
    CHECK(result.mapping.analytic_latency_ticks == before.mapping.analytic_latency_ticks + 361);  // 1000 ns, rounded up to a cycle
    CHECK(result.bounds.latency_ns > 1000);
    result.mapping.shards.front().latency_cycles = 100;
    const auto violations = check_against(result.mapping, network, problem.boards);
    REQUIRE(violations.size() == 1);
    CHECK(violations.front().what == "its data are there after 1000.0 ns, not 277.2 ns");
    CHECK_THROWS_WITH_AS(models::apply_arrivals(network, models::read_arrivals(JsonReader::from_text("arrivals", R"({"y": 1})"))),
                         doctest::Contains("no input of perceptron matches"), InputError);
}

TEST_CASE("a transformer over several boards passes the independent checker") {
    const auto network = small_transformer(32, 32, 4, 2);
    const auto problem = problem_of(network, board_of(200000, 2, 64), kPatchPanel, 500);
    const auto outcome = map_network(problem);
    const auto& result = mapped(outcome);
    check_result(problem, result);
    CHECK(result.mapping.boards.size() > 1);
    CHECK(result.candidates.size() == 6);
}

TEST_CASE("an autoencoder between convolutions is laid out over several boards") {
    const auto network = quantised(compressed_image());
    const auto problem = problem_of(network, board_of(50000, 1, 64), kPatchPanel, 500);
    const auto result = mapped(map_network(problem));
    check_result(problem, result);
    CHECK(result.mapping.boards.size() > 1);
    const auto is_code = [](const Shard& shard) { return shard.name.find("hidden.encoder.0.activation") == 0; };
    CHECK(std::any_of(result.mapping.shards.begin(), result.mapping.shards.end(), is_code));
}

TEST_CASE("the lowest latency is asked for at any number of boards, and the front holds what no other mapping beats") {
    const auto network = small_transformer(16, 32, 4, 2);
    auto problem = problem_of(network, board_of(100000, 2, 64), kPatchPanel, 500);
    problem.tmux_periods_bx = {1, 3, 9};
    const auto find = [&](Objective objective) {
        MapperOptions options;
        options.objective = objective;
        auto result = mapped(map_network(problem, options));
        check_result(problem, result);
        return result;
    };
    const auto fewest = find(Objective::boards), quickest = find(Objective::latency), both = find(Objective::pareto);
    CHECK(fewest.front.empty());
    CHECK(quickest.mapping.analytic_latency_ticks < fewest.mapping.analytic_latency_ticks);
    CHECK(quickest.mapping.boards_in_system() > fewest.mapping.boards_in_system());
    CHECK(both.mapping.boards_in_system() == fewest.mapping.boards_in_system());
    REQUIRE(both.front.size() >= 2);
    CHECK(std::find(both.front.begin(), both.front.end(), both.mapping) != both.front.end());
    CHECK(both.front.back().analytic_latency_ticks == quickest.mapping.analytic_latency_ticks);
    for (std::size_t i = 0; i < both.front.size(); ++i) {
        CHECK(check(both.front[i]).empty());
        if (i == 0) continue;
        CHECK(both.front[i - 1].boards_in_system() < both.front[i].boards_in_system());
        CHECK(both.front[i - 1].analytic_latency_ns() > both.front[i].analytic_latency_ns());
    }
}

TEST_CASE("the same seed gives the same bytes") {
    const auto network = small_transformer(16, 32, 4, 1);
    const auto problem = problem_of(network, board_of(60000, 2, 64), kPatchPanel, 500);
    const auto first = map_network(problem, {.seed = 7}), second = map_network(problem, {.seed = 7});
    CHECK(to_json(mapped(first).mapping).dump() == to_json(mapped(second).mapping).dump());
}

TEST_CASE("the search finds the same on any number of threads") {
    const auto network = small_transformer(16, 16, 2, 1);
    auto problem = problem_of(network, board_of(60000, 2, 64), kPatchPanel, 500);
    problem.tmux_periods_bx = {2, 6, 18};
    for (const auto objective : {Objective::boards, Objective::pareto}) {
        const auto alone = mapped(map_network(problem, {.objective = objective}));
        const auto together = mapped(map_network(problem, {.objective = objective, .threads = 2}));
        CHECK(together.mapping == alone.mapping);
        CHECK(together.front == alone.front);
        REQUIRE(together.candidates.size() == alone.candidates.size());
        for (std::size_t c = 0; c < alone.candidates.size(); ++c) CHECK(together.candidates[c].note == alone.candidates[c].note);
    }
}

TEST_CASE("every partitioner's boards pass the same checks, the same bytes each time") {
    const auto network = small_transformer(16, 32, 4, 1);
    const auto problem = problem_of(network, board_of(50000, 2, 124), kPatchPanel, 500);
    const auto ours = map_network(problem);
    for (const auto partitioner : {Partitioner::metis, Partitioner::scotch, Partitioner::scotch_map, Partitioner::greedy}) {
        for (const bool refined : {false, true}) {
            CAPTURE(static_cast<int>(partitioner));
            CAPTURE(refined);
            const MapperOptions options{.seed = 3, .partitioner = partitioner, .refine_baseline = refined};
            const auto first = map_network(problem, options), second = map_network(problem, options);
            check_result(problem, mapped(first));
            CHECK(mapped(first).mapping.boards.size() > 1);
            CHECK(to_json(mapped(first).mapping).dump() == to_json(mapped(second).mapping).dump());
            CHECK(mapped(ours).mapping.boards_in_system() <= mapped(first).mapping.boards_in_system());
        }
    }
}

TEST_CASE("one board too few is no mapping, with the constraint and by how much") {
    const auto network = small_transformer(32, 32, 4, 2);
    auto problem = problem_of(network, board_of(400000, 2, 64), kPatchPanel, 500);
    const auto outcome = map_network(problem);
    problem.boards_available = mapped(outcome).bounds.boards - 1;
    problem.tmux_periods_bx = {mapped(outcome).mapping.tmux_period_bx};
    const auto none = map_network(problem);
    REQUIRE(std::holds_alternative<NoMapping>(none));
    const auto& reason = std::get<NoMapping>(none);
    CHECK(reason.needed > reason.available);
    CHECK(reason.unit == "boards");
    CHECK(reason.explanation.find(reason.constraint) != std::string::npos);
    CHECK(reason.candidates.size() == 1);
}

TEST_CASE("boards without ports carry nothing") {
    const auto network = perceptron(16, 32);
    const auto outcome = map_network(problem_of(network, board_of(1728000, 4, 0), kPatchPanel, 100));
    REQUIRE(std::holds_alternative<NoMapping>(outcome));
    CHECK(std::get<NoMapping>(outcome).constraint == "ports");
}

TEST_CASE("a search may be stopped: with nothing found, or with the best so far") {
    const auto network = small_transformer(32, 32, 4, 2);
    const auto problem = problem_of(network, board_of(400000, 2, 64), kPatchPanel, 500);
    MapperOptions options;
    options.should_stop = [] { return true; };
    const auto nothing = map_network(problem, options);
    REQUIRE(std::holds_alternative<NoMapping>(nothing));
    CHECK(std::get<NoMapping>(nothing).constraint == "time");

    int asked = 0;
    options.should_stop = [&] { return ++asked > 8; };  // all periods are planned, one is mapped
    const auto outcome = map_network(problem, options);
    check_result(problem, mapped(outcome));
    CHECK(mapped(outcome).mapping.boards_in_system() >= mapped(map_network(problem)).mapping.boards_in_system());
}

TEST_CASE("random networks on random boards pass the checker and stay above their bounds") {
#ifdef __SANITIZE_ADDRESS__
    constexpr int kRounds = 6;
#else
    constexpr int kRounds = 18;
#endif
    constexpr std::array kFixed{R"({"kind": "torus3d"})", R"({"kind": "fat_tree"})", R"({"kind": "dragonfly"})"};
    std::mt19937_64 random(20260101);
    int found = 0;
    for (int round = 0; round < kRounds; ++round) {
        CAPTURE(round);
        const int heads = 1 << draw(random, 3);
        const auto channels = static_cast<std::int64_t>(heads) * static_cast<std::int64_t>(4 + 4 * draw(random, 4));
        const auto network =
            small_transformer(static_cast<std::int64_t>(3 + draw(random, 40)), channels, heads, static_cast<int>(1 + draw(random, 2)));
        const auto board = board_of(static_cast<double>(30000 + 20000 * draw(random, 10)), static_cast<int>(1 + draw(random, 4)),
                                    static_cast<int>(24 + draw(random, 100)));
        const bool fixed = round % 3 == 2;
        auto problem = problem_of(network, board, fixed ? kFixed[draw(random, kFixed.size())] : kPatchPanel, 3000);
        problem.tmux_periods_bx = {static_cast<int>(1 + draw(random, 12))};
        const auto outcome = map_network(problem, {.seed = static_cast<std::uint64_t>(round)});
        if (const auto* result = std::get_if<MappingResult>(&outcome)) {
            check_result(problem, *result);
            ++found;
        } else {
            CHECK_FALSE(std::get<NoMapping>(outcome).explanation.empty());
        }
    }
    CHECK(found >= kRounds / 2);
}

TEST_CASE("each bit that crosses to another SLR takes a flip-flop for every cycle of the crossing") {
    const auto network = small_transformer(16, 32, 4, 1);
    boards::Board board = board_of(80000, 4, 64);
    const auto at_crossing_cycles = [&](int cycles) {
        board.device.slr_crossing_cycles = cycles;
        // One layout, layer by layer, which takes the same dies whatever it costs to cross them.
        const auto problem = problem_of(network, board, kPatchPanel, 24);
        const auto flows = models::dataflow(network);
        const auto plan = std::get<NodePlan>(plan_node(problem, flows, 6));
        return std::get<std::vector<Mapping>>(
                   map_node(problem, flows, plan, {4, problem.latency_budget_ns}, {.partitioner = Partitioner::greedy}))
            .back();
    };
    const Mapping none = at_crossing_cycles(0);
    const Mapping two = at_crossing_cycles(2);
    const Mapping six = at_crossing_cycles(6);
    REQUIRE(none.shards.size() == two.shards.size());
    int crossed = 0;
    for (std::size_t i = 0; i < two.shards.size(); ++i) {
        const Shard& shard = two.shards[i];
        REQUIRE(shard.slr == none.shards[i].slr);
        REQUIRE(shard.slr == six.shards[i].slr);
        const double registers = shard.resources.ff - none.shards[i].resources.ff;
        CHECK(six.shards[i].resources.ff - none.shards[i].resources.ff == 3 * registers);
        int crossings = 0;
        for (const ShardInput& input : shard.inputs) crossings += input.slr_crossings;
        CHECK((registers > 0) == (crossings > 0));
        crossed += crossings;
    }
    CHECK(crossed > 0);
}
