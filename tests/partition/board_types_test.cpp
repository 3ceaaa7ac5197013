#include "partition/mapper.h"

#include <doctest/doctest.h>

#include "partition/check.h"
#include "partition/reuse.h"
#include "tests/partition/mapping_problems.h"

using namespace tessera;
using namespace tessera::partition;

namespace {

/// Few boards of two SLRs, then more of one smaller SLR.
MappingProblem problem_of_mix(const models::Network& network, int large, int small) {
    auto problem = problem_of(network, board_of(40000, 2, 64), kPatchPanel, large + small);
    boards::BoardStock other{board_of(16000, 1, 48), small};
    other.board.name = "small";
    problem.tmux_periods_bx = {9};
    problem.boards.front().boards = large;
    problem.boards.push_back(other);
    return problem;
}

std::vector<std::size_t> boards_by_type(const Mapping& mapping) {
    std::vector<std::size_t> count(mapping.board_types.size(), 0);
    for (const auto type : mapping.boards) count[type] += static_cast<std::size_t>(mapping.tmux_period_bx);
    return count;
}

}  // namespace

TEST_CASE("board types are mixed in the order in which the problem lists them, as many as there are") {
    const auto network = small_transformer(16, 32, 4, 1);
    const auto problem = problem_of_mix(network, 9, 500);
    const auto mixed = mapped(map_network(problem));
    check_result(problem, mixed);
    REQUIRE(mixed.mapping.board_types.size() == 2);
    CHECK(mixed.mapping.board_types[1].name == "small");
    const auto used = boards_by_type(mixed.mapping);
    CHECK(used[0] == 9);
    CHECK(used[1] > 0);

    // Enough of the first type, so none of the second: the same as if there were none, but for shards cut for both.
    const auto enough = mapped(map_network(problem_of_mix(network, 500, 500)));
    CHECK(boards_by_type(enough.mapping)[1] == 0);
    CHECK(enough.mapping.boards_in_system() <= mixed.mapping.boards_in_system());

    MapperOptions options;
    options.earlier = &mixed.mapping;
    CHECK(mapped(map_network(problem, options)).mapping == mixed.mapping);
    const auto none_large = problem_of_mix(network, 8, 500);
    const auto again = mapped(map_network(none_large, options));
    check_result(none_large, again);
    CHECK(boards_by_type(again.mapping)[0] == 0);
    CHECK(compare(mixed.mapping, again.mapping).stay > compare(mixed.mapping, again.mapping).move);
}

TEST_CASE("on fixed topologies boards of two types stand where there is one of their type, with the ports that it has") {
    const auto network = small_transformer(16, 32, 4, 1);
    for (const std::string topology :
         {R"({"kind": "torus3d"})", R"({"kind": "fat_tree"})", R"({"kind": "dragonfly"})",
          R"({"kind": "torus3d", "types": ["small", "Serenity-S1", "small"]})",
          R"({"kind": "fat_tree", "types": ["small", "small", "Serenity-S1"]})", R"({"kind": "torus2d", "shape": [4, 4], "failed": [3]})",
          R"({"kind": "dragonfly", "types": ["Serenity-S1", "small", "small"], "inputs_at": [1], "decision_at": 0})"}) {
        CAPTURE(topology);
        auto problem = problem_of_mix(network, 9, 500);
        problem.topology = JsonReader::from_text("topology", topology);
        const auto outcome = map_network(problem);
        check_result(problem, mapped(outcome));
        const auto used = boards_by_type(mapped(outcome).mapping);
        CHECK(used[0] > 0);
        CHECK(used[1] > 0);

        MapperOptions options;
        options.earlier = &mapped(outcome).mapping;
        const auto again = map_network(problem, options);
        check_result(problem, mapped(again));
        CHECK(compare(mapped(outcome).mapping, mapped(again).mapping).move == 0);
    }
}

TEST_CASE("other partitioners get blocks of the sizes of boards of two types, and places of their types") {
    const auto network = small_transformer(16, 32, 4, 1);
    for (const std::string topology :
         {kPatchPanel, R"({"kind": "torus2d"})", R"({"kind": "torus2d", "types": ["small", "Serenity-S1", "small"]})"}) {
        for (const Partitioner partitioner : {Partitioner::metis, Partitioner::scotch, Partitioner::scotch_map, Partitioner::greedy}) {
            CAPTURE(topology);
            CAPTURE(static_cast<int>(partitioner));
            auto problem = problem_of_mix(network, 18, 500);
            problem.boards.front().board = board_of(24000, 2, 64);
            problem.topology = JsonReader::from_text("topology", topology);
            const auto outcome = map_network(problem, {.partitioner = partitioner});
            REQUIRE(std::holds_alternative<MappingResult>(outcome));
            check_result(problem, mapped(outcome));
            const auto used = boards_by_type(mapped(outcome).mapping);
            CHECK(used[0] > 0);
            CHECK(used[1] > 0);
        }
    }
}

TEST_CASE("a mapping at a place of another type is found") {
    const auto network = small_transformer(16, 32, 4, 1);
    auto problem = problem_of_mix(network, 18, 500);
    problem.topology = JsonReader::from_text("topology", R"({"kind": "torus3d"})");
    const auto mapping = mapped(map_network(problem)).mapping;
    const auto problem_with = [&](const std::string& keys) {
        return JsonReader::from_text("topology", R"({"kind": "torus3d")" + keys + "}");
    };
    const auto other = check_board_roles(mapping, problem_with(R"(, "types": ["small", "Serenity-S1"])"), problem.boards);
    REQUIRE_FALSE(other.empty());
    CHECK(other.front().rule == "place");
    CHECK(other.front().what.find("at position") != std::string::npos);
    problem.boards.front().boards = 9;  // so that the second place is of the other type
    const auto fewer = check_board_roles(mapping, problem_with(""), problem.boards);
    REQUIRE(fewer.size() == 1);
    CHECK(fewer.front().what == "Serenity-S1 at position 1, where a small stands");
}

TEST_CASE("too few boards of two types are no mapping, and the explanation names both") {
    const auto network = small_transformer(16, 32, 4, 1);
    const auto none = map_network(problem_of_mix(network, 9, 9));
    REQUIRE(std::holds_alternative<NoMapping>(none));
    const auto& reason = std::get<NoMapping>(none);
    CHECK(reason.explanation.find("Serenity-S1 (9) and small (9)") != std::string::npos);
    CHECK(reason.needed > reason.available);
}
