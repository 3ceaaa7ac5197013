#include "models/onnx/graph_order.h"

#include <algorithm>
#include <functional>
#include <map>
#include <queue>

#include "core/error.h"

namespace tessera::models::onnx {

namespace {

using Producers = std::map<std::string, std::size_t>;

Producers producers_of(const ParsedGraph& graph, const std::string& file) {
    Producers producers;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        for (const auto& output : graph.nodes[i].node.outputs) {
            if (output.empty()) continue;
            if (graph.constants.contains(output) || !producers.emplace(output, i).second)
                throw InputError(file, graph.nodes[i].node.name, "tensor " + output + " is made twice", "one node that makes it");
        }
    }
    for (const auto& input : graph.inputs) {
        if (producers.contains(input.name)) throw InputError(file, input.name, "a graph input that a node makes too", "one of the two");
    }
    return producers;
}

/// Which nodes some output needs.
std::vector<bool> needed_nodes(const ParsedGraph& graph, const Producers& producers) {
    std::vector<bool> needed(graph.nodes.size(), false);
    std::vector<std::string> open(graph.outputs.begin(), graph.outputs.end());
    while (!open.empty()) {
        const auto found = producers.find(open.back());
        open.pop_back();
        if (found == producers.end() || needed[found->second]) continue;
        needed[found->second] = true;
        for (const auto& name : names_read(graph.nodes[found->second])) open.push_back(name);
    }
    return needed;
}

/// For each needed node the nodes that wait for it, and how many it waits for.
struct Dependencies {
    std::vector<std::vector<std::size_t>> waiting;
    std::vector<std::size_t> open;
};

Dependencies dependencies_of(const ParsedGraph& graph, const Producers& producers, const std::vector<bool>& needed,
                             const std::set<std::string>& known, const std::string& file) {
    std::set<std::string> given = known;
    for (const auto& input : graph.inputs) given.insert(input.name);
    Dependencies result{.waiting = std::vector<std::vector<std::size_t>>(graph.nodes.size()),
                        .open = std::vector<std::size_t>(graph.nodes.size(), 0)};
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        if (!needed[i]) continue;
        for (const auto& name : names_read(graph.nodes[i])) {
            if (const auto found = producers.find(name); found != producers.end()) {
                result.waiting[found->second].push_back(i);
                ++result.open[i];
            } else if (!graph.constants.contains(name) && !given.contains(name)) {
                throw InputError(file, graph.nodes[i].node.name, "reads " + name + ", which no node makes", "a tensor of the graph");
            }
        }
    }
    return result;
}

}  // namespace

std::set<std::string> names_read(const ParsedNode& node) {
    std::set<std::string> names(node.node.inputs.begin(), node.node.inputs.end());
    names.erase("");
    for (const auto& [attribute, branch] : node.subgraphs) names.merge(captured_names(branch));
    return names;
}

std::set<std::string> captured_names(const ParsedGraph& branch) {
    std::set<std::string> read(branch.outputs.begin(), branch.outputs.end());
    for (const auto& node : branch.nodes) read.merge(names_read(node));
    for (const auto& node : branch.nodes) {
        for (const auto& output : node.node.outputs) read.erase(output);
    }
    for (const auto& input : branch.inputs) read.erase(input.name);
    for (const auto& [name, array] : branch.constants) read.erase(name);
    return read;
}

void sort_nodes(ParsedGraph& graph, const std::set<std::string>& known, const std::string& file) {
    const auto producers = producers_of(graph, file);
    const auto needed = needed_nodes(graph, producers);
    auto [waiting, open] = dependencies_of(graph, producers, needed, known, file);

    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        if (needed[i] && open[i] == 0) ready.push(i);
    }
    std::vector<ParsedNode> sorted;
    while (!ready.empty()) {
        const auto next = ready.top();
        ready.pop();
        for (const auto follower : waiting[next]) {
            if (--open[follower] == 0) ready.push(follower);
        }
        sorted.push_back(std::move(graph.nodes[next]));
    }
    if (sorted.size() < static_cast<std::size_t>(std::ranges::count(needed, true))) {
        const auto stuck = static_cast<std::size_t>(std::ranges::find_if(open, [](auto count) { return count > 0; }) - open.begin());
        throw InputError(file, graph.nodes[stuck].node.name, "depends on its own result", "a graph without cycles");
    }
    graph.nodes = std::move(sorted);
}

}  // namespace tessera::models::onnx
