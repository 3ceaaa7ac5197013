#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "core/error.h"
#include "models/dataflow.h"
#include "models/import.h"
#include "models/precision.h"

using namespace tessera;
using namespace tessera::models;

namespace {

Network zoo_network(const std::string& name) {
    return build_zoo_network(JsonReader::from_file(data_root() / "models" / "zoo" / (name + ".json")));
}

std::int64_t count_of(const Network& network, const std::string& type) {
    const auto counts = network.operator_counts();
    const auto found = counts.find(type);
    return found == counts.end() ? 0 : found->second;
}

Network described(const std::string& inputs, const std::string& blocks, const std::string& more = "") {
    return build_zoo_network(
        JsonReader::from_text("description", R"({"name": "n", "description": "d", "source": "s", "inputs": )" + inputs + R"(, "blocks": )" +
                                                 blocks + R"(, "assumed": {"zero_fraction": 0.5, "distribution": "normal"})" + more + "}"));
}

void check_aligned_ids(const Network& network) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < network.operators.size(); ++i) {
        CHECK(index(network.operators[i].id) == i);
        CHECK_MESSAGE(names.insert(network.operators[i].name).second, network.operators[i].name);
    }
}

}  // namespace

TEST_CASE("the zoo is listed and every network can be built and quantised") {
    const std::vector<ZooEntry> zoo = list_zoo();
    CHECK(zoo.size() >= 15);
    CHECK(std::is_sorted(zoo.begin(), zoo.end(), [](const ZooEntry& a, const ZooEntry& b) { return a.name < b.name; }));
    for (const ZooEntry& entry : zoo) {
        CAPTURE(entry.name);
        CHECK_FALSE(entry.description.empty());
        CHECK_FALSE(entry.source.empty());
        Network network = zoo_network(entry.name);
        verify(network);
        check_aligned_ids(network);
        CHECK(network.macs() > 0);
        CHECK(network.assumptions.front().value.find("not trained") != std::string::npos);
        apply_precision(network, read_precision(JsonReader::from_text("study", R"({"weights": 8, "activations": 8})")));
        for (const Tensor& tensor : network.tensors) CHECK(tensor.format.width > 0);
    }
}

TEST_CASE("parameters are those that were published") {
    const std::map<std::string, std::int64_t> exact{
        {"jet_mlp", 4389},                // as in the Keras model of arXiv:1804.06913
        {"deepsets_8", 3461},             // arXiv:2402.01876
        {"interaction_network_8", 3347},  // arXiv:2402.01876
        {"axol1tl", 1824 + 32 + 512 + 16 + 128 + 8},
        {"econ_t", 224 + 2064},
        {"dune_cnn", 80 + 584 + 3 * 2048 + 3},
        {"quench_gru", 3 * 64 * (1 + 64 + 2) + 3 * 32 * (64 + 32 + 2) + 33},
    };
    for (const auto& [name, parameters] : exact) {
        CAPTURE(name);
        CHECK(zoo_network(name).parameters == parameters);
    }
    const std::map<std::string, double> millions{
        {"masked_particle_detector", 1.09}, {"particle_transformer", 2.14}, {"masked_particle_backbone", 1.64},
        {"masked_particle_3m", 3},          {"masked_particle_30m", 30},    {"masked_particle_10m", 10},
        {"masked_particle_60m", 60},        {"masked_particle_100m", 100},  {"omnijet_alpha", 6.57}};
    for (const auto& [name, parameters] : millions) {
        CAPTURE(name);
        CHECK(static_cast<double>(zoo_network(name).parameters) == doctest::Approx(parameters * 1e6).epsilon(0.02));
    }
}

TEST_CASE("multiply-accumulates by hand") {
    CHECK(zoo_network("jet_mlp").macs() == 4256);                               // 16 x 64 + 64 x 32 + 32 x 32 + 32 x 5
    CHECK(zoo_network("econ_t").macs() == 5504);                                // 16 pixels x 27 x 8, then 128 x 16
    CHECK(zoo_network("quench_gru").macs() == 32 * (192 * 65 + 96 * 96) + 32);  // gates x (inputs + units), 32 samples
    CHECK(zoo_network("dune_cnn").macs() == 32 * 32 * 9 * 8 + 16 * 16 * 72 * 8 + 2048 * 3);
    const std::int64_t edges = 56;
    const std::int64_t nodes = 8;
    CHECK(zoo_network("interaction_network_8").macs() == edges * (72 + 72) + nodes * (324 + 648 + 108) + 1020 + 850);
    const std::int64_t tokens = 128;
    const std::int64_t embed = 128;
    const std::int64_t layer = tokens * (4 * embed * embed + 2 * embed * 512) + 2 * tokens * tokens * embed;
    const std::int64_t heads = tokens * 2 * (embed * 64 + 64) + 4 * embed * 64 + std::int64_t{64} * (10 + 2 + 8 + 1);
    CHECK(zoo_network("masked_particle_backbone").macs() == tokens * 16 * embed + 8 * layer + heads);
}

TEST_CASE("attention reads what it needs and no more") {
    const Network network = zoo_network("particle_transformer");
    const std::vector<Flow> flows = dataflow(network);
    const std::int64_t tokens = 128;
    const Region row_of_head{{5, 6}, {2 * tokens, 3 * tokens}};  // of the scores: token 5, head 2
    std::int64_t checked = 0;
    for (const Flow& flow : flows) {
        const std::string& producer = network.op(flow.producer).name;
        const std::string& consumer = network.op(flow.consumer).name;
        if (producer == "pair_embedding.3.activation" && consumer == "transformer.4.bias") {
            // The pairs of particle 5, that head alone.
            const Region part = needed(flow, row_of_head);
            CHECK(part == Region{{5 * tokens, 6 * tokens}, {2, 3}});
            ++checked;
        }
        if (producer == "transformer.0.key" && consumer == "transformer.0.scores") {
            CHECK(needed(flow, row_of_head) == Region{{0, 128}, {32, 48}});
            ++checked;
        }
        if (producer == "kinematics" && consumer == "pair_embedding.azimuth_Sub") {
            const Region part = needed(flow, {{tokens, 2 * tokens}, {0, 1}});
            CHECK(part.channels == Range{2, 3});
            ++checked;
        }
    }
    CHECK(checked == 4);
}

TEST_CASE("a particle transformer has its operators") {
    const Network network = zoo_network("particle_transformer");
    CHECK(count_of(network, "Softmax") == 8 + 2 + 1);
    CHECK(count_of(network, "LayerNormalization") == 3 + 10 * 4 + 1);
    std::int64_t biased = 0;
    std::int64_t inputs = 0;
    for (const Operator& op : network.operators) {
        if (op.kind == OperatorKind::matmul) CHECK(op.heads == 8);
        if (op.kind == OperatorKind::input) ++inputs;
        if (op.name.ends_with(".bias") && op.kind == OperatorKind::elementwise) ++biased;
        if (op.name == "transformer.0.scores") CHECK(network.stream(op.id) == StreamShape{128, 1024});
        if (op.name == "class_attention.1.mix") CHECK(op.contraction == 129);
        if (op.name == "pair_embedding.3") CHECK(network.stream(op.id) == StreamShape{16384, 8});
    }
    CHECK(biased == 8);
    CHECK(inputs == 3);
}

TEST_CASE("the masked-particle backbone has its six heads") {
    const Network network = zoo_network("masked_particle_backbone");
    std::map<std::string, StreamShape> outputs;
    for (const Operator& op : network.operators) {
        if (op.kind == OperatorKind::output) outputs.emplace(op.name, network.stream(op.id));
    }
    CHECK(outputs == std::map<std::string, StreamShape>{{"jet_output", {1, 10}},
                                                        {"electron_output", {128, 1}},
                                                        {"pile_up_output", {128, 1}},
                                                        {"missing_energy_output", {1, 2}},
                                                        {"anomaly_output", {1, 1}},
                                                        {"accept_output", {1, 1}}});
}

TEST_CASE("what stands for the weights is assumed and said") {
    const Network network = described(R"({"x": {"tokens": 2, "channels": 4}})", R"([{"block": "dense_stack", "layers": [8, 8]}])");
    CHECK(network.operators[1].weights.assumed_zero_fraction == 0.5);
    CHECK(network.operators[1].weights.values.empty());
    CHECK(network.assumptions.front().value.find("50") != std::string::npos);
    CHECK(network.source == "zoo: s");
    Network quantised = network;
    apply_precision(quantised, read_precision(JsonReader::from_text("study", R"({"weights": 8, "activations": 8})")));
    CHECK(quantised.operators[1].weights.channels.size() == 1);
    CHECK(summarise_weights(quantised.operators[1]).zero_fraction == doctest::Approx(0.5));
}

TEST_CASE("malformed descriptions are refused") {
    const std::string x = R"({"x": {"tokens": 4, "channels": 8}})";
    const std::string transformer =
        R"({"block": "transformer", "layers": 1, "heads": 2, "feed_forward": 8, "activation": "Relu", "embed": )";
    CHECK_NOTHROW(described(x, "[" + transformer + "8}]"));
    for (const std::string& blocks : {
             std::string(R"([{"block": "dense"}])"),                                         // no such block
             std::string(R"([{"layers": [3]}])"),                                            // no kind
             std::string(R"([{"block": "dense_stack", "layers": []}])"),                     // no layer
             std::string(R"([{"block": "dense_stack", "layers": [0]}])"),                    // no neuron
             std::string(R"([{"block": "dense_stack", "layers": [3], "activations": 1}])"),  // unknown key
             std::string(R"([{"block": "dense_stack", "layers": [3], "activation": "Sine"}])"),
             std::string(R"([{"block": "embedding", "vocabulary": 8, "embed": 4}])"),  // eight numbers a token
             std::string(R"([{"block": "convolution", "rows": 3, "columns": 1, "filters": 2, "kernel": 3}])"),
             std::string(R"([{"block": "pair_embedding", "input": "y", "layers": [4], "heads": 2}])"),
             std::string(R"([{"block": "pair_embedding", "input": "x", "layers": [4], "heads": 2}])"),
             std::string(R"([{"block": "heads", "heads": {"a": {"on": "all", "layers": [2]}}}])"),
             std::string(R"([{"block": "heads", "heads": {"a": {"on": "tokens", "layers": [2]}}}, {"block": "flatten"}])"),
             "[" + transformer + "6}]",                        // other channels than before
             "[" + transformer + R"(8, "pair_bias": true}])",  // without a pair embedding
             "[" + transformer + R"(8, "norm": "none"}])",
         }) {
        CAPTURE(blocks);
        CHECK_THROWS_AS(described(x, blocks), InputError);
    }
    CHECK_THROWS_AS(described("{}", "[]"), InputError);
    CHECK_THROWS_AS(described(R"({"x": {"tokens": 0, "channels": 8}})", "[]"), InputError);
    CHECK_THROWS_AS(described(R"({"x": {"tokens": 1, "channels": 3}})", R"([{"block": "interaction", "layers": [2]}])"), InputError);
    CHECK_THROWS_AS(described(x, "[]", R"(, "extra": 1)"), InputError);
    CHECK_THROWS_AS(build_zoo_network(JsonReader::from_text("description", R"({"name": "n"})")), InputError);
}

TEST_CASE("a study may add a head") {
    const auto read = [](const std::string& text) { return read_network(JsonReader::from_text("study", text), ""); };
    const auto plain = read(R"({"zoo": "masked_particle_backbone"})");
    const auto more =
        read(R"({"zoo": "masked_particle_backbone", "heads": {"tau": {"on": "pooled", "layers": [8, 1], "activation": "Relu"}}})");
    CHECK(more.operators.size() == plain.operators.size() + 5);  // two layers with an activation each, and an output
    CHECK(more.assumptions.back().what == "head tau");
    CHECK(more.assumptions.back().source == "asked for by the study");
    CHECK_THROWS_AS(read(R"({"zoo": "masked_particle_backbone", "heads": {"jet": {"on": "pooled", "layers": [8]}}})"), InputError);
    CHECK_THROWS_AS(read(R"({"zoo": "masked_particle_backbone", "heads": {"tau": {"on": "pooled", "layers": []}}})"), InputError);
    CHECK_THROWS_AS(read(R"({"zoo": "jet_mlp", "heads": {"tau": {"on": "pooled", "layers": [8]}}})"), InputError);
}

TEST_CASE("a study may ask for other tokens of an input") {
    const auto read = [](const std::string& text) { return read_network(JsonReader::from_text("study", text), ""); };
    const auto whole = read(R"({"zoo": "masked_particle_1m_1_layer"})");
    const auto half = read(R"({"zoo": "masked_particle_1m_1_layer", "tokens": {"particles": 32}})");
    CHECK(half.parameters == whole.parameters);
    CHECK(half.macs() < whole.macs());
    CHECK(half.assumptions.size() == whole.assumptions.size() + 1);
    CHECK_THROWS_AS(read(R"({"zoo": "masked_particle_1m_1_layer", "tokens": {"jets": 64}})"), InputError);
    CHECK_THROWS_AS(read(R"({"zoo": "masked_particle_1m_1_layer", "tokens": {"particles": 0}})"), InputError);
}
