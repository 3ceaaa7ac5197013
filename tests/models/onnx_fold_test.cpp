#include <doctest/doctest.h>

#include <set>

#include "tests/models/onnx_file.h"
#include "tests/shared_files.h"

/// Folding as a whole: shapes, bindings, what vanishes and what stays.
namespace tessera::tests {

namespace {

using models::onnx::Bindings;
using models::onnx::FoldedGraph;
using ::onnx::TensorProto;

const TensorProto kTwoByThree = float_tensor({2, 3}, {1, 2, 3, 4, 5, 6});

std::vector<std::string> types_of(const FoldedGraph& graph) {
    std::vector<std::string> types;
    for (const auto& node : graph.nodes) types.push_back(node.op_type);
    return types;
}

using Types = std::vector<std::string>;

/// The shape of the first result of a node with one activation and some constants.
Integers shape_behind(const std::string& type, const std::vector<OnnxDimension>& input, const std::vector<TensorProto>& constants = {},
                      const std::vector<OnnxAttribute>& attributes = {}, int opset = 17, std::size_t output = 0) {
    OnnxFile file(opset);
    file.input("x", input);
    std::vector<std::string> inputs = {"x"};
    for (std::size_t i = 0; i < constants.size(); ++i) {
        inputs.push_back(constants[i].dims_size() == 1 && constants[i].dims(0) == 0 ? "" : "c" + std::to_string(i));
        if (!inputs.back().empty()) file.constant(inputs.back(), constants[i]);
    }
    file.node(type, inputs, {"y", "z", "w"}, attributes);
    auto* node = file.graph().mutable_node(0);
    while (node->output_size() > static_cast<int>(output) + 1) node->mutable_output()->RemoveLast();
    const auto name = node->output(static_cast<int>(output));
    return file.output(name).fold().value(name).shape;
}

TensorProto zeros(const Integers& shape) {
    std::int64_t count = 1;
    for (const auto size : shape) count *= size;
    return float_tensor(shape, Reals(static_cast<std::size_t>(count), 0));
}

const TensorProto kNone = vector_of({});

}  // namespace

TEST_CASE("shapes of operators on activations") {
    CHECK(shape_behind("MatMul", {1, 4, 3}, {zeros({3, 5})}) == Integers{1, 4, 5});
    CHECK(shape_behind("Gemm", {2, 3}, {zeros({5, 3}), zeros({5})}, {{"transB", 1}}) == Integers{2, 5});
    CHECK(shape_behind("Einsum", {2, 3, 4}, {zeros({4, 5})}, {{"equation", std::string("bij,jk->bik")}}) == Integers{2, 3, 5});
    CHECK(shape_behind("Conv", {1, 3, 8, 8}, {zeros({6, 3, 3, 3})}, {{"pads", Integers{1, 1, 1, 1}}, {"strides", Integers{2, 1}}}) ==
          Integers{1, 6, 4, 8});
    CHECK(shape_behind("Conv", {1, 4, 10}, {zeros({8, 1, 3})}, {{"group", 4}, {"dilations", Integers{2}}}) == Integers{1, 8, 6});
    CHECK(shape_behind("Conv", {1, 1, 10}, {zeros({1, 1, 3})}, {{"auto_pad", std::string("SAME_UPPER")}, {"strides", Integers{3}}}) ==
          Integers{1, 1, 4});
    CHECK(shape_behind("ConvTranspose", {1, 2, 5}, {zeros({2, 3, 4})}, {{"strides", Integers{2}}, {"pads", Integers{1, 1}}}) ==
          Integers{1, 3, 10});
    CHECK(shape_behind("MaxPool", {1, 2, 7}, {}, {{"kernel_shape", Integers{2}}, {"strides", Integers{2}}}) == Integers{1, 2, 3});
    CHECK(shape_behind("AveragePool", {1, 2, 7}, {}, {{"kernel_shape", Integers{2}}, {"strides", Integers{2}}, {"ceil_mode", 1}}) ==
          Integers{1, 2, 4});
    CHECK(shape_behind("GlobalAveragePool", {1, 2, 7, 5}) == Integers{1, 2, 1, 1});
    CHECK(shape_behind("Resize", {1, 2, 4}, {kNone, float_tensor({3}, {1, 1, 2})}) == Integers{1, 2, 8});
    CHECK(shape_behind("Resize", {1, 2, 4}, {kNone, kNone, vector_of({1, 2, 6})}) == Integers{1, 2, 6});
    CHECK(shape_behind("Resize", {1, 2, 4}, {float_tensor({3}, {1, 1, 1.5})}, {}, 10) == Integers{1, 2, 6});
    CHECK(shape_behind("Upsample", {1, 2, 4}, {}, {{"scales", Reals{1, 1, 3}}}, 7) == Integers{1, 2, 12});
    CHECK(shape_behind("LSTM", {5, 1, 3}, {zeros({1, 8, 3}), zeros({1, 8, 2})}, {{"hidden_size", 2}}) == Integers{5, 1, 1, 2});
    CHECK(shape_behind("GRU", {5, 1, 3}, {zeros({2, 6, 3}), zeros({2, 6, 2})}, {{"direction", std::string("bidirectional")}}, 17, 1) ==
          Integers{2, 1, 2});
    CHECK(shape_behind("TopK", {4, 9}, {vector_of({3})}) == Integers{4, 3});
    CHECK(shape_behind("TopK", {4, 9}, {}, {{"k", 2}, {"axis", 0}}, 9, 1) == Integers{2, 9});
    CHECK(shape_behind("InstanceNormalization", {1, 2, 9}, {zeros({2}), zeros({2})}) == Integers{1, 2, 9});
    CHECK(shape_behind("LayerNormalization", {1, 2, 9}, {zeros({9})}, {}, 17, 1) == Integers{1, 2, 1});
    CHECK(shape_behind("DepthToSpace", {1, 8, 2, 2}, {}, {{"blocksize", 2}}) == Integers{1, 2, 4, 4});
    CHECK(shape_behind("ReduceSum", {2, 3, 4}, {vector_of({1})}, {{"keepdims", 0}}) == Integers{2, 4});
    CHECK(shape_behind("ArgMax", {2, 3}, {}, {{"axis", 1}}) == Integers{2, 1});
    CHECK(shape_behind("Gather", {5, 3}, {int64_tensor({2, 2}, {0, 1, 2, 3})}) == Integers{2, 2, 3});
    CHECK(shape_behind("GatherND", {5, 3}, {int64_tensor({4, 1}, {0, 1, 2, 3})}) == Integers{4, 3});
    CHECK(shape_behind("Tile", {2, 3}, {vector_of({2, 1})}) == Integers{4, 3});
    CHECK(shape_behind("Pad", {2, 3}, {vector_of({0, 1, 0, 1})}) == Integers{2, 5});
    CHECK(shape_behind("Where", {2, 1}, {zeros({3}), zeros({})}) == Integers{2, 3});
    CHECK(shape_behind("MatMulInteger", {2, 3}, {zeros({3, 4})}) == Integers{2, 4});
    CHECK(shape_behind("ConvInteger", {1, 1, 3}, {zeros({2, 1, 3})}) == Integers{1, 2, 1});
    CHECK(shape_behind("DynamicQuantizeLinear", {2, 3}, {}, {}, 17, 1) == Integers{});
    CHECK(shape_behind("QuantizeLinear", {2, 3}, {float_tensor({}, {1})}) == Integers{2, 3});
    CHECK(shape_behind("MultiThreshold", {2, 3}, {zeros({3, 7})}) == Integers{2, 3});
}

TEST_CASE("types of results") {
    OnnxFile file;
    file.input("x", {2}).constant("scale", float_tensor({}, {0.5}));
    file.constant("zero", int32_field_tensor(TensorProto::INT8, {}, {0}));
    file.node("QuantizeLinear", {"x", "scale", "zero"}, {"q"}).node("DequantizeLinear", {"q", "scale", "zero"}, {"r"});
    file.node("Equal", {"r", "scale"}, {"e"}).output("e");
    const auto graph = file.fold();
    CHECK(graph.value("q").type == models::onnx::ElementType::int8);
    CHECK(graph.value("r").type == models::onnx::ElementType::float32);
    CHECK(graph.value("e").type == models::onnx::ElementType::boolean);
}

TEST_CASE("channels-last operators of QONNX") {
    const std::string domain = "qonnx.custom_op.channels_last";
    OnnxFile file;
    file.input("x", {1, 8, 6, 3}).constant("w", zeros({4, 3, 3, 3}));
    file.node("Conv", {"x", "w"}, {"y"}, {{"strides", Integers{2, 2}}}, domain);
    file.node("MaxPool", {"y"}, {"z"}, {{"kernel_shape", Integers{2, 2}}}, domain).output("z");
    const auto graph = file.fold();
    CHECK(graph.value("y").shape == Integers{1, 3, 2, 4});
    CHECK(graph.value("z").shape == Integers{1, 2, 1, 4});
    CHECK(graph.nodes[0].op_type == "Conv");
    CHECK(graph.nodes[0].integer("channels_last", 0) == 1);
}

TEST_CASE("shape arithmetic vanishes") {
    OnnxFile file;
    file.input("x", {"N", "tokens", 6});
    file.node("Shape", {"x"}, {"shape"}).constant("zero", int64_tensor({}, {0})).constant("minus", vector_of({-1, 2}));
    file.node("Gather", {"shape", "zero"}, {"batch"}).constant("axes", vector_of({0})).node("Unsqueeze", {"batch", "axes"}, {"batches"});
    file.node("Concat", {"batches", "minus"}, {"wanted"}, {{"axis", 0}}).node("Reshape", {"x", "wanted"}, {"y"}).output("y");
    const auto graph = file.fold({{"tokens", 5}});
    CHECK(types_of(graph) == Types{"Reshape"});
    CHECK(graph.value("x").shape == Integers{1, 5, 6});
    CHECK(graph.value("y").shape == Integers{1, 15, 2});
    CHECK(graph.constants.size() == 1);
    CHECK(graph.parameters_in_file == 4);
}

TEST_CASE("indices of pairs are computed") {
    OnnxFile file;
    file.input("x", {"tokens", 2}).node("Shape", {"x"}, {"shape"}, {{"end", 1}});
    file.node("Concat", {"shape", "shape"}, {"square"}, {{"axis", 0}});
    file.node("ConstantOfShape", {"square"}, {"ones"}, {{"value", float_tensor({1}, {1})}});
    file.constant("below", int64_tensor({}, {-1})).node("Trilu", {"ones", "below"}, {"triangle"}, {{"upper", 0}});
    file.node("NonZero", {"triangle"}, {"pairs"}).node("Split", {"pairs"}, {"i", "j"}, {{"axis", 0}});
    file.node("Gather", {"x", "i"}, {"a"}).node("Gather", {"x", "j"}, {"b"}).node("Sub", {"a", "b"}, {"y"}).output("y");
    const auto graph = file.fold({{"tokens", 3}});
    CHECK(types_of(graph) == Types{"Gather", "Gather", "Sub"});
    CHECK(graph.constant("i").integers == Integers{1, 2, 2});
    CHECK(graph.constant("j").integers == Integers{0, 0, 1});
    CHECK(graph.value("y").shape == Integers{1, 3, 2});
}

TEST_CASE("nodes that change nothing vanish") {
    OnnxFile file;
    file.input("x", {1, 4}).constant("one", float_tensor({}, {1})).constant("zero", float_tensor({1}, {0}));
    file.constant("shape", vector_of({1, 4})).constant("true", int32_field_tensor(TensorProto::BOOL, {}, {1}));
    file.node("Identity", {"x"}, {"a"}).node("Dropout", {"a"}, {"b", "mask"}).node("Cast", {"b"}, {"c"}, {{"to", 10}});
    file.node("Reshape", {"c", "shape"}, {"d"}).node("Expand", {"d", "shape"}, {"e"}).node("Concat", {"e"}, {"f"}, {{"axis", 1}});
    file.node("Mul", {"one", "f"}, {"g"}).node("Add", {"g", "zero"}, {"h"}).node("Div", {"h", "one"}, {"i"});
    file.node("Where", {"true", "i", "zero"}, {"j"}).node("Transpose", {"j"}, {"k"}, {{"perm", Integers{0, 1}}});
    file.node("Relu", {"k"}, {"y"}).output("y");
    const auto graph = file.fold();
    CHECK(types_of(graph) == Types{"Relu"});
    CHECK(graph.nodes[0].inputs == Types{"x"});
    CHECK(graph.constants.empty());
    CHECK(graph.values.size() == 2);
}

TEST_CASE("nodes that only look as if they changed nothing stay") {
    OnnxFile file;
    file.input("x", {4})
        .constant("one", float_tensor({2, 1}, {1, 1}))
        .constant("start", vector_of({3}))
        .constant("end", vector_of({INT64_MIN}));
    file.constant("axis", vector_of({0}))
        .constant("back", vector_of({-1}))
        .constant("mixed", int32_field_tensor(TensorProto::BOOL, {4}, {1, 1, 1, 0}));
    file.constant("pads", vector_of({1, -1})).constant("zero", float_tensor({}, {0}));
    file.node("Slice", {"x", "start", "end", "axis", "back"}, {"a"})
        .node("Pad", {"a", "pads"}, {"b"})
        .node("Where", {"mixed", "b", "zero"}, {"c"});
    file.node("Sub", {"zero", "c"}, {"d"}).node("Mul", {"d", "one"}, {"e"}).node("Cast", {"e"}, {"y"}, {{"to", 6}}).output("y");
    CHECK(types_of(file.fold()) == Types{"Slice", "Pad", "Where", "Sub", "Mul", "Cast"});
}

TEST_CASE("a decided Where is an Expand of its branch") {
    OnnxFile file;
    file.input("x", {1, 4}).constant("no", int32_field_tensor(TensorProto::BOOL, {3, 1}, {0, 0, 0})).constant("one", float_tensor({}, {1}));
    file.node("Where", {"no", "one", "x"}, {"y"}).node("Where", {"no", "x", "one"}, {"ones"}).node("Max", {"y", "ones"}, {"z"}).output("z");
    const auto graph = file.fold();
    CHECK(types_of(graph) == Types{"Expand", "Max"});
    CHECK(graph.value("y").shape == Integers{3, 4});
    CHECK(graph.constant("ones").reals == std::vector<float>(12, 1));
}

TEST_CASE("nodes that no output needs are removed, whatever they are") {
    OnnxFile file;
    file.input("x", {2}).node("Relu", {"x"}, {"y"}).node("Loop", {"y"}, {"unused"}).node("Split", {"y"}, {"a", "b"}).output("y");
    CHECK(types_of(file.fold()) == Types{"Relu"});
}

TEST_CASE("nodes in any order are sorted, those in order stay") {
    OnnxFile file;
    file.input("x", {2}).node("Add", {"b", "a"}, {"y"}).node("Relu", {"x"}, {"a"}).node("Tanh", {"x"}, {"b"}).output("y");
    CHECK(types_of(file.fold()) == Types{"Relu", "Tanh", "Add"});
}

TEST_CASE("empty tensors are constants and parts of no Concat") {
    OnnxFile file;
    file.input("x", {2, 3}).constant("from", vector_of({2})).constant("to", vector_of({9}));
    file.node("Slice", {"x", "from", "to"}, {"none"})
        .node("Concat", {"none", "x"}, {"y"}, {{"axis", 0}})
        .node("Relu", {"y"}, {"z"})
        .output("z");
    CHECK(types_of(file.fold()) == Types{"Relu"});
}

namespace {

/// y = If(x has one row) then Squeeze(x) else Relu(x), both branches with a tensor "inner".
OnnxFile with_branches(const std::vector<OnnxDimension>& shape) {
    OnnxFile file;
    file.input("x", shape)
        .constant("one", vector_of({1}))
        .node("Shape", {"x"}, {"rows"}, {{"end", 1}})
        .node("Equal", {"rows", "one"}, {"is_one"});
    file.node("If", {"is_one"}, {"y"}).node("Tanh", {"y"}, {"z"}).output("z");
    auto* node = file.graph().mutable_node(2);
    for (const auto* name : {"then_branch", "else_branch"}) {
        auto* attribute = node->add_attribute();
        attribute->set_name(name);
        attribute->set_type(::onnx::AttributeProto::GRAPH);
        auto& branch = *attribute->mutable_g();
        const bool first = attribute->name() == "then_branch";
        OnnxFile::fill(*branch.add_node(), "Neg", {"x"}, {"inner"});
        if (first) OnnxFile::fill(*branch.add_node(), "Constant", {}, {"axes"}, {{"value", vector_of({0})}});
        OnnxFile::fill(*branch.add_node(), first ? "Squeeze" : "Relu", first ? Types{"inner", "axes"} : Types{"inner"}, {"result"});
        branch.add_output()->set_name("result");
    }
    return file;
}

}  // namespace

TEST_CASE("the branch of an If with a known condition is inlined") {
    const auto squeezed = with_branches({1, 3}).fold();
    CHECK(types_of(squeezed) == Types{"Neg", "Squeeze", "Tanh"});
    CHECK(squeezed.value("z").shape == Integers{3});
    CHECK(squeezed.parameters_in_file == 2);
    CHECK(types_of(with_branches({2, 3}).fold()) == Types{"Neg", "Relu", "Tanh"});
}

TEST_CASE("quantisers of constants stay, moves behind them are done to the constant") {
    OnnxFile file;
    file.input("x", {1, 3}).constant("w", kTwoByThree).constant("scales", float_tensor({2, 1}, {0.5, 0.25}));
    file.constant("zero", float_tensor({}, {0})).constant("bits", float_tensor({}, {4}));
    file.node("Quant", {"w", "scales", "zero", "bits"}, {"q"}, {{"signed", 1}}, "qonnx.custom_op.general").node("Transpose", {"q"}, {"t"});
    file.node("MatMul", {"x", "t"}, {"y"}).output("y");
    const auto graph = file.fold();
    CHECK(types_of(graph) == Types{"Quant", "MatMul"});
    CHECK(graph.value("t").shape == Integers{3, 2});
    CHECK(graph.constant(graph.nodes[0].inputs[0]).reals == std::vector<float>{1, 4, 2, 5, 3, 6});
    CHECK(graph.constant(graph.nodes[0].inputs[1]).shape == Integers{1, 2});
    CHECK(graph.nodes[0].integer("signed", 0) == 1);
}

TEST_CASE("weights that Cast, Mul and Add make of integers stay quantised") {
    OnnxFile file;
    file.input("x", {1, 2})
        .constant("w", int32_field_tensor(TensorProto::INT8, {2, 2}, {1, -2, 3, 4}))
        .constant("scale", float_tensor({1}, {0.5}));
    file.constant("offset", float_tensor({1}, {1.5})).node("Cast", {"w"}, {"a"}, {{"to", 1}}).node("Mul", {"a", "scale"}, {"b"});
    file.node("Add", {"b", "offset"}, {"c"}).node("MatMul", {"x", "c"}, {"y"}).output("y");
    const auto graph = file.fold();
    CHECK(types_of(graph) == Types{"DequantizeLinear", "MatMul"});
    CHECK(graph.constant(graph.nodes[0].inputs[0]).integers == Integers{1, -2, 3, 4});
    CHECK(graph.constant(graph.nodes[0].inputs[1]).reals == std::vector<float>{0.5F});
    CHECK(graph.constant(graph.nodes[0].inputs[2]).integers == Integers{-3});  // 0.5 (w + 3)

    *file.graph().mutable_initializer(2) = float_tensor({1}, {0.7});  // no whole number of steps
    file.graph().mutable_initializer(2)->set_name("offset");
    CHECK(types_of(file.fold()) == Types{"MatMul"});
}

namespace {

struct RealModel {
    std::string file;
    Bindings bindings;
    std::int64_t parameters;  ///< as the table beside the files says
    Integers output;
};

const std::vector<RealModel> kRealModels = {
    {"cms_DeepDoubleX_BvL", {}, 57996, {1, 2}},
    {"cms_HLT_ParticleNetAK4", {{"n_pf", 50}, {"n_sv", 10}}, 166561, {1, 7}},
    {"cms_higgsInteractionNet", {}, 692889, {1, 2}},
    {"cms_particletransformer_AK4",
     {{"N", 1}, {"n_input_1", 64}, {"n_input_2", 48}, {"n_input_3", 16}, {"n_input_4", 64}, {"n_input_5", 48}, {"n_input_6", 16}},
     896134,
     {1, 6}},
    {"em_branched_model_ch_last", {}, 11027, {1, 256, 256, 2}},
    {"em_conv2d_small_keras", {}, 1310, {1, 10}},
    {"em_three_layer_keras", {}, 4389, {1, 5}},
    {"moonshine_tiny_encoder_q8", {{"num_samples", 16000}}, 7681372, {1, 40, 288}},
    {"qonnx_espcn_subpixel_quant", {}, 64533, {1, 3, 256, 256}},
    {"qonnx_sdp", {}, 30, {64, 1, 128}},
    {"qzoo_TFC_2W2A", {}, 59809, {1, 10}},
    {"qzoo_kwsmlp_w3a3", {}, 263445, {1, 12}},
    {"qzoo_qkeras_jettagging", {}, 4422, {1, 5}},
};

/// Every tensor known, of positive sizes, made before it is read.
void check_sound(const FoldedGraph& graph) {
    std::set<std::string> made(graph.inputs.begin(), graph.inputs.end());
    for (const auto& node : graph.nodes) {
        for (const auto& input : node.inputs) CHECK((input.empty() || made.contains(input) || graph.is_constant(input)));
        for (const auto& output : node.outputs) CHECK(made.insert(output).second);
    }
    for (const auto& output : graph.outputs) CHECK(made.contains(output));
    for (const auto& [name, value] : graph.values) {
        CHECK(made.contains(name));
        for (const auto size : value.shape) CHECK(size > 0);
    }
}

}  // namespace

TEST_CASE("real networks fold to static shapes") {
    for (const auto& model : kRealModels) {
        INFO(model.file);
        const auto file = shared_file("models/" + model.file + ".onnx");
        if (!file) continue;
        const auto graph = models::onnx::read_onnx(*file, model.bindings);
        check_sound(graph);
        CHECK(graph.parameters_in_file == model.parameters);
        REQUIRE(graph.outputs.size() == 1);
        CHECK(graph.value(graph.outputs[0]).shape == model.output);
        for (const auto& node : graph.nodes) {
            for (const auto* type : {"Shape", "Size", "Range", "ConstantOfShape", "NonZero", "If", "Identity", "Trilu"})
                CHECK(node.op_type != type);
        }
    }
}

}  // namespace tessera::tests
