#include <algorithm>

#include "models/precision.h"

namespace tessera::models {

namespace {

double input_width(const Network& network, const Operator& op, std::size_t position) {
    return network.tensor(op.inputs[position].tensor).format.width;
}

double output_width(const Network& network, const Operator& op) { return network.tensor(op.outputs.front()).format.width; }

/// Trimmed widths of all constants together.
double weight_bits(const Operator& op) {
    double sum = 0;
    for (const ChannelWeights& channel : op.weights.channels) sum += channel.effective_bits;
    return op.weights.channels.size() == 1 ? sum * static_cast<double>(op.weights.outputs) : sum;
}

double elementwise_bits(const Network& network, const Operator& op) {
    const auto tokens = static_cast<double>(network.stream(op.id).tokens);
    if (op.type != "Mul" && op.type != "Div") return 0;
    if (op.weights.count > 0) return tokens * weight_bits(op) * input_width(network, op, 0);
    double bits = static_cast<double>(network.stream(op.id).elements());
    for (std::size_t i = 0; i < op.inputs.size(); ++i) bits *= input_width(network, op, i);
    return op.inputs.size() > 1 ? bits : 0;
}

}  // namespace

double effective_bit_operations(const Network& network, const Operator& op) {
    const auto tokens = static_cast<double>(op.outputs.empty() ? 0 : network.stream(op.id).tokens);
    const bool adds = op.type == "Add" || op.type == "Sub";
    const auto elements = static_cast<double>(op.outputs.empty() ? 0 : network.stream(op.id).elements());
    switch (op.kind) {
        case OperatorKind::dense:
        case OperatorKind::convolution:
            return tokens * weight_bits(op) * input_width(network, op, 0);
        case OperatorKind::recurrent: {  // a step each input token, whatever part of the states it gives
            const auto steps = op.macs / (op.weights.inputs * op.weights.outputs);
            return static_cast<double>(steps) * weight_bits(op) * input_width(network, op, 0);
        }
        case OperatorKind::scale_shift:
            return adds ? 0 : tokens * weight_bits(op) * input_width(network, op, 0);
        case OperatorKind::normalisation: {
            const double in = input_width(network, op, 0);
            const double out = output_width(network, op);
            return elements * (in * in + in * out) + tokens * weight_bits(op) * out;
        }
        case OperatorKind::matmul:
            return static_cast<double>(op.macs) * input_width(network, op, 0) * input_width(network, op, op.inputs.size() - 1);
        case OperatorKind::elementwise:
            return elementwise_bits(network, op);
        default:
            return 0;
    }
}

}  // namespace tessera::models
