#include "apps/exports.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

namespace tessera::apps {

namespace {

/// One line for each element of an array, with these keys as columns.
std::string csv(const Json& rows, const std::vector<std::string>& keys) {
    std::string text = fmt::format("{}\n", fmt::join(keys, ","));
    for (const auto& row : rows) {
        std::vector<std::string> cells;
        for (const auto& key : keys) {
            const auto& cell = row.at(key);
            cells.push_back(cell.is_string() ? cell.get<std::string>() : cell.dump());
        }
        text += fmt::format("{}\n", fmt::join(cells, ","));
    }
    return text;
}

/// All links from one board to another.
struct Edge {
    int lanes = 0;
    double utilisation = 0;  ///< of the busiest
};

std::map<std::pair<std::string, std::string>, Edge> edges(const Json& report) {
    std::map<std::pair<std::string, std::string>, Edge> all;
    for (const auto& link : report.at("links").at("of_one_time_node")) {
        auto& edge = all[{link.at("from").get<std::string>(), link.at("to").get<std::string>()}];
        edge.lanes += link.at("lanes").get<int>();
        edge.utilisation = std::max(edge.utilisation, link.at("utilisation").get<double>());
    }
    return all;
}

/// The boards of the first time node.
std::vector<Json> boards_of_one_node(const Json& report) {
    std::vector<Json> boards;
    std::copy_if(report.at("board_utilisation").begin(), report.at("board_utilisation").end(), std::back_inserter(boards),
                 [](const Json& board) { return board.at("time_node") == 0; });
    return boards;
}

std::string escaped(const std::string& text) {
    std::string safe;
    for (const char c : text) safe += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '"' ? "&quot;" : std::string(1, c);
    return safe;
}

}  // namespace

std::string boards_csv(const Json& report) {
    return csv(report.at("board_utilisation"),
               {"board", "time_node", "type", "shards", "lut", "ff", "dsp", "bram", "uram", "ports_tx", "ports_rx"});
}

std::string links_csv(const Json& report) { return csv(report.at("links").at("of_one_time_node"), {"from", "to", "lanes", "utilisation"}); }

std::string graphviz(const Json& report) {
    std::string text = "digraph boards {\n  rankdir=LR;\n  node [shape=box];\n";
    for (const auto& board : boards_of_one_node(report)) {
        text += fmt::format("  \"{0}\" [label=\"{0}: {1}\\n{2:.0f} % of LUT\"];\n", board.at("board").get<int>(),
                            board.at("type").get<std::string>(), 100 * board.at("lut").get<double>());
    }
    for (const auto& [pair, edge] : edges(report)) {
        text += fmt::format("  \"{}\" -> \"{}\" [label=\"{}\", penwidth={:.2f}];\n", pair.first, pair.second, edge.lanes,
                            1 + std::log2(static_cast<double>(edge.lanes)));
    }
    return text + "}\n";
}

std::string graphml(const Json& report) {
    std::string text = R"(<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="type" for="node" attr.name="type" attr.type="string"/>
  <key id="lut" for="node" attr.name="lut" attr.type="double"/>
  <key id="lanes" for="edge" attr.name="lanes" attr.type="int"/>
  <key id="utilisation" for="edge" attr.name="utilisation" attr.type="double"/>
  <graph id="boards" edgedefault="directed">
    <node id="outside"/>
)";
    for (const auto& board : boards_of_one_node(report)) {
        text += fmt::format("    <node id=\"{}\"><data key=\"type\">{}</data><data key=\"lut\">{}</data></node>\n",
                            board.at("board").get<int>(), escaped(board.at("type").get<std::string>()), board.at("lut").get<double>());
    }
    for (const auto& [pair, edge] : edges(report)) {
        text +=
            fmt::format("    <edge source=\"{}\" target=\"{}\"><data key=\"lanes\">{}</data><data key=\"utilisation\">{}</data></edge>\n",
                        pair.first, pair.second, edge.lanes, edge.utilisation);
    }
    return text + "  </graph>\n</graphml>\n";
}

}  // namespace tessera::apps
