#include "tests/models/lowering_fixture.h"

/// Products with constant matrices, convolutions and products of activations: weights, bias, MACs.
namespace tessera::tests {

using Values = std::vector<float>;

TEST_CASE("MatMul with a constant is a dense layer whose weights stand output by output") {
    const auto network = import_node("MatMul", {1, 4, 3}, {counting({3, 2})});
    const auto& op = only(network, OperatorKind::dense);
    CHECK(op.weights.inputs == 3);
    CHECK(op.weights.outputs == 2);
    CHECK(op.weights.count == 6);
    CHECK(op.weights.values == Values{1, 3, 5, 2, 4, 6});
    CHECK(op.macs == 4 * 3 * 2);
    CHECK(result_of(network) == StreamShape{4, 2});
    CHECK(op.inputs[0].tokens == Access::aligned);
    CHECK(op.inputs[0].channels == Access::whole);
    CHECK(network.parameters == 6);
}

TEST_CASE("constants of MatMul with other ranks") {
    const auto column = import_node("MatMul", {1, 4, 3}, {counting({3})});
    CHECK(only(column, OperatorKind::dense).macs == 12);
    CHECK(result_of(column) == StreamShape{4, 1});
    const auto single = import_node("MatMul", {1, 4, 3}, {counting({1, 3, 2})});
    CHECK(only(single, OperatorKind::dense).weights.values == Values{1, 3, 5, 2, 4, 6});
    CHECK(import_message(one_node_file("MatMul", {2, 4, 3}, {counting({2, 3, 2})})) ==
          "MatMul of y (MatMul): a constant second factor of 3 dimensions; expected one matrix");
}

TEST_CASE("MatMul with a constant first factor meets the columns of the activation") {
    OnnxFile file;
    file.constant("rows", counting({2, 3})).input("x", {3, 5}).node("MatMul", {"rows", "x"}, {"y"}).output("y");
    const auto network = import_file(file);
    const auto& op = only(network, OperatorKind::dense);
    CHECK(op.weights.values == Values{1, 2, 3, 4, 5, 6});
    CHECK(op.macs == 2 * 3 * 5);
    CHECK(result_of(network) == StreamShape{5, 2});
}

TEST_CASE("a bias joins the matrix before it, where nothing else reads the product") {
    OnnxFile file;
    file.input("x", {1, 4, 3}).constant("w", counting({3, 2})).constant("b", float_tensor({2}, {7, 8}));
    file.node("MatMul", {"x", "w"}, {"p"}).node("Add", {"b", "p"}, {"y"}).output("y");
    const auto network = import_file(file);
    CHECK(kinds_of(network) == Kinds{{"dense", 1}});
    CHECK(only(network, OperatorKind::dense).weights.bias == Values{7, 8});
    CHECK(only(network, OperatorKind::dense).weights.count == 8);
    file.output("p");
    CHECK(import_file(file).operators.size() == 5);  // input, dense, scale_shift, two outputs
}

TEST_CASE("a constant that only looks like a bias stays an operator of its own") {
    OnnxFile file;
    file.input("x", {1, 2, 3}).constant("w", counting({3, 2})).constant("b", float_tensor({2, 1}, {7, 8}));
    file.node("MatMul", {"x", "w"}, {"p"}).node("Add", {"p", "b"}, {"y"}).output("y");  // one for each token
    CHECK(kinds_of(import_file(file)) == Kinds{{"dense", 1}, {"scale_shift", 1}});
}

TEST_CASE("Gemm with constants: transposition, alpha and beta go into the weights") {
    const auto plain = import_node("Gemm", {1, 3}, {counting({3, 2}), float_tensor({2}, {5, 6})});
    CHECK(only(plain, OperatorKind::dense).weights.values == Values{1, 3, 5, 2, 4, 6});
    CHECK(only(plain, OperatorKind::dense).weights.count == 8);
    const auto scaled =
        import_node("Gemm", {4, 3}, {counting({2, 3}), float_tensor({2}, {5, 6})}, {{"transB", 1}, {"alpha", 0.5}, {"beta", 2.0}});
    const auto& op = only(scaled, OperatorKind::dense);
    CHECK(op.weights.values == Values{0.5, 1, 1.5, 2, 2.5, 3});
    CHECK(op.weights.bias == Values{10, 12});
    CHECK(op.macs == 24);
}

TEST_CASE("Gemm of activations is a transposition, a product, a scaling and a sum") {
    OnnxFile file;
    file.input("a", {3, 4}).input("b", {5, 3}).input("c", {4, 5});
    file.node("Gemm", {"a", "b", "c"}, {"y"}, {{"transA", 1}, {"transB", 1}, {"alpha", 0.5}}).output("y");
    const auto network = import_file(file);
    CHECK(kinds_of(network) == Kinds{{"wiring", 2}, {"matmul", 1}, {"scale_shift", 1}, {"elementwise", 1}});
    const auto& product = only(network, OperatorKind::matmul);
    CHECK(product.macs == 4 * 3 * 5);
    CHECK(product.contraction == 3);
    CHECK(result_of(network) == StreamShape{4, 5});
}

TEST_CASE("MatMul of two activations: attention's scores, head by head") {
    OnnxFile file;
    file.input("q", {1, 6, 8}).input("k", {1, 6, 8}).constant("split", vector_of({1, 6, 2, 4}));
    file.node("Reshape", {"q", "split"}, {"q4"}).node("Transpose", {"q4"}, {"qh"}, {{"perm", Integers{0, 2, 1, 3}}});
    file.node("Reshape", {"k", "split"}, {"k4"}).node("Transpose", {"k4"}, {"kh"}, {{"perm", Integers{0, 2, 3, 1}}});
    file.node("MatMul", {"qh", "kh"}, {"y"}).output("y");
    const auto network = import_file(file);
    const auto& op = only(network, OperatorKind::matmul);
    CHECK(op.heads == 2);
    CHECK(op.contraction == 4);
    CHECK(op.macs == 2 * 6 * 6 * 4);
    CHECK(result_of(network) == StreamShape{6, 12});
    CHECK(op.inputs[0].tokens == Access::aligned);
    CHECK(op.inputs[0].channels == Access::aligned);
    CHECK(op.inputs[1].tokens == Access::whole);
}

TEST_CASE("convolutions over one and two axes") {
    const auto image = import_node("Conv", {1, 3, 8, 6}, {counting({4, 3, 3, 3}, 0.01), counting({4})},
                                   {{"pads", Integers{1, 1, 1, 1}}, {"strides", Integers{2, 2}}});
    const auto& op = only(image, OperatorKind::convolution);
    CHECK(op.window == Integers{3, 3});
    CHECK(op.strides == Integers{2, 2});
    CHECK(op.row_length == 6);
    CHECK(op.weights.inputs == 27);
    CHECK(op.weights.outputs == 4);
    CHECK(op.weights.count == 4 * 27 + 4);
    CHECK(op.macs == 4 * 3 * 27 * 4);
    CHECK(result_of(image) == StreamShape{12, 4});
    const auto sequence = import_node("Conv", {1, 2, 10}, {counting({6, 2, 3})});
    CHECK(only(sequence, OperatorKind::convolution).macs == 8 * 6 * 6);
    CHECK(only(sequence, OperatorKind::convolution).window == Integers{3});
}

TEST_CASE("grouped and depthwise convolutions count the inputs of their group") {
    const auto grouped = import_node("Conv", {1, 4, 10}, {counting({8, 2, 3})}, {{"group", 2}});
    CHECK(only(grouped, OperatorKind::convolution).weights.inputs == 6);
    CHECK(only(grouped, OperatorKind::convolution).macs == 8 * 6 * 8);
    const auto depthwise = import_node("Conv", {1, 4, 5, 5}, {counting({4, 1, 3, 3})}, {{"group", 4}});
    const auto& op = only(depthwise, OperatorKind::convolution);
    CHECK(op.groups == 4);
    CHECK(op.macs == 9 * 9 * 4);
    CHECK(op.inputs[0].channels == Access::aligned);
}

TEST_CASE("a pointwise convolution is a dense layer for each position") {
    const auto network = import_node("Conv", {1, 3, 4, 4}, {counting({5, 3, 1, 1})});
    const auto& op = only(network, OperatorKind::dense);
    CHECK(op.macs == 16 * 15);
    CHECK(op.inputs[0].tokens == Access::aligned);
    const auto padded = import_node("Conv", {1, 3, 4}, {counting({5, 3, 1})}, {{"pads", Integers{1, 1}}});
    CHECK(only(padded, OperatorKind::convolution).macs == 6 * 15);
}

TEST_CASE("QONNX's channels-last convolution has its window between outputs and inputs") {
    const auto network = import_node("Conv", {1, 8, 6, 3}, {counting({4, 3, 2, 3}, 0.01)}, {}, 17, "qonnx.custom_op.channels_last");
    const auto& op = only(network, OperatorKind::convolution);
    CHECK(op.window == Integers{3, 2});
    CHECK(op.row_length == 6);
    CHECK(op.macs == 6 * 5 * 18 * 4);
    CHECK(result_of(network) == StreamShape{30, 4});
}

TEST_CASE("an input's channels lie where its first operator reads them, or else as those of the other inputs") {
    OnnxFile file;
    file.input("x", {1, 3, 8}).input("z", {1, 2, 8}).constant("w", counting({4, 3, 1})).constant("m", counting({8, 5}));
    file.node("Relu", {"x"}, {"r"}).node("Conv", {"r", "w"}, {"y"}).node("Sigmoid", {"z"}, {"s"});
    const auto sequence = import_file(file.output("y").output("s"));
    CHECK(sequence.tensors[0].stream() == StreamShape{8, 3});
    CHECK(sequence.tensors[1].stream() == StreamShape{8, 2});
    file.node("MatMul", {"z", "m"}, {"p"});
    CHECK(import_file(file.output("p")).tensors[1].stream() == StreamShape{2, 8});
    OnnxFile tokens;
    tokens.input("z", {1, 2, 8}).node("Sigmoid", {"z"}, {"s"});
    CHECK(import_file(tokens.output("s")).tensors[0].stream() == StreamShape{2, 8});
}

TEST_CASE("a kernel or a bias that depends on data is refused") {
    OnnxFile file;
    file.input("x", {1, 2, 8}).input("k", {3, 2, 3}).node("Conv", {"x", "k"}, {"y"}).output("y");
    CHECK(import_message(file) == "Conv of y (Conv): a kernel that depends on data; expected a constant");
}

TEST_CASE("weights of every type of ONNX come as their values") {
    const auto half = int32_field_tensor(TensorProto::FLOAT16, {2, 1}, {0x3C00, 0xC000});  // 1 and -2
    TensorProto wide;
    wide.set_data_type(TensorProto::DOUBLE);
    wide.add_dims(2), wide.add_dims(1), wide.add_double_data(1), wide.add_double_data(-2);
    for (const auto& weights : {half, wide}) {
        CAPTURE(weights.data_type());
        OnnxFile file;
        file.input("x", {1, 2}, weights.data_type()).constant("w", weights).node("MatMul", {"x", "w"}, {"y"}).output("y");
        CHECK(only(import_file(file), OperatorKind::dense).weights.values == Values{1, -2});
    }
    for (const int type : {TensorProto::INT8, TensorProto::UINT8, TensorProto::INT32}) {
        CAPTURE(type);
        OnnxFile file;
        file.input("x", {1, 2}).constant("w", int32_field_tensor(type, {2, 1}, {3, 100})).node("Cast", {"w"}, {"r"}, {{"to", 1}});
        const auto weights = only(import_file(file.node("MatMul", {"x", "r"}, {"y"}).output("y")), OperatorKind::dense).weights;
        CHECK(weights.values == Values{3, 100});
        CHECK(weights.format.width == (type == TensorProto::INT32 ? 0 : 8));  // eight bits tell a width, 32 do not
    }
    OnnxFile file;  // a Constant node instead of an initialiser
    file.input("x", {1, 2}).node("Constant", {}, {"w"}, {{"value", float_tensor({2, 1}, {1, -2})}});
    file.node("MatMul", {"x", "w"}, {"y"}).output("y");
    const auto network = import_file(file);
    CHECK(only(network, OperatorKind::dense).weights.values == Values{1, -2});
    CHECK(network.parameters == 2);
}

}  // namespace tessera::tests
