#include "models/lowering.h"

#include <map>
#include <optional>
#include <set>

#include "models/lowering_context.h"
#include "models/lowering_patterns.h"

namespace tessera::models {

namespace {

/// Whether axis 1 of a value holds its channels, as convolutions of images and sequences read it: what the
/// first operator that cares says, looking through what works element by element. Nothing where none cares.
std::optional<bool> channels_first(const onnx::FoldedGraph& graph, const std::string& value) {
    static const std::set<std::string> image_operators{"Conv",        "BatchNormalization",   "MaxPool", "AveragePool", "GlobalAveragePool",
                                                       "ConvInteger", "InstanceNormalization"};
    static const std::set<std::string> matrix_operators{"MatMul", "MatMulInteger", "Gemm", "LayerNormalization", "LSTM", "GRU"};
    static const std::set<std::string> elementwise_operators{
        "Quant",     "BipolarQuant",          "Relu", "Mul",     "Add", "Sub", "Div", "QuantizeLinear", "DequantizeLinear",
        "LeakyRelu", "DynamicQuantizeLinear", "Pad",  "Sigmoid", "Tanh"};
    std::set<std::string> reached{value};
    for (const auto& node : graph.nodes) {
        if (node.inputs.empty() || !reached.contains(node.inputs.front())) continue;
        if (image_operators.contains(node.op_type)) return node.integer("channels_last", 0) == 0;
        if (matrix_operators.contains(node.op_type)) return false;
        if (elementwise_operators.contains(node.op_type)) reached.insert(node.outputs.front());
    }
    return std::nullopt;
}

/// Axis of the channels: of inputs that no operator tells, as of the others; the last where none tells.
void add_inputs(LoweringContext& context) {
    std::map<std::string, std::optional<bool>> first;
    bool any_first = false;
    for (const auto& name : context.graph.inputs) {
        if (context.graph.value(name).shape.size() > 2) first[name] = channels_first(context.graph, name);
        any_first = any_first || first[name].value_or(false);
    }
    for (const auto& name : context.graph.inputs) {
        const std::size_t rank = context.graph.value(name).shape.size();
        TokenAxes axes(rank, true);
        if (rank > 0) axes[rank > 2 && first[name].value_or(any_first) ? 1 : rank - 1] = false;
        onnx::Node node;
        node.name = name;
        node.op_type = "Input";
        node.outputs = {name};
        context.add(node, OperatorKind::input, {}, std::move(axes));
    }
}

void add_outputs(LoweringContext& context) {
    for (const auto& name : context.graph.outputs) {
        onnx::Node node;
        node.name = name;
        node.op_type = "Output";
        context.add(node, OperatorKind::output, {{context.tensor(name), Access::aligned, Access::aligned}});
    }
}

/// Every operator has a name that messages can give.
void name_unnamed(Network& network) {
    for (auto& op : network.operators) {
        if (op.name.empty()) op.name = op.type + " " + std::to_string(index(op.id));
    }
}

Lowerings all_lowerings() {
    Lowerings lowerings;
    add_matrix_lowerings(lowerings);
    add_elementwise_lowerings(lowerings);
    add_wiring_lowerings(lowerings);
    add_quantiser_lowerings(lowerings);
    add_collective_lowerings(lowerings);
    return lowerings;
}

const Lowerings& lowerings() {
    static const Lowerings all = all_lowerings();
    return all;
}

}  // namespace

bool is_lowered(const std::string& op_type) { return lowerings().contains(op_type); }

void lower_node(LoweringContext& context, const onnx::Node& node) { lowerings().find(node.op_type)->second(context, node); }

Network lower(onnx::FoldedGraph graph) {
    fuse_patterns(graph);
    LoweringContext context(std::move(graph));
    context.network.name = std::filesystem::path(context.graph.file).stem().string();
    context.network.source = context.graph.file;
    context.network.parameters = context.graph.parameters_in_file;
    add_inputs(context);
    for (const auto& node : context.graph.nodes) lower_node(context, node);
    add_outputs(context);
    name_unnamed(context.network);
    verify(context.network);
    return std::move(context.network);
}

}  // namespace tessera::models
