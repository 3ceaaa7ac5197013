#include "models/compression.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/error.h"
#include "models/append.h"
#include "models/network_builder.h"
#include "models/precision.h"

using namespace tessera;
using namespace tessera::models;

namespace {

Network perceptron() {
    NetworkBuilder b("perceptron");
    const TensorId hidden = b.dense("hidden", b.input("x", {6, 4}), 10);
    b.output("y", b.dense("last", hidden, 3));
    b.output("z", b.reduce_tokens("sum", "ReduceSum", hidden));
    return b.build();
}

std::vector<Compression> compressions(const std::string& text) { return read_compressions(JsonReader::from_text("study", text)); }

Compression of_hidden(int channels) {
    return compressions(R"([{"tensor": "hidden", "encoder": {"layers": [5, 2], "activation": "Relu"}, "decoder": {"layers": [)" +
                        std::to_string(channels) + "]}}]")
        .front();
}

const Operator& named(const Network& network, const std::string& name) {
    const auto found = std::find_if(network.operators.begin(), network.operators.end(), [&](const auto& op) { return op.name == name; });
    REQUIRE_MESSAGE(found != network.operators.end(), name);
    return *found;
}

/// The operators from which a tensor comes, each the first input of the next, nearest first.
std::vector<std::string> origin(const Network& network, TensorId tensor) {
    for (const Operator& op : network.operators) {
        if (std::find(op.outputs.begin(), op.outputs.end(), tensor) == op.outputs.end()) continue;
        auto names = op.inputs.empty() ? std::vector<std::string>{} : origin(network, op.inputs.front().tensor);
        names.insert(names.begin(), op.name);
        return names;
    }
    return {};
}

}  // namespace

TEST_CASE("an autoencoder stands between a tensor and all that read it") {
    const Network plain = perceptron();
    Network network = compressed(plain, of_hidden(10));
    verify(network);
    const std::vector<std::string> way{"hidden.decoder.0",
                                       "hidden.encoder.1.activation",
                                       "hidden.encoder.1",
                                       "hidden.encoder.0.activation",
                                       "hidden.encoder.0",
                                       "hidden",
                                       "x"};
    CHECK(origin(network, named(network, "last").inputs.front().tensor) == way);
    CHECK(origin(network, named(network, "sum").inputs.front().tensor) == way);
    CHECK(network.stream(named(network, "hidden.encoder.1").id) == StreamShape{6, 2});  // what crosses a link
    CHECK(network.parameters == plain.parameters + (10 * 5 + 5) + (5 * 2 + 2) + (2 * 10 + 10));
    CHECK(network.macs() == plain.macs() + 480);  // 6 tokens x (10 x 5 + 5 x 2 + 2 x 10)
    CHECK(network.assumptions.back().value.find("not trained") == 0);
    apply_precision(network, read_precision(JsonReader::from_text("study", R"({"weights": 6, "activations": 8})")));
    CHECK(effective_bit_operations(network, named(network, "hidden.decoder.0")) > 0);
}

TEST_CASE("of a convolution the channels of each pixel are encoded") {
    NetworkBuilder b("image");
    const TensorId pixels = b.convolution("conv", b.input("image", {36, 2}), {.rows = 6, .columns = 6, .filters = 10, .kernel = 3});
    b.output("y", b.convolution("last", b.activation("hidden", "Relu", pixels), {.rows = 6, .columns = 6, .filters = 3, .kernel = 3}));
    const Network plain = b.build();
    const Network network = compressed(plain, of_hidden(10));
    verify(network);
    CHECK(network.stream(named(network, "hidden.encoder.1").id) == StreamShape{36, 2});
    CHECK(network.stream(named(network, "last").id) == plain.stream(named(plain, "last").id));
    CHECK(network.macs() == plain.macs() + 36 * 80);
}

TEST_CASE("a compression that cannot be is refused where it stands") {
    const auto refused = [](const Compression& compression, const std::string& what) {
        CHECK_THROWS_WITH_AS(compressed(perceptron(), compression), doctest::Contains(what.c_str()), InputError);
    };
    refused(of_hidden(9), "/0/decoder: 9 channels at its end; expected 10, those of hidden");
    auto compression = of_hidden(10);
    compression.tensor = "middle";
    refused(compression, "/0/tensor: \"middle\" matches no operator of perceptron");
    compression.tensor = "dense";
    refused(compression, "\"dense\" matches hidden, last of perceptron; expected the name of one operator");
    const auto unread = [](const std::string& text, const std::string& what) {
        CHECK_THROWS_WITH_AS(compressions(text), doctest::Contains(what.c_str()), InputError);
    };
    unread(R"([{"tensor": "hidden", "encoder": {"layers": [2]}}])", "decoder");
    unread(R"([{"tensor": "hidden", "encoder": {"layers": []}, "decoder": {"layers": [10]}}])", "a width for each layer");
    unread(R"([{"tensor": "hidden", "encoder": {"layers": [2], "bits": 3}, "decoder": {"layers": [10]}}])", "bits");
}

TEST_CASE("a part is appended with the inputs that something feeds, and the others as inputs of the whole") {
    NetworkBuilder b("whole");
    const TensorId made = b.dense("fc", b.input("a", {6, 2}), 4);
    Network whole = b.build();
    const auto results = append(whole, perceptron(), "part.", {{"x", made}});
    verify(whole);
    CHECK(origin(whole, results.at("y")) == std::vector<std::string>{"part.last", "part.hidden", "fc", "a"});
    const auto more = append(whole, perceptron(), "other.", {});
    verify(whole);
    CHECK(origin(whole, more.at("y")) == std::vector<std::string>{"other.last", "other.hidden", "other.x"});
    CHECK(whole.parameters == b.build().parameters + 2 * perceptron().parameters);
    CHECK_THROWS_WITH_AS(append(whole, perceptron(), "third.", {{"x", results.at("y")}}),
                         doctest::Contains("is fed by part.last, which has 6 tokens of 3 channels; expected 6 tokens of 4 channels"),
                         InputError);
}
