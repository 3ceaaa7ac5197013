#include <algorithm>

#include "topologies/generators.h"
#include "topologies/topology.h"

namespace tessera::topologies {

namespace {

constexpr const char* kSchema = "tessera.topology/1";

Cable read_cable(const JsonReader& reader, std::size_t boards) {
    const auto last = static_cast<std::int64_t>(boards) - 1;
    const auto a = static_cast<std::size_t>(reader.at("a").integer(0, last));
    const auto b = static_cast<std::size_t>(reader.at("b").integer(0, last));
    if (a == b) reader.fail("board " + std::to_string(a) + " joined to itself", "two boards");
    Cable cable{id_at<BoardId>(std::min(a, b)), id_at<BoardId>(std::max(a, b)), 1, 0};
    cable.lanes = static_cast<int>(reader.at("lanes").integer(1, 100'000));
    cable.length_m = reader.number("length_m", 0, 0, 1e6);
    reader.done();
    return cable;
}

bool before(const Cable& x, const Cable& y) { return std::pair(x.a, x.b) < std::pair(y.a, y.b); }

}  // namespace

Json to_json(const Topology& topology) {
    Json json{{"schema", kSchema},
              {"kind", topology.kind},
              {"description", topology.description},
              {"compute_boards", topology.compute_boards},
              {"board_count", topology.board_count},
              {"patch_panel", topology.patch_panel},
              {"default_length_m", topology.default_length_m},
              {"switch_latency_cycles", topology.switch_latency_cycles},
              {"switch_ports", topology.switch_ports},
              {"cables", Json::array()}};
    for (const auto& cable : topology.cables) {
        json["cables"].push_back({{"a", index(cable.a)}, {"b", index(cable.b)}, {"lanes", cable.lanes}, {"length_m", cable.length_m}});
    }
    if (!topology.places.empty()) json["places"] = to_json(topology.places);
    return json;
}

Topology read_topology(const JsonReader& reader) {
    reader.at("schema").one_of({kSchema});
    Topology topology;
    topology.kind = reader.text("kind", "file");
    topology.description = reader.text("description", "graph of " + reader.file());
    topology.compute_boards = static_cast<std::size_t>(reader.at("compute_boards").integer(1, kMostBoards));
    const auto compute = static_cast<std::int64_t>(topology.compute_boards);
    topology.board_count = static_cast<std::size_t>(reader.integer("board_count", compute, compute, kMostBoards));
    topology.patch_panel = reader.boolean("patch_panel", false);
    topology.default_length_m = reader.number("default_length_m", 0, 0, 1e6);
    topology.switch_latency_cycles = static_cast<int>(reader.integer("switch_latency_cycles", kSwitchLatencyCycles, 0, 1'000'000));
    topology.switch_ports = static_cast<int>(reader.integer("switch_ports", 0, 0, 100'000));
    if (reader.has("places")) topology.places = read_places(reader.at("places"), topology.board_count);
    const auto cables = reader.at("cables");
    for (const auto& cable : cables.items()) topology.cables.push_back(read_cable(cable, topology.board_count));
    reader.done();
    if (topology.patch_panel && !topology.cables.empty()) cables.fail("cables in a patch panel", "none: the mapper plugs them");
    std::sort(topology.cables.begin(), topology.cables.end(), before);
    const auto twice =
        std::adjacent_find(topology.cables.begin(), topology.cables.end(), [](const Cable& x, const Cable& y) { return !before(x, y); });
    if (twice != topology.cables.end()) {
        cables.fail("boards " + std::to_string(index(twice->a)) + " and " + std::to_string(index(twice->b)) + " joined twice",
                    "one cable with the lanes of both");
    }
    return topology;
}

}  // namespace tessera::topologies
