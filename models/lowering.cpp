#include "models/lowering.h"

#include <set>

#include "models/lowering_context.h"
#include "models/lowering_patterns.h"

namespace tessera::models {

namespace {

/// True where the first operator that cares reads axis 1 as channels (convolutions of images and
/// sequences), looking through what works element by element.
bool channels_first(const onnx::FoldedGraph& graph, const std::string& value) {
    static const std::set<std::string> image_operators{"Conv",        "BatchNormalization",   "MaxPool", "AveragePool", "GlobalAveragePool",
                                                       "ConvInteger", "InstanceNormalization"};
    static const std::set<std::string> elementwise_operators{
        "Quant",     "BipolarQuant",          "Relu", "Mul", "Add", "Sub", "Div", "QuantizeLinear", "DequantizeLinear",
        "LeakyRelu", "DynamicQuantizeLinear", "Pad"};
    std::string at = value;
    for (const auto& node : graph.nodes) {
        if (node.inputs.empty() || node.inputs.front() != at) continue;
        if (image_operators.contains(node.op_type)) return node.integer("channels_last", 0) == 0;
        if (!elementwise_operators.contains(node.op_type)) return false;
        at = node.outputs.front();
    }
    return false;
}

void add_inputs(LoweringContext& context) {
    for (const auto& name : context.graph.inputs) {
        const std::size_t rank = context.graph.value(name).shape.size();
        TokenAxes axes(rank, true);
        if (rank > 0) axes[rank > 2 && channels_first(context.graph, name) ? 1 : rank - 1] = false;
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
