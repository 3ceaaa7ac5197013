#include "models/network_builder.h"

#include <algorithm>

namespace tessera::models {

namespace {

/// How an operand of `size` tokens or channels is read by a result of `result` of them.
Access broadcast(std::int64_t size, std::int64_t result) { return size == 1 && result != 1 ? Access::whole : Access::aligned; }

Weights matrix(std::int64_t inputs, std::int64_t outputs, const BuilderWeights& given) {
    Weights weights;
    weights.inputs = inputs;
    weights.outputs = outputs;
    weights.count = inputs * outputs + (given.bias ? outputs : 0);
    weights.values = given.values;
    if (given.bias && !given.values.empty()) weights.bias.assign(static_cast<std::size_t>(outputs), 0.0F);
    return weights;
}

/// A factor and a shift for each channel.
Weights factors(std::int64_t channels) { return matrix(1, channels, {}); }

std::int64_t pairs(std::int64_t tokens, bool with_itself) { return tokens * (with_itself ? tokens : tokens - 1); }

std::int64_t window_positions(std::int64_t extent, const BuilderConvolution& shape) {
    const std::int64_t reach = shape.same_padding ? extent - 1 : extent - shape.kernel;
    return reach / shape.stride + 1;
}

}  // namespace

NetworkBuilder::NetworkBuilder(std::string name, std::string source) {
    network_.name = std::move(name);
    network_.source = std::move(source);
}

Operator& NetworkBuilder::add(const std::string& name, const std::string& type, OperatorKind kind, const std::vector<Input>& inputs) {
    Operator op;
    op.id = id_at<OperatorId>(network_.operators.size());
    op.name = name;
    op.type = type;
    op.kind = kind;
    op.inputs = inputs;
    return network_.operators.emplace_back(std::move(op));
}

TensorId NetworkBuilder::add_output(const Operator& op, StreamShape shape) {
    const auto id = id_at<TensorId>(network_.tensors.size());
    Tensor made;
    made.name = op.name;
    made.shape = {1, shape.tokens, shape.channels};
    made.token_axes = {false, true, false};
    network_.tensors.push_back(std::move(made));
    producers_.push_back(op.id);
    network_.operators[index(op.id)].outputs.push_back(id);
    return id;
}

StreamShape NetworkBuilder::stream(TensorId id) const {
    const auto& shape = network_.tensors[index(id)].shape;
    return {shape[1], shape[2]};
}

TensorId NetworkBuilder::input(const std::string& name, StreamShape shape) {
    return add_output(add(name, "Input", OperatorKind::input, {}), shape);
}

void NetworkBuilder::output(const std::string& name, TensorId from) {
    add(name, "Output", OperatorKind::output, {{from, Access::aligned, Access::aligned}});
}

TensorId NetworkBuilder::wiring(const std::string& name, const std::string& type, const std::vector<TensorId>& from, StreamShape result,
                                Access tokens, Access channels) {
    std::vector<Input> inputs;
    inputs.reserve(from.size());
    for (const TensorId id : from) inputs.push_back({id, tokens, channels});
    return add_output(add(name, type, OperatorKind::wiring, inputs), result);
}

TensorId NetworkBuilder::concatenate_tokens(const std::string& name, const std::vector<TensorId>& from) {
    StreamShape result{0, stream(from.front()).channels};
    for (const TensorId id : from) result.tokens += stream(id).tokens;
    return wiring(name, "Concat", from, result, Access::whole, Access::aligned);
}

TensorId NetworkBuilder::concatenate_channels(const std::string& name, const std::vector<TensorId>& from) {
    StreamShape result{stream(from.front()).tokens, 0};
    for (const TensorId id : from) result.channels += stream(id).channels;
    return wiring(name, "Concat", from, result, Access::aligned, Access::whole);
}

TensorId NetworkBuilder::slice_channels(const std::string& name, TensorId from, std::int64_t begin, std::int64_t count) {
    const TensorId made = wiring(name, "Slice", {from}, {stream(from).tokens, count}, Access::aligned, Access::whole);
    producer(made).slice_begin = begin;
    return made;
}

TensorId NetworkBuilder::flatten(const std::string& name, TensorId from) {
    return wiring(name, "Flatten", {from}, {1, stream(from).elements()}, Access::whole, Access::whole);
}

TensorId NetworkBuilder::pair_rows(const std::string& name, TensorId from, bool with_itself) {
    const StreamShape one = stream(from);
    return wiring(name, "Expand", {from}, {pairs(one.tokens, with_itself), one.channels}, Access::aligned, Access::aligned);
}

TensorId NetworkBuilder::pair_columns(const std::string& name, TensorId from, bool with_itself) {
    const StreamShape one = stream(from);
    return wiring(name, "Tile", {from}, {pairs(one.tokens, with_itself), one.channels}, Access::whole, Access::aligned);
}

TensorId NetworkBuilder::dense(const std::string& name, TensorId from, std::int64_t outputs, const BuilderWeights& weights) {
    const StreamShape in = stream(from);
    Operator& op = add(name, "MatMul", OperatorKind::dense, {{from, Access::aligned, Access::whole}});
    op.weights = matrix(in.channels, outputs, weights);
    op.macs = in.tokens * in.channels * outputs;
    return add_output(op, {in.tokens, outputs});
}

TensorId NetworkBuilder::recurrent(const std::string& name, const std::string& type, TensorId from, std::int64_t units) {
    const StreamShape in = stream(from);
    const std::int64_t gates = type == "LSTM" ? 4 : 3;
    Operator& op = add(name, type, OperatorKind::recurrent, {{from, Access::whole, Access::whole}});
    op.weights.inputs = in.channels + units;
    op.weights.outputs = gates * units;
    op.weights.count = op.weights.outputs * (op.weights.inputs + 2);  // a bias on the input's side and one on the state's
    op.macs = in.tokens * op.weights.inputs * op.weights.outputs;
    return add_output(op, {in.tokens, units});
}

TensorId NetworkBuilder::last_token(const std::string& name, TensorId from) {
    const StreamShape in = stream(from);
    const TensorId made = wiring(name, "Slice", {from}, {1, in.channels}, Access::whole, Access::aligned);
    producer(made).slice_begin = in.tokens - 1;
    return made;
}

TensorId NetworkBuilder::convolution(const std::string& name, TensorId from, const BuilderConvolution& shape,
                                     const BuilderWeights& weights) {
    const StreamShape in = stream(from);
    const std::int64_t tokens = window_positions(shape.rows, shape) * window_positions(shape.columns, shape);
    const Access channels_read = shape.groups > 1 ? Access::aligned : Access::whole;
    const Access tokens_read = shape.kernel > 1 ? Access::whole : Access::aligned;  // neighbours: an aligned range lacks its border
    Operator& op = add(name, "Conv", OperatorKind::convolution, {{from, tokens_read, channels_read}});
    op.weights = matrix(shape.kernel * shape.kernel * in.channels / shape.groups, shape.filters, weights);
    op.macs = tokens * op.weights.inputs * shape.filters;
    op.window = {shape.kernel, shape.kernel};
    op.strides = {shape.stride, shape.stride};
    op.groups = shape.groups;
    op.row_length = static_cast<int>(shape.columns);
    return add_output(op, {tokens, shape.filters});
}

TensorId NetworkBuilder::embedding(const std::string& name, TensorId from, std::int64_t rows, std::int64_t channels) {
    Operator& op = add(name, "Gather", OperatorKind::gather, {{from, Access::aligned, Access::whole}});
    op.weights = matrix(rows, channels, {.bias = false, .values = {}});
    return add_output(op, {stream(from).tokens, channels});
}

TensorId NetworkBuilder::tree_ensemble(const std::string& name, TensorId from, std::int64_t outputs, const BuilderTrees& trees) {
    Operator& op = add(name, "TreeEnsemble", OperatorKind::tree_ensemble, {{from, Access::aligned, Access::whole}});
    op.trees = trees.trees;
    op.tree_nodes = trees.nodes;
    op.tree_depth = trees.depth;
    const std::int64_t constants = 2 * trees.nodes + trees.trees;  // a threshold an inner node, a value a leaf
    op.weights.inputs = constants;
    op.weights.outputs = 1;
    op.weights.count = constants;
    return add_output(op, {stream(from).tokens, outputs});
}

TensorId NetworkBuilder::attention_scores(const std::string& name, TensorId queries, TensorId keys, int heads) {
    const StreamShape q = stream(queries);
    const StreamShape k = stream(keys);
    const Access channels = heads > 1 ? Access::aligned : Access::whole;
    Operator& op = add(name, "MatMul", OperatorKind::matmul, {{queries, Access::aligned, channels}, {keys, Access::whole, channels}});
    op.heads = heads;
    op.contraction = q.channels / heads;
    op.macs = q.tokens * k.tokens * q.channels;
    return add_output(op, {q.tokens, heads * k.tokens});
}

TensorId NetworkBuilder::attention_values(const std::string& name, TensorId weights, TensorId values, int heads) {
    const StreamShape w = stream(weights);
    const StreamShape v = stream(values);
    const Access channels = heads > 1 ? Access::aligned : Access::whole;
    Operator& op =
        add(name, "MatMul", OperatorKind::matmul, {{weights, Access::aligned, channels}, {values, Access::whole, Access::aligned}});
    op.heads = heads;
    op.contraction = v.tokens;
    op.macs = w.tokens * v.tokens * v.channels;
    return add_output(op, {w.tokens, v.channels});
}

TensorId NetworkBuilder::softmax(const std::string& name, TensorId from, int heads) {
    Operator& op = add(name, "Softmax", OperatorKind::softmax, {{from, Access::aligned, heads > 1 ? Access::aligned : Access::whole}});
    op.heads = heads;
    return add_output(op, stream(from));
}

TensorId NetworkBuilder::layer_normalisation(const std::string& name, TensorId from) {
    Operator& op = add(name, "LayerNormalization", OperatorKind::normalisation, {{from, Access::aligned, Access::whole}});
    op.weights = factors(stream(from).channels);
    return add_output(op, stream(from));
}

TensorId NetworkBuilder::batch_normalisation(const std::string& name, TensorId from) {
    Operator& op = add(name, "BatchNormalization", OperatorKind::scale_shift, {{from, Access::aligned, Access::aligned}});
    op.weights = factors(stream(from).channels);
    op.macs = stream(from).elements();
    return add_output(op, stream(from));
}

TensorId NetworkBuilder::channel_scale(const std::string& name, TensorId from) {
    Operator& op = add(name, "Mul", OperatorKind::scale_shift, {{from, Access::aligned, Access::aligned}});
    op.weights = matrix(1, stream(from).channels, {.bias = false, .values = {}});
    op.macs = stream(from).elements();
    return add_output(op, stream(from));
}

TensorId NetworkBuilder::activation(const std::string& name, const std::string& type, TensorId from) {
    return add_output(add(name, type, OperatorKind::activation, {{from, Access::aligned, Access::aligned}}), stream(from));
}

TensorId NetworkBuilder::elementwise(const std::string& name, const std::string& type, const std::vector<TensorId>& operands) {
    StreamShape result;
    for (const TensorId id : operands) {
        result.tokens = std::max(result.tokens, stream(id).tokens);
        result.channels = std::max(result.channels, stream(id).channels);
    }
    std::vector<Input> inputs;
    inputs.reserve(operands.size());
    for (const TensorId id : operands) {
        inputs.push_back({id, broadcast(stream(id).tokens, result.tokens), broadcast(stream(id).channels, result.channels)});
    }
    return add_output(add(name, type, OperatorKind::elementwise, inputs), result);
}

TensorId NetworkBuilder::reduce_tokens(const std::string& name, const std::string& type, TensorId from, std::int64_t group) {
    const StreamShape in = stream(from);
    const std::int64_t size = group > 0 ? group : in.tokens;
    Operator& op = add(name, type, OperatorKind::reduction, {{from, group > 0 ? Access::aligned : Access::whole, Access::aligned}});
    op.contraction = size;
    return add_output(op, {in.tokens / size, in.channels});
}

TensorId NetworkBuilder::reduce_channels(const std::string& name, const std::string& type, TensorId from) {
    const StreamShape in = stream(from);
    Operator& op = add(name, type, OperatorKind::reduction, {{from, Access::aligned, Access::whole}});
    op.contraction = in.channels;
    return add_output(op, {in.tokens, 1});
}

Network NetworkBuilder::build() const {
    Network made = network_;
    for (const Operator& op : made.operators) made.parameters += op.weights.count;
    verify(made);
    return made;
}

}  // namespace tessera::models
