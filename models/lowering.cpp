#include "models/lowering.h"

#include <set>

#include "core/error.h"
#include "models/lowering_context.h"
#include "models/lowering_patterns.h"

namespace tessera::models {

namespace {

/// True where the first operator that cares reads axis 1 as channels (convolutions of images and
/// sequences), looking through what works element by element.
bool channels_first(const onnx::FoldedGraph& graph, const std::string& value) {
    static const std::set<std::string> kImage{"Conv",        "BatchNormalization",   "MaxPool", "AveragePool", "GlobalAveragePool",
                                              "ConvInteger", "InstanceNormalization"};
    static const std::set<std::string> kThrough{
        "Quant",     "BipolarQuant",          "Relu", "Mul", "Add", "Sub", "Div", "QuantizeLinear", "DequantizeLinear",
        "LeakyRelu", "DynamicQuantizeLinear", "Pad"};
    std::string at = value;
    for (const auto& node : graph.nodes) {
        if (node.inputs.empty() || node.inputs.front() != at) continue;
        if (kImage.contains(node.op_type)) return node.integer("channels_last", 0) == 0;
        if (!kThrough.contains(node.op_type)) return false;
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

/// What Tessera has no hardware for: first node and count, by type.
class Unsupported {
  public:
    void add(const onnx::Node& node) {
        auto& entry = types_[node.op_type];
        if (entry.second++ == 0) entry.first = node.name;
    }
    void raise(const std::string& file) const {
        if (types_.empty()) return;
        std::string found;
        for (const auto& [type, entry] : types_) {
            found += (found.empty() ? "unsupported operators: " : ", ") + type + " (" + std::to_string(entry.second) + ", first at node " +
                     entry.first + ")";
        }
        throw InputError(file, "", found);
    }

  private:
    std::map<std::string, std::pair<std::string, int>> types_;
};

void lower_nodes(LoweringContext& context) {
    Unsupported unsupported;
    std::set<std::string> unknown;  // results of nodes that could not be lowered
    for (const auto& node : context.graph.nodes) {
        bool reachable = true;
        for (const auto& input : node.inputs) reachable = reachable && !unknown.contains(input);
        const bool done = reachable && (lower_quantiser(context, node) || lower_wiring(context, node) || lower_matrix(context, node) ||
                                        lower_elementwise(context, node) || lower_collective(context, node));
        if (done) continue;
        if (reachable) unsupported.add(node);
        unknown.insert(node.outputs.begin(), node.outputs.end());
    }
    unsupported.raise(context.graph.file);
}

/// Every operator has a name that messages can give.
void name_unnamed(Network& network) {
    for (auto& op : network.operators) {
        if (op.name.empty()) op.name = op.type + " " + std::to_string(index(op.id));
    }
}

}  // namespace

Network lower(const onnx::FoldedGraph& source) {
    onnx::FoldedGraph graph = source;
    fuse_patterns(graph);
    LoweringContext context(graph);
    context.network.name = std::filesystem::path(graph.file).stem().string();
    context.network.source = graph.file;
    context.network.parameters = graph.parameters_in_file;
    add_inputs(context);
    lower_nodes(context);
    add_outputs(context);
    name_unnamed(context.network);
    verify(context.network);
    return std::move(context.network);
}

}  // namespace tessera::models
