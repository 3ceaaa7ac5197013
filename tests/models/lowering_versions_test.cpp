#include "tests/models/lowering_fixture.h"

/// What changed between opset 7 and 19 and ir_version 3 and 10, and operators that are not supported.
namespace tessera::tests {

TEST_CASE("one network in every opset and ir_version") {
    for (int opset = 7; opset <= 19; ++opset) {
        for (const int ir : {3, 4, 6, 8, 9, 10}) {
            CAPTURE(opset);
            CAPTURE(ir);
            OnnxFile file(opset);
            file.model.set_ir_version(ir);
            file.input("x", {"N", 4, 3}).constant("w", counting({3, 2})).constant("b", counting({2}));
            if (ir == 3) file.input("w", {3, 2}).input("b", {2});  // initialisers were inputs too
            file.node("MatMul", {"x", "w"}, {"p"}).node("Add", {"p", "b"}, {"a"}).node("Relu", {"a"}, {"r"});
            file.node("Softmax", {"r"}, {"y"}, {{"axis", 2}}).output("y");
            const auto network = import_file(file);
            CHECK(kinds_of(network) == Kinds{{"dense", 1}, {"activation", 1}, {"softmax", 1}});
            CHECK(network.macs() == 24);
            CHECK(network.parameters == 8);
        }
    }
}

TEST_CASE("bounds of a Clip as attributes and as inputs") {
    const auto attributes = import_node("Clip", {1, 4}, {}, {{"min", 0.0}, {"max", 6.0}}, 7);
    const auto inputs = import_node("Clip", {1, 4}, {scalar(0), scalar(6)}, {}, 11);
    for (const auto* network : {&attributes, &inputs}) CHECK(only(*network, OperatorKind::activation).type == "Clip");
}

TEST_CASE("all unsupported operators stand in one message, whichever step would have met them") {
    OnnxFile file;
    file.input("x", {1, 4, 4}).constant("w", counting({4, 4}));
    file.node("Einsum", {"x", "w"}, {"a"}, {{"equation", std::string("bij,jk->bik")}});  // shapes are known, hardware is not
    file.node("Loop", {"a"}, {"b"}).node("Einsum", {"b", "w"}, {"c"}, {{"equation", std::string("bij,jk->bik")}});
    file.node("Relu", {"c"}, {"d"}).node("LRN", {"d"}, {"y"}, {{"size", 3}}).output("y");
    CHECK(import_message(file) ==
          "unsupported operators: Einsum (2 x, first Einsum of a), LRN (1 x, first LRN of y), Loop (1 x, first Loop of b)");
}

TEST_CASE("shape arithmetic is folded away behind symbolic dimensions") {
    OnnxFile file;
    file.input("x", {"N", "tokens", 6})
        .constant("zero", vector_of({0}))
        .constant("two", vector_of({2}))
        .constant("rest", vector_of({2, 3}));
    file.node("Shape", {"x"}, {"s"}).node("Slice", {"s", "zero", "two"}, {"n"}).node("Concat", {"n", "rest"}, {"to"}, {{"axis", 0}});
    file.node("Reshape", {"x", "to"}, {"y"}).output("y");
    const auto network = import_file(file, {{"tokens", 5}});
    CHECK(kinds_of(network) == Kinds{{"wiring", 1}});
    CHECK(result_of(network) == StreamShape{5, 6});
    CHECK(import_message(file) == "bind: no size for the symbolic dimensions tokens; expected a number for each");
}

TEST_CASE("a result that only other operators' options make is refused by name") {
    OnnxFile file;
    file.input("x", {1, 4, 8}).node("MaxPool", {"x"}, {"p", "where"}, {{"kernel_shape", Integers{2}}}).output("where");
    CHECK(import_message(file) == "where: a tensor for which there is no hardware; expected one that an operator makes");
}

}  // namespace tessera::tests
