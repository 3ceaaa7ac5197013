#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "tests/models/onnx_file.h"
#include "tests/shared_files.h"

/// What is read from a file, bindings, and every input that must be refused, with its message.
namespace tessera::tests {

namespace {

using models::onnx::Bindings;
using models::onnx::ElementType;
using ::onnx::TensorProto;

/// A network of one constant "c" that stays: y = x + c.
OnnxFile with_constant(const TensorProto& tensor) {
    OnnxFile file;
    file.input("x", {1}).constant("c", tensor).node("Add", {"x", "c"}, {"y"}).output("y");
    return file;
}

models::onnx::Array read_constant(const TensorProto& tensor) { return with_constant(tensor).fold().constant("c"); }

TensorProto raw_tensor(int type, const Integers& shape, const std::string& bytes) {
    TensorProto tensor;
    tensor.set_data_type(type);
    for (const auto size : shape) tensor.add_dims(size);
    tensor.set_raw_data(bytes);
    return tensor;
}

/// The message behind the file's name.
std::string message_of(const std::string& bytes, const Bindings& bindings = {}) {
    const TemporaryFile file(bytes);
    try {
        models::onnx::read_onnx(file.path, bindings);
    } catch (const InputError& error) {
        const std::string message = error.what();
        const auto prefix = file.path.string() + ": ";
        CHECK(message.starts_with(prefix));
        return message.substr(std::min(prefix.size(), message.size()));
    }
    return "accepted";
}

std::string message_of(const OnnxFile& file, const Bindings& bindings = {}) { return message_of(file.bytes(), bindings); }

/// y = Relu(x), with x of a shape.
OnnxFile relu(const std::vector<OnnxDimension>& shape) {
    OnnxFile file;
    file.input("x", shape).node("Relu", {"x"}, {"y"}).output("y");
    return file;
}

/// One node of type `type` on x and constants.
OnnxFile one_node(const std::string& type, const std::vector<OnnxDimension>& shape, const std::vector<TensorProto>& constants = {},
                  const std::vector<OnnxAttribute>& attributes = {}) {
    OnnxFile file;
    file.input("x", shape);
    std::vector<std::string> inputs = {"x"};
    for (std::size_t i = 0; i < constants.size(); ++i) {
        inputs.push_back("c" + std::to_string(i));
        file.constant(inputs.back(), constants[i]);
    }
    file.node(type, inputs, {"y"}, attributes).output("y");
    return file;
}

}  // namespace

TEST_CASE("constants of every type, raw and in fields") {
    CHECK(read_constant(float_tensor({2}, {1.5, -2})).reals == std::vector<float>{1.5F, -2});
    CHECK(read_constant(vector_of({5, -6})).integers == Integers{5, -6});
    CHECK(read_constant(int32_field_tensor(TensorProto::INT8, {2}, {5, -6})).type == ElementType::int8);
    CHECK(read_constant(int32_field_tensor(TensorProto::UINT8, {1}, {200})).integers == Integers{200});
    CHECK(read_constant(int32_field_tensor(TensorProto::BOOL, {2}, {1, 0})).integers == Integers{1, 0});
    CHECK(read_constant(int32_field_tensor(TensorProto::FLOAT16, {3}, {0x3C00, 0xC100, 0x0001})).reals ==
          std::vector<float>{1, -2.5F, std::ldexp(1.0F, -24)});
    CHECK(read_constant(raw_tensor(TensorProto::INT8, {2}, "\xFF\x01")).integers == Integers{-1, 1});
    CHECK(read_constant(raw_tensor(TensorProto::UINT8, {1}, "\xFF")).integers == Integers{255});
    CHECK(read_constant(raw_tensor(TensorProto::INT16, {1}, {"\xFE\xFF", 2})).integers == Integers{-2});
    CHECK(read_constant(raw_tensor(TensorProto::INT32, {1}, {"\x00\x01\x00\x00", 4})).integers == Integers{256});
    CHECK(read_constant(raw_tensor(TensorProto::FLOAT16, {1}, {"\x00\x3C", 2})).reals == std::vector<float>{1});
    CHECK(read_constant(raw_tensor(TensorProto::FLOAT, {1}, {"\x00\x00\x80\x3F", 4})).reals == std::vector<float>{1});
    CHECK(read_constant(raw_tensor(TensorProto::DOUBLE, {1}, {"\x00\x00\x00\x00\x00\x00\xF0\x3F", 8})).reals == std::vector<float>{1});
}

TEST_CASE("constants as nodes, and initialisers that are listed as inputs") {
    OnnxFile file;
    file.input("x", {1}).input("w", {1}).constant("w", float_tensor({1}, {3}));
    file.node("Constant", {}, {"a"}, {{"value_float", 2.0}}).node("Constant", {}, {"b"}, {{"value_floats", Reals{1, 2}}});
    file.node("Constant", {}, {"c"}, {{"value_int", 4}}).node("Constant", {}, {"d"}, {{"value_ints", Integers{5, 6}}});
    file.node("Constant", {}, {"e"}, {{"value", int64_tensor({}, {7})}});
    file.node("Max", {"x", "w", "a", "b", "c", "d", "e"}, {"y"}).output("y");
    const auto graph = file.fold();
    CHECK(graph.inputs == std::vector<std::string>{"x"});
    CHECK(graph.constant("a").shape.empty());
    CHECK(graph.constant("b").reals == std::vector<float>{1, 2});
    CHECK(graph.constant("c").integers == Integers{4});
    CHECK(graph.constant("d").shape == Integers{2});
    CHECK(graph.constant("e").integers == Integers{7});
    CHECK(graph.parameters_in_file == 8);
}

TEST_CASE("names and domains") {
    OnnxFile file;
    file.input("x", {1}).constant("p", float_tensor({}, {1}));
    for (const auto* domain : {"onnx.brevitas", "qonnx.custom_op.general", "finn.custom_op.general"})
        file.node("Quant", {"x", "p", "p", "p"}, {domain}, {}, domain).output(domain);
    const auto graph = file.fold();
    for (const auto& node : graph.nodes) CHECK(node.op_type == "Quant");
    CHECK(graph.nodes[0].name == "Quant of onnx.brevitas");
}

TEST_CASE("names of other letters than ASCII stay distinct and printable") {
    OnnxFile file;
    file.input("\xCE\xB1", {1}).node("Relu", {"\xCE\xB1"}, {"\xCE\xB2"}).output("\xCE\xB2");
    const auto graph = file.fold();
    CHECK(graph.inputs == std::vector<std::string>{"%CE%B1"});
    CHECK(graph.outputs == std::vector<std::string>{"%CE%B2"});
}

TEST_CASE("batch dimensions count as 1, others are bound by name") {
    CHECK(relu({"N", 3}).fold().value("y").shape == Integers{1, 3});
    CHECK(relu({"unk__7", 3}).fold().value("y").shape == Integers{1, 3});
    CHECK(relu({"", 3}).fold().value("y").shape == Integers{1, 3});
    CHECK(relu({"batch_size", "tokens"}).fold({{"batch_size", 2}, {"tokens", 5}}).value("y").shape == Integers{2, 5});
    CHECK(relu({1, ""}).fold({{"x[1]", 4}}).value("y").shape == Integers{1, 4});
}

TEST_CASE("bindings that are missing, unknown or impossible") {
    OnnxFile file;
    file.input("x", {"N", "tokens", ""}).input("m", {"tokens", "batch"}).node("Relu", {"x"}, {"y"}).output("y");
    CHECK(message_of(file) == "bind: no size for the symbolic dimensions tokens, x[2], batch; expected a number for each");
    CHECK(message_of(relu({"N", "n"}), {{"m", 3}}) == "bind: \"m\" is no dimension of an input; expected N, n");
    CHECK(message_of(relu({2}), {{"m", 3}}) == "bind: \"m\" is no dimension of an input; expected none, since all dimensions are fixed");
    CHECK(message_of(relu({"n"}), {{"n", 0}}) == "bind: \"n\" is 0; expected 1 and more");
}

TEST_CASE("files that are no whole model") {
    const auto whole = relu({2}).bytes();
    CHECK(message_of(std::string("{\"a\": 1}")) ==
          "8 bytes that are no whole ONNX model; expected an ONNX file (protobuf message ModelProto)");
    CHECK(message_of(std::string()) == "0 bytes without an ONNX graph; expected an ONNX file (protobuf message ModelProto)");
    for (std::size_t size = 0; size < whole.size(); ++size) CHECK(message_of(whole.substr(0, size)) != "accepted");
    CHECK_THROWS_WITH_AS(models::onnx::read_onnx("/nowhere/x.onnx", {}), "/nowhere/x.onnx: no such file", InputError);
    CHECK_THROWS_WITH_AS(models::onnx::read_onnx("/tmp", {}), "/tmp: not a regular file", InputError);
}

TEST_CASE("a truncated real file") {
    const auto file = shared_file("models/em_three_layer_keras.onnx");
    if (!file) return;
    std::ifstream in(*file, std::ios::binary);
    std::string start(10000, '\0');
    in.read(start.data(), static_cast<std::streamsize>(start.size()));
    CHECK(message_of(start) == "10000 bytes that are no whole ONNX model; expected an ONNX file (protobuf message ModelProto)");
}

TEST_CASE("versions out of range") {
    auto file = relu({2});
    file.model.mutable_opset_import(0)->set_version(6);
    CHECK(message_of(file) == "opset_import: opset 6; expected opset 7 to 19");
    file.model.mutable_opset_import(0)->set_version(20);
    CHECK(message_of(file) == "opset_import: opset 20; expected opset 7 to 19");
    file.model.mutable_opset_import(0)->set_domain("other");
    CHECK(message_of(file) == "opset_import: no version of the standard operators (is the file truncated?); expected opset 7 to 19");
    file.model.set_ir_version(11);
    CHECK(message_of(file) == "ir_version: version 11; expected version 3 to 10");
}

TEST_CASE("constants that cannot be read") {
    const auto message = [](const TensorProto& tensor) { return message_of(with_constant(tensor)); };
    CHECK(message(float_tensor({3}, {1, 2})) == "c: 2 elements; expected 3 elements as its dimensions say");
    CHECK(message(raw_tensor(TensorProto::FLOAT, {2}, "12345")) == "c: 5 bytes of data; expected 2 elements as its dimensions say");
    CHECK(message(float_tensor({-1}, {})) == "c: impossible dimensions; expected sizes of 0 and more");
    CHECK(message(float_tensor({INT64_MAX, INT64_MAX}, {})) == "c: impossible dimensions; expected sizes of 0 and more");
    CHECK(message(raw_tensor(TensorProto::BFLOAT16, {1}, "12")) ==
          "c: element type 16 of ONNX; expected float16, float32, float64, an integer of 8 to 64 bits or bool");
    auto misplaced = float_tensor({1}, {1});
    misplaced.set_data_type(TensorProto::INT64);
    CHECK(message(misplaced) == "c: its elements lie in the field of another type; expected 1 elements as its dimensions say");
    auto outside = float_tensor({1}, {});
    outside.set_data_location(TensorProto::EXTERNAL);
    CHECK(message(outside) == "c: its data lies in another file; expected a model that holds all its weights");
}

TEST_CASE("graphs that do not hold together") {
    CHECK(message_of(relu({2}).node("Tanh", {"x"}, {"y"})) == "Tanh of y: tensor y is made twice; expected one node that makes it");
    CHECK(message_of(OnnxFile().input("x", {2}).node("Relu", {"z"}, {"y"}).output("y")) ==
          "Relu of y: reads z, which no node makes; expected a tensor of the graph");
    CHECK(message_of(OnnxFile().input("x", {2}).node("Add", {"x", "b"}, {"a"}).node("Relu", {"a"}, {"b"}).output("b")) ==
          "Add of a: depends on its own result; expected a graph without cycles");
    CHECK(message_of(OnnxFile().input("x", {2}).constant("c", vector_of({1})).node("Neg", {"c"}, {"y"}).output("y")) ==
          "no output that depends on an input; expected a network");
    CHECK(message_of(relu({2}).constant("c", vector_of({1})).constant("c", vector_of({1}))) ==
          "c: is given twice; expected one initialiser or node");
}

TEST_CASE("unsupported operators are named together") {
    OnnxFile file;
    file.input("x", {2}).node("Loop", {"x"}, {"a"}).node("Loop", {"a"}, {"b"}).node("Relu", {"b"}, {"c"});
    file.node("Add", {"b", "c"}, {"d"}, {}, "com.other").node("Add", {"d", "x"}, {"y"}).output("y");
    CHECK(message_of(file) == "unsupported operators: Loop (2 x, first Loop of a), com.other.Add (1 x, first Add of d)");
}

TEST_CASE("shapes that depend on data") {
    CHECK(message_of(one_node("NonZero", {2})) ==
          "NonZero of y (NonZero): the shape of its result depends on data, through x; expected a constant");
    OnnxFile file;
    file.input("x", {2}).input("n", {1}, TensorProto::INT64).node("Reshape", {"x", "n"}, {"y"}).output("y");
    CHECK(message_of(file) == "Reshape of y (Reshape): the shape of its result depends on data, through n; expected a constant");
    OnnxFile branch;
    branch.input("x", {1}, TensorProto::BOOL).node("If", {"x"}, {"y"}).output("y");
    CHECK(message_of(branch) == "If of y (If): its condition depends on data, through x; expected a constant condition");
}

TEST_CASE("nodes that contradict their inputs") {
    const auto zeros = [](const Integers& shape, std::size_t count) { return float_tensor(shape, Reals(count, 0)); };
    CHECK(message_of(one_node("MatMul", {2, 3}, {zeros({4, 1}, 4)})) ==
          "MatMul of y (MatMul): factors of shape [2, 3] and [4, 1]; expected matrices that fit");
    CHECK(message_of(one_node("Add", {2, 3}, {zeros({2}, 2)})) ==
          "Add of y (Add): inputs of shape [2, 3] and [2]; expected shapes that broadcast to each other");
    CHECK(message_of(one_node("Reshape", {2, 3}, {vector_of({4, -1})})) ==
          "Reshape of y (Reshape): [2, 3] reshaped to [4, -1]; expected the same number of elements");
    CHECK(message_of(one_node("Transpose", {2, 3}, {}, {{"perm", Integers{0, 0}}})) ==
          "Transpose of y (Transpose): perm [0, 0]; expected each of 2 axes once");
    CHECK(message_of(one_node("Softmax", {2, 3}, {}, {{"axis", 2}})) == "Softmax of y (Softmax): axis 2; expected an axis of 2 dimensions");
    CHECK(message_of(one_node("Conv", {1, 3, 5}, {zeros({2, 2, 3}, 12)})) ==
          "Conv of y (Conv): 3 channels, weights of shape [2, 2, 3] in 1 groups; expected as many channels as the weights ask for");
    CHECK(message_of(one_node("Conv", {1, 1, 2}, {zeros({1, 1, 3}, 3)})) ==
          "Conv of y (Conv): a window of 3 on 2 positions; expected one that fits");
    CHECK(message_of(one_node("TopK", {2, 3}, {vector_of({4})})) == "TopK of y (TopK): k = 4; expected at most 3");
    CHECK(message_of(one_node("Sub", {2})) == "Sub of y (Sub): 1 inputs; expected 2");
    CHECK(message_of(one_node("Gemm", {2, 3})) == "Gemm of y (Gemm): input 1 is missing");
    CHECK(message_of(one_node("Tile", {1000, 1000}, {vector_of({1000000, 1000000})})) ==
          "Tile of y (Tile): a result of shape [1000000000, 1000000000]; expected fewer than 2^40 elements");
    OnnxFile file;
    file.input("x", {1})
        .constant("n", vector_of({1 << 30}))
        .node("ConstantOfShape", {"n"}, {"c"})
        .node("Add", {"x", "c"}, {"y"})
        .output("y");
    CHECK(message_of(file) == "ConstantOfShape of c (ConstantOfShape): a constant of 1073741824 elements; expected 2^26 at most");
}

TEST_CASE("files with flipped bytes are accepted or refused, never worse") {
    OnnxFile file;
    file.input("x", {"N", 4}).constant("w", float_tensor({4, 2}, Reals(8, 0.5))).constant("shape", vector_of({2, -1}));
    file.node("MatMul", {"x", "w"}, {"a"}).node("Shape", {"a"}, {"s"}).node("Concat", {"s", "shape"}, {"t"}, {{"axis", 0}});
    file.node("Slice", {"t", "shape", "shape"}, {"u"})
        .node("Reshape", {"a", "shape"}, {"b"})
        .node("Transpose", {"b"}, {"y"}, {{"perm", Integers{1, 0}}});
    file.output("y");
    const auto whole = file.bytes();
    std::uint64_t state = 1;  // a linear congruential generator (Knuth, MMIX)
    for (int round = 0; round < 2000; ++round) {
        auto bytes = whole;
        for (int flips = 0; flips < 2; ++flips) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            bytes[(state >> 33) % bytes.size()] = static_cast<char>(state >> 24);
        }
        message_of(bytes);
    }
}

}  // namespace tessera::tests
