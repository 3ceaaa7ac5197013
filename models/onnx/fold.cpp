#include <algorithm>
#include <set>

#include "core/error.h"
#include "models/onnx/bind_inputs.h"
#include "models/onnx/folder.h"
#include "models/onnx/graph_order.h"

namespace tessera::models::onnx {

namespace {

/// Drops the nodes whose results nobody reads, and all tensors that then stand alone.
void remove_unused(FoldedGraph& graph) {
    std::set<std::string> read(graph.outputs.begin(), graph.outputs.end());
    std::vector<Node> kept;
    for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
        if (std::ranges::none_of(node->outputs, [&](const auto& output) { return read.contains(output); })) continue;
        read.insert(node->inputs.begin(), node->inputs.end());
        kept.push_back(std::move(*node));
    }
    std::ranges::reverse(kept);
    graph.nodes = std::move(kept);

    read.insert(graph.inputs.begin(), graph.inputs.end());
    std::erase_if(graph.constants, [&](const auto& entry) { return !read.contains(entry.first); });
    for (const auto& node : graph.nodes) read.insert(node.outputs.begin(), node.outputs.end());
    std::erase_if(graph.values, [&](const auto& entry) { return !read.contains(entry.first); });
}

}  // namespace

FoldedGraph read_onnx(const std::filesystem::path& path, const Bindings& bindings, TypePredicate is_usable) {
    auto model = parse_model(path);
    const auto file = path.string();
    FoldedGraph graph;
    graph.name = model.graph.name;
    graph.file = file;
    graph.opset = model.opset;
    graph.parameters_in_file = model.parameters;
    for (auto& value : bind_inputs(model.graph.inputs, bindings, file)) {
        graph.inputs.push_back(value.name);
        graph.values.emplace(value.name, std::move(value));
    }
    sort_nodes(model.graph, {}, file);
    const auto outputs = model.graph.outputs;

    Folder folder(graph, is_usable);
    folder.fold(std::move(model.graph));
    folder.reject_unsupported();
    for (const auto& output : outputs) {
        const auto& name = folder.resolved(output);
        if (graph.values.contains(name)) graph.outputs.push_back(name);
    }
    if (graph.outputs.empty()) throw InputError(file, "", "no output that depends on an input", "a network");
    remove_unused(graph);
    return graph;
}

}  // namespace tessera::models::onnx
