#pragma once

#include <filesystem>
#include <string>

#include "core/json.h"
#include "models/network.h"
#include "models/onnx/folded_graph.h"

namespace tessera::models {

/// ONNX or QONNX file to network: decomposed LayerNormalization, GELU, Swish and the like become
/// one operator; quantisers become formats of tensors and weights where they can, and `quantise`
/// operators where they cost hardware.
/// @throws InputError that names every unsupported operator with its node and count.
Network import_onnx(const std::filesystem::path& file, const onnx::Bindings& bindings);

/// A tree ensemble in conifer's JSON form. @throws InputError
Network import_conifer(const std::filesystem::path& file);

/// A network of the zoo, described by its hyper-parameters: the content of `models/zoo/NAME.json`.
/// It has no trained weights; its assumptions say which sparsity and distribution stand for them.
/// @throws InputError
Network build_zoo_network(const JsonReader& description);

/// The zoo's names with a line of explanation and the source, sorted.
struct ZooEntry {
    std::string name;
    std::string description;
    std::string source;
    std::filesystem::path file;
};
std::vector<ZooEntry> list_zoo();

/// A network as a study writes it: `{"onnx": "file", "bind": {...}}`, `{"conifer": "file"}` or
/// `{"zoo": "name", "tokens": {"input": 64}, "heads": {"tau": {...}}}`, where `tokens` and `heads` (more of them, as in the block "heads")
/// are optional; optional keys `source` (text) and `sha256` say where anyone gets the file; or several of these, `{"networks": {"a": {...},
/// "b": {...}}, "joins": {"b.INPUT": "a.OUTPUT"}}` (see joined.h). Paths are relative to the study's file. A non-empty `replacement` (of
/// --network) takes the place of the file.
/// @throws InputError; for a missing file the message repeats `source` and `sha256`
Network read_network(const JsonReader& reader, const std::filesystem::path& replacement);

}  // namespace tessera::models
