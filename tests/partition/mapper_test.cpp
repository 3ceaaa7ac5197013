#include "partition/mapper.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "boards/catalogue.h"
#include "core/error.h"
#include "models/arrival.h"
#include "models/compression.h"
#include "models/network_builder.h"
#include "models/precision.h"
#include "partition/check.h"
#include "partition/node_mapper.h"
#include "partition/random.h"
#include "partition/reuse.h"
#include "partition/schedule.h"

using namespace tessera;
using namespace tessera::partition;

namespace {

/// Layers of a convolution with an autoencoder between them, on the channels of each pixel.
models::Network compressed_image() {
    models::NetworkBuilder b("image");
    const models::BuilderConvolution shape{.rows = 6, .columns = 6, .filters = 16, .kernel = 3};
    const TensorId made = b.activation("hidden", "Relu", b.convolution("first", b.input("image", {36, 2}), shape));
    b.output("y", b.convolution("last", made, shape));
    const auto compression = models::read_compressions(JsonReader::from_text(
        "study", R"([{"tensor": "hidden", "encoder": {"layers": [4], "activation": "Relu"}, "decoder": {"layers": [16]}}])"));
    return models::compressed(b.build(), compression.front());
}

models::Network quantised(models::Network network) {
    models::apply_precision(network, models::read_precision(JsonReader::from_text("precision", R"({"weights": 6, "activations": 8})")));
    return network;
}

/// Attention over `tokens` particles, then a decision; if asked, also an energy.
models::Network small_transformer(std::int64_t tokens, std::int64_t channels, int heads, int layers, bool with_energy = false) {
    models::NetworkBuilder b("small transformer");
    TensorId x = b.dense("embed", b.input("particles", {tokens, 6}), channels);
    for (int layer = 0; layer < layers; ++layer) {
        const std::string name = "layer" + std::to_string(layer);
        const TensorId normal = b.layer_normalisation(name + ".norm", x);
        const TensorId scores = b.attention_scores(name + ".scores", b.dense(name + ".query", normal, channels),
                                                   b.dense(name + ".key", normal, channels), heads);
        const TensorId mix = b.attention_values(name + ".mix", b.softmax(name + ".softmax", scores, heads),
                                                b.dense(name + ".value", normal, channels), heads);
        x = b.elementwise(name + ".sum", "Add", {x, b.dense(name + ".out", mix, channels)});
    }
    const TensorId pooled = b.reduce_tokens("pool", "ReduceMean", x);
    b.output("decision", b.activation("sigmoid", "Sigmoid", b.dense("head", pooled, 2)));
    if (with_energy) b.output("energy", b.dense("energy head 2", b.activation("relu", "Relu", b.dense("energy head 1", pooled, 16)), 1));
    return quantised(b.build());
}

models::Network perceptron(std::int64_t inputs, std::int64_t hidden) {
    models::NetworkBuilder b("perceptron");
    const TensorId one = b.activation("relu", "Relu", b.dense("fc1", b.input("x", {1, inputs}), hidden));
    b.output("y", b.dense("fc2", one, 3));
    return quantised(b.build());
}

boards::Board board_of(double lut, int slrs, int ports) {
    static const auto catalogue = boards::load_catalogue();
    boards::Board board = catalogue.board("Serenity-S1", JsonReader::from_text("test", "{}"));
    board.device.total = {lut, 2 * lut, lut / 140, lut / 640, lut / 1350};
    board.device.slrs = slrs;
    board.ports = ports;
    return board;
}

MappingProblem problem_of(const models::Network& network, const boards::Board& board, const std::string& topology, int available) {
    for (const auto& link : topologies::load_link_protocols()) {
        if (link.name != "25g-64b66b") continue;
        return {&network, {{board, available}}, available, link, JsonReader::from_text("topology", topology), {},
                12500,    {1, 2, 3, 6, 9, 18},  16};
    }
    FAIL("no 25g-64b66b link");
    return {nullptr, {}, 0, {}, JsonReader::from_text("topology", "{}"), {}, 0, {}, 0};
}

const char* const kPatchPanel = R"({"kind": "patch_panel"})";

/// All that every result has to hold.
void check_result(const MappingProblem& problem, const MappingResult& result) {
    const Mapping& mapping = result.mapping;
    for (const auto& found : check(mapping)) FAIL_CHECK(found.rule << " at " << found.where << ": " << found.what);
    for (const auto& found : check_against(mapping, *problem.network, problem.boards)) {
        FAIL_CHECK(found.rule << " at " << found.where << ": " << found.what);
    }
    for (const auto& found : check_board_roles(mapping, problem.topology, problem.boards)) {
        FAIL_CHECK(found.rule << " at " << found.where << ": " << found.what);
    }
    CHECK(static_cast<int>(mapping.boards_in_system()) <= problem.boards_available);
    CHECK(static_cast<int>(mapping.boards_in_system()) >= result.bounds.boards);
    CHECK(mapping.analytic_latency_ns() >= result.bounds.with_hops_ns);
    CHECK(mapping.analytic_latency_ns() >= result.bounds.on_boards_ns);
    CHECK(result.bounds.with_hops_ns >= result.bounds.latency_ns);
    CHECK(expected_schedule(mapping).latency_ticks == mapping.analytic_latency_ticks);
}

const MappingResult& mapped(const std::variant<MappingResult, NoMapping>& outcome) {
    if (const auto* none = std::get_if<NoMapping>(&outcome)) FAIL("no mapping: " << none->explanation);
    return std::get<MappingResult>(outcome);
}

}  // namespace

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
    const auto network = small_transformer(32, 32, 4, 2);
    const auto problem = problem_of(network, board_of(200000, 2, 64), kPatchPanel, 500);
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

TEST_CASE("the same seed gives the same bytes") {
    const auto network = small_transformer(16, 32, 4, 1);
    const auto problem = problem_of(network, board_of(60000, 2, 64), kPatchPanel, 500);
    const auto first = map_network(problem, {.seed = 7}), second = map_network(problem, {.seed = 7});
    CHECK(to_json(mapped(first).mapping).dump() == to_json(mapped(second).mapping).dump());
}

TEST_CASE("the search finds the same on any number of threads") {
    const auto network = small_transformer(16, 16, 2, 1);
    const auto problem = problem_of(network, board_of(60000, 2, 64), kPatchPanel, 500);
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

TEST_CASE("too few boards of two types are no mapping, and the explanation names both") {
    const auto network = small_transformer(16, 32, 4, 1);
    const auto none = map_network(problem_of_mix(network, 9, 9));
    REQUIRE(std::holds_alternative<NoMapping>(none));
    const auto& reason = std::get<NoMapping>(none);
    CHECK(reason.explanation.find("Serenity-S1 (9) and small (9)") != std::string::npos);
    CHECK(reason.needed > reason.available);
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
