#include <doctest/doctest.h>

#include <array>

#include "tests/models/cost_fixture.h"

/// Estimates beside published post-route results, like for like: one network, fully unrolled, its
/// real weights.
using namespace tessera;
using namespace tessera::tests;

namespace {

/// Non-zero weights and canonical signed digits of a layer after rounding.
struct Digits {
    double nonzero;
    double digits;
};

/// A routed design and the weights of its four layers.
struct Row {
    int width;
    double published_lut;
    std::array<Digits, 4> layers;
};

/// The published LUTs: github.com/uw-acme/HLS4ML_VS_MANUAL, handmade/reports, shift-add multipliers on
/// VU13P with ReLU and softmax, Vivado 2019.1. The digits: counted in the weights of
/// em_three_layer_keras.onnx (github.com/fastmachinelearning/example-models), a training of the same network
/// rounded to fixed<4,2>, fixed<7,3>, fixed<13,5> and fixed<19,7>.
constexpr std::array kRows{
    Row{4, 7755, {{{812, 938}, {933, 936}, {606, 614}, {99, 112}}}},
    Row{7, 27103, {{{957, 1652}, {1751, 2303}, {911, 1240}, {139, 214}}}},
    Row{13, 103656, {{{1017, 3034}, {2032, 4999}, {1014, 2596}, {159, 430}}}},
    Row{19, 243188, {{{1022, 4373}, {2043, 7725}, {1021, 3967}, {160, 658}}}},
};

/// LUTs of the dense and activation layers in constant logic.
double logic_lut(const Row& row) {
    NetworkBuilder b("16-64-32-32-5");
    TensorId stream = b.input("in", {1, 16});
    for (const std::int64_t outputs : {64, 32, 32, 5}) stream = b.activation("relu", "Relu", b.dense("dense", stream, outputs));
    b.output("out", stream);
    Network network = b.build();
    set_widths(network, row.width);
    double lut = 0;
    std::size_t layer = 0;
    for (Operator& op : network.operators) {
        if (op.kind == OperatorKind::dense) {
            const auto& [nonzero, digits] = row.layers[layer++];
            const auto outputs = static_cast<double>(op.weights.outputs);
            op.weights.channels = {{nonzero / outputs, digits / outputs, 0}};
        }
        for (const Implementation& i : cost(network, op, 1, 1))
            if (i.resources.dsp == 0) lut += i.resources.lut;
    }
    return lut;
}

}  // namespace

TEST_CASE("the jet tagger 16-64-32-32-5 takes about the LUTs of its routed shift-add designs") {
    for (const Row& row : kRows) {
        const double ratio = logic_lut(row) / row.published_lut;
        MESSAGE(row.width << " bits: " << ratio << " of the published LUTs");
        CHECK(ratio > 0.5);
        CHECK(ratio < 2);
    }
}
