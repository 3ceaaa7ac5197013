#include "tests/models/lowering_fixture.h"

/// Functions of one value, operations of two, and the decomposed forms that are put together again.
namespace tessera::tests {

TEST_CASE("every activation is one operator of its type") {
    for (const std::string type :
         {"Relu", "LeakyRelu", "Sigmoid", "Tanh",  "Erf",        "Gelu",     "HardSigmoid", "HardSwish", "Softplus", "Elu",
          "Selu", "Sqrt",      "Log",     "Exp",   "Clip",       "Neg",      "Abs",         "Sign",      "Atan",     "Sin",
          "Cos",  "Floor",     "Ceil",    "Round", "Reciprocal", "Softsign", "Mish",        "Swish"}) {
        CAPTURE(type);
        const auto network = import_node(type, {1, 4, 3});
        const auto& op = only(network, OperatorKind::activation);
        CHECK(op.type == type);
        CHECK(op.inputs.size() == 1);
        CHECK(op.inputs[0].tokens == Access::aligned);
        CHECK(op.inputs[0].channels == Access::aligned);
        CHECK(result_of(network) == StreamShape{4, 3});
    }
    const auto prelu = import_node("PRelu", {1, 4, 3}, {counting({3})});
    CHECK(only(prelu, OperatorKind::activation).type == "PRelu");
    CHECK(prelu.parameters == 3);
}

TEST_CASE("operations of two activations") {
    for (const std::string type : {"Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Sum", "Mean", "Equal", "Greater", "Less"}) {
        CAPTURE(type);
        OnnxFile file;
        file.input("a", {1, 4, 3}).input("b", {1, 1, 3}).node(type, {"a", "b"}, {"y"}).output("y");
        const auto network = import_file(file);
        const auto& op = only(network, OperatorKind::elementwise);
        CHECK(op.type == type);
        CHECK(op.inputs.size() == 2);
        CHECK(result_of(network) == StreamShape{4, 3});
    }
}

TEST_CASE("a constant operand makes a scale or a shift, or a function of one value") {
    for (const std::string type : {"Add", "Sub", "Mul", "Div"}) {
        CAPTURE(type);
        const auto network = import_node(type, {1, 4, 3}, {float_tensor({3}, {2, 3, 4})});
        const auto& op = only(network, OperatorKind::scale_shift);
        CHECK(op.type == type);
        CHECK(op.weights.count == 3);
        CHECK(op.weights.outputs == 3);
        CHECK(op.weights.values == std::vector<float>{2, 3, 4});
    }
    for (const std::string type : {"Pow", "Max", "Min", "Equal", "Greater"}) {
        CAPTURE(type);
        CHECK(only(import_node(type, {1, 4, 3}, {scalar(2)}), OperatorKind::activation).type == type);
    }
}

TEST_CASE("a Where chooses between activations") {
    OnnxFile file;
    file.input("c", {1, 4, 1}, TensorProto::BOOL).input("a", {1, 4, 3}).input("b", {1, 4, 3});
    file.node("Where", {"c", "a", "b"}, {"y"}).output("y");
    CHECK(only(import_file(file), OperatorKind::elementwise).inputs.size() == 3);
}

namespace {

/// x through the steps of an exporter's GELU; `order` says which of the three factors meet first.
OnnxFile erf_gelu(int order, bool division) {
    OnnxFile file;
    file.input("x", {1, 4, 3}).constant("half", scalar(0.5)).constant("one", scalar(1));
    file.constant("root", scalar(division ? 1.41421356 : 0.70710678));
    file.node(division ? "Div" : "Mul", {"x", "root"}, {"s"}).node("Erf", {"s"}, {"e"}).node("Add", {"e", "one"}, {"p"});
    if (order == 0) file.node("Mul", {"x", "p"}, {"q"}).node("Mul", {"q", "half"}, {"y"});
    if (order == 1) file.node("Mul", {"half", "x"}, {"q"}).node("Mul", {"q", "p"}, {"y"});
    if (order == 2) file.node("Mul", {"p", "half"}, {"q"}).node("Mul", {"x", "q"}, {"y"});
    return file.output("y");
}

OnnxFile tanh_gelu(bool power) {
    OnnxFile file;
    file.input("x", {1, 4, 3}).constant("half", scalar(0.5)).constant("one", scalar(1)).constant("three", scalar(3));
    file.constant("kappa", scalar(0.044715)).constant("beta", scalar(0.79788456));
    if (power) {
        file.node("Pow", {"x", "three"}, {"cube"});
    } else {
        file.node("Mul", {"x", "x"}, {"square"}).node("Mul", {"x", "square"}, {"cube"});
    }
    file.node("Mul", {"kappa", "cube"}, {"k"}).node("Add", {"x", "k"}, {"sum"}).node("Mul", {"beta", "sum"}, {"inner"});
    file.node("Tanh", {"inner"}, {"t"}).node("Add", {"one", "t"}, {"p"}).node("Mul", {"x", "p"}, {"q"}).node("Mul", {"half", "q"}, {"y"});
    return file.output("y");
}

/// Mean, difference, square, variance, root, quotient, gain and shift over the last axes.
struct Decomposition {
    Integers axes = {-1};
    Integers shape = {1, 4, 6};
    bool reciprocal = false;
    bool product = false;     ///< the square as a product, not as a power
    bool axes_input = false;  ///< axes as an input, as from opset 18
    bool two_differences = false;
};

OnnxFile layer_norm(const Decomposition& form) {
    OnnxFile file(form.axes_input ? 18 : 17);
    file.input("x", {1, 4, 6}).constant("two", scalar(2)).constant("eps", scalar(1e-5)).constant("axes", vector_of(form.axes));
    file.constant("gain", counting({6})).constant("shift", counting({6}));
    const auto mean = [&](const std::string& from, const std::string& to) {
        if (form.axes_input) {
            file.node("ReduceMean", {from, "axes"}, {to});
        } else {
            file.node("ReduceMean", {from}, {to}, {{"axes", form.axes}});
        }
    };
    mean("x", "m");
    file.node("Sub", {"x", "m"}, {"d"});
    if (form.two_differences) file.node("Sub", {"x", "m"}, {"d2"});
    const std::string squared = form.two_differences ? "d2" : "d";
    if (form.product) {
        file.node("Mul", {squared, squared}, {"s"});
    } else {
        file.node("Pow", {squared, "two"}, {"s"});
    }
    mean("s", "v");
    file.node("Add", {"v", "eps"}, {"w"}).node("Sqrt", {"w"}, {"r"});
    if (form.reciprocal) {
        file.node("Reciprocal", {"r"}, {"i"}).node("Mul", {"d", "i"}, {"q"});
    } else {
        file.node("Div", {"d", "r"}, {"q"});
    }
    file.node("Mul", {"q", "gain"}, {"g"}).node("Add", {"g", "shift"}, {"y"});
    return file.output("y");
}

}  // namespace

TEST_CASE("a decomposed GELU is one operator, in every order that exporters write") {
    for (const bool division : {true, false}) {
        for (int order = 0; order < 3; ++order) {
            CAPTURE(division);
            CAPTURE(order);
            const auto network = import_file(erf_gelu(order, division));
            CHECK(kinds_of(network) == Kinds{{"activation", 1}});
            CHECK(only(network, OperatorKind::activation).type == "Gelu");
        }
    }
    for (const bool power : {true, false}) CHECK(only(import_file(tanh_gelu(power)), OperatorKind::activation).type == "Gelu");
}

TEST_CASE("a GELU whose inner value is read elsewhere stays as it is") {
    auto file = erf_gelu(0, true);
    file.output("s");
    CHECK(kinds_of(import_file(file)) == Kinds{{"activation", 1}, {"scale_shift", 3}, {"elementwise", 1}});
}

TEST_CASE("x times its sigmoid is a Swish, with a factor inside or without") {
    OnnxFile file;
    file.input("x", {1, 4}).node("Sigmoid", {"x"}, {"s"}).node("Mul", {"s", "x"}, {"y"}).output("y");
    CHECK(only(import_file(file), OperatorKind::activation).type == "Swish");
    OnnxFile quick;
    quick.input("x", {1, 4}).constant("c", scalar(1.702)).node("Mul", {"x", "c"}, {"z"}).node("Sigmoid", {"z"}, {"s"});
    quick.node("Mul", {"x", "s"}, {"y"}).output("y");
    CHECK(only(import_file(quick), OperatorKind::activation).type == "Swish");
    OnnxFile gate;
    gate.input("x", {1, 4}).input("g", {1, 4}).node("Sigmoid", {"g"}, {"s"}).node("Mul", {"s", "x"}, {"y"}).output("y");
    CHECK(kinds_of(import_file(gate)) == Kinds{{"activation", 1}, {"elementwise", 1}});
}

TEST_CASE("a decomposed LayerNormalization is one operator, in every form that exporters write") {
    for (int form = 0; form < 16; ++form) {
        CAPTURE(form);
        const auto network = import_file(layer_norm({.reciprocal = (form & 1) != 0,
                                                     .product = (form & 2) != 0,
                                                     .axes_input = (form & 4) != 0,
                                                     .two_differences = (form & 8) != 0}));
        CHECK(kinds_of(network) == Kinds{{"normalisation", 1}});
        const auto& op = only(network, OperatorKind::normalisation);
        CHECK(op.type == "LayerNormalization");
        CHECK(op.weights.count == 12);
        CHECK(op.inputs[0].tokens == Access::aligned);
        CHECK(op.inputs[0].channels == Access::whole);
    }
}

TEST_CASE("a normalisation over other axes than the last is no LayerNormalization") {
    CHECK(kinds_of(import_file(layer_norm({.axes = {1}}))).contains("reduction"));
    auto read_inside = layer_norm({});
    read_inside.output("r");
    CHECK(kinds_of(import_file(read_inside)).at("reduction") == 2);
}

TEST_CASE("LayerNormalization of opset 17 over one axis and over all") {
    const auto last = import_node("LayerNormalization", {1, 4, 6}, {counting({6}), counting({6})});
    CHECK(only(last, OperatorKind::normalisation).weights.count == 12);
    CHECK(only(last, OperatorKind::normalisation).inputs[0].tokens == Access::aligned);
    const auto all = import_node("LayerNormalization", {1, 4, 6}, {counting({4, 6})}, {{"axis", 1}});
    CHECK(only(all, OperatorKind::normalisation).inputs[0].tokens == Access::whole);
    CHECK(only(all, OperatorKind::normalisation).weights.count == 24);
}

TEST_CASE("BatchNormalization is a scale and a shift by its statistics") {
    const auto network = import_node(
        "BatchNormalization", {1, 2, 5},
        {float_tensor({2}, {2, 3}), float_tensor({2}, {1, 0}), float_tensor({2}, {4, 0}), float_tensor({2}, {4, 9})}, {{"epsilon", 0.0}});
    const auto& op = only(network, OperatorKind::scale_shift);
    CHECK(op.weights.values == std::vector<float>{1, 1});  // gamma / sqrt(variance)
    CHECK(op.weights.bias == std::vector<float>{-3, 0});   // beta - mean x scale
    CHECK(op.weights.count == 8);                          // as the file counts
    CHECK(result_of(network) == StreamShape{5, 2});
}

}  // namespace tessera::tests
