#include "tests/models/lowering_fixture.h"

/// Operators over many elements at once: softmax, reductions, windows, sorting, recurrence.
namespace tessera::tests {

TEST_CASE("Softmax along the channels, along the tokens, and of heads side by side") {
    const auto channels = import_node("Softmax", {1, 4, 6}, {}, {{"axis", -1}});
    CHECK(only(channels, OperatorKind::softmax).heads == 1);
    CHECK(only(channels, OperatorKind::softmax).inputs[0].tokens == Access::aligned);
    CHECK(only(channels, OperatorKind::softmax).inputs[0].channels == Access::whole);
    const auto tokens = import_node("Softmax", {1, 4, 6}, {}, {{"axis", 1}});
    CHECK(only(tokens, OperatorKind::softmax).inputs[0].tokens == Access::whole);
    CHECK(only(tokens, OperatorKind::softmax).inputs[0].channels == Access::aligned);
}

TEST_CASE("before opset 13 Softmax takes all axes from its own on together") {
    const auto old = import_node("Softmax", {1, 4, 6}, {}, {}, 11);  // axis 1 by default: over 24 values
    CHECK(only(old, OperatorKind::softmax).inputs[0].tokens == Access::whole);
    CHECK(only(old, OperatorKind::softmax).inputs[0].channels == Access::whole);
    const auto last = import_node("Softmax", {1, 4, 6}, {}, {{"axis", 2}}, 11);
    CHECK(only(last, OperatorKind::softmax).inputs[0].tokens == Access::aligned);
}

TEST_CASE("every reduction, over channels and over tokens") {
    for (const std::string type : {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
                                   "ReduceSumSquare", "ReduceLogSumExp"}) {
        CAPTURE(type);
        const auto channels = import_node(type, {1, 4, 6}, {}, {{"axes", Integers{2}}, {"keepdims", 0}}, 11);
        CHECK(only(channels, OperatorKind::reduction).contraction == 6);
        CHECK(only(channels, OperatorKind::reduction).inputs[0].tokens == Access::aligned);
        CHECK(result_of(channels) == StreamShape{4, 1});
        const auto tokens = import_node(type, {1, 4, 6}, {}, {{"axes", Integers{1}}}, 11);
        CHECK(only(tokens, OperatorKind::reduction).contraction == 4);
        CHECK(only(tokens, OperatorKind::reduction).inputs[0].tokens == Access::whole);
        CHECK(result_of(tokens) == StreamShape{1, 6});
        CHECK(only(import_node(type, {1, 4, 6}, {}, {}, 11), OperatorKind::reduction).contraction == 24);
    }
    CHECK(only(import_node("ArgMax", {1, 4, 6}, {}, {{"axis", 2}}), OperatorKind::reduction).contraction == 6);
}

TEST_CASE("axes of a reduction as attribute and as input") {
    const auto attribute = import_node("ReduceSum", {1, 4, 6}, {}, {{"axes", Integers{1}}}, 11);
    const auto input = import_node("ReduceSum", {1, 4, 6}, {vector_of({1})}, {}, 13);
    const auto mean = import_node("ReduceMean", {1, 4, 6}, {vector_of({1})}, {}, 18);
    for (const auto* network : {&attribute, &input, &mean}) {
        CHECK(only(*network, OperatorKind::reduction).contraction == 4);
        CHECK(result_of(*network) == StreamShape{1, 6});
    }
}

TEST_CASE("pooling over windows and over all positions") {
    const auto largest = import_node("MaxPool", {1, 3, 8, 6}, {}, {{"kernel_shape", Integers{2, 2}}, {"strides", Integers{2, 2}}});
    CHECK(only(largest, OperatorKind::pooling).window == Integers{2, 2});
    CHECK(only(largest, OperatorKind::pooling).contraction == 4);
    CHECK(only(largest, OperatorKind::pooling).row_length == 6);
    CHECK(result_of(largest) == StreamShape{12, 3});
    const auto mean = import_node("AveragePool", {1, 3, 8}, {}, {{"kernel_shape", Integers{4}}, {"strides", Integers{4}}});
    CHECK(only(mean, OperatorKind::pooling).type == "AveragePool");
    CHECK(result_of(mean) == StreamShape{2, 3});
    const auto all = import_node("GlobalAveragePool", {1, 3, 8, 6});
    CHECK(only(all, OperatorKind::reduction).contraction == 48);
    CHECK(result_of(all) == StreamShape{1, 3});
    const auto last = import_node("MaxPool", {1, 8, 6, 3}, {}, {{"kernel_shape", Integers{2, 2}}, {"strides", Integers{2, 2}}}, 17,
                                  "qonnx.custom_op.channels_last");
    CHECK(result_of(last) == StreamShape{12, 3});
    CHECK(only(last, OperatorKind::pooling).row_length == 6);
}

TEST_CASE("TopK sorts an axis and keeps k, as attribute or as input") {
    OnnxFile file(11);
    file.input("x", {1, 5, 9}).constant("k", vector_of({3})).node("TopK", {"x", "k"}, {"values", "indices"});
    const auto network = import_file(file.output("values").output("indices"));
    const auto& op = only(network, OperatorKind::top_k);
    CHECK(op.window == Integers{3});
    CHECK(op.contraction == 9);
    CHECK(op.outputs.size() == 2);
    CHECK(op.inputs[0].channels == Access::whole);
    CHECK(op.inputs[0].tokens == Access::aligned);
    OnnxFile old(9);
    old.input("x", {1, 5, 9}).node("TopK", {"x"}, {"values", "indices"}, {{"k", 3}, {"axis", 1}}).output("indices");
    CHECK(only(import_file(old), OperatorKind::top_k).inputs[0].tokens == Access::whole);
    CHECK(only(import_file(old), OperatorKind::top_k).contraction == 5);
}

namespace {

/// y of a recurrent layer over 5 steps of 3 features with 2 hidden units.
OnnxFile recurrent(const std::string& type, std::int64_t gates, bool bidirectional, bool last_only) {
    OnnxFile file;
    const std::int64_t directions = bidirectional ? 2 : 1;
    file.input("x", {5, 1, 3}).constant("w", counting({directions, 2 * gates, 3})).constant("r", counting({directions, 2 * gates, 2}));
    file.constant("b", counting({directions, 4 * gates}));
    std::vector<OnnxAttribute> attributes{{"hidden_size", 2}};
    if (bidirectional) attributes.push_back({"direction", std::string("bidirectional")});
    file.node(type, {"x", "w", "r", "b"}, {last_only ? "" : "y", last_only ? "y" : ""}, attributes);
    return file.output("y");
}

}  // namespace

TEST_CASE("LSTM and GRU: the gates' matrix on input and state, step by step") {
    for (const auto& [type, gates] : {std::pair<std::string, std::int64_t>{"LSTM", 4}, {"GRU", 3}, {"RNN", 1}}) {
        for (const bool last_only : {false, true}) {
            CAPTURE(type);
            CAPTURE(last_only);
            const auto network = import_file(recurrent(type, gates, false, last_only));
            const auto& op = only(network, OperatorKind::recurrent);
            CHECK(op.weights.inputs == 3 + 2);
            CHECK(op.weights.outputs == 2 * gates);
            CHECK(op.weights.count == 2 * gates * 5 + 4 * gates);
            CHECK(op.macs == 5 * 2 * gates * 5);
            CHECK(result_of(network) == StreamShape{last_only ? 1 : 5, 2});
        }
    }
    const auto both = import_file(recurrent("LSTM", 4, true, false));
    CHECK(only(both, OperatorKind::recurrent).macs == 2 * 5 * 8 * 5);
    const auto one = import_file(recurrent("LSTM", 4, false, false));
    // Gate by gate the row on the input, then the row on the state.
    CHECK(only(one, OperatorKind::recurrent).weights.values[3] == 1);
    CHECK(only(one, OperatorKind::recurrent).weights.values[5] == 4);
}

}  // namespace tessera::tests
