#include "topologies/topology.h"

#include <algorithm>
#include <filesystem>
#include <functional>

#include "topologies/generators.h"

namespace tessera::topologies {

namespace {

struct Kind {
    TopologyKind documentation;
    std::function<Topology(const Request&)> make;
};

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// The parameters of a kind, and those that every generated topology takes.
Parameters with_common(Parameters own, bool lanes = true) {
    if (lanes) own.emplace_back("lanes", "lanes of each cable (default: the ports of a board divided by its cables)");
    own.emplace_back("length_m", "length of each cable in metres (default: that of the link protocol)");
    if (lanes)
        own.emplace_back("failed",
                         "numbers of boards that have failed, as [3, 17]: they carry nothing and pass nothing on (default: none)");
    own.emplace_back("inputs_at", "numbers of the boards at which lanes from outside end, as [0, 1] (default: any)");
    own.emplace_back("decision_at", "number of the board that lanes to the outside leave (default: any)");
    if (lanes)
        own.emplace_back("types",
                         "names of the types that boards are of in the order of their numbers, over and over where there are more boards "
                         "(default: as many of each as there are, one type after another)");
    own.emplace_back("switch_latency_cycles", "processing cycles in which a board forwards a transfer (default 9, assumed)");
    return own;
}

std::vector<Kind> kinds() {
    const std::pair<std::string, std::string> shape{
        "shape", "boards along each side, as [4, 5] (default: that with the fewest links between two boards)"};
    return {
        {{"patch_panel", "no fixed cables: the mapper plugs fibres between any two boards within their ports", with_common({}, false)},
         make_patch_panel},
        {{"ring", "each board joined to the next, the last to the first", with_common({})}, make_ring},
        {{"torus2d", "grid of boards, each row and column closed to a ring", with_common({shape})},
         [](const Request& request) { return make_torus(request, 2); }},
        {{"torus3d", "three-dimensional grid, each line closed to a ring", with_common({shape})},
         [](const Request& request) { return make_torus(request, 3); }},
        {{"hypercube", "2^d boards, joined where their numbers differ in one bit", with_common({})}, make_hypercube},
        {{"fat_tree", "compute boards under levels of switch boards that only forward",
          with_common(
              {{"switch_ports", "ports of a switch board (default: those of a compute board)"},
               {"children",
                "nodes below a switch, level by level from below, as [8, 16] (default: all boards below one level where the ports allow)"},
               {"parents",
                "switches above a node, level by level from below, as [1, 4] (default: what takes a board's ports, of which a layout "
                "uses those that it needs; with more levels 1 above a board, else 4)"}})},
         make_fat_tree},
        {{"dragonfly", "groups with a full mesh inside, every pair of groups joined by cables",
          with_common(
              {{"boards_per_group",
                "boards of a group (default: balanced, the cube root of twice the boards, or a little more where that spares boards)"},
               {"cables_per_group_pair",
                "cables between two groups, each from another board (default: so many that every board has one)"}})},
         make_dragonfly},
        {{"crates", "full-mesh backplane inside each crate, fibres between crates",
          with_common({{"boards_per_crate", "boards of a crate (default 12)"},
                       {"backplane_lanes", "lanes between two boards of a crate, which take ports too (default 4)"},
                       {"backplane_m", "length of a backplane link in metres (default 0.5)"},
                       {"cables_per_crate_pair",
                        "fibre cables between two crates, each from another board (default: so many that every board has one)"}})},
         make_crates},
        {{"layered", "stage by stage: each board joined to boards of the next stage",
          with_common({{"boards_per_stage", "boards of a stage (default: the square root of the boards)"},
                       {"fan_out", "boards of the next stage that a board is joined to (default: all, within half of the ports)"}})},
         make_layered},
    };
}

const TopologyKind& file_kind() {
    static const TopologyKind kind{"file",
                                   "any graph from a JSON file of schema tessera.topology/1",
                                   {{"file", "path, relative to the file that names it; kind may be left out"}}};
    return kind;
}

/// The keys about single boards are known; what they say is read once the boards are there.
void ask_for_boards(const JsonReader& reader) {
    for (const char* key : {"failed", "inputs_at", "decision_at", "types"}) reader.has(key);
}

Topology read_graph_file(const JsonReader& reader) {
    std::filesystem::path path = reader.at("file").text();
    reader.text("kind", "");
    ask_for_boards(reader);
    reader.done();
    if (path.is_relative()) path = std::filesystem::path(reader.file()).parent_path() / path;
    return read_topology(JsonReader::from_file(path));
}

/// @throws InputError at the board that has more lanes than ports
void check_ports(const Topology& topology, const JsonReader& reader, int ports_per_board, const PortsAt& ports_at) {
    std::vector<std::int64_t> lanes(topology.board_count);
    for (const auto& cable : topology.cables) {
        lanes[index(cable.a)] += cable.lanes;
        lanes[index(cable.b)] += cable.lanes;
    }
    for (std::size_t board = 0; board < lanes.size(); ++board) {
        const bool is_switch = board >= topology.compute_boards && topology.switch_ports > 0;
        const bool differs = ports_at && board < topology.compute_boards;
        const int ports = is_switch ? topology.switch_ports : differs ? ports_at(board) : ports_per_board;
        if (lanes[board] <= ports) continue;
        reader.fail((board < topology.compute_boards ? "board " : "switch board ") + std::to_string(board) + " has cables of " +
                        std::to_string(lanes[board]) + " lanes",
                    "at most its " + std::to_string(ports) + " ports");
    }
}

/// Takes the cables of boards that have failed away.
void fail_boards(Topology& topology, const JsonReader& reader) {
    const bool given_size = reader.has("file") || reader.has("shape");
    for (const BoardId board : failed_boards(reader)) {
        const JsonReader failed = reader.at("failed");
        if (topology.patch_panel) failed.fail("boards of a patch panel, which are all alike", "fewer boards_available");
        if (index(board) < topology.board_count) {
            topology.failed.push_back(board);
        } else if (given_size) {
            failed.fail("found " + std::to_string(index(board)), "one of the " + std::to_string(topology.board_count) + " boards");
        }
    }
    std::erase_if(topology.cables, [&](const Cable& cable) {
        const auto has_failed = [&](BoardId end) { return std::binary_search(topology.failed.begin(), topology.failed.end(), end); };
        return has_failed(cable.a) || has_failed(cable.b);
    });
}

Topology generate(const JsonReader& reader, std::size_t boards, int ports_per_board) {
    std::vector<std::string> names;
    const auto known = kinds();
    names.reserve(known.size() + 1);
    for (const auto& kind : known) names.push_back(kind.documentation.name);
    names.push_back(file_kind().name);
    const std::string name = reader.at("kind").one_of(names);
    if (name == file_kind().name) return read_graph_file(reader);
    Request request{.reader = reader, .boards = boards, .ports = ports_per_board};
    request.lanes = static_cast<int>(reader.integer("lanes", 0, 1, 100'000));
    request.length_m = reader.number("length_m", 0, 0, 1e6);
    const auto latency = static_cast<int>(reader.integer("switch_latency_cycles", kSwitchLatencyCycles, 0, 1'000'000));
    const auto kind = std::find_if(known.begin(), known.end(), [&](const Kind& each) { return each.documentation.name == name; });
    Topology topology = kind->make(request);
    topology.switch_latency_cycles = latency;
    ask_for_boards(reader);
    reader.done();
    return topology;
}

}  // namespace

std::vector<TopologyKind> topology_kinds() {
    std::vector<TopologyKind> all;
    for (auto& kind : kinds()) all.push_back(kind.documentation);
    all.push_back(file_kind());
    return all;
}

std::size_t room_for_boards(const JsonReader& reader) {
    if (reader.has("file")) return read_graph_file(reader).compute_boards;
    std::size_t room = kMostBoards;
    for (const auto* key : {"shape", "children"}) {
        if (!reader.has(key)) continue;
        std::size_t product = 1;
        for (const auto& side : reader.at(key).items())
            product = std::min(product * static_cast<std::size_t>(side.integer(1, 10'000)), kMostBoards);
        room = std::min(room, product);
    }
    return room;
}

ShortestWay shortest_way(const JsonReader& reader, double otherwise_m) {
    const auto length = [&](double given_m) { return given_m > 0 ? given_m : otherwise_m; };
    ShortestWay way;
    if (reader.has("file")) {
        const Topology topology = read_graph_file(reader);
        const auto joins_boards = [&](const Cable& cable) { return index(cable.b) < topology.compute_boards; };  // a < b
        const bool direct = topology.patch_panel || std::any_of(topology.cables.begin(), topology.cables.end(), joins_boards);
        way.length_m = length(topology.default_length_m);
        if (!topology.patch_panel && !topology.cables.empty()) {
            const auto shorter = [&](const Cable& a, const Cable& b) { return length(a.length_m) < length(b.length_m); };
            way.length_m = length(std::min_element(topology.cables.begin(), topology.cables.end(), shorter)->length_m);
        }
        if (!direct) way.links = 2, way.switch_latency_cycles = topology.switch_latency_cycles;
        return way;
    }
    const std::string kind = reader.at("kind").text();
    way.length_m = length(reader.number("length_m", 0, 0, 1e6));
    if (kind == "crates") way.length_m = std::min(way.length_m, length(reader.number("backplane_m", kBackplaneM, 0, 100)));
    if (kind == "fat_tree") {
        way.links = 2;
        way.switch_latency_cycles = static_cast<int>(reader.integer("switch_latency_cycles", kSwitchLatencyCycles, 0, 1'000'000));
    }
    return way;
}

std::size_t twin_switches(const Topology& topology) {
    const std::size_t switches = topology.board_count - topology.compute_boards, working = topology.working_boards().size();
    const auto joins_a_switch = [&](const Cable& cable) {
        return index(cable.a) < topology.compute_boards && index(cable.b) >= topology.compute_boards;
    };
    const bool all = topology.cables.size() == switches * working &&
                     std::all_of(topology.cables.begin(), topology.cables.end(), joins_a_switch);  // each pair is there once
    return all ? switches : 0;
}

Topology under_switches(Topology topology, std::size_t switches) {
    std::erase_if(topology.cables,
                  [&](const Cable& cable) { return std::max(index(cable.a), index(cable.b)) >= topology.compute_boards + switches; });
    return topology;
}

std::vector<BoardId> failed_boards(const JsonReader& reader) {
    std::vector<BoardId> failed;
    if (!reader.has("failed")) return failed;
    const JsonReader list = reader.at("failed");
    for (const auto& board : list.items()) failed.push_back(id_at<BoardId>(static_cast<std::size_t>(board.integer(0, kMostBoards - 1))));
    std::sort(failed.begin(), failed.end());
    const auto twice = std::adjacent_find(failed.begin(), failed.end());
    if (twice != failed.end()) list.fail("found " + std::to_string(index(*twice)) + " twice", "each board once");
    return failed;
}

std::vector<std::uint32_t> Topology::working_boards() const {
    std::vector<std::uint32_t> working;
    for (std::uint32_t board = 0; board < compute_boards; ++board) {
        if (!std::binary_search(failed.begin(), failed.end(), id_at<BoardId>(board))) working.push_back(board);
    }
    return working;
}

bool is_patch_panel(const JsonReader& reader) {
    const std::string kind = reader.text("kind", file_kind().name);
    return kind == file_kind().name ? read_graph_file(reader).patch_panel : kind == "patch_panel";
}

Topology make_topology(const JsonReader& reader, std::size_t boards, int ports_per_board, const PortsAt& ports_at) {
    if (boards < 1 || boards > kMostBoards) {
        reader.fail(std::to_string(boards) + " boards asked for", "1 to " + std::to_string(kMostBoards));
    }
    const BoardRoles roles = read_board_roles(reader);
    if (roles.bind_outside() && !is_patch_panel(reader)) boards = std::max(boards, roles.boards_named());
    const bool from_file = reader.has("file") && !reader.has("kind");
    Topology topology = from_file ? read_graph_file(reader) : generate(reader, boards, ports_per_board);
    if (topology.compute_boards < boards) {
        reader.fail("a graph of " + std::to_string(topology.compute_boards) + " compute boards",
                    "the " + std::to_string(boards) + " that are needed");
    }
    check_ports(topology, reader, ports_per_board, ports_at);
    fail_boards(topology, reader);
    topology.roles = roles;
    if (roles.bind_outside()) topology.description += ", " + roles.description();
    return topology;
}

}  // namespace tessera::topologies
