#include "models/input_split.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "core/error.h"
#include "models/precision_formats.h"
#include "models/precision_weights.h"

namespace tessera::models {

namespace {

/// Inputs [range.begin, range.end) of a matrix, without its bias.
Weights rows_of(const Weights& whole, const Range& range) {
    Weights part;
    part.inputs = range.size();
    part.outputs = whole.outputs;
    part.count = part.inputs * part.outputs;
    part.format = whole.format;
    part.format_from_file = whole.format_from_file;
    part.assumed_zero_fraction = whole.assumed_zero_fraction;
    if (whole.values.empty()) {
        const double share = static_cast<double>(part.inputs) / static_cast<double>(whole.inputs);
        for (const ChannelWeights& all : whole.channels)
            part.channels.push_back(
                {all.nonzero * share, all.signed_digits * share, all.effective_bits * share, all.heavy * share, all.heavy_digits * share});
        return part;
    }
    part.values.reserve(static_cast<std::size_t>(part.count));
    for (std::int64_t output = 0; output < whole.outputs; ++output) {
        const auto row = whole.values.begin() + output * whole.inputs;
        part.values.insert(part.values.end(), row + range.begin, row + range.end);
    }
    count_digits(part);
    return part;
}

/// Appends to a network what stands for one of its operators.
class InputSplit {
  public:
    InputSplit(Network& network, Operator whole) : network_(network), whole_(std::move(whole)), weights_(std::move(whole_.weights)) {
        whole_.weights = {};
        accumulator_is_given_ = whole_.accumulator != accumulator_of(weights_);
    }

    void append(std::int64_t parts) {
        std::vector<Input> sums;
        for (std::int64_t part = 0; part < parts; ++part) {
            const Range range{part * weights_.inputs / parts, (part + 1) * weights_.inputs / parts};
            sums.push_back({append_part(part, range), Access::aligned, Access::aligned});
        }
        if (weights_.power_of_two_scales) {
            add("sum", "Add", OperatorKind::elementwise, std::move(sums)).outputs = whole_.outputs;
            return;
        }
        const TensorId sum = make(add("sum", "Add", OperatorKind::elementwise, std::move(sums)), output_stream(), whole_.accumulator);
        Operator& scale = add("scale", "Quant", OperatorKind::quantise, {{sum, Access::aligned, Access::aligned}});
        scale.weights.power_of_two_scales = false;
        scale.outputs = whole_.outputs;
    }

  private:
    StreamShape output_stream() const { return network_.tensor(whole_.outputs.front()).stream(); }

    FixedPoint accumulator_of(const Weights& weights) const {
        Operator op = whole_;
        op.weights.inputs = weights.inputs, op.weights.outputs = weights.outputs;
        op.weights.count = weights.count, op.weights.format = weights.format;
        return accumulator_format(network_, op);
    }

    Operator& add(const std::string& suffix, const std::string& type, OperatorKind kind, std::vector<Input> inputs) {
        Operator& op = network_.operators.emplace_back();
        op.id = id_at<OperatorId>(network_.operators.size() - 1);
        op.name = whole_.name + "." + suffix;
        op.type = type;
        op.kind = kind;
        op.inputs = std::move(inputs);
        return op;
    }

    TensorId make(Operator& op, StreamShape stream, const FixedPoint& format) {
        network_.tensors.push_back({op.name, {1, stream.tokens, stream.channels}, {false, true, false}, format, false});
        op.outputs = {id_at<TensorId>(network_.tensors.size() - 1)};
        return op.outputs.front();
    }

    TensorId append_slice(std::int64_t position, const Range& range) {
        const Tensor& from = network_.tensor(whole_.inputs.front().tensor);
        const StreamShape piece{from.stream().tokens, range.size()};
        const FixedPoint format = from.format;
        Operator& slice = add(fmt::format("inputs.{}", position), "Slice", OperatorKind::wiring,
                              {{whole_.inputs.front().tensor, Access::aligned, Access::whole}});
        slice.slice_begin = range.begin;
        return make(slice, piece, format);
    }

    TensorId append_part(std::int64_t position, const Range& range) {
        const TensorId inputs = append_slice(position, range);
        Operator& part = add(fmt::format("part.{}", position), whole_.type, whole_.kind, {{inputs, Access::aligned, Access::whole}});
        part.weights = rows_of(weights_, range);
        if (position == 0) {
            part.weights.count += weights_.count - weights_.inputs * weights_.outputs;
            part.weights.bias = std::move(weights_.bias);
        }
        part.macs = output_stream().tokens * part.weights.inputs * part.weights.outputs;
        part.accumulator = accumulator_is_given_ ? whole_.accumulator : accumulator_of(part.weights);
        part.fixed = whole_.fixed;
        part.fixed.input_parts = 1;
        return make(part, output_stream(), part.accumulator);
    }

    Network& network_;
    Operator whole_;  ///< without its weights
    Weights weights_;
    bool accumulator_is_given_ = false;
};

}  // namespace

std::string why_not_cut(const Network& network, const Operator& op, std::int64_t parts) {
    if (op.kind != OperatorKind::dense)
        return fmt::format("is of kind {}: the inputs of dense operators alone can be cut", name_of(op.kind));
    const StreamShape from = network.tensor(op.inputs.front().tensor).stream();
    const bool by_token = op.inputs.size() == 1 && op.inputs.front().tokens == Access::aligned &&
                          op.inputs.front().channels == Access::whole && from.channels == op.weights.inputs &&
                          network.stream(op.id).channels == op.weights.outputs;
    if (!by_token) return "does not multiply the channels of each token";
    if (parts > from.channels) return fmt::format("has {} input channels", from.channels);
    return "";
}

Network split_inputs(Network network, const InputCut& cut) {
    const Operator& whole = network.op(cut.op);
    if (const std::string why = why_not_cut(network, whole, cut.parts); !why.empty())
        throw InputError(network.name, whole.name, why, fmt::format("inputs that can be cut into {} parts", cut.parts));
    std::vector<Operator> before = std::exchange(network.operators, {});
    for (std::size_t position = 0; position < before.size(); ++position) {
        if (position == index(cut.op)) {
            InputSplit(network, std::move(before[position])).append(cut.parts);
            continue;
        }
        Operator& kept = network.operators.emplace_back(std::move(before[position]));
        kept.id = id_at<OperatorId>(network.operators.size() - 1);
    }
    verify(network);
    return network;
}

Network split_inputs(Network network, const std::vector<InputCut>& cuts) {
    for (const InputCut& cut : cuts) network = split_inputs(std::move(network), cut);
    return network;
}

Network split_fixed_inputs(Network network) {
    for (std::size_t position = network.operators.size(); position-- > 0;) {  // a cut moves only what comes after it
        const int parts = network.operators[position].fixed.input_parts;
        if (parts > 1) network = split_inputs(std::move(network), InputCut{id_at<OperatorId>(position), parts});
    }
    return network;
}

}  // namespace tessera::models
