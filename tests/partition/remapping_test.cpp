#include "partition/mapper.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <set>

#include "partition/reuse.h"
#include "tests/partition/mapping_problems.h"

using namespace tessera;
using namespace tessera::partition;

namespace {

/// Where shards stand in a fixed topology, by their names.
std::map<std::string, std::uint32_t> positions_of(const Mapping& mapping) {
    std::map<std::string, std::uint32_t> positions;
    for (const auto& shard : mapping.shards) {
        if (shard.board != kOutside) positions[shard.name] = mapping.positions[index(shard.board)];
    }
    return positions;
}

/// Maps again from an earlier mapping, twice; both are the same.
MappingResult mapped_from(const MappingProblem& problem, const Mapping& earlier) {
    const auto first = map_network(problem, {.earlier = &earlier}), second = map_network(problem, {.earlier = &earlier, .threads = 2});
    check_result(problem, mapped(first));
    CHECK(mapped(first).candidates.front().note == "what holds of an earlier mapping");
    CHECK(to_json(mapped(first).mapping).dump() == to_json(mapped(second).mapping).dump());
    return mapped(first);
}

}  // namespace

TEST_CASE("an earlier mapping is kept: where nothing binds nothing moves, a new head moves nothing, and a lost board as little as it can") {
    static const auto network = small_transformer(32, 32, 4, 2);
    static const auto board = board_of(200000, 2, 64);
    static const auto problem = problem_of(network, board, kPatchPanel, 500);
    static const auto first = mapped(map_network(problem));
    MapperOptions options;
    options.earlier = &first.mapping;
    SUBCASE("the same study, and one with quicker links") {
        CHECK(mapped(map_network(problem, options)).mapping == first.mapping);
        auto quicker = problem;
        quicker.link.transceiver_latency_ns /= 2;
        const auto again = mapped(map_network(quicker, options));
        check_result(quicker, again);
        CHECK(again.mapping.analytic_latency_ticks < first.mapping.analytic_latency_ticks);
        CHECK(compare(first.mapping, again.mapping).stay == compare(first.mapping, first.mapping).stay);
    }
    SUBCASE("another head, and one that was trained again") {
        const auto larger = small_transformer(32, 32, 4, 2, true);
        auto with_head = problem;
        with_head.network = &larger;
        const auto again = mapped(map_network(with_head, options));
        check_result(with_head, again);
        const auto reuse = compare(first.mapping, again.mapping);
        CHECK(reuse.move == 0);
        CHECK(reuse.stay == compare(first.mapping, first.mapping).stay);
        CHECK(reuse.fresh >= 2);

        auto trained = network;
        const auto is_head = [](const models::Operator& op) { return op.name == "head"; };
        std::find_if(trained.operators.begin(), trained.operators.end(), is_head)->weights.assumed_zero_fraction = 0.7;
        trained = quantised(std::move(trained));
        with_head.network = &trained;
        const auto with_trained = mapped(map_network(with_head, options));
        check_result(with_head, with_trained);
        CHECK(compare(first.mapping, with_trained.mapping).move == 0);
        CHECK(compare(first.mapping, with_trained.mapping).fresh == 0);
    }
    SUBCASE("fewer boards") {
        auto one_node = problem;
        one_node.tmux_periods_bx = {1};
        options.objective = Objective::latency;
        options.earlier = nullptr;
        const auto quickest = mapped(map_network(one_node, options));
        options.objective = Objective::boards;
        options.earlier = &quickest.mapping;
        one_node.boards_available = static_cast<int>(quickest.mapping.boards_in_system()) - 1;
        const auto again = mapped(map_network(one_node, options));
        check_result(one_node, again);
        const auto reuse = compare(quickest.mapping, again.mapping);
        CHECK(reuse.stay > reuse.move);
        CHECK(reuse.fresh == 0);
    }
    SUBCASE("a period that is not asked for is mapped anew") {
        auto other = problem;
        std::erase(other.tmux_periods_bx, first.mapping.tmux_period_bx);
        const auto again = mapped(map_network(other, options));
        check_result(other, again);
        CHECK(again.mapping.tmux_period_bx != first.mapping.tmux_period_bx);
    }
}

TEST_CASE("on fixed topologies boards keep their places: quicker or slower links move nothing, a board fewer and a new head little") {
    const auto network = small_transformer(16, 32, 4, 2);
    const auto with_head = small_transformer(16, 32, 4, 2, true);
    for (const char* topology : {R"({"kind": "torus3d"})", R"({"kind": "fat_tree"})", R"({"kind": "dragonfly"})"}) {
        CAPTURE(topology);
        auto problem = problem_of(network, board_of(14000, 2, 64), topology, 2000);
        problem.tmux_periods_bx = {9};
        const auto outcome = map_network(problem);
        const Mapping& first = mapped(outcome).mapping;
        REQUIRE(first.boards.size() > 3);
        problem.boards.front().board = board_of(20000, 2, 64);  // may be filled more from now on
        REQUIRE(first.positions.size() == first.boards.size());
        CHECK(positions_of(mapped_from(problem, first).mapping) == positions_of(first));

        for (const double gbps : {28.0, 22.0}) {
            CAPTURE(gbps);
            auto other_rate = problem;
            other_rate.link.line_rate_gbps = gbps;
            CHECK(positions_of(mapped_from(other_rate, first).mapping) == positions_of(first));
        }

        auto fewer = problem;
        fewer.boards_available = static_cast<int>(first.boards_in_system()) - 9;
        const auto on_fewer = mapped_from(fewer, first).mapping;
        const auto reuse = compare(first, on_fewer);
        CHECK(reuse.stay > reuse.move);
        CHECK(reuse.fresh == 0);
        std::set<std::uint32_t> stood(first.positions.begin(), first.positions.end());
        for (const auto& shard : on_fewer.shards) {
            if (shard.board != kOutside) CHECK(stood.contains(on_fewer.positions[index(shard.board)]));
        }

        auto larger = problem;
        larger.network = &with_head;
        CHECK(compare(first, mapped_from(larger, first).mapping).move == 0);
    }
}

TEST_CASE("what a board of a fixed topology held moves when it has failed, and the rest stays") {
    const auto network = small_transformer(16, 32, 4, 1);
    for (const char* kind : {"\"torus3d\", \"shape\": [3, 3, 2]", "\"dragonfly\", \"boards_per_group\": 4"}) {
        CAPTURE(kind);
        const auto topology = [&](const std::string& more) { return fmt::format(R"({{"kind": {}{}}})", kind, more); };
        auto problem = problem_of(network, board_of(40000, 2, 64), topology(""), 2000);
        problem.tmux_periods_bx = {9};
        const auto outcome = map_network(problem);
        const Mapping& first = mapped(outcome).mapping;
        const std::uint32_t gone = first.positions[1];
        problem.topology = JsonReader::from_text("topology", topology(fmt::format(R"(, "failed": [{}])", gone)));
        const auto before = positions_of(first), now = positions_of(mapped_from(problem, first).mapping);
        REQUIRE(before.size() == now.size());
        for (const auto& [shard, position] : now) {
            CHECK(position != gone);
            if (before.at(shard) != gone) CHECK(position == before.at(shard));
        }

        const auto anew = map_network(problem);
        check_result(problem, mapped(anew));
        for (const std::uint32_t position : mapped(anew).mapping.positions) CHECK(position != gone);
    }
}
