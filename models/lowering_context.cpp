#include "models/lowering_context.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace tessera::models {

namespace {

/// True where layout `fine` splits the tokens of `coarse` further without changing any order, as
/// pairs (query, key) do beside queries: each axis that is a channel in `coarse` and a token in
/// `fine` comes after all others.
bool is_finer(const Shape& shape, const TokenAxes& fine, const TokenAxes& coarse) {
    bool split = false;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        if (shape[axis] == 1) continue;
        if (coarse[axis] && !fine[axis]) return false;
        const bool extra = fine[axis] && !coarse[axis];
        if (split && !extra) return false;
        split = split || extra;
    }
    return true;
}

}  // namespace

std::size_t positive_axis(std::int64_t axis, std::size_t rank) {
    return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis);
}

FixedPoint shifted_format(FixedPoint format, double least, double most) {
    const double half = std::exp2(format.width - 1);
    if (least < -half || most > half - 1) {
        ++format.width;
        ++format.integer_bits;
    }
    format.is_signed = true;
    return format;
}

LoweringContext::LoweringContext(onnx::FoldedGraph source) : graph(std::move(source)) {
    for (const auto& node : graph.nodes) {
        for (const auto& input : node.inputs) ++users_[input];
    }
    for (const auto& output : graph.outputs) ++users_[output];
}

TensorId LoweringContext::tensor(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end())
        throw InputError(graph.file, name, "a tensor for which there is no hardware", "one that an operator makes");
    return found->second;
}

std::int64_t LoweringContext::users(const std::string& name) const {
    const auto found = users_.find(name);
    return found == users_.end() ? 0 : found->second;
}

ConstantValues LoweringContext::constant(const std::string& name) const {
    if (const auto found = quantised_.find(name); found != quantised_.end()) return found->second;
    if (!graph.is_constant(name)) throw InputError(graph.file, name, "depends on data where Tessera needs a constant", "a constant");
    const auto& array = graph.constant(name);
    ConstantValues made{array.shape, array.reals, {}, true};
    if (!onnx::is_real(array.type)) made.values.assign(array.integers.begin(), array.integers.end());
    return made;
}

Operator& LoweringContext::add(const onnx::Node& node, OperatorKind kind, std::vector<Input> inputs) {
    Operator op;
    op.id = id_at<OperatorId>(network.operators.size());
    op.name = node.name;
    op.type = node.op_type;
    op.kind = kind;
    op.inputs = std::move(inputs);
    return network.operators.emplace_back(std::move(op));
}

Tensor& LoweringContext::add_output(const std::string& name, TokenAxes axes) {
    const auto id = id_at<TensorId>(network.tensors.size());
    Tensor made;
    made.name = name;
    made.shape = graph.value(name).shape;
    made.token_axes = std::move(axes);
    tensors_[name] = id;
    network.operators.back().outputs.push_back(id);
    return network.tensors.emplace_back(std::move(made));
}

Operator& LoweringContext::add(const onnx::Node& node, OperatorKind kind, std::vector<Input> inputs, TokenAxes axes) {
    add(node, kind, std::move(inputs));
    add_output(node.outputs.front(), std::move(axes));
    return network.operators.back();
}

std::vector<Input> LoweringContext::broadcast_inputs(const onnx::Node& node, const Shape& to, const TokenAxes& to_axes) const {
    std::vector<Input> inputs;
    for (const auto& name : node.inputs) {
        if (name.empty() || is_constant(name)) continue;
        const Shape& from = shape(name);
        AxisAccess access = broadcast_access(from, to, to_axes);
        // An operand whose own layout differs may pair tokens with channels: then all of it is needed.
        const TokenAxes expected(to_axes.end() - static_cast<std::ptrdiff_t>(from.size()), to_axes.end());
        const bool pairs_up = same_layout(from, axes(name), expected) || network.tensor(tensor(name)).stream().elements() == 1;
        if (!pairs_up) {
            if (!is_finer(from, axes(name), expected)) access = {Access::whole, Access::whole};
        }
        inputs.push_back({tensor(name), access.tokens, access.channels});
    }
    return inputs;
}

}  // namespace tessera::models
