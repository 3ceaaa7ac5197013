#include "models/precision.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "core/error.h"
#include "models/network_builder.h"
#include "models/precision_weights.h"

using namespace tessera;
using namespace tessera::models;

namespace {

constexpr std::size_t kFirst = 512;   ///< weights of the first layer of `two_layers`
constexpr std::size_t kSecond = 128;  ///< and of the second

Precision precision_of(const std::string& text) { return read_precision(JsonReader::from_text("study.json", text)); }

Precision bits(int width) {
    return precision_of("{\"weights\": " + std::to_string(width) + ", \"activations\": " + std::to_string(width) + "}");
}

/// Sums of twelve uniform values: close to a normal distribution of variance 1.
std::vector<float> normal_values(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<float> values(count);
    for (float& value : values) {
        double sum = -6;
        for (int i = 0; i < 12; ++i) sum += static_cast<double>(random() >> 11) * 0x1p-53;
        value = static_cast<float>(sum);
    }
    return values;
}

/// 5 tokens of 16 channels, dense, relu, dense, softmax.
Network two_layers(const std::vector<float>& first = {}, const std::vector<float>& second = {}) {
    NetworkBuilder builder("two layers");
    TensorId x = builder.input("x", {5, 16});
    x = builder.activation("first.relu", "Relu", builder.dense("first", x, 32, {.bias = true, .values = first}));
    x = builder.softmax("softmax", builder.dense("second", x, 4, {.bias = true, .values = second}));
    builder.output("y", x);
    return builder.build();
}

int naive_digits(std::int64_t value) {
    int digits = 0;
    for (; value != 0; value /= 2) {
        if (value % 2 == 0) continue;
        const std::int64_t digit = 2 - (((value % 4) + 4) % 4);
        value -= digit;
        ++digits;
    }
    return digits;
}

double total_ebops(const Network& network) {
    double sum = 0;
    for (const Operator& op : network.operators) sum += effective_bit_operations(network, op);
    return sum;
}

}  // namespace

TEST_CASE("canonical signed digits are counted") {
    CHECK(canonical_signed_digits(0) == 0);
    CHECK(canonical_signed_digits(7) == 2);  // 8 - 1
    CHECK(canonical_signed_digits(-7) == 2);
    CHECK(canonical_signed_digits(85) == 4);  // 1010101
    CHECK(canonical_signed_digits(127) == 2);
    CHECK(canonical_signed_digits(INT64_MAX) == 2);
    CHECK(canonical_signed_digits(INT64_MIN) == 1);
    for (std::int64_t value = -5000; value <= 5000; ++value) CHECK(canonical_signed_digits(value) == naive_digits(value));
}

TEST_CASE("weights are rounded on the grid that their range needs") {
    const std::vector<float> first = normal_values(kFirst, 1);
    Network network = two_layers(first, normal_values(kSecond, 2));
    apply_precision(network, bits(8));
    const Weights& weights = network.operators[1].weights;
    CHECK(weights.format.width == 8);
    CHECK(weights.channels.size() == 32);
    for (std::size_t i = 0; i < first.size(); ++i) {
        CHECK(std::abs(weights.values[i] - first[i]) <= weights.format.step() / 2);
        const double steps = weights.values[i] / weights.format.step();
        CHECK(steps == std::nearbyint(steps));
    }
    Network again = network;
    apply_precision(again, bits(8));
    CHECK(again.operators[1].weights.values == weights.values);
    CHECK(again.assumptions == network.assumptions);
}

TEST_CASE("ties round to even") {
    Network network = two_layers(std::vector<float>(kFirst, 0.0F), std::vector<float>(kSecond, 1.0F));
    network.operators[1].weights.values = std::vector<float>(kFirst, 0.5F);
    network.operators[1].weights.values[0] = 1.5F;
    network.operators[1].weights.values[1] = 2.5F;
    apply_precision(network, precision_of(R"({"weights": "fixed<4,4>", "activations": 8})"));
    const std::vector<float>& values = network.operators[1].weights.values;
    CHECK(values[0] == 2);
    CHECK(values[1] == 2);
    CHECK(values[2] == 0);
}

TEST_CASE("digits and bits are counted by hand") {
    NetworkBuilder builder("hand");
    builder.output("y", builder.dense("d", builder.input("x", {3, 4}), 2, {.bias = false, .values = {0, 1, 7, -12, 0.5F, -5, 3, 0}}));
    Network network = builder.build();
    apply_precision(network, precision_of(R"({"weights": "fixed<6,5>", "activations": 6})"));
    const std::vector<ChannelWeights>& channels = network.operators[1].weights.channels;
    REQUIRE(channels.size() == 2);
    CHECK(channels[0].nonzero == 3);
    CHECK(channels[0].signed_digits == 1 + 2 + 2);   // 1, 8-1, 16-4
    CHECK(channels[0].effective_bits == 1 + 3 + 2);  // 1, 111, 11
    CHECK(channels[1].nonzero == 3);
    CHECK(channels[1].signed_digits == 1 + 2 + 2);
    CHECK(channels[1].effective_bits == 1 + 3 + 2);
    CHECK(effective_bit_operations(network, network.operators[1]) == 3 * 12 * 6);
    CHECK(network.operators[1].accumulator == FixedPoint{6 + 6 + 2, 5 + 4 + 2, true});
    const WeightSummary summary = summarise_weights(network.operators[1]);
    CHECK(summary.count == 8);
    CHECK(summary.zero_fraction == doctest::Approx(0.25));
    CHECK(summary.mean_effective_bits == doctest::Approx(2));
}

TEST_CASE("later rules win, by kind, type and name") {
    Network network = two_layers(normal_values(kFirst, 1), normal_values(kSecond, 2));
    apply_precision(network, precision_of(R"({"weights": 8, "activations": 8, "accumulators": "fixed<24,12>", "rules": [
        {"operators": "dense", "weights": 6}, {"operators": "sec?nd*", "weights": "fixed<5,2>", "activations": 9, "accumulators": "fixed<20,9>"},
        {"operators": "input", "activations": 10}, {"operators": "Relu", "activations": "ufixed<7,2>"}]})"));
    CHECK(network.tensors[0].format == FixedPoint{10, 4, true});
    CHECK(network.operators[1].weights.format.width == 6);
    CHECK(network.operators[1].accumulator == FixedPoint{24, 12, true});
    CHECK(network.tensors[2].format == FixedPoint{7, 2, false});
    CHECK(network.operators[3].weights.format == FixedPoint{5, 2, true});
    CHECK(network.operators[3].accumulator == FixedPoint{20, 9, true});
    CHECK(network.tensors[3].format.width == 9);
    CHECK(network.tensors[4].format == FixedPoint{8, 0, false});
    CHECK(network.assumptions.size() == 1);
}

TEST_CASE("pruning removes the smallest magnitudes, ties as many as needed") {
    Weights weights;
    weights.inputs = 6;
    weights.outputs = 1;
    weights.values = {1, -3, 1, 0.5F, 1, -2};
    prune_weights(weights, 0.5);
    CHECK(weights.values == std::vector<float>{0, -3, 0, 0, 1, -2});
    prune_weights(weights, 1);
    CHECK(weights.values == std::vector<float>(6, 0.0F));

    Network network = two_layers(normal_values(kFirst, 1), normal_values(kSecond, 2));
    apply_precision(network, precision_of(R"({"weights": 8, "activations": 8, "rules": [{"operators": "first", "zero_fraction": 0.75}]})"));
    CHECK(summarise_weights(network.operators[1]).zero_fraction >= 0.75);
    CHECK(summarise_weights(network.operators[3]).zero_fraction < 0.1);
}

TEST_CASE("the expectation of untrained weights is that of many drawn weights") {
    for (const int width : {3, 4, 6, 8, 12}) {
        CAPTURE(width);
        Weights drawn;
        drawn.inputs = 200000;
        drawn.outputs = 1;
        drawn.values = normal_values(200000, 7);
        drawn.format = {width, 3, true};  // four standard deviations of 1
        round_weights(drawn);
        count_digits(drawn);
        const ExpectedWeight mean = expected_weight(width, 0);
        CHECK(drawn.channels[0].nonzero / 200000 == doctest::Approx(mean.nonzero).epsilon(0.01));
        CHECK(drawn.channels[0].signed_digits / 200000 == doctest::Approx(mean.signed_digits).epsilon(0.01));
        CHECK(drawn.channels[0].effective_bits / 200000 == doctest::Approx(mean.effective_bits).epsilon(0.01));
    }
}

TEST_CASE("pruned expectations keep the share that they should") {
    CHECK(expected_weight(8, 0.5).nonzero == doctest::Approx(0.5));
    CHECK(expected_weight(8, 1).nonzero == doctest::Approx(0));
    CHECK(expected_weight(4, 0.01).nonzero == doctest::Approx(expected_weight(4, 0).nonzero));  // those are zeros anyway
}

TEST_CASE("more bits never cost less") {
    double digits = 0;
    double effective = 0;
    for (int width = 2; width <= 24; ++width) {
        const ExpectedWeight mean = expected_weight(width, 0);
        CHECK(mean.signed_digits >= digits);
        CHECK(mean.effective_bits >= effective);
        digits = mean.signed_digits;
        effective = mean.effective_bits;
    }
    double real = 0;
    double untrained = 0;
    for (int width = 2; width <= 16; ++width) {
        Network with_values = two_layers(normal_values(kFirst, 3), normal_values(kSecond, 4));
        Network without = two_layers();
        apply_precision(with_values, bits(width));
        apply_precision(without, bits(width));
        CHECK(total_ebops(with_values) >= real);
        CHECK(total_ebops(without) >= untrained);
        real = total_ebops(with_values);
        untrained = total_ebops(without);
    }
}

TEST_CASE("effective bit operations of every kind of product") {
    NetworkBuilder builder("products");
    const TensorId q = builder.input("q", {3, 8});
    const TensorId k = builder.input("k", {5, 8});
    const TensorId scores = builder.attention_scores("scores", q, k, 2);
    const TensorId gated = builder.elementwise("gate", "Mul", {scores, scores});
    const TensorId sum = builder.elementwise("sum", "Add", {gated, scores});
    builder.output("y", sum);
    Network network = builder.build();
    apply_precision(network, precision_of(R"({"weights": 8, "activations": 4, "rules": [{"operators": "k", "activations": 6}]})"));
    CHECK(effective_bit_operations(network, network.operators[2]) == 3 * 5 * 8 * 4 * 6);
    CHECK(effective_bit_operations(network, network.operators[3]) == 3 * 10 * 4 * 4);
    CHECK(effective_bit_operations(network, network.operators[4]) == 0);
    CHECK(effective_bit_operations(network, network.operators[0]) == 0);
    CHECK(effective_bit_operations(network, network.operators[5]) == 0);
}

TEST_CASE("a file's own formats are kept, and its sums follow from them") {
    NetworkBuilder builder("quantised");
    const TensorId x = builder.input("x", {1, 4});
    const TensorId d = builder.dense("d", x, 2, {.bias = false, .values = {1, -1, 1, -1, 1, 1, 1, 1}});
    builder.output("y", builder.activation("relu", "Relu", d));
    builder.tensor(x).format = {2, 2, true};
    builder.tensor(x).format_from_file = true;
    builder.producer(d).weights.format = {1, 1, true};  // +1 and -1
    builder.producer(d).weights.format_from_file = true;
    Network network = builder.build();
    apply_precision(network, precision_of("{}"));
    CHECK(network.operators[1].weights.values[0] == 1);
    CHECK(network.operators[1].weights.channels[0].signed_digits == 4);
    CHECK(network.tensor(d).format == FixedPoint{5, 5, true});
    CHECK(network.tensors[2].format == FixedPoint{4, 4, false});
    CHECK(network.assumptions.empty());
    apply_precision(network, bits(8));  // stands for floating point, of which there is none
    CHECK(network.tensor(x).format == FixedPoint{2, 2, true});
    CHECK(network.tensor(d).format == FixedPoint{5, 5, true});
    CHECK(network.tensors[2].format == FixedPoint{4, 4, false});
    apply_precision(network, precision_of(R"({"rules": [{"operators": "dense", "activations": 3}]})"));
    CHECK(network.tensor(d).format.width == 3);
}

TEST_CASE("of weights of one bit the signs remain") {
    Network real = two_layers(normal_values(kFirst, 1), normal_values(kSecond, 2));
    apply_precision(real, precision_of(R"({"weights": 1, "activations": 8, "zero_fraction": 0.5})"));
    for (const Operator& op : real.operators) {
        if (op.weights.count == 0) continue;
        CHECK(op.weights.format == FixedPoint{1, 1, true});
        for (const float value : op.weights.values) CHECK(std::abs(value) == 1);
        CHECK(summarise_weights(op).zero_fraction == 0);
        CHECK(summarise_weights(op).mean_signed_digits == 1);
    }
    Network untrained = two_layers();
    apply_precision(untrained, precision_of(R"({"weights": 1, "activations": 8})"));
    for (const Operator& op : untrained.operators)
        if (op.weights.count > 0) CHECK(summarise_weights(op).mean_effective_bits == 1);
}

TEST_CASE("wiring keeps the format of its first input") {
    NetworkBuilder builder("wiring");
    const TensorId a = builder.input("a", {2, 4});
    const TensorId b = builder.input("b", {3, 4});
    const TensorId joined = builder.concatenate_tokens("join", {a, b});
    builder.output("y", builder.flatten("flat", joined));
    Network network = builder.build();
    apply_precision(network, precision_of(R"({"activations": 8, "rules": [{"operators": "a", "activations": "ufixed<9,2>"}]})"));
    CHECK(network.tensors[2].format == FixedPoint{9, 2, false});
    CHECK(network.tensors[3].format == FixedPoint{9, 2, false});
}

TEST_CASE("what has no format is named") {
    Network network = two_layers();
    CHECK_THROWS_WITH_AS(apply_precision(network, precision_of(R"({"weights": 8})")), doctest::Contains("5 tensors and 0 sets of weights"),
                         InputError);
    Network other = two_layers();
    CHECK_THROWS_WITH_AS(apply_precision(other, precision_of(R"({"activations": 8})")), doctest::Contains("first"), InputError);
    Network third = two_layers();
    CHECK_THROWS_WITH_AS(
        apply_precision(third, precision_of(R"({"weights": 8, "activations": 8, "rules": [{"operators": "thrid*", "weights": 4}]})")),
        doctest::Contains("thrid*"), InputError);
}

TEST_CASE("weights that are no numbers are refused") {
    Network network = two_layers(std::vector<float>(kFirst, std::numeric_limits<float>::quiet_NaN()), normal_values(kSecond, 2));
    CHECK_THROWS_WITH_AS(apply_precision(network, bits(8)), doctest::Contains("first"), InputError);
}

TEST_CASE("malformed precision is refused") {
    for (const char* wrong : {R"({"weight": 8})", R"({"weights": 0})", R"({"activations": 1})", R"({"weights": 65})", R"({"weights": 8.5})",
                              R"({"activations": "8"})", R"({"accumulators": 24})", R"({"rules": {}})", R"({"rules": [{"weights": 8}]})",
                              R"({"zero_fraction": 1.5})", R"({"rules": [{"operators": "a", "bits": 8}]})", R"([])", R"({"rules": [3]})"}) {
        CAPTURE(wrong);
        CHECK_THROWS_AS(precision_of(wrong), InputError);
    }
}
