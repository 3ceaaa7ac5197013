#include "models/input_split.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "models/dataflow.h"
#include "models/precision.h"
#include "models/precision_weights.h"
#include "models/strategy_rules.h"
#include "tests/models/cost_fixture.h"

using namespace tessera;
using namespace tessera::tests;

namespace {

constexpr StreamShape kIn{3, 10};
constexpr std::int64_t kOut = 4;

/// Weights and activations of 6 and 8 bits; a bias of small whole numbers, which every accumulator here holds.
Network layer(bool trained, const std::string& precision = R"({"weights": 6, "activations": 8})") {
    NetworkBuilder b("layer");
    BuilderWeights weights;
    std::mt19937_64 random(5);
    if (trained) {
        for (std::int64_t i = 0; i < kIn.channels * kOut; ++i) weights.values.push_back(static_cast<float>(random() % 2001) / 1000 - 1);
    }
    const TensorId made = b.dense("fc", b.input("x", kIn), kOut, weights);
    if (trained) b.producer(made).weights.bias = {1, -2, 3, 0};
    b.output("y", b.activation("relu", "Relu", made));
    Network network = b.build();
    apply_precision(network, read_precision(JsonReader::from_text("study", precision)));
    return network;
}

const Operator& op_named(const Network& network, const std::string& name) {
    const auto found = std::find_if(network.operators.begin(), network.operators.end(), [&](const auto& op) { return op.name == name; });
    REQUIRE_MESSAGE(found != network.operators.end(), name);
    return *found;
}

InputCut cut_of(const Network& network, const std::string& name, std::int64_t parts) { return {op_named(network, name).id, parts}; }

std::vector<const Operator*> parts_of(const Network& network) {
    std::vector<const Operator*> parts;
    for (const Operator& op : network.operators)
        if (op.kind == OperatorKind::dense) parts.push_back(&op);
    return parts;
}

using Values = std::vector<double>;

/// What one operator of a layer that may be cut makes of the values of all tensors, before any is rounded.
Values evaluated(const Network& network, const Operator& op, const std::vector<Values>& values) {
    const StreamShape made = network.stream(op.id);
    const Values& first = values[index(op.inputs.front().tensor)];
    const auto channels = network.tensor(op.inputs.front().tensor).stream().channels;
    Values result;
    for (std::int64_t token = 0; token < made.tokens; ++token) {
        for (std::int64_t channel = 0; channel < made.channels; ++channel) {
            const auto from = first.begin() + token * channels;
            double value = 0;
            if (op.kind == OperatorKind::dense) {
                value = op.weights.bias.empty() ? 0 : op.weights.bias[static_cast<std::size_t>(channel)];
                value += std::inner_product(from, from + channels, op.weights.values.begin() + channel * channels, 0.0);
            } else if (op.kind == OperatorKind::elementwise) {
                for (const Input& input : op.inputs) value += values[index(input.tensor)][result.size()];
            } else if (op.type == "Slice") {
                value = from[op.slice_begin + channel];
            } else if (op.type == "Relu") {
                value = std::max(0.0, from[channel]);
            }
            result.push_back(value);
        }
    }
    return result;
}

/// The values of all tensors for those of the input.
std::vector<Values> evaluate(const Network& network, const Values& input) {
    std::vector<Values> values(network.tensors.size());
    for (const Operator& op : network.operators) {
        if (op.kind == OperatorKind::output) continue;
        values[index(op.outputs.front())] = op.kind == OperatorKind::input ? input : evaluated(network, op, values);
    }
    return values;
}

}  // namespace

TEST_CASE("an operator cut along its inputs computes the same, and its partial sums hold every value") {
    const Network whole = layer(true);
    const FixedPoint format = op_named(whole, "fc").accumulator;
    const FixedPoint x = whole.tensor(op_named(whole, "x").outputs.front()).format;
    std::mt19937_64 random(6);
    for (const std::int64_t parts : {2, 3, 10}) {
        CAPTURE(parts);
        const Network cut = split_inputs(whole, cut_of(whole, "fc", parts));
        for (int event = 0; event < 5; ++event) {
            Values input;  // the first is the extreme that the format allows
            for (std::int64_t i = 0; i < kIn.elements(); ++i)
                input.push_back(event == 0 ? x.least() : x.step() * static_cast<double>(static_cast<int>(random() % 255) - 127));
            const auto expected = evaluate(whole, input);
            const auto made = evaluate(cut, input);
            CHECK(made[index(op_named(cut, "relu").outputs.front())] == expected[index(op_named(whole, "relu").outputs.front())]);
            CHECK(made[index(op_named(cut, "fc.sum").outputs.front())] == expected[index(op_named(whole, "fc").outputs.front())]);
            for (const Operator* part : parts_of(cut)) {
                const FixedPoint& sums = cut.tensor(part->outputs.front()).format;
                CHECK(sums.integer_bits <= format.integer_bits);
                for (const double value : made[index(part->outputs.front())]) {
                    CHECK(value >= sums.least());
                    CHECK(value <= sums.most());
                    CHECK(value / sums.step() == std::round(value / sums.step()));
                }
            }
        }
    }
}

TEST_CASE("parts share weights, digits, parameters and products, and the tensor behind keeps its format") {
    for (const bool trained : {true, false}) {
        CAPTURE(trained);
        const Network whole = layer(trained);
        const Operator& fc = op_named(whole, "fc");
        const Network cut = split_inputs(whole, cut_of(whole, "fc", 3));
        verify(cut);
        CHECK(cut.parameters == whole.parameters);
        CHECK(cut.macs() == whole.macs());
        const auto parts = parts_of(cut);
        REQUIRE(parts.size() == 3);
        std::int64_t count = 0, inputs = 0;
        double ebops = 0;
        std::vector<ChannelWeights> sums(fc.weights.channels.size());
        for (const Operator* part : parts) {
            CHECK(op_named(cut, "fc.inputs." + part->name.substr(part->name.size() - 1)).slice_begin == inputs);
            CHECK(cut.stream(part->id) == whole.stream(fc.id));
            inputs += part->weights.inputs, count += part->weights.count;
            ebops += effective_bit_operations(cut, *part);
            for (std::size_t o = 0; o < sums.size(); ++o) {
                sums[o].nonzero += part->weights.channels[o].nonzero, sums[o].signed_digits += part->weights.channels[o].signed_digits;
                sums[o].heavy += part->weights.channels[o].heavy;
            }
        }
        CHECK(inputs == kIn.channels);
        CHECK(count == fc.weights.count);
        CHECK(ebops == doctest::Approx(effective_bit_operations(whole, fc)));
        for (std::size_t o = 0; o < sums.size(); ++o) {
            CHECK(sums[o].nonzero == doctest::Approx(fc.weights.channels[o].nonzero));
            CHECK(sums[o].signed_digits == doctest::Approx(fc.weights.channels[o].signed_digits));
            CHECK(sums[o].heavy == doctest::Approx(fc.weights.channels[o].heavy));
        }
        const Operator& sum = op_named(cut, "fc.sum");
        CHECK(sum.outputs == fc.outputs);
        CHECK(cut.tensor(sum.outputs.front()).format == whole.tensor(fc.outputs.front()).format);
    }
}

TEST_CASE("each part reads its own channels of what makes the inputs") {
    const Network whole = layer(false);
    const Network cut = split_inputs(whole, cut_of(whole, "fc", 3));
    std::vector<Range> read;
    for (const Flow& flow : dataflow(cut)) {
        if (cut.op(flow.producer).name == "x") read.push_back(flow.from.channels);
    }
    CHECK(read == std::vector<Range>{{0, 3}, {3, 6}, {6, 10}});
}

TEST_CASE("of what is flattened a part reads the tokens from which its inputs come, or the channels") {
    for (const bool tokens_outer : {true, false}) {
        CAPTURE(tokens_outer);
        NetworkBuilder b("flat");
        const TensorId made = b.activation("relu", "Relu", b.input("x", {6, 4}));
        if (!tokens_outer) b.tensor(made).shape = {1, 4, 6}, b.tensor(made).token_axes = {false, false, true};
        b.output("y", b.dense("fc", b.flatten("flat", made), 2));
        Network whole = b.build();
        apply_precision(whole, read_precision(JsonReader::from_text("study", R"({"weights": 6, "activations": 8})")));
        const auto regions = [](const Network& network) {
            std::vector<Region> read;
            for (const Flow& flow : dataflow(network)) {
                if (network.op(flow.producer).name == "relu") read.push_back(flow.from);
            }
            return read;
        };
        CHECK(regions(whole) == std::vector<Region>{{{0, 6}, {0, 4}}});
        const auto read = regions(split_inputs(whole, cut_of(whole, "fc", 4)));  // six of 24 elements each
        if (tokens_outer) {
            CHECK(read == std::vector<Region>{{{0, 2}, {0, 4}}, {{1, 3}, {0, 4}}, {{3, 5}, {0, 4}}, {{4, 6}, {0, 4}}});
        } else {
            CHECK(read == std::vector<Region>{{{0, 6}, {0, 1}}, {{0, 6}, {1, 2}}, {{0, 6}, {2, 3}}, {{0, 6}, {3, 4}}});
        }
    }
}

TEST_CASE("an accumulator that a study gives is that of the parts, and a scale comes behind the adder") {
    const Network given = layer(true, R"({"weights": 6, "activations": 8, "accumulators": "fixed<12,6>"})");
    const Network cut = split_inputs(given, cut_of(given, "fc", 2));
    CHECK(cut.tensor(op_named(cut, "fc.part.1").outputs.front()).format == FixedPoint{12, 6, true});

    Network scaled = layer(true);
    scaled.operators[index(op_named(scaled, "fc").id)].weights.power_of_two_scales = false;
    const Network behind = split_inputs(scaled, cut_of(scaled, "fc", 2));
    CHECK(op_named(behind, "fc.part.0").weights.power_of_two_scales);
    CHECK(behind.tensor(op_named(behind, "fc.sum").outputs.front()).format == op_named(scaled, "fc").accumulator);
    CHECK_FALSE(op_named(behind, "fc.scale").weights.power_of_two_scales);
    CHECK(op_named(behind, "fc.scale").outputs == op_named(scaled, "fc").outputs);
    CHECK_FALSE(cost(behind, op_named(behind, "fc.scale"), 1, 9).empty());
}

TEST_CASE("in constant logic the parts and their adder take about what the whole takes") {
    NetworkBuilder b("wide");
    b.output("y", b.dense("fc", b.input("x", {1, 1024}), 8));
    Network whole = b.build();
    apply_precision(whole, read_precision(JsonReader::from_text("study", R"({"weights": 6, "activations": 8})")));
    apply_strategies(whole, read_strategies(JsonReader::from_text("study", R"([{"operators": "dense", "strategy": "constant_logic"}])")));
    const auto lut = [](const Network& network) {
        double sum = 0;
        for (const Operator& op : network.operators) {
            const auto all = implementations(network, op, {{{0, 1}, {0, 8}}, 9}, vu13p());
            REQUIRE_FALSE(all.empty());
            if (op.kind == OperatorKind::dense) CHECK(all.front().strategy == Strategy::constant_logic);
            sum += all.front().resources.lut;
        }
        return sum;
    };
    const double at_once = lut(whole);
    for (const std::int64_t parts : {2, 4, 8}) {
        const double cut = lut(split_inputs(whole, cut_of(whole, "fc", parts)));
        CHECK(cut > at_once);
        CHECK(cut < 1.05 * at_once);
    }
}

TEST_CASE("a rule fixes how many parts, and refuses what cannot be cut so where it stands") {
    const auto rules = [](const std::string& text) { return read_strategies(JsonReader::from_text("study", text)); };
    Network network = layer(true);
    apply_strategies(network, rules(R"([{"operators": "fc", "input_parts": 5, "strategy": "dsp"}])"));
    CHECK(parts_of(network).size() == 1);
    const Network cut = split_fixed_inputs(network);
    CHECK(parts_of(cut).size() == 5);
    CHECK(op_named(cut, "fc.part.4").fixed == StrategyChoice{Strategy::dsp, std::nullopt, 0, 1});
    CHECK(op_named(cut, "fc.sum").fixed == StrategyChoice{});
    apply_strategies(network, rules(R"([{"operators": "*", "input_parts": 1}])"));
    CHECK(parts_of(split_fixed_inputs(network)).size() == 1);

    const auto refused = [&](const std::string& text, const std::string& what) {
        CHECK_THROWS_WITH_AS(apply_strategies(network, rules(text)), doctest::Contains(what.c_str()), InputError);
    };
    refused(R"([{"operators": "fc", "input_parts": 11}])", "/0/input_parts: fc has 10 input channels");
    refused(R"([{"operators": "relu", "input_parts": 2}])", "relu is of kind activation");
    CHECK_THROWS_WITH_AS(split_inputs(network, cut_of(network, "relu", 2)), doctest::Contains("the inputs of dense operators alone"),
                         InputError);
}
