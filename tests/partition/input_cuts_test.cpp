#include "partition/input_cuts.h"

#include <doctest/doctest.h>

#include "boards/catalogue.h"
#include "models/network_builder.h"
#include "models/precision.h"
#include "partition/check.h"

using namespace tessera;
using namespace tessera::partition;

namespace {

/// A layer of one token with many inputs between two small ones.
models::Network wide_layer(std::int64_t inputs) {
    models::NetworkBuilder b("wide");
    const TensorId hidden = b.dense("wide", b.activation("relu", "Relu", b.input("x", {1, inputs})), 4);
    b.output("y", b.dense("last", hidden, 2));
    models::Network network = b.build();
    models::apply_precision(network, models::read_precision(JsonReader::from_text("precision", R"({"weights": 6, "activations": 8})")));
    return network;
}

MappingProblem problem_of(const models::Network& network, double lut, int ports = 124) {
    MappingProblem problem;
    problem.network = &network;
    boards::Board board = boards::load_catalogue().board("Serenity-S1", JsonReader::from_text("test", "{}"));
    board.device.total = {lut, 2 * lut, lut / 140, lut / 640, lut / 1350};
    board.device.slrs = 1;
    board.ports = ports;
    problem.boards = {{board, 100}};
    problem.boards_available = 100;
    problem.topology = JsonReader::from_text("topology", R"({"kind": "patch_panel"})");
    problem.tmux_periods_bx = {1, 2};
    for (const auto& link : topologies::load_link_protocols())
        if (link.name == "25g-64b66b") problem.link = link;
    return problem;
}

const NoMapping& refused(const std::variant<MappingResult, NoMapping>& outcome) {
    REQUIRE(std::holds_alternative<NoMapping>(outcome));
    return std::get<NoMapping>(outcome);
}

void check_mapped(const MappingProblem& problem) {
    const auto outcome = map_network(problem);
    if (const auto* none = std::get_if<NoMapping>(&outcome)) FAIL("no mapping: " << none->explanation);
    const Mapping& mapping = std::get<MappingResult>(outcome).mapping;
    for (const auto& found : check(mapping)) FAIL_CHECK(found.rule << " at " << found.where << ": " << found.what);
    for (const auto& found : check_against(mapping, *problem.network, problem.boards))
        FAIL_CHECK(found.rule << " at " << found.where << ": " << found.what);
}

}  // namespace

TEST_CASE("an operator of which no piece fits is cut into the fewest parts that do") {
    auto network = wide_layer(1024);
    const auto problem = problem_of(network, 2250);
    const NoMapping none = refused(map_network(problem));
    CHECK(none.explanation.find("wide (MatMul)") != std::string::npos);
    const auto cuts = needed_input_cuts(problem);
    REQUIRE(cuts.size() == 1);
    CHECK(network.op(cuts.front().op).name == "wide");
    REQUIRE(cuts.front().parts > 2);

    const auto with_parts = [&](std::int64_t parts) { return models::split_inputs(network, models::InputCut{cuts.front().op, parts}); };
    const auto fewer = with_parts(cuts.front().parts - 1), enough = with_parts(cuts.front().parts);
    refused(map_network(problem_of(fewer, 2250)));
    const auto cut = problem_of(enough, 2250);
    check_mapped(cut);
    CHECK(needed_input_cuts(cut).empty());

    network.operators[index(cuts.front().op)].fixed.input_parts = 1;  // the study wants it whole
    CHECK(needed_input_cuts(problem).empty());
}

TEST_CASE("nothing is cut that fits, or that no cut helps") {
    const auto network = wide_layer(4096);
    CHECK(needed_input_cuts(problem_of(network, 1728000)).empty());
    CHECK(needed_input_cuts(problem_of(network, 20)).empty());
}

TEST_CASE("where pieces read very many inputs, the operator that reads the most is cut into twice as many parts") {
    const auto network = wide_layer(4096);
    const auto problem = problem_of(network, 1728000, 64);
    std::vector<models::InputCut> cuts;
    std::vector<std::int64_t> parts;
    while (const auto wider = wider_input_cuts(problem, cuts)) {
        cuts = *wider;
        REQUIRE(cuts.size() == 1);
        CHECK(network.op(cuts.front().op).name == "wide");
        parts.push_back(cuts.front().parts);
    }
    // 32768 bits are 57 lanes of 9 frames an event, half of them 28; a quarter, 14, is less than 16 of the 64 ports.
    CHECK(parts == std::vector<std::int64_t>{2, 4});
    CHECK_FALSE(wider_input_cuts(problem_of(network, 1728000, 256), {}).has_value());
    const auto even = wide_layer(8);
    CHECK_FALSE(wider_input_cuts(problem_of(even, 1728000, 1), {}).has_value());  // sums as wide as what is read
}
