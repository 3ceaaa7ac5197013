#include "topologies/topology.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>

#include "core/error.h"
#include "core/files.h"

using namespace tessera;
using namespace tessera::topologies;

namespace {

Topology make(const std::string& text, std::size_t boards, int ports = 124) {
    return make_topology(JsonReader::from_text("study.json", text), boards, ports);
}

Topology make_kind(const std::string& kind, std::size_t boards, int ports = 124) {
    return make("{\"kind\": \"" + kind + "\"}", boards, ports);
}

std::string rejection(const std::string& text, std::size_t boards, int ports = 124) {
    try {
        make(text, boards, ports);
    } catch (const InputError& error) {
        return error.what();
    }
    return "accepted";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::vector<int> lanes_by_board(const Topology& topology) {
    std::vector<int> lanes(topology.board_count);
    for (const auto& cable : topology.cables) lanes[index(cable.a)] += cable.lanes, lanes[index(cable.b)] += cable.lanes;
    return lanes;
}

int diameter(const Topology& topology) {
    const RoutingTable table(topology);
    int most = 0;
    for (std::size_t a = 0; a < topology.compute_boards; ++a) {
        for (std::size_t b = 0; b < topology.compute_boards; ++b) {
            const int hops = table.hops(id_at<BoardId>(a), id_at<BoardId>(b));
            if (hops < 0) return -1;
            most = std::max(most, hops);
        }
    }
    return most;
}

/// What every topology promises, whatever its kind.
void check_invariants(const Topology& topology, std::size_t boards, int ports) {
    CHECK(topology.compute_boards >= boards);
    CHECK(topology.board_count >= topology.compute_boards);
    CHECK_FALSE(topology.description.empty());
    std::pair<std::size_t, std::size_t> last{0, 0};
    for (const auto& cable : topology.cables) {
        const std::pair pair{index(cable.a), index(cable.b)};
        CHECK(pair.first < pair.second);
        CHECK(pair.second < topology.board_count);
        CHECK((&cable == topology.cables.data() || last < pair));
        CHECK(cable.lanes >= 1);
        last = pair;
    }
    std::set<std::pair<double, double>> taken;
    for (const auto& place : topology.places) CHECK(taken.emplace(place.column, place.row).second);
    CHECK(topology.places.size() == (topology.patch_panel ? 0 : topology.board_count));
    const auto lanes = lanes_by_board(topology);
    for (std::size_t board = 0; board < lanes.size(); ++board) {
        const bool is_switch = board >= topology.compute_boards && topology.switch_ports > 0;
        CHECK(lanes[board] <= (is_switch ? topology.switch_ports : ports));
    }
}

}  // namespace

TEST_CASE("every kind keeps its promises for every number of boards") {
    for (const auto& kind : topology_kinds()) {
        if (kind.name == "file") continue;
        for (const std::size_t boards : {1, 2, 3, 5, 8, 12, 13, 24, 47, 100, 333, 1000}) {
            CAPTURE(kind.name);
            CAPTURE(boards);
            const Topology topology = make_kind(kind.name, boards);
            CHECK(topology.kind == kind.name);
            check_invariants(topology, boards, 124);
            const bool one_stage = kind.name == "layered" && topology.cables.empty();
            if (boards <= 100 && !one_stage) CHECK(diameter(topology) >= (boards > 1 ? 1 : 0));
        }
    }
}

TEST_CASE("boards are rounded up to the shape and no further") {
    CHECK(make_kind("patch_panel", 37).compute_boards == 37);
    CHECK(make_kind("ring", 37).compute_boards == 37);
    CHECK(make_kind("fat_tree", 37).compute_boards == 37);
    CHECK(make_kind("torus2d", 37).compute_boards == 40);  // 8 x 5
    CHECK(make_kind("torus3d", 37).compute_boards == 40);  // 5 x 4 x 2
    CHECK(make_kind("hypercube", 37).compute_boards == 64);
    CHECK(make_kind("crates", 37).compute_boards == 48);   // 4 crates of 12
    CHECK(make_kind("layered", 37).compute_boards == 42);  // 6 stages of 7
}

TEST_CASE("by default a torus has few positions to spare, and a dragonfly of three boards is one group") {
    CHECK(make_kind("torus3d", 3).compute_boards == 3);  // each joined to both others
    CHECK(make_kind("torus3d", 3).cables.size() == 3);
    CHECK(make_kind("torus3d", 6).compute_boards == 6);    // 3 x 2 x 1
    CHECK(make_kind("torus3d", 7).compute_boards == 9);    // 3 x 3 x 1: a ring of seven is longer
    CHECK(make_kind("torus3d", 64).cables.size() == 192);  // 4 x 4 x 4
    CHECK(make_kind("torus2d", 13).compute_boards == 15);  // 5 x 3
    CHECK(make_kind("dragonfly", 3).cables.size() == 3);
    CHECK(make_kind("dragonfly", 6).compute_boards == 6);  // two groups of three
    CHECK(make_kind("dragonfly", 7).compute_boards == 8);  // two groups of four
    CHECK(make_kind("dragonfly", 9).compute_boards == 9);  // three groups of three
}

TEST_CASE("a fat tree of one level does with any of its switches, one of more levels needs all") {
    const Topology tree = make(R"({"kind": "fat_tree", "children": [5], "parents": [4]})", 5);
    REQUIRE(twin_switches(tree) == 4);
    const Topology less = under_switches(tree, 2);
    CHECK(less.cables.size() == 10);
    CHECK(less.board_count == tree.board_count);
    for (const auto& cable : less.cables) CHECK(index(cable.b) < 5 + 2);
    const RoutingTable table(less);
    CHECK(table.hops(BoardId{0}, BoardId{4}) == 2);
    CHECK(twin_switches(make(R"({"kind": "fat_tree", "children": [4, 4], "parents": [1, 2]})", 16)) == 0);
    CHECK(twin_switches(make_kind("torus2d", 9)) == 0);
}

TEST_CASE("boards are drawn as the shape has them") {
    CHECK(make(R"({"kind": "torus3d", "shape": [4, 3, 2]})", 24).places[12 + 4 + 1] == Place{5 + 1, 1});  // second slice, second row
    CHECK(make(R"({"kind": "layered", "boards_per_stage": 5})", 10).places[7] == Place{1, 2});
    const auto tree = make_kind("fat_tree", 100);
    CHECK(tree.places[99].row == tree.places[0].row);
    CHECK(tree.places[99].column > tree.places[98].column);
    CHECK(tree.places.back().row == 0);
    const auto ring = make_kind("ring", 9);
    CHECK(ring.places.back() == Place{0, 1});
}

TEST_CASE("a ring and a torus have the degree and the diameter of theirs") {
    const Topology ring = make_kind("ring", 10);
    CHECK(ring.cables.size() == 10);
    CHECK(ring.cables.front().lanes == 62);
    CHECK(diameter(ring) == 5);
    const Topology torus = make(R"({"kind": "torus2d", "shape": [4, 6]})", 20);
    CHECK(torus.compute_boards == 24);
    CHECK(torus.cables.size() == 48);
    CHECK(torus.cables.front().lanes == 31);
    CHECK(diameter(torus) == 2 + 3);
    const Topology cube = make(R"({"kind": "torus3d", "shape": [3, 3, 3]})", 27);
    CHECK(cube.cables.size() == 81);
    CHECK(diameter(cube) == 3);
    CHECK(make(R"({"kind": "torus2d", "shape": [2, 2]})", 4).cables.size() == 4);  // a side of two is no ring
}

TEST_CASE("a hypercube joins the numbers that differ in one bit") {
    const Topology topology = make_kind("hypercube", 32);
    CHECK(topology.cables.size() == 80);
    CHECK(diameter(topology) == 5);
    for (const auto& cable : topology.cables) {
        const std::size_t difference = index(cable.a) ^ index(cable.b);
        CHECK((difference & (difference - 1)) == 0);
    }
}

TEST_CASE("a fat tree forwards through switches only, over any two levels") {
    const Topology topology = make(R"({"kind": "fat_tree", "children": [4, 4], "parents": [1, 2], "switch_ports": 32})", 16, 16);
    CHECK(topology.compute_boards == 16);
    CHECK(topology.board_count == 16 + 4 + 2);
    CHECK(topology.cables.size() == 16 + 4 * 2);
    CHECK(diameter(topology) == 4);
    for (const auto& cable : topology.cables) CHECK(index(cable.b) >= topology.compute_boards);
    const RoutingTable table(topology);
    CHECK(table.route(BoardId{0}, BoardId{1}) == std::vector{BoardId{0}, BoardId{16}, BoardId{1}});
    CHECK(table.route(BoardId{0}, BoardId{15}) == std::vector{BoardId{0}, BoardId{16}, BoardId{20}, BoardId{19}, BoardId{15}});
}

TEST_CASE("a fat tree whose switches reach all boards has one level, over a board's ports") {
    const Topology topology = make_kind("fat_tree", 30);  // 124 ports: 4 lanes to each of 31 switches
    CHECK(topology.board_count == 30 + 31);
    CHECK(topology.cables.size() == 30 * 31);
    CHECK(topology.cables.front().lanes == 4);
    CHECK(diameter(topology) == 2);
    CHECK(diameter(make_kind("fat_tree", 200)) == 6);
}

TEST_CASE("a topology of a given shape has room for so many boards") {
    const auto room = [](const std::string& text) { return room_for_boards(JsonReader::from_text("study.json", text)); };
    CHECK(room(R"({"kind": "torus3d", "shape": [3, 4, 5]})") == 60);
    CHECK(room(R"({"kind": "fat_tree", "children": [8, 4], "parents": [1, 1]})") == 32);
    CHECK(room(R"({"kind": "torus3d"})") >= 10000);
    CHECK(room(R"({"kind": "patch_panel"})") >= 10000);
}

TEST_CASE("a board that has failed keeps its number and loses its cables") {
    const Topology whole = make(R"({"kind": "torus2d", "shape": [3, 3]})", 9);
    const Topology topology = make(R"({"kind": "torus2d", "shape": [3, 3], "failed": [8, 4]})", 7);
    CHECK(topology.failed == std::vector<BoardId>{BoardId{4}, BoardId{8}});
    CHECK(topology.working_boards() == std::vector<std::uint32_t>{0, 1, 2, 3, 5, 6, 7});
    CHECK(topology.compute_boards == 9);
    CHECK(topology.places == whole.places);
    CHECK(topology.cables.size() == whole.cables.size() - 2 * 4);
    const RoutingTable table(topology);
    CHECK(table.hops(BoardId{3}, BoardId{4}) == -1);
    CHECK(table.hops(BoardId{1}, BoardId{7}) == 1);
    CHECK(make(R"({"kind": "torus2d", "failed": [8]})", 4).failed.empty());  // only four are there yet
    CHECK(
        contains(rejection(R"({"kind": "torus2d", "shape": [3, 3], "failed": [9]})", 4), "/failed: found 9; expected one of the 9 boards"));
    CHECK(contains(rejection(R"({"kind": "torus2d", "failed": [2, 2]})", 4), "/failed: found 2 twice"));
    CHECK(contains(rejection(R"({"kind": "torus2d", "failed": [-2]})", 4), "/failed/0"));
    CHECK(contains(rejection(R"({"kind": "patch_panel", "failed": [2]})", 4), "/failed: boards of a patch panel"));
}

TEST_CASE("inputs enter and the decision leaves at boards that are there and work") {
    const Topology topology = make(R"({"kind": "torus2d", "shape": [3, 3], "inputs_at": [4, 1], "decision_at": 8})", 3);
    CHECK(topology.roles.inputs_at == std::vector<BoardId>{BoardId{1}, BoardId{4}});
    CHECK(topology.roles.decision_at == BoardId{8});
    CHECK(topology.roles.may_enter(BoardId{4}));
    CHECK_FALSE(topology.roles.may_enter(BoardId{8}));
    CHECK_FALSE(topology.roles.may_leave(BoardId{4}));
    CHECK(contains(topology.description, ", inputs at boards 1 and 4, decision at board 8"));
    // What is made to measure has room for them.
    for (const char* kind : {"ring", "torus3d", "fat_tree", "dragonfly"}) {
        CAPTURE(kind);
        CHECK(make(fmt::format(R"({{"kind": "{}", "inputs_at": [6, 2]}})", kind), 2).compute_boards > 6);
    }
    const Topology panel = make(R"({"kind": "patch_panel", "decision_at": 30})", 2);
    CHECK(panel.compute_boards == 2);
    CHECK(panel.roles.decision_at == BoardId{30});
    CHECK(make(R"({"kind": "torus2d"})", 4).roles == BoardRoles{});

    const std::string grid = R"({"kind": "torus2d", "shape": [3, 3], "failed": [5], )";
    CHECK(contains(rejection(grid + R"("inputs_at": [0, 9]})", 4), "/inputs_at/1: found 9; expected one of the 9 boards"));
    CHECK(contains(rejection(grid + R"("decision_at": 9})", 4), "/decision_at: found 9; expected one of the 9 boards"));
    CHECK(contains(rejection(grid + R"("inputs_at": [5]})", 4), "/inputs_at/0: board 5, which has failed"));
    CHECK(contains(rejection(grid + R"("decision_at": 5})", 4), "/decision_at: board 5, which has failed"));
    CHECK(contains(rejection(grid + R"("inputs_at": [2, 2]})", 4), "/inputs_at: found 2 twice"));
    CHECK(contains(rejection(grid + R"("inputs_at": []})", 4), "/inputs_at: an empty list"));
    CHECK(contains(rejection(R"({"kind": "fat_tree", "children": [4], "inputs_at": [4]})", 4), "one of the 4 boards"));
}

TEST_CASE("cables take no more ports than the board at each of their ends has") {
    const auto text = JsonReader::from_text("study.json", R"({"kind": "ring", "lanes": 10, "types": ["a", "b"]})");
    const auto ports_at = [](std::size_t board) { return board % 2 == 0 ? 20 : 24; };
    const Topology ring = make_topology(text, 6, 16, ports_at);
    CHECK(ring.cables.size() == 6);
    CHECK(ring.roles.types == std::vector<std::string>{"a", "b"});
    try {
        make_topology(text, 6, 16, [](std::size_t board) { return board == 3 ? 19 : 24; });
        FAIL_CHECK("accepted");
    } catch (const InputError& error) {
        CHECK(contains(error.what(), "board 3 has cables of 20 lanes; expected at most its 19 ports"));
    }
    CHECK(contains(rejection(R"({"kind": "ring", "types": []})", 4), "/types: an empty list"));
    CHECK(contains(rejection(R"({"kind": "patch_panel", "types": ["a"]})", 4), "/types: types of boards of a patch panel"));
}

TEST_CASE("a balanced dragonfly crosses at most three links") {
    for (const std::size_t boards : {10, 72, 342}) CHECK(diameter(make_kind("dragonfly", boards)) <= 3);
    const Topology topology = make(R"({"kind": "dragonfly", "boards_per_group": 4, "cables_per_group_pair": 1})", 20);
    CHECK(topology.compute_boards == 20);
    CHECK(topology.cables.size() == 5 * 6 + 10);
}

TEST_CASE("crates have a backplane inside and fibres between, of different length") {
    const Topology topology =
        make(R"({"kind": "crates", "boards_per_crate": 4, "backplane_lanes": 2, "backplane_m": 0.3, "length_m": 7})", 12, 20);
    CHECK(topology.compute_boards == 12);
    std::size_t backplane = 0;
    for (const auto& cable : topology.cables) {
        const bool inside = index(cable.a) / 4 == index(cable.b) / 4;
        backplane += inside ? 1 : 0;
        CHECK(cable.length_m == (inside ? 0.3 : 7));
        if (inside) CHECK(cable.lanes == 2);
    }
    CHECK(backplane == 3 * 6);
    CHECK(
        contains(rejection(R"({"kind": "crates", "boards_per_crate": 12, "backplane_lanes": 4})", 24, 40), "the backplane takes 44 ports"));
}

TEST_CASE("layers join each stage to the next alone") {
    const Topology topology = make(R"({"kind": "layered", "boards_per_stage": 5, "fan_out": 2})", 20);
    for (const auto& cable : topology.cables) CHECK(index(cable.b) / 5 == index(cable.a) / 5 + 1);
    CHECK(topology.cables.size() == 3 * 5 * 2);
    CHECK(topology.cables.front().lanes == 31);
}

TEST_CASE("lanes and lengths are those asked for, within the ports") {
    const Topology topology = make(R"({"kind": "ring", "lanes": 7, "length_m": 12.5, "switch_latency_cycles": 3})", 6);
    for (const auto& cable : topology.cables) CHECK((cable.lanes == 7 && cable.length_m == 12.5));
    CHECK(topology.switch_latency_cycles == 3);
    CHECK(contains(rejection(R"({"kind": "ring", "lanes": 63})", 6), "board 0 has cables of 126 lanes; expected at most its 124 ports"));
    CHECK(contains(rejection(R"({"kind": "torus3d"})", 64, 5), "a board has 6 cables; expected at most its 5 ports"));
    CHECK(make(R"({"kind": "patch_panel", "length_m": 3})", 6).default_length_m == 3);
}

TEST_CASE("bad requests are named") {
    CHECK(contains(rejection(R"({"kind": "tours2d"})", 4), "expected one of \"patch_panel\""));
    CHECK(contains(rejection(R"({"kind": "ring", "shape": [4]})", 4), "unknown key \"shape\""));
    CHECK(contains(rejection(R"({"kind": "patch_panel", "lanes": 2})", 4), "/lanes"));
    CHECK(contains(rejection(R"({"kind": "torus2d", "shape": [4]})", 4), "found 1 sides; expected 2 sides"));
    CHECK(contains(rejection(R"({"kind": "torus2d", "shape": [2, 2]})", 5), "room for 4 boards"));
    CHECK(contains(rejection(R"({"kind": "torus3d", "shape": [10000, 10000, 10000]})", 5), "at most 16384"));
    CHECK(contains(rejection(R"({"kind": "fat_tree", "children": [4]})", 4), "both or none"));
    CHECK(contains(rejection(R"({"kind": "fat_tree", "children": [8, 200], "parents": [1, 1]})", 1000), "no port left"));
    CHECK(contains(rejection(R"({"kind": "fat_tree", "children": [10000, 10000], "parents": [10000, 10000]})", 1000), "16384"));
    const std::string eight = "[10000, 10000, 10000, 10000, 10000, 10000, 10000, 10000]";
    CHECK(contains(rejection("{\"kind\": \"fat_tree\", \"children\": " + eight + ", \"parents\": " + eight + "}", 1000), "16384"));
    CHECK(contains(rejection(R"({})", 4), "key \"kind\" is missing"));
    CHECK(contains(rejection(R"([])", 4), "expected an object"));
    CHECK(contains(rejection(R"({"kind": "ring"})", 0), "0 boards asked for"));
    CHECK(contains(rejection(R"({"kind": "ring"})", 100000), "100000 boards asked for"));
    CHECK(contains(rejection(R"({"file": "no/such/graph.json"})", 4), "no such file"));
}

TEST_CASE("a generated topology is read back from its file") {
    const auto folder = std::filesystem::temp_directory_path() / ("tessera_topology_" + std::to_string(::getpid()));
    for (const auto& kind : topology_kinds()) {
        if (kind.name == "file") continue;
        const Topology topology = make_kind(kind.name, 30);
        write_file(folder / "graph.json", to_json(topology).dump());
        const std::string study = (folder / "study.json").string();
        CHECK(make_topology(JsonReader::from_text(study, R"({"file": "graph.json"})"), 30, 124) == topology);
        CHECK(make_topology(JsonReader::from_text(study, R"({"kind": "file", "file": "graph.json"})"), 30, 124) == topology);
    }
    std::filesystem::remove_all(folder);
}

TEST_CASE("a graph file's mistakes are named") {
    const auto read = [](const std::string& cables, const std::string& more = "") {
        const std::string text = R"({"schema": "tessera.topology/1", "compute_boards": 3, "cables": [)" + cables + "]" + more + "}";
        try {
            read_topology(JsonReader::from_text("graph.json", text));
        } catch (const InputError& error) {
            return std::string(error.what());
        }
        return std::string("accepted");
    };
    CHECK(read(R"({"a": 2, "b": 0, "lanes": 4})") == "accepted");
    CHECK(contains(read(R"({"a": 3, "b": 0, "lanes": 4})"), "/cables/0/a: found 3; expected a whole number from 0 to 2"));
    CHECK(contains(read(R"({"a": 1, "b": 1, "lanes": 4})"), "board 1 joined to itself"));
    CHECK(contains(read(R"({"a": 0, "b": 1, "lanes": 4}, {"a": 1, "b": 0, "lanes": 2})"), "boards 0 and 1 joined twice"));
    CHECK(contains(read(R"({"a": 0, "b": 1, "lanes": 0})"), "/cables/0/lanes"));
    CHECK(contains(read(R"({"a": 0, "b": 1, "lanes": 1, "speed": 3})"), "unknown key \"speed\""));
    CHECK(contains(read("", R"(, "board_count": 2)"), "/board_count"));
    CHECK(contains(read(R"({"a": 0, "b": 1, "lanes": 1})", R"(, "patch_panel": true)"), "cables in a patch panel"));
}

TEST_CASE("routes are shortest, of neighbours, and the lowest ids among equals") {
    std::mt19937_64 random(7);
    for (int round = 0; round < 20; ++round) {
        Topology topology;
        topology.compute_boards = topology.board_count = 3 + random() % 20;
        std::set<std::pair<std::size_t, std::size_t>> pairs;
        for (std::size_t k = 0; k < topology.board_count * 3 / 2; ++k) {
            const std::size_t a = random() % topology.board_count;
            const std::size_t b = random() % topology.board_count;
            if (a != b) pairs.emplace(std::min(a, b), std::max(a, b));
        }
        for (const auto& [a, b] : pairs) topology.cables.push_back({id_at<BoardId>(a), id_at<BoardId>(b), 1, 0});
        const RoutingTable table(topology);
        const auto joined = [&](BoardId a, BoardId b) {
            return pairs.contains({std::min(index(a), index(b)), std::max(index(a), index(b))});
        };
        // Floyd-Warshall as the second opinion.
        const std::size_t n = topology.board_count;
        std::vector<std::vector<int>> distance(n, std::vector<int>(n, 1000));
        for (std::size_t i = 0; i < n; ++i) distance[i][i] = 0;
        for (const auto& [a, b] : pairs) distance[a][b] = distance[b][a] = 1;
        for (std::size_t k = 0; k < n; ++k)
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t j = 0; j < n; ++j) distance[i][j] = std::min(distance[i][j], distance[i][k] + distance[k][j]);
        for (std::size_t a = 0; a < n; ++a) {
            for (std::size_t b = 0; b < n; ++b) {
                const BoardId from = id_at<BoardId>(a);
                const BoardId to = id_at<BoardId>(b);
                const auto route = table.route(from, to);
                if (distance[a][b] == 1000) {
                    CHECK((route.empty() && table.hops(from, to) == -1));
                    continue;
                }
                REQUIRE(static_cast<int>(route.size()) == distance[a][b] + 1);
                CHECK(table.hops(from, to) == distance[a][b]);
                CHECK((route.front() == from && route.back() == to));
                for (std::size_t hop = 0; hop + 1 < route.size(); ++hop) {
                    CHECK(joined(route[hop], route[hop + 1]));
                    for (std::size_t lower = 0; lower < index(route[hop + 1]); ++lower) {
                        const bool as_good =
                            joined(route[hop], id_at<BoardId>(lower)) && distance[lower][b] == distance[index(route[hop + 1])][b];
                        CHECK_FALSE(as_good);
                    }
                }
            }
        }
    }
}

TEST_CASE("a patch panel routes between any two boards directly") {
    const RoutingTable table(make_kind("patch_panel", 1000));
    CHECK(table.route(BoardId{3}, BoardId{997}) == std::vector{BoardId{3}, BoardId{997}});
    CHECK(table.hops(BoardId{3}, BoardId{997}) == 1);
    CHECK(table.hops(BoardId{3}, BoardId{3}) == 0);
    CHECK(table.route(BoardId{3}, BoardId{3}) == std::vector{BoardId{3}});
}

TEST_CASE("the shortest way between two boards is no longer than any that a topology has") {
    const auto way_of = [](const std::string& text) { return shortest_way(JsonReader::from_text("study.json", text), 5); };
    CHECK(way_of(R"({"kind": "patch_panel"})").length_m == 5);
    CHECK(way_of(R"({"kind": "patch_panel", "length_m": 12})").length_m == 12);
    CHECK(way_of(R"({"kind": "crates"})").length_m == 0.5);
    CHECK(way_of(R"({"kind": "crates", "length_m": 0.2})").length_m == 0.2);
    CHECK(way_of(R"({"kind": "fat_tree", "switch_latency_cycles": 7})").switch_latency_cycles == 7);
    for (const auto* kind : {"ring", "torus2d", "torus3d", "hypercube", "fat_tree", "dragonfly", "crates", "layered"}) {
        CAPTURE(kind);
        const ShortestWay way = way_of("{\"kind\": \"" + std::string(kind) + "\"}");
        for (const std::size_t boards : {2U, 9U, 40U, 150U}) {
            const Topology topology = make_kind(kind, boards);
            const RoutingTable table(topology);
            for (const auto& cable : topology.cables) CHECK((cable.length_m > 0 ? cable.length_m : 5) >= way.length_m);
            for (std::size_t b = 1; b < topology.compute_boards; ++b) {
                const int hops = table.hops(id_at<BoardId>(0), id_at<BoardId>(b));
                CHECK((hops < 0 || hops >= way.links));
            }
            if (way.links > 1) CHECK(topology.switch_latency_cycles >= way.switch_latency_cycles);
        }
    }
}

TEST_CASE("the shortest way of a graph file follows its cables") {
    const auto file = std::filesystem::temp_directory_path() / ("shortest_way_" + std::to_string(getpid()) + ".json");
    const auto way_of = [&](const std::string& cables) {
        write_file(file,
                   R"({"schema": "tessera.topology/1", "compute_boards": 2, "board_count": 3, "switch_latency_cycles": 4, "cables": )" +
                       cables + "}");
        return shortest_way(JsonReader::from_text("study.json", "{\"file\": \"" + file.string() + "\"}"), 5);
    };
    const ShortestWay switched = way_of(R"([{"a": 0, "b": 2, "lanes": 4, "length_m": 3}, {"a": 1, "b": 2, "lanes": 4}])");
    CHECK(switched.links == 2);
    CHECK(switched.length_m == 3);
    CHECK(switched.switch_latency_cycles == 4);
    CHECK(way_of(R"([{"a": 0, "b": 2, "lanes": 4}, {"a": 0, "b": 1, "lanes": 1}])").links == 1);
    std::filesystem::remove(file);
}
