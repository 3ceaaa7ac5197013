#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "models/onnx/folded_graph.h"

/// An ONNX file as it stands there, before anything is bound or folded. parse.cpp alone knows protobuf.
namespace tessera::models::onnx {

/// A dimension of a graph input: a number, or a name (possibly empty) that waits for a binding.
struct Dimension {
    std::int64_t size = 0;  ///< 0: not given
    std::string name;
};

struct ParsedInput {
    std::string name;
    ElementType type = ElementType::float32;
    std::vector<Dimension> shape;
};

struct ParsedNode;

/// A graph, or a branch of an `If`. Constant nodes count as initialisers.
struct ParsedGraph {
    std::string name;
    std::vector<ParsedInput> inputs;  ///< without the initialisers that older files list here too
    std::vector<std::string> outputs;
    std::vector<ParsedNode> nodes;  ///< in file order
    std::map<std::string, Array> constants;
};

struct ParsedNode {
    Node node;
    std::map<std::string, ParsedGraph> subgraphs;  ///< by attribute: "then_branch"
};

struct ParsedModel {
    ParsedGraph graph;
    std::int64_t opset = 0;
    std::int64_t parameters = 0;  ///< elements of all initialisers and Constant nodes, subgraphs included
};

/// @throws InputError as `read_onnx` says, for everything that can be seen without bindings
ParsedModel parse_model(const std::filesystem::path& file);

}  // namespace tessera::models::onnx
