#pragma once

#include <string>

#include "core/json.h"

/// What report.json says of boards and links, for other programs.
namespace tessera::apps {

/// One line a board of every time node: its position, type, shards, and what is used of each resource and of its ports, as fractions of the
/// whole device.
std::string boards_csv(const Json& report);

/// One line a link of one time node: boards ("outside" for detectors and the decision), lanes, utilisation with every crossing filled.
std::string links_csv(const Json& report);

/// The boards of one time node and the lanes between them, for Graphviz; thicker where there are more lanes.
std::string graphviz(const Json& report);

/// The same for network analysis (GraphML, graphml.graphdrawing.org): nodes with `type` and `lut`, edges with `lanes` and `utilisation`.
std::string graphml(const Json& report);

}  // namespace tessera::apps
