#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "models/implementation.h"
#include "models/network_builder.h"

/// Small networks with formats and weight statistics set by hand, so that the cost models are
/// tested without an importer or a study.
namespace tessera::tests {

using namespace tessera::models;

/// An XCVU13P as its data sheet gives it (DS890), with DSP packing of two int8 and four int4 products.
inline boards::Device vu13p() {
    boards::Device device;
    device.name = "VU13P";
    device.total = {1728000, 3456000, 12288, 2688, 1280};
    device.slrs = 4;
    device.dsp = "DSP48E2";
    device.int8_products_per_dsp = 2;
    device.int4_products_per_dsp = 4;
    return device;
}

inline constexpr FixedPoint width(int bits) { return {bits, bits / 2, true}; }

/// One column's statistics, the same for every output.
inline void set_weights(Operator& op, int bits, double nonzero, double digits_per_weight) {
    op.weights.format = width(bits);
    op.weights.channels = {{nonzero, nonzero * digits_per_weight, nonzero * (bits - 1)}};
}

/// Sets every tensor to `bits` and every weight to `bits` with `zero_fraction` zeros and (bits + 1) / 3 digits each.
inline void set_widths(Network& network, int bits, double zero_fraction = 0) {
    for (Tensor& tensor : network.tensors) tensor.format = width(bits);
    for (Operator& op : network.operators) {
        if (op.weights.count == 0) continue;
        set_weights(op, bits, static_cast<double>(op.weights.inputs) * (1 - zero_fraction), std::max(1.0, (bits + 1) / 3.0));
    }
}

/// The operators with hardware of a network, with all of its tokens or the first few.
inline std::vector<Implementation> cost(const Network& network, const Operator& op, std::int64_t tokens, std::int64_t cycles) {
    const StreamShape stream = network.stream(op.id);
    return implementations(network, op, {{{0, std::min(tokens, stream.tokens)}, {0, stream.channels}}, cycles}, vu13p());
}

/// A network that has one operator of every kind that the builder and the importers make.
inline Network zoo_of_kinds(std::int64_t tokens, std::int64_t channels) {
    NetworkBuilder b("kinds");
    const TensorId in = b.input("in", {tokens, channels});
    const TensorId dense = b.dense("dense", in, channels);
    const TensorId norm = b.layer_normalisation("norm", dense);
    const TensorId scores = b.attention_scores("scores", norm, dense, 2);
    const TensorId softmax = b.softmax("softmax", scores, 2);
    const TensorId values = b.attention_values("values", softmax, dense, 2);
    const TensorId sum = b.elementwise("add", "Add", {values, in});
    const TensorId product = b.elementwise("mul", "Mul", {sum, in});
    const TensorId quotient = b.elementwise("div", "Div", {product, in});
    const TensorId largest = b.elementwise("max", "Max", {quotient, in});
    const TensorId relu = b.activation("relu", "Relu", largest);
    const TensorId gelu = b.activation("gelu", "Gelu", relu);
    const TensorId batch = b.batch_normalisation("batch_norm", gelu);
    const TensorId image = b.convolution("conv", batch, {.rows = 1, .columns = tokens, .filters = channels});
    const TensorId pooled = b.reduce_tokens("mean", "ReduceMean", image);
    const TensorId top = b.reduce_channels("reduce_max", "ReduceMax", pooled);
    b.output("out", top);
    return b.build();
}

/// One operator of a kind that the builder does not know, on one input.
inline Network single(OperatorKind kind, const std::string& type, StreamShape from, StreamShape to, Access tokens = Access::aligned,
                      Access channels = Access::aligned) {
    NetworkBuilder b(type);
    const TensorId in = b.input("in", from);
    const TensorId made = b.wiring("op", type, {in}, to, tokens, channels);
    Operator& op = b.producer(made);
    op.kind = kind;
    if (kind == OperatorKind::dense || kind == OperatorKind::convolution) {
        op.weights.inputs = from.channels;
        op.weights.outputs = to.channels;
        op.macs = to.tokens * from.channels * to.channels;
    }
    b.output("out", made);
    return b.build();
}

}  // namespace tessera::tests
