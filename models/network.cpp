#include "models/network.h"

#include <array>

#include "core/error.h"

namespace tessera::models {

const char* name_of(OperatorKind kind) {
    static constexpr std::array names{"input",         "output",      "wiring",     "dense",       "convolution",  "matmul",  "softmax",
                                      "normalisation", "scale_shift", "activation", "elementwise", "reduction",    "pooling", "gather",
                                      "scatter",       "top_k",       "recurrent",  "quantise",    "tree_ensemble"};
    return names[static_cast<std::size_t>(kind)];
}

StreamShape Tensor::stream() const {
    StreamShape stream;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) (token_axes[axis] ? stream.tokens : stream.channels) *= shape[axis];
    return stream;
}

StreamShape Network::stream(OperatorId id) const {
    const auto& each = op(id);
    return tensor(each.outputs.empty() ? each.inputs.front().tensor : each.outputs.front()).stream();
}

std::int64_t Network::macs() const {
    std::int64_t sum = 0;
    for (const auto& each : operators) sum += each.macs;
    return sum;
}

std::map<std::string, std::int64_t> Network::operator_counts() const {
    std::map<std::string, std::int64_t> counts;
    for (const auto& each : operators) {
        if (each.kind != OperatorKind::input && each.kind != OperatorKind::output) ++counts[each.type];
    }
    return counts;
}

namespace {

/// Says what is wrong with one operator.
class Verifier {
  public:
    explicit Verifier(const Network& network) : network_(network), produced_(network.tensors.size(), false) {}

    void tensors() const {
        for (const auto& tensor : network_.tensors) {
            if (tensor.shape.size() != tensor.token_axes.size()) fail(tensor.name, "has a layout of another rank than its shape");
            for (const auto size : tensor.shape) {
                if (size < 1) fail(tensor.name, "has a dimension of " + std::to_string(size));
            }
        }
    }

    void next(const Operator& op, std::size_t position) {
        if (index(op.id) != position) fail(op.name, "has an id that is not its position");
        for (const auto& input : op.inputs) {
            if (index(input.tensor) >= produced_.size()) fail(op.name, "reads a tensor that does not exist");
            if (!produced_[index(input.tensor)])
                fail(op.name, "reads tensor " + network_.tensor(input.tensor).name + " before anything makes it");
        }
        for (const auto output : op.outputs) {
            if (index(output) >= produced_.size()) fail(op.name, "makes a tensor that does not exist");
            if (produced_[index(output)]) fail(op.name, "makes tensor " + network_.tensor(output).name + " a second time");
            produced_[index(output)] = true;
        }
        ends(op);
        constants(op);
    }

    void all_produced() const {
        for (std::size_t t = 0; t < produced_.size(); ++t) {
            if (!produced_[t]) fail(network_.tensors[t].name, "is a tensor that nothing makes");
        }
    }

  private:
    void ends(const Operator& op) const {
        if (op.kind == OperatorKind::input && !op.inputs.empty()) fail(op.name, "is an input that reads something");
        if (op.kind == OperatorKind::output && (op.inputs.size() != 1 || !op.outputs.empty()))
            fail(op.name, "is an output that does not read one tensor");
        if (op.kind != OperatorKind::output && op.outputs.empty()) fail(op.name, "makes nothing");
        if (op.kind != OperatorKind::input && op.inputs.empty()) fail(op.name, "reads nothing");
    }

    void constants(const Operator& op) const {
        const auto& weights = op.weights;
        const bool matrix = op.kind == OperatorKind::dense || op.kind == OperatorKind::convolution;
        if (op.macs < 0 || weights.count < 0) fail(op.name, "has a negative count");
        if (matrix && (weights.inputs < 1 || weights.outputs < 1)) fail(op.name, "has no weights");
        if (matrix && op.macs != network_.stream(op.id).tokens * weights.inputs * weights.outputs) {
            fail(op.name, "has " + std::to_string(op.macs) + " multiply-accumulates, not tokens x inputs x outputs");
        }
        if (!weights.values.empty() && static_cast<std::int64_t>(weights.values.size()) != weights.inputs * weights.outputs) {
            fail(op.name, "has " + std::to_string(weights.values.size()) + " weights, not inputs x outputs");
        }
    }

    [[noreturn]] void fail(const std::string& where, const std::string& what) const { throw InputError(network_.source, where, what); }

    const Network& network_;
    std::vector<bool> produced_;
};

}  // namespace

void verify(const Network& network) {
    Verifier verifier(network);
    verifier.tensors();
    for (std::size_t position = 0; position < network.operators.size(); ++position) verifier.next(network.operators[position], position);
    verifier.all_produced();
}

}  // namespace tessera::models
