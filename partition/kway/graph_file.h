#pragma once

#include <filesystem>

#include "partition/kway/hypergraph.h"

namespace tessera::partition::kway {

/// Reads a graph in METIS's format or, where the file's name ends in .hgr, a hypergraph in hMETIS's
/// (METIS manual 5.1.0, section 4.1.1; hMETIS manual 1.5.3, section 4.1.1): weights of vertices and
/// edges as the file's format number says, the first where a vertex has several; nets of one pin are dropped.
/// @throws InputError with the line, for numbers out of range, lines missing, or an edge that only one end lists.
Hypergraph read_graph(const std::filesystem::path& path);

}  // namespace tessera::partition::kway
