#include "models/dataflow.h"
#include "tests/models/lowering_fixture.h"

/// What only moves data costs nothing, keeps track of what goes where, and look-ups by computed addresses.
namespace tessera::tests {

namespace {

/// The part of input x that a consumer behind the wiring needs for one rectangle of it.
models::Region needed_of_input(const Network& network, const models::Region& wanted) {
    models::Region found;
    for (const auto& flow : models::dataflow(network)) {
        if (network.op(flow.producer).kind == OperatorKind::input) found = models::needed(flow, wanted);
    }
    return found;
}

}  // namespace

TEST_CASE("operators that only move data are wiring of the right shape") {
    struct Move {
        std::string type;
        std::vector<OnnxDimension> from;
        std::vector<TensorProto> constants;
        std::vector<OnnxAttribute> attributes;
        StreamShape result;
        int opset = 17;
    };
    const TensorProto none = vector_of({});
    for (const auto& move : {
             Move{"Reshape", {1, 4, 6}, {vector_of({1, 4, 2, 3})}, {}, {4, 6}},
             Move{"Reshape", {1, 4, 6}, {vector_of({1, 24})}, {}, {1, 24}},
             Move{"Flatten", {1, 4, 6}, {}, {}, {1, 24}},
             Move{"Squeeze", {1, 4, 6}, {}, {{"axes", Integers{0}}}, {4, 6}, 11},
             Move{"Squeeze", {1, 4, 6}, {vector_of({0})}, {}, {4, 6}, 13},
             Move{"Unsqueeze", {4, 6}, {}, {{"axes", Integers{0, 2}}}, {4, 6}, 11},
             Move{"Unsqueeze", {4, 6}, {vector_of({0, 2})}, {}, {4, 6}, 13},
             Move{"Transpose", {1, 4, 6}, {}, {{"perm", Integers{0, 2, 1}}}, {4, 6}},
             Move{"Slice", {1, 4, 6}, {}, {{"starts", Integers{1}}, {"ends", Integers{3}}, {"axes", Integers{1}}}, {2, 6}, 9},
             Move{"Slice", {1, 4, 6}, {vector_of({1}), vector_of({5}), vector_of({2}), vector_of({2})}, {}, {4, 2}},
             Move{"Tile", {1, 4, 6}, {vector_of({1, 3, 1})}, {}, {12, 6}},
             Move{"Expand", {1, 1, 6}, {vector_of({1, 5, 6})}, {}, {5, 6}},
             Move{"Pad", {1, 4, 6}, {vector_of({0, 1, 0, 0, 1, 0})}, {}, {6, 6}},
             Move{"Pad", {1, 4, 6}, {}, {{"pads", Integers{0, 0, 0, 0, 0, 2}}}, {4, 8}, 9},
             Move{"DepthToSpace", {1, 8, 2, 2}, {}, {{"blocksize", 2}}, {32, 1}},
             Move{"Gather", {1, 4, 6}, {vector_of({0, 2})}, {{"axis", 1}}, {2, 6}},
         }) {
        CAPTURE(move.type);
        CAPTURE(move.result.tokens);
        const auto network = import_node(move.type, move.from, move.constants, move.attributes, move.opset);
        CHECK(kinds_of(network) == Kinds{{"wiring", 1}});
        CHECK(result_of(network).elements() == move.result.elements());
        CHECK(network.macs() == 0);
        if (move.type != "DepthToSpace") CHECK(result_of(network) == move.result);
    }
}

TEST_CASE("Resize repeats positions, by scales or by sizes") {
    OnnxFile file;
    file.input("x", {1, 3, 4, 4}).constant("scales", float_tensor({4}, {1, 1, 2, 2}));
    file.node("Conv", {"x", "w"}, {"c"}).constant("w", counting({3, 3, 1, 1})).node("Resize", {"c", "", "scales"}, {"y"}).output("y");
    const auto network = import_file(file);
    CHECK(kinds_of(network) == Kinds{{"dense", 1}, {"wiring", 1}});
    CHECK(result_of(network) == StreamShape{64, 3});
}

TEST_CASE("a slice of tokens needs these tokens alone") {
    const auto network = import_node("Slice", {1, 8, 6}, {vector_of({3}), vector_of({7}), vector_of({1})});
    CHECK(needed_of_input(network, {{0, 1}, {0, 6}}) == models::Region{{3, 4}, {0, 6}});
    const auto channels = import_node("Slice", {1, 8, 6}, {vector_of({2}), vector_of({4}), vector_of({-1})});
    CHECK(needed_of_input(channels, {{5, 6}, {1, 2}}) == models::Region{{5, 6}, {3, 4}});
}

TEST_CASE("a Split has its parts as outputs, sizes as attribute, as input or even") {
    OnnxFile attribute(11);
    attribute.input("x", {1, 4, 6}).node("Split", {"x"}, {"a", "y"}, {{"axis", 2}, {"split", Integers{2, 4}}}).output("y");
    OnnxFile input(13);
    input.input("x", {1, 4, 6}).constant("sizes", vector_of({2, 4})).node("Split", {"x", "sizes"}, {"a", "y"}, {{"axis", 2}}).output("y");
    for (const auto* file : {&attribute, &input}) {
        const auto network = import_file(*file);
        CHECK(only(network, OperatorKind::wiring).outputs.size() == 2);
        CHECK(result_of(network) == StreamShape{4, 4});
        CHECK(needed_of_input(network, {{1, 2}, {0, 1}}) == models::Region{{1, 2}, {2, 3}});
    }
    OnnxFile even(18);
    even.input("x", {1, 4, 6}).node("Split", {"x"}, {"a", "b", "y"}, {{"axis", 1 + 1}, {"num_outputs", 3}}).output("y");
    CHECK(result_of(import_file(even)) == StreamShape{4, 2});
}

TEST_CASE("a Concat knows which piece a token comes from, constants among the pieces") {
    OnnxFile file;
    file.input("x", {1, 4, 6}).input("z", {1, 2, 6}).node("Concat", {"z", "x"}, {"y"}, {{"axis", 1}}).output("y");
    const auto network = import_file(file);
    CHECK(result_of(network) == StreamShape{6, 6});
    std::size_t read = 0;
    for (const auto& flow : models::dataflow(network)) read += models::needed(flow, {{3, 4}, {0, 6}}).tokens.empty() ? 0 : 1;
    CHECK(read == 1);
    OnnxFile with_constant;
    with_constant.input("x", {1, 4, 6}).constant("c", counting({1, 1, 6}));
    with_constant.node("Concat", {"c", "x"}, {"y"}, {{"axis", 1}}).output("y");
    const auto joined = import_file(with_constant);
    CHECK(only(joined, OperatorKind::wiring).inputs.size() == 1);
    CHECK(only(joined, OperatorKind::wiring).inputs[0].tokens == Access::whole);
    CHECK(joined.parameters == 6);
}

TEST_CASE("Gather from a constant table is an embedding") {
    OnnxFile file;
    file.input("i", {1, 5}, TensorProto::INT64).constant("table", counting({10, 4})).node("Gather", {"table", "i"}, {"y"}).output("y");
    const auto network = import_file(file);
    const auto& op = only(network, OperatorKind::gather);
    CHECK(op.weights.inputs == 10);
    CHECK(op.weights.outputs == 4);
    CHECK(op.weights.count == 40);
    CHECK(op.weights.values[1] == 5);  // output by output: column 0 of the table is 1, 5, 9, ...
    CHECK(result_of(network) == StreamShape{5, 4});
}

TEST_CASE("Gather by computed indices looks neighbours up") {
    OnnxFile file;
    file.input("x", {8, 6}).input("i", {8, 3}, TensorProto::INT64).node("Gather", {"x", "i"}, {"y"}).output("y");
    const auto network = import_file(file);
    const auto& op = only(network, OperatorKind::gather);
    CHECK(op.weights.count == 0);
    CHECK(op.inputs.size() == 2);
    CHECK(op.inputs[0].tokens == Access::whole);
    CHECK(op.inputs[0].channels == Access::aligned);
    CHECK(result_of(network) == StreamShape{24, 6});
    OnnxFile elements;
    elements.input("x", {8, 6}).input("i", {8, 2}, TensorProto::INT64).node("GatherElements", {"x", "i"}, {"y"}, {{"axis", 1}}).output("y");
    CHECK(only(import_file(elements), OperatorKind::gather).inputs.size() == 2);
}

TEST_CASE("ScatterND by constant indices is wiring, by computed ones a memory") {
    OnnxFile constant;
    constant.input("x", {2, 6}).constant("zeros", float_tensor({4, 6}, Reals(24, 0))).constant("i", int64_tensor({2, 1}, {1, 3}));
    constant.node("ScatterND", {"zeros", "i", "x"}, {"y"}).output("y");
    CHECK(kinds_of(import_file(constant)) == Kinds{{"wiring", 1}});
    CHECK(result_of(import_file(constant)) == StreamShape{4, 6});
    OnnxFile computed;
    computed.input("d", {4, 6}).input("x", {2, 6}).input("i", {2, 1}, TensorProto::INT64);
    computed.node("ScatterND", {"d", "i", "x"}, {"y"}).output("y");
    const auto network = import_file(computed);
    CHECK(only(network, OperatorKind::scatter).inputs.size() == 3);
    CHECK(result_of(network) == StreamShape{4, 6});
}

TEST_CASE("an If with a known condition is its branch") {
    ::onnx::GraphProto with_relu;
    with_relu.set_name("then");
    OnnxFile::fill(*with_relu.add_node(), "Relu", {"x"}, {"t"});
    with_relu.add_output()->set_name("t");
    ::onnx::GraphProto with_exp;
    with_exp.set_name("else");
    OnnxFile::fill(*with_exp.add_node(), "Exp", {"x"}, {"e"});
    with_exp.add_output()->set_name("e");
    for (const int condition : {0, 1}) {
        OnnxFile file;
        file.input("x", {1, 4, 3}).constant("c", int32_field_tensor(TensorProto::BOOL, {}, {condition})).node("If", {"c"}, {"y"});
        auto& node = *file.graph().mutable_node(0);
        for (const auto& [name, branch] : {std::pair{"then_branch", &with_relu}, std::pair{"else_branch", &with_exp}}) {
            auto* attribute = node.add_attribute();
            attribute->set_name(name);
            attribute->set_type(::onnx::AttributeProto::GRAPH);
            *attribute->mutable_g() = *branch;
        }
        const auto network = import_file(file.output("y"));
        CHECK(only(network, OperatorKind::activation).type == (condition != 0 ? "Relu" : "Exp"));
    }
}

}  // namespace tessera::tests
