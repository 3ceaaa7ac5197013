#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/ids.h"
#include "core/json.h"
#include "topologies/board_roles.h"

namespace tessera::topologies {

/// Lanes that are there between two boards, in each direction.
struct Cable {
    BoardId a;
    BoardId b;
    int lanes = 1;
    double length_m = 0;  ///< 0: the protocol's own default

    friend bool operator==(const Cable&, const Cable&) = default;
};

/// Where a board stands in a drawing, in steps from the left and from the top.
struct Place {
    double column = 0;
    double row = 0;

    friend bool operator==(const Place&, const Place&) = default;
};

/// How the boards of one time node are joined.
///
/// Boards 0 .. compute_boards-1 carry shards; boards from there to board_count-1 only forward
/// (switches of a fat tree). In a patch panel there are no cables: the mapper plugs a fibre
/// between any two boards within each board's ports.
struct Topology {
    std::string kind;         ///< "patch_panel", "torus3d", ...
    std::string description;  ///< with its parameters, for the report
    std::size_t compute_boards = 0;
    std::size_t board_count = 0;  ///< with the switch boards
    bool patch_panel = false;
    double default_length_m = 0;       ///< of a patch panel's fibres; 0: the protocol's own default
    int switch_latency_cycles = 0;     ///< of a board that forwards a transfer, from arrival to departure
    int switch_ports = 0;              ///< ports of a switch board; 0: those of a compute board
    std::vector<Cable> cables;         ///< sorted by (a, b), a < b, each pair once
    std::vector<BoardId> failed;       ///< in order; they have no cables and carry nothing
    std::vector<Place> places;         ///< by board, as its shape is drawn; empty where it has none (patch panel, graph file)
    BoardRoles roles;                  ///< what the study says of single boards
    std::vector<std::uint32_t> types;  ///< by compute board: which of several types of board stands there; empty: all are alike

    /// Of the board at a place; switches and boards that are all alike are of the first.
    std::uint32_t type_at(std::size_t place) const { return place < types.size() ? types[place] : 0; }

    /// Compute boards that have not failed, in order.
    std::vector<std::uint32_t> working_boards() const;

    friend bool operator==(const Topology&, const Topology&) = default;
};

/// What `tessera list topologies` prints.
struct TopologyKind {
    std::string name;
    std::string explanation;
    std::vector<std::pair<std::string, std::string>> parameters;  ///< name, meaning with default
};
std::vector<TopologyKind> topology_kinds();

/// Ports of the compute board at a place.
using PortsAt = std::function<int(std::size_t)>;

/// Makes the topology that a study asks for with at least `boards` compute boards (rounded up to
/// what its shape allows, and to the highest number that it names; `compute_boards` says to how many) whose ports are `ports_per_board`.
///
/// The reader holds `{"kind": "torus3d", ...parameters}` or `{"file": "graph.json"}`. Boards that it says have `failed` count, as far
/// as there are so many.
/// @param ports_at where boards differ: a cable may then take more than `ports_per_board`, which are those of the board with the fewest
/// @throws InputError for an unknown kind, a bad parameter, or more cables at a board than ports.
Topology make_topology(const JsonReader& reader, std::size_t boards, int ports_per_board, const PortsAt& ports_at = {});

/// Whether fibres are plugged between any two boards, by the kind or by the graph file.
/// @throws InputError as make_topology does for these keys
bool is_patch_panel(const JsonReader& reader);

/// Compute boards that there is room for: those of a graph file, of a torus's `shape`, below a fat
/// tree's `children`. A topology that is made to measure has room for as many as any may have.
/// @throws InputError as make_topology does for these keys
std::size_t room_for_boards(const JsonReader& reader);

/// What no way between two boards of a topology can do without, however many boards it has.
struct ShortestWay {
    int links = 1;
    double length_m = 0;            ///< of each link
    int switch_latency_cycles = 0;  ///< between two links
};

/// @param otherwise_m length of what has none of its own
/// @throws InputError as make_topology does for the keys that say so
ShortestWay shortest_way(const JsonReader& reader, double otherwise_m);

/// Boards that have failed by the key of that name, in order; none without it.
/// @throws InputError for what is no list of numbers of boards, each once
std::vector<BoardId> failed_boards(const JsonReader& reader);

/// Switch boards that each have a cable to every compute board that works, so that any number of them do; 0 where there are others.
std::size_t twin_switches(const Topology& topology);
/// The topology without the cables of all but the first so many switch boards.
Topology under_switches(Topology topology, std::size_t switches);

/// A topology as a graph file (schema `tessera.topology/1`), which `{"file": "graph.json"}` reads back.
Json to_json(const Topology& topology);
/// @throws InputError for what is no graph file: missing keys, boards out of range, a pair twice.
Topology read_topology(const JsonReader& reader);

/// Places as pairs of column and row.
Json to_json(const std::vector<Place>& places);
/// @throws InputError for what is no list of pairs, one for each of so many boards
std::vector<Place> read_places(const JsonReader& reader, std::size_t boards);

/// Shortest routes (fewest hops, then the lowest board ids) between all boards that have a cable.
class RoutingTable {
  public:
    explicit RoutingTable(const Topology& topology);

    /// Boards on the way, first and last included; empty where there is no way. In a patch panel
    /// every way is {from, to}.
    std::vector<BoardId> route(BoardId from, BoardId to) const;
    /// Links crossed; -1 where there is no way.
    int hops(BoardId from, BoardId to) const;

  private:
    bool patch_panel_;
    std::size_t boards_;
    std::vector<std::uint32_t> next_;  ///< next board from row to column, boards_ x boards_
    std::vector<std::int32_t> hops_;
};

}  // namespace tessera::topologies
