#pragma once

#include <set>
#include <string>

#include "models/onnx/parsed_model.h"

namespace tessera::models::onnx {

/// Names of the surrounding graph that a branch reads.
std::set<std::string> captured_names(const ParsedGraph& branch);

/// All that a node reads: its inputs, and what its branches capture.
std::set<std::string> names_read(const ParsedNode& node);

/// Removes the nodes that no output needs and puts the others in topological order, in that of the
/// file where it is free. Branches are left alone.
/// @param known names that the surroundings give; empty for the whole graph
/// @throws InputError for a tensor made twice or by no node, and for a cycle
void sort_nodes(ParsedGraph& graph, const std::set<std::string>& known, const std::string& file);

}  // namespace tessera::models::onnx
