#pragma once

#include <cstddef>

#include "core/json.h"
#include "topologies/topology.h"

namespace tessera::topologies {

/// A routing table is quadratic in the boards; more than this many would not fit in memory.
inline constexpr std::size_t kMostBoards = 16384;

/// Processing cycles that a board takes to read a header and forward a transfer; one BX at 9 cycles a BX (assumed).
inline constexpr int kSwitchLatencyCycles = 9;

/// Length of a crate's backplane links unless the study says it (assumed).
inline constexpr double kBackplaneM = 0.5;

/// What a generator has to work with. It reads its own parameters from `reader`.
struct Request {
    const JsonReader& reader;
    std::size_t boards = 1;  ///< compute boards asked for
    int ports = 1;           ///< of a compute board
    int lanes = 0;           ///< of each cable; 0: as many as the ports allow
    double length_m = 0;     ///< of each cable; 0: the protocol's own default
};

/// Every generator fills the boards, the cables and the description; `make_topology` checks that no
/// board has more lanes than ports.
Topology make_patch_panel(const Request& request);
Topology make_ring(const Request& request);
Topology make_torus(const Request& request, std::size_t dimensions);
Topology make_hypercube(const Request& request);
Topology make_layered(const Request& request);
Topology make_dragonfly(const Request& request);
Topology make_crates(const Request& request);
Topology make_fat_tree(const Request& request);

}  // namespace tessera::topologies
