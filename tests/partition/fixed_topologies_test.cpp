#include "partition/mapper.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "partition/node_mapper.h"
#include "tests/partition/mapping_problems.h"

using namespace tessera;
using namespace tessera::partition;

TEST_CASE("a static mapping knows the topology: on fixed ones it passes the same checks") {
    const auto network = small_transformer(16, 32, 4, 1);
    for (const char* topology : {R"({"kind": "torus3d"})", R"({"kind": "fat_tree"})", R"({"kind": "dragonfly"})"}) {
        CAPTURE(topology);
        auto problem = problem_of(network, board_of(40000, 2, 64), topology, 2000);
        problem.tmux_periods_bx = {9};
        const auto outcome = map_network(problem, {.partitioner = Partitioner::scotch_map});
        check_result(problem, mapped(outcome));
    }
}

TEST_CASE("a result that is too much for a cable goes in stripes by several switches") {
    const auto network = small_transformer(16, 64, 4, 1);
    auto problem =
        problem_of(network, board_of(60000, 2, 64), R"({"kind": "fat_tree", "children": [16], "parents": [16], "switch_ports": 64})", 2000);
    problem.tmux_periods_bx = {6};
    const auto outcome = map_network(problem);
    const auto& result = mapped(outcome);
    check_result(problem, result);
    std::map<std::pair<ShardId, BoardId>, std::set<std::vector<LinkId>>> ways;
    for (const Transfer& transfer : result.mapping.transfers) ways[{transfer.from, transfer.to}].insert(transfer.route);
    std::size_t most = 0;
    for (const auto& [ends, routes] : ways) most = std::max(most, routes.size());
    CHECK(most > 1);
}

TEST_CASE("inputs enter at given boards and the decision leaves at one, whatever the topology") {
    const auto network = small_transformer(16, 32, 4, 1, true);
    for (const std::string kind : {"patch_panel", "torus3d", "fat_tree", "dragonfly"}) {
        for (const std::string keys :
             {R"("inputs_at": [0, 1], "decision_at": 5)", R"("decision_at": 3)", R"("inputs_at": [4], "decision_at": 4)"}) {
            CAPTURE(kind);
            CAPTURE(keys);
            auto problem = problem_of(network, board_of(30000, 2, 64), fmt::format(R"({{"kind": "{}", {}}})", kind, keys), 2000);
            problem.tmux_periods_bx = {9};
            const auto outcome = map_network(problem);
            check_result(problem, mapped(outcome));
            const Mapping& mapping = mapped(outcome).mapping;
            CHECK(mapping.boards.size() > 2);
            CHECK(mapping.positions.size() == mapping.boards.size());
            CHECK(mapping.topology.find("at board") != std::string::npos);
            if (keys.find("5") == std::string::npos) continue;
            const auto again = map_network(problem, {.threads = 2});
            CHECK(to_json(mapped(again).mapping).dump() == to_json(mapping).dump());
            const auto kept = map_network(problem, {.earlier = &mapping});
            check_result(problem, mapped(kept));
        }
    }
}

TEST_CASE("every topology carries a transformer") {
    const auto network = small_transformer(16, 32, 4, 1);
    for (const char* topology :
         {R"({"kind": "ring"})", R"({"kind": "torus2d"})", R"({"kind": "torus3d"})", R"({"kind": "hypercube"})", R"({"kind": "fat_tree"})",
          R"({"kind": "dragonfly"})", R"({"kind": "crates"})", R"({"kind": "layered"})"}) {
        CAPTURE(topology);
        auto problem = problem_of(network, board_of(40000, 2, 64), topology, 2000);
        problem.tmux_periods_bx = {9};
        const auto outcome = map_network(problem);
        check_result(problem, mapped(outcome));
    }
}

TEST_CASE("static mapping by Scotch goes round a board that has failed") {
    const auto network = small_transformer(16, 32, 4, 1);
    const auto boards_on = [&](const char* topology) {
        auto problem = problem_of(network, board_of(40000, 2, 64), topology, 2000);
        problem.tmux_periods_bx = {9};
        const auto outcome = map_network(problem, {.partitioner = Partitioner::scotch_map});
        check_result(problem, mapped(outcome));
        return mapped(outcome).mapping.boards.size();
    };
    CHECK(boards_on(R"({"kind": "ring", "failed": [0]})") == boards_on(R"({"kind": "ring"})"));
}

TEST_CASE("switches are boards that take no place of those that compute") {
    const auto network = small_transformer(16, 32, 4, 1);
    auto problem = problem_of(network, board_of(60000, 2, 64), R"({"kind": "fat_tree", "children": [2], "parents": [2]})", 2000);
    problem.tmux_periods_bx = {9};
    const auto outcome = map_network(problem);
    check_result(problem, mapped(outcome));
    CHECK(mapped(outcome).mapping.boards.size() > 2);  // both that compute, and a switch
}

TEST_CASE("a board that does nothing but let the decision leave is no switch that could be spared") {
    const auto network = small_transformer(4, 8, 2, 1);
    auto problem = problem_of(network, board_of(400000, 4, 64), R"({"kind": "fat_tree", "inputs_at": [0], "decision_at": 1})", 2000);
    problem.tmux_periods_bx = {9};
    const auto outcome = map_network(problem);
    check_result(problem, mapped(outcome));
    CHECK(mapped(outcome).mapping.boards.size() == 3);  // one that computes, a switch, and where the decision leaves
}

TEST_CASE("boards that no cable joins have no way to each other, which is said") {
    const auto file = std::filesystem::temp_directory_path() / fmt::format("tessera_islands_{}.json", ::getpid());
    std::string cables;  // pairs of boards
    for (int board = 0; board < 40; board += 2)
        cables += fmt::format(R"({}{{"a": {}, "b": {}, "lanes": 60}})", board == 0 ? "" : ", ", board, board + 1);
    std::ofstream(file) << fmt::format(R"({{"schema": "tessera.topology/1", "compute_boards": 40, "cables": [{}]}})", cables);
    const auto network = small_transformer(16, 32, 4, 1);
    auto problem = problem_of(network, board_of(14000, 2, 64), fmt::format(R"({{"file": "{}"}})", file.string()), 2000);
    problem.tmux_periods_bx = {9};
    const auto outcome = map_network(problem);
    std::filesystem::remove(file);
    REQUIRE(std::holds_alternative<NoMapping>(outcome));
    CHECK_FALSE(std::get<NoMapping>(outcome).explanation.empty());
}

TEST_CASE("a layout opens no more switches than its boards need to talk") {
    const auto network = small_transformer(16, 32, 4, 1);
    auto problem = problem_of(network, board_of(40000, 2, 64), R"({"kind": "fat_tree"})", 2000);
    problem.tmux_periods_bx = {9};
    const auto outcome = map_network(problem);
    const Mapping& mapping = mapped(outcome).mapping;
    std::vector<int> lanes(mapping.boards.size(), 0);
    for (const auto& link : mapping.links) {
        if (link.to != kOutside && mapping.board_types[mapping.boards[index(link.to)]].is_switch) lanes[index(link.to)] += link.lanes;
    }
    const auto switches = std::count_if(lanes.begin(), lanes.end(), [](int in) { return in > 0; });
    CHECK(switches >= 1);
    CHECK(switches <= 2);  // the default is a tree of as many as take all 64 ports
}

TEST_CASE("where boards have to talk through a switch, the bound counts one in each time node") {
    const auto network = small_transformer(16, 32, 4, 2);
    for (const double lut : {40000.0, 4000000.0}) {
        auto problem = problem_of(network, board_of(lut, 2, 64), R"({"kind": "fat_tree"})", 2000);
        problem.tmux_periods_bx = {9};
        const auto outcome = map_network(problem);
        const MappingResult& result = mapped(outcome);
        check_result(problem, result);
        const auto planned = plan_node(problem, models::dataflow(network), 9);
        const int computing = std::get<NodePlan>(planned).least_boards();
        CHECK(result.bounds.boards == 9 * (computing == 1 ? 1 : computing + 1));
    }
}
