#include "models/precision.h"
#include "tests/models/lowering_fixture.h"

/// Quantisers of a file: formats of weights and activations, in every form that exporters write.
namespace tessera::tests {

using models::FixedPoint;
using Values = std::vector<float>;

namespace {

/// y = x w with both behind a quantiser of type `type` and parameters `parameters` (scale first).
struct Quantised {
    std::string type = "Quant";
    std::string domain = "qonnx.custom_op.general";
    std::vector<TensorProto> parameters = {};
    std::vector<OnnxAttribute> attributes = {};
    TensorProto weights = float_tensor({2, 2}, {0.3, -0.6, 5, -5});
};

OnnxFile quantised(const Quantised& form) {
    OnnxFile file;
    file.input("x", {1, 2}).constant("w", form.weights);
    std::vector<std::string> of_input = {"x"};
    std::vector<std::string> of_weights = {"w"};
    for (std::size_t i = 0; i < form.parameters.size(); ++i) {
        file.constant("p" + std::to_string(i), form.parameters[i]);
        of_input.push_back("p" + std::to_string(i));
        of_weights.push_back("p" + std::to_string(i));
    }
    file.node(form.type, of_input, {"xq"}, form.attributes, form.domain);
    file.node(form.type, of_weights, {"wq"}, form.attributes, form.domain);
    return file.node("MatMul", {"xq", "wq"}, {"y"}).output("y");
}

}  // namespace

TEST_CASE("Quant gives weights and activations their width, in each of its domains") {
    for (const std::string domain : {"qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general"}) {
        CAPTURE(domain);
        const auto network = import_file(quantised({.domain = domain, .parameters = {scalar(0.25), scalar(0), scalar(3)}}));
        const auto& dense = only(network, OperatorKind::dense);
        CHECK(dense.weights.format == FixedPoint{3, 1, true});
        CHECK(dense.weights.format_from_file);
        CHECK(dense.weights.power_of_two_scales);
        CHECK(dense.weights.values == Values{0.25, 0.75, -0.5, -1});  // output by output, -4..3 quarters
        const auto& quant = only(network, OperatorKind::quantise);
        CHECK(network.tensor(quant.outputs[0]).format == FixedPoint{3, 1, true});
        CHECK(network.tensor(quant.outputs[0]).format_from_file);
    }
}

TEST_CASE("Quant: unsigned, narrow, rounding mode and a scale that is no power of two") {
    const auto narrow = import_file(quantised({.parameters = {scalar(1), scalar(0), scalar(3)}, .attributes = {{"narrow", 1}}}));
    CHECK(only(narrow, OperatorKind::dense).weights.values == Values{0, 3, -1, -3});
    const auto positive = import_file(quantised({.parameters = {scalar(1), scalar(0), scalar(2)}, .attributes = {{"signed", 0}}}));
    CHECK(only(positive, OperatorKind::dense).weights.values == Values{0, 3, 0, 0});
    CHECK_FALSE(only(positive, OperatorKind::dense).weights.format.is_signed);
    const auto floor =
        import_file(quantised({.parameters = {scalar(1), scalar(0), scalar(4)}, .attributes = {{"rounding_mode", std::string("FLOOR")}}}));
    CHECK(only(floor, OperatorKind::dense).weights.values == Values{0, 5, -1, -5});
    const auto odd = import_file(quantised({.parameters = {scalar(0.3), scalar(0), scalar(4)}}));
    CHECK_FALSE(only(odd, OperatorKind::dense).weights.power_of_two_scales);
    CHECK(only(odd, OperatorKind::dense).weights.format == FixedPoint{4, 4, true});
    CHECK(only(odd, OperatorKind::dense).weights.values == Values{1, 7, -2, -8});
}

TEST_CASE("Quant with a scale for each output") {
    const auto network = import_file(quantised({.parameters = {float_tensor({1, 2}, {0.3, 0.6}), scalar(0), scalar(4)}}));
    CHECK(only(network, OperatorKind::dense).weights.values == Values{1, 7, -1, -8});
    CHECK_FALSE(only(network, OperatorKind::dense).weights.power_of_two_scales);
    CHECK(import_message(quantised({.parameters = {float_tensor({3}, {1, 2, 3}), scalar(0), scalar(4)}})) ==
          "Quant of xq: 3 scales that do not broadcast to the tensor; expected one for each channel");
    CHECK(import_message(quantised({.parameters = {scalar(0), scalar(0), scalar(4)}})) ==
          "Quant of xq: a scale that is not positive; expected scales above 0");
    CHECK(import_message(quantised({.parameters = {scalar(1), scalar(0), scalar(100)}})) ==
          "Quant of xq: a width of 100.000000 bits; expected 1 to 64");
}

TEST_CASE("BipolarQuant leaves signs") {
    const auto network = import_file(quantised({.type = "BipolarQuant", .parameters = {scalar(0.5)}}));
    const auto& dense = only(network, OperatorKind::dense);
    CHECK(dense.weights.values == Values{1, 1, -1, -1});
    CHECK(dense.weights.format.width == 1);
    CHECK(network.tensor(only(network, OperatorKind::quantise).outputs[0]).format.width == 1);
}

TEST_CASE("Trunc drops low bits, in the three versions of its inputs") {
    struct Version {
        std::vector<TensorProto> parameters;
        FixedPoint format;
    };
    for (const auto& [parameters, format] : {
             // 1: the scale stays, so the value shrinks by 2^(6 - 4); 2: the scale of the result is given; 3: its zero point too
             Version{{scalar(0.25), scalar(0), scalar(6), scalar(4)}, {4, 2, true}},
             Version{{scalar(0.25), scalar(0), scalar(6), scalar(1), scalar(4)}, {4, 4, true}},
             Version{{scalar(0.25), scalar(0), scalar(6), scalar(1), scalar(0), scalar(4)}, {4, 4, true}},
         }) {
        OnnxFile file;
        file.input("x", {1, 2});
        std::vector<std::string> inputs = {"x"};
        for (const auto& parameter : parameters) {
            inputs.push_back("p" + std::to_string(inputs.size()));
            file.constant(inputs.back(), parameter);
        }
        const auto network = import_file(file.node("Trunc", inputs, {"y"}, {}, "onnx.brevitas").output("y"));
        CHECK(network.tensor(only(network, OperatorKind::quantise).outputs[0]).format == format);
    }
}

TEST_CASE("QuantizeLinear and DequantizeLinear: activations, weights, biases") {
    OnnxFile file;
    file.input("x", {1, 2}).constant("s", scalar(0.125)).constant("z", int32_field_tensor(TensorProto::INT8, {}, {0}));
    file.constant("w", int32_field_tensor(TensorProto::INT8, {2, 2}, {1, -2, 3, -128})).constant("ws", scalar(0.5));
    file.constant("b", int32_field_tensor(TensorProto::INT32, {2}, {70000, -3})).constant("bs", scalar(0.0625));
    file.node("QuantizeLinear", {"x", "s", "z"}, {"q"}).node("DequantizeLinear", {"q", "s", "z"}, {"xq"});
    file.node("DequantizeLinear", {"w", "ws"}, {"wq"}).node("DequantizeLinear", {"b", "bs"}, {"bq"});
    const auto network = import_file(file.node("Gemm", {"xq", "wq", "bq"}, {"y"}).output("y"));
    const auto& dense = only(network, OperatorKind::dense);
    CHECK(dense.weights.values == Values{0.5, 1.5, -1, -64});
    CHECK(dense.weights.format == FixedPoint{8, 7, true});
    CHECK(dense.weights.bias == Values{4375, -0.1875});
    const auto& quant = only(network, OperatorKind::quantise);
    CHECK(quant.type == "QuantizeLinear");
    CHECK(network.tensor(quant.outputs[0]).format == FixedPoint{8, 5, true});
}

TEST_CASE("DequantizeLinear by channel, along its axis") {
    for (const int axis : {0, 1}) {
        CAPTURE(axis);
        OnnxFile file;
        file.input("x", {1, 2}).constant("w", int32_field_tensor(TensorProto::UINT8, {2, 2}, {10, 20, 30, 40}));
        file.constant("s", float_tensor({2}, {0.3, 0.7})).constant("z", int32_field_tensor(TensorProto::UINT8, {2}, {10, 20}));
        file.node("DequantizeLinear", {"w", "s", "z"}, {"wq"}, {{"axis", axis}});
        const auto network = import_file(file.node("MatMul", {"x", "wq"}, {"y"}).output("y"));
        const auto& weights = only(network, OperatorKind::dense).weights;
        CHECK(weights.values == (axis == 0 ? Values{0, 10, 10, 20} : Values{0, 20, 0, 20}));
        CHECK(weights.format == FixedPoint{8, 8, true});  // what is left fits eight bits with a sign
    }
}

TEST_CASE("DynamicQuantizeLinear with MatMulInteger and ConvInteger") {
    OnnxFile file(11);
    file.input("x", {1, 4, 2}).constant("w", int32_field_tensor(TensorProto::UINT8, {2, 3}, {130, 128, 120, 0, 255, 128}));
    file.constant("z", int32_field_tensor(TensorProto::UINT8, {}, {128})).constant("ws", scalar(0.01));
    file.node("DynamicQuantizeLinear", {"x"}, {"q", "s", "xz"}).node("MatMulInteger", {"q", "w", "xz", "z"}, {"p"});
    file.node("Cast", {"p"}, {"f"}, {{"to", 1}}).node("Mul", {"s", "ws"}, {"t"}).node("Mul", {"f", "t"}, {"y"}).output("y");
    const auto network = import_file(file);
    const auto& dense = only(network, OperatorKind::dense);
    CHECK(dense.weights.values == Values{2, -128, 0, 127, -8, 0});
    CHECK(dense.weights.format == FixedPoint{8, 8, true});
    CHECK(dense.weights.format_from_file);
    CHECK(dense.macs == 4 * 2 * 3);
    const auto& quant = only(network, OperatorKind::quantise);
    CHECK(quant.inputs[0].tokens == Access::whole);  // the scale waits for the last token
    CHECK(network.tensor(quant.outputs[0]).format == FixedPoint{8, 8, false});
    CHECK(kinds_of(network).at("elementwise") == 1);  // the product with the scale, which depends on data
}

TEST_CASE("integer weights: the bits that their zero points leave, one for all or one an output") {
    const auto imported = [](const std::string& type, const TensorProto& weights, const TensorProto& zeros) {
        OnnxFile file(11);
        const bool convolution = type == "ConvInteger";
        file.input("x", convolution ? std::vector<OnnxDimension>{1, 1, 4} : std::vector<OnnxDimension>{1, 4, 2}, TensorProto::UINT8);
        file.constant("w", weights).constant("z", zeros).constant("xz", int32_field_tensor(TensorProto::UINT8, {}, {0}));
        file.node(type, {"x", "w", "xz", "z"}, {"y"}).output("y");
        const auto network = import_file(file);
        for (const auto& op : network.operators) {
            if (op.weights.count > 0) return op.weights;
        }
        return models::Weights{};
    };
    const auto unsigned_weights = int32_field_tensor(TensorProto::UINT8, {2, 2}, {0, 200, 10, 255});
    CHECK(imported("MatMulInteger", unsigned_weights, int32_field_tensor(TensorProto::UINT8, {}, {0})).format == FixedPoint{8, 8, false});
    CHECK(imported("MatMulInteger", unsigned_weights, int32_field_tensor(TensorProto::UINT8, {}, {1})).format == FixedPoint{9, 9, true});
    const auto by_column = imported("MatMulInteger", unsigned_weights, int32_field_tensor(TensorProto::UINT8, {2}, {5, 200}));
    CHECK(by_column.values == Values{-5, 5, 0, 55});
    const auto kernels = int32_field_tensor(TensorProto::INT8, {2, 1, 2}, {1, 2, 3, 4});
    const auto by_filter = imported("ConvInteger", kernels, int32_field_tensor(TensorProto::INT8, {2}, {1, 3}));
    CHECK(by_filter.values == Values{0, 1, 0, 1});
    CHECK(by_filter.format == FixedPoint{8, 8, true});
}

TEST_CASE("a scale that depends on data is refused") {
    OnnxFile file;
    file.input("x", {1, 2}).input("s", {1}).constant("z", scalar(0)).constant("b", scalar(4));
    file.node("Quant", {"x", "s", "z", "b"}, {"y"}, {}, "qonnx.custom_op.general").output("y");
    CHECK(import_message(file) == "Quant of y: a scale, zero point or width that depends on data; expected a constant");
}

TEST_CASE("effective bit operations by hand, from the file's own widths") {
    // w = {0.25, 0.75, -0.5, -1} in quarters: 1, 3, -2, -4; trimmed of zeros below: 1, 2, 1 and 1 bits. x has 3 bits.
    auto network = import_file(quantised({.parameters = {scalar(0.25), scalar(0), scalar(3)}}));
    models::apply_precision(network, {});
    CHECK(models::effective_bit_operations(network, only(network, OperatorKind::dense)) == (1 + 2 + 1 + 1) * 3);
}

}  // namespace tessera::tests
