#include "core/error.h"
#include "models/onnx/folder.h"
#include "models/onnx/graph_order.h"

/// `If` with a constant condition: the branch taken becomes part of the graph.
namespace tessera::models::onnx {

namespace {

using Names = std::map<std::string, std::string>;

void rename(std::string& name, const Names& names) {
    if (const auto found = names.find(name); found != names.end()) name = found->second;
}

void rename(ParsedGraph& branch, Names names);

void rename(ParsedNode& node, const Names& names) {
    for (auto& input : node.node.inputs) rename(input, names);
    for (auto& output : node.node.outputs) rename(output, names);
    for (auto& [attribute, branch] : node.subgraphs) rename(branch, names);
}

/// Names that the branch makes itself hide those around it.
void rename(ParsedGraph& branch, Names names) {
    for (const auto& [name, array] : branch.constants) names.erase(name);
    for (const auto& node : branch.nodes) {
        for (const auto& output : node.node.outputs) names.erase(output);
    }
    for (auto& output : branch.outputs) rename(output, names);
    for (auto& node : branch.nodes) rename(node, names);
}

/// Puts `prefix` before all names that the branch makes, since the other branch may make them too.
void make_names_unique(ParsedGraph& branch, const std::string& prefix) {
    Names names;
    std::map<std::string, Array> constants;
    for (auto& [name, array] : branch.constants) {
        names[name] = prefix + name;
        constants.emplace(prefix + name, std::move(array));
    }
    branch.constants = std::move(constants);
    for (const auto& node : branch.nodes) {
        for (const auto& output : node.node.outputs) {
            if (!output.empty()) names[output] = prefix + output;
        }
    }
    for (auto& output : branch.outputs) rename(output, names);
    for (auto& node : branch.nodes) rename(node, names);
}

}  // namespace

void Folder::inline_branch(ParsedNode&& parsed) {
    const auto& node = parsed.node;
    const auto context = context_of(node);
    context.require(context.has(0), "no condition");
    const auto* condition = context.constant_or_null(0);
    context.require(condition != nullptr && condition->size() == 1, "its condition depends on data, through " + node.inputs[0],
                    "a constant condition");
    const auto branch = parsed.subgraphs.find(condition->at(0) != 0 ? "then_branch" : "else_branch");
    context.require(branch != parsed.subgraphs.end(), "a branch is missing", "then_branch and else_branch");
    auto& graph = branch->second;
    context.require(graph.outputs.size() == node.outputs.size(), std::to_string(graph.outputs.size()) + " results in a branch",
                    std::to_string(node.outputs.size()) + " as the node has");

    auto known = captured_names(graph);
    make_names_unique(graph, node.outputs.at(0) + "/");
    std::erase_if(known, [&](const auto& name) {
        const auto& source = resolved(name);
        return !graph_.values.contains(source) && !graph_.constants.contains(source) && !behind_unsupported_.contains(source);
    });
    sort_nodes(graph, known, graph_.file);
    const auto results = graph.outputs;
    fold(std::move(graph));
    for (std::size_t i = 0; i < results.size(); ++i) {
        const auto& source = resolved(results[i]);
        if (behind_unsupported_.contains(source)) {
            behind_unsupported_.insert(node.outputs[i]);
        } else {
            context.require(graph_.values.contains(source) || graph_.constants.contains(source),
                            "a branch gives " + results[i] + ", which no node makes", "a tensor of the branch");
            aliases_[node.outputs[i]] = source;
        }
    }
}

}  // namespace tessera::models::onnx
