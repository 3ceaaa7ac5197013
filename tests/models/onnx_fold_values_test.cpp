#include <doctest/doctest.h>

#include <cmath>

#include "tests/models/onnx_file.h"

/// The evaluation of constants, operator by operator, against values worked out by hand.
namespace tessera::tests {

namespace {

using ::onnx::TensorProto;

struct Result {
    Integers shape;
    Reals values;
};

struct Case {
    std::string type;
    std::vector<TensorProto> inputs;
    std::vector<OnnxAttribute> attributes = {};
    int opset = 17;
    std::size_t output = 0;
    std::size_t outputs = 1;
};

/// What a node makes of constants. A Max with a network input keeps the constant in the graph.
Result evaluated(const Case& test) {
    OnnxFile file(test.opset);
    file.input("x", {1});
    std::vector<std::string> inputs;
    for (std::size_t i = 0; i < test.inputs.size(); ++i) {
        inputs.push_back("in" + std::to_string(i));
        file.constant(inputs.back(), test.inputs[i]);
    }
    std::vector<std::string> outputs;
    for (std::size_t i = 0; i < test.outputs; ++i) outputs.push_back("out" + std::to_string(i));
    file.node(test.type, inputs, outputs, test.attributes);
    file.node("Max", {"x", outputs[test.output]}, {"y"}).output("y");
    const auto graph = file.fold();
    REQUIRE(graph.nodes.size() == 1);
    const auto& array = graph.constant(outputs[test.output]);
    Result result{array.shape, {}};
    for (std::int64_t i = 0; i < array.size(); ++i) result.values.push_back(array.at(i));
    return result;
}

void check(const Case& test, const Integers& shape, const Reals& values) {
    INFO(test.type);
    const auto result = evaluated(test);
    CHECK(result.shape == shape);
    REQUIRE(result.values.size() == values.size());
    for (std::size_t i = 0; i < values.size(); ++i) CHECK(result.values[i] == doctest::Approx(values[i]).epsilon(1e-6));
}

TensorProto reals(const Reals& values) { return float_tensor({static_cast<std::int64_t>(values.size())}, values); }
TensorProto one_value(std::int64_t value) { return int64_tensor({}, {value}); }

const TensorProto kMatrix = float_tensor({2, 3}, {1, 2, 3, 4, 5, 6});

}  // namespace

TEST_CASE("functions of one element") {
    check({"Sin", {reals({0, 0.5})}}, {2}, {0, 0.479425538604});
    check({"Cos", {reals({0, 0.5})}}, {2}, {1, 0.877582561890});
    check({"Erf", {reals({1})}}, {1}, {0.842700792950});
    check({"Gelu", {reals({1})}}, {1}, {0.841344746069});
    check({"LeakyRelu", {reals({-2, 3})}, {{"alpha", 0.25}}}, {2}, {-0.5, 3});
    check({"HardSigmoid", {reals({-5, 0, 1, 9})}}, {4}, {0, 0.5, 0.7, 1});
    check({"Round", {reals({0.5, 1.5, -2.5})}}, {3}, {0, 2, -2});
    check({"Neg", {vector_of({3, -4})}}, {2}, {-3, 4});
    check({"Sign", {vector_of({3, -4, 0})}}, {3}, {1, -1, 0});
    check({"Not", {int32_field_tensor(TensorProto::BOOL, {2}, {1, 0})}}, {2}, {0, 1});
    check({"Clip", {reals({-3, 0.5, 3}), float_tensor({}, {-1}), float_tensor({}, {1})}}, {3}, {-1, 0.5, 1});
    check({"Clip", {reals({-3, 0.5, 3})}, {{"max", 0.25}}, 7}, {3}, {-3, 0.25, 0.25});
    check({"Cast", {reals({1.9, -1.9})}, {{"to", 7}}}, {2}, {1, -1});
    check({"Cast", {vector_of({300, -1})}, {{"to", 2}}}, {2}, {44, 255});
    check({"Cast", {reals({0, 0.2})}, {{"to", 9}}}, {2}, {0, 1});
}

TEST_CASE("functions of several elements broadcast") {
    check({"Add", {kMatrix, reals({10, 20, 30})}}, {2, 3}, {11, 22, 33, 14, 25, 36});
    check({"Sub", {float_tensor({2, 1}, {1, 2}), float_tensor({1, 2}, {10, 20})}}, {2, 2}, {-9, -19, -8, -18});
    check({"Div", {vector_of({7, -7, 8}), vector_of({2, 2, -4})}}, {3}, {3, -3, -2});
    check({"Div", {reals({7}), reals({2})}}, {1}, {3.5});
    check({"Mod", {vector_of({7, -7}), vector_of({3, 3})}}, {2}, {1, 2});
    check({"Mod", {vector_of({7, -7}), vector_of({3, 3})}, {{"fmod", 1}}}, {2}, {1, -1});
    check({"Pow", {vector_of({2, -3}), vector_of({10, 3})}}, {2}, {1024, -27});
    check({"Pow", {reals({4}), reals({-0.5})}}, {1}, {0.5});
    check({"PRelu", {reals({-2, 2}), reals({0.5})}}, {2}, {-1, 2});
    check({"Max", {reals({1, 5}), reals({3}), reals({2, 7})}}, {2}, {3, 7});
    check({"Mean", {reals({1}), reals({2}), reals({6})}}, {1}, {3});
    check({"LessOrEqual", {vector_of({1, 2, 3}), one_value(2)}}, {3}, {1, 1, 0});
    check({"Equal", {reals({0, 1}), float_tensor({}, {0})}}, {2}, {1, 0});
    check({"Where", {int32_field_tensor(TensorProto::BOOL, {2, 1}, {1, 0}), reals({1, 2}), reals({3})}}, {2, 2}, {1, 2, 3, 3});
    const auto large = std::int64_t{1} << 62;
    check({"Mul", {vector_of({large}), vector_of({4})}}, {1}, {0});  // wraps around
}

TEST_CASE("layout") {
    check({"Reshape", {kMatrix, vector_of({0, -1, 1})}}, {2, 3, 1}, {1, 2, 3, 4, 5, 6});
    check({"Transpose", {kMatrix}}, {3, 2}, {1, 4, 2, 5, 3, 6});
    check({"Flatten", {float_tensor({1, 2, 3}, {1, 2, 3, 4, 5, 6})}, {{"axis", 2}}}, {2, 3}, {1, 2, 3, 4, 5, 6});
    check({"Squeeze", {float_tensor({1, 2, 1}, {1, 2})}}, {2}, {1, 2});
    check({"Squeeze", {float_tensor({1, 2, 1}, {1, 2}), vector_of({-1})}}, {1, 2}, {1, 2});
    check({"Unsqueeze", {reals({1, 2}), vector_of({0, -1})}}, {1, 2, 1}, {1, 2});
    check({"Unsqueeze", {reals({1, 2})}, {{"axes", Integers{1}}}, 11}, {2, 1}, {1, 2});
    check({"Expand", {float_tensor({2, 1}, {1, 2}), vector_of({2, 1, 3})}}, {2, 2, 3}, {1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2});
    check({"Tile", {reals({1, 2}), vector_of({3})}}, {6}, {1, 2, 1, 2, 1, 2});
    check({"Concat", {kMatrix, float_tensor({2, 1}, {9, 8})}, {{"axis", -1}}}, {2, 4}, {1, 2, 3, 9, 4, 5, 6, 8});
    check({"Split", {kMatrix, vector_of({1, 2})}, {{"axis", 1}}, 17, 1, 2}, {2, 2}, {2, 3, 5, 6});
    check({"Split", {vector_of({1, 2, 3, 4, 5})}, {{"num_outputs", 2}}, 18, 1, 2}, {2}, {4, 5});
    check({"DepthToSpace", {float_tensor({1, 4, 1, 2}, {0, 1, 2, 3, 4, 5, 6, 7})}, {{"blocksize", 2}}}, {1, 1, 2, 4},
          {0, 2, 1, 3, 4, 6, 5, 7});
    check({"SpaceToDepth", {float_tensor({1, 1, 2, 2}, {0, 1, 2, 3})}, {{"blocksize", 2}}}, {1, 4, 1, 1}, {0, 1, 2, 3});
}

TEST_CASE("slices and pads") {
    const auto row = vector_of({0, 1, 2, 3, 4});
    check({"Slice", {row, vector_of({1}), vector_of({4})}}, {3}, {1, 2, 3});
    check({"Slice", {row, vector_of({-1}), vector_of({INT64_MIN}), vector_of({0}), vector_of({-2})}}, {3}, {4, 2, 0});
    check({"Slice", {row, vector_of({1}), vector_of({INT64_MAX}), vector_of({0}), vector_of({2})}}, {2}, {1, 3});
    check({"Slice", {kMatrix}, {{"starts", Integers{1}}, {"ends", Integers{3}}, {"axes", Integers{1}}}, 9}, {2, 2}, {2, 3, 5, 6});
    check({"Pad", {reals({1, 2}), vector_of({1, 2}), float_tensor({}, {9})}}, {5}, {9, 1, 2, 9, 9});
    check({"Pad", {reals({1, 2, 3}), vector_of({2, 1})}, {{"mode", "reflect"}}}, {6}, {3, 2, 1, 2, 3, 2});
    check({"Pad", {reals({1, 2, 3}), vector_of({1, -1})}, {{"mode", "edge"}}}, {3}, {1, 1, 2});
    check({"Pad", {reals({1})}, {{"pads", Integers{1, 0}}, {"value", 5.0}}, 10}, {2}, {5, 1});
}

TEST_CASE("tensors made from shapes and numbers") {
    check({"Shape", {kMatrix}}, {2}, {2, 3});
    check({"Shape", {kMatrix}, {{"start", -1}}}, {1}, {3});
    check({"Size", {kMatrix}}, {}, {6});
    check({"ConstantOfShape", {vector_of({2})}, {{"value", int64_tensor({1}, {7})}}}, {2}, {7, 7});
    check({"Range", {one_value(1), one_value(8), one_value(3)}}, {3}, {1, 4, 7});
    check({"Range", {one_value(3), one_value(0), one_value(-2)}}, {2}, {3, 1});
    check({"NonZero", {float_tensor({2, 2}, {1, 0, 0, 2})}}, {2, 2}, {0, 1, 0, 1});
    check({"EyeLike", {kMatrix}, {{"k", 1}}}, {2, 3}, {0, 1, 0, 0, 0, 1});
    check({"Trilu", {kMatrix}, {{"upper", 0}}}, {2, 3}, {1, 0, 0, 4, 5, 0});
    check({"Trilu", {kMatrix, one_value(1)}}, {2, 3}, {0, 2, 3, 0, 0, 6});
    check({"OneHot", {vector_of({1, -1}), one_value(3), reals({0, 5})}}, {2, 3}, {0, 5, 0, 0, 0, 5});
}

TEST_CASE("reading and writing by index") {
    check({"Gather", {kMatrix, int64_tensor({1, 2}, {2, -3})}, {{"axis", 1}}}, {2, 1, 2}, {3, 1, 6, 4});
    check({"Gather", {vector_of({5, 6}), one_value(-1)}}, {}, {6});
    check({"GatherElements", {kMatrix, int64_tensor({1, 3}, {1, 0, 1})}}, {1, 3}, {4, 2, 6});
    check({"GatherND", {kMatrix, int64_tensor({2, 2}, {0, 1, 1, 2})}}, {2}, {2, 6});
    check({"GatherND", {kMatrix, int64_tensor({2, 1}, {1, 0})}, {{"batch_dims", 1}}}, {2}, {2, 4});
    check({"ScatterND", {reals({0, 0, 0, 0}), int64_tensor({2, 1}, {3, 1}), reals({7, 8})}}, {4}, {0, 8, 0, 7});
    check({"ScatterND", {kMatrix, int64_tensor({1, 1}, {1}), float_tensor({1, 3}, {1, 1, 1})}, {{"reduction", "add"}}}, {2, 3},
          {1, 2, 3, 5, 6, 7});
    check({"ScatterElements", {kMatrix, int64_tensor({1, 2}, {1, 0}), float_tensor({1, 2}, {9, 8})}}, {2, 3}, {1, 8, 3, 9, 5, 6});
    check({"TopK", {reals({3, 9, 9, 1}), vector_of({3})}, {}, 17, 0, 2}, {3}, {9, 9, 3});
    check({"TopK", {reals({3, 9, 9, 1}), vector_of({3})}, {}, 17, 1, 2}, {3}, {1, 2, 0});
    check({"TopK", {reals({3, 9, 1}), vector_of({2})}, {{"largest", 0}}, 17, 1, 2}, {2}, {2, 0});
}

TEST_CASE("reductions") {
    check({"ReduceSum", {kMatrix, vector_of({1})}, {{"keepdims", 0}}}, {2}, {6, 15});
    check({"ReduceSum", {kMatrix}, {{"axes", Integers{0}}}, 11}, {1, 3}, {5, 7, 9});
    check({"ReduceMean", {kMatrix}, {{"axes", Integers{-1}}}}, {2, 1}, {2, 5});
    check({"ReduceMax", {vector_of({3, 8})}}, {1}, {8});
    check({"ReduceProd", {vector_of({3, 8})}, {{"keepdims", 0}}}, {}, {24});
    check({"ReduceL2", {reals({3, 4})}}, {1}, {5});
    check({"ReduceLogSumExp", {reals({0, 0})}}, {1}, {std::log(2)});
    check({"ArgMax", {kMatrix}, {{"axis", 1}}}, {2, 1}, {2, 2});
    check({"ArgMin", {kMatrix}, {{"axis", 0}, {"keepdims", 0}}}, {3}, {0, 0, 0});
    check({"CumSum", {vector_of({1, 2, 3}), one_value(0)}}, {3}, {1, 3, 6});
    check({"CumSum", {vector_of({1, 2, 3}), one_value(0)}, {{"exclusive", 1}, {"reverse", 1}}}, {3}, {5, 3, 0});
    check({"Softmax", {float_tensor({2, 2}, {0, std::log(3), 1, 1})}}, {2, 2}, {0.25, 0.75, 0.5, 0.5});
    check({"Softmax", {float_tensor({1, 2, 2}, {0, 0, 0, 0})}, {}, 11}, {1, 2, 2}, {0.25, 0.25, 0.25, 0.25});
    check({"Softmax", {float_tensor({2, 2}, {0, 1, std::log(3), 1})}, {{"axis", 0}}}, {2, 2}, {0.25, 0.5, 0.75, 0.5});
}

TEST_CASE("matrix products and normalisation") {
    check({"MatMul", {kMatrix, float_tensor({3, 1}, {1, 0, -1})}}, {2, 1}, {-2, -2});
    check({"MatMul", {kMatrix, reals({1, 1, 1})}}, {2}, {6, 15});
    check({"MatMul", {float_tensor({2, 1, 1}, {2, 3}), float_tensor({1, 2}, {1, 10})}}, {2, 1, 2}, {2, 20, 3, 30});
    check({"Gemm", {kMatrix, kMatrix, reals({1})}, {{"transB", 1}, {"alpha", 0.5}, {"beta", 2.0}}}, {2, 2}, {9, 18, 18, 40.5});
    check({"Einsum", {reals({1, 2}), reals({3, 4, 5})}, {{"equation", "i,j->ij"}}}, {2, 3}, {3, 4, 5, 6, 8, 10});
    check({"Einsum", {kMatrix, kMatrix}, {{"equation", "ij, kj"}}}, {2, 2}, {14, 32, 32, 77});
    check({"BatchNormalization",
           {float_tensor({1, 2}, {1, 2}), reals({2, 1}), reals({0, 1}), reals({0, 2}), reals({4, 1})},
           {{"epsilon", 0.0}}},
          {1, 2}, {1, 1});
    check({"LayerNormalization", {float_tensor({1, 2}, {1, 3}), reals({1, 2}), reals({0, 5})}, {{"epsilon", 0.0}}}, {1, 2}, {-1, 7});
    check({"QuantizeLinear", {reals({0.5, 1.5, 99}), float_tensor({}, {1}), int32_field_tensor(TensorProto::INT8, {}, {2})}}, {3},
          {2, 4, 101});
    check({"QuantizeLinear", {reals({300, -300}), float_tensor({}, {1})}}, {2}, {255, 0});
}

}  // namespace tessera::tests
