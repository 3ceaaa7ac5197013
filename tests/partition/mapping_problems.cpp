#include "tests/partition/mapping_problems.h"

#include <doctest/doctest.h>

#include "boards/catalogue.h"
#include "models/compression.h"
#include "models/network_builder.h"
#include "models/precision.h"
#include "partition/check.h"
#include "partition/schedule.h"

namespace tessera::partition {

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

models::Network small_transformer(std::int64_t tokens, std::int64_t channels, int heads, int layers, bool with_energy) {
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

}  // namespace tessera::partition
