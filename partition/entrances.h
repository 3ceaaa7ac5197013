#pragma once

#include <cstdint>
#include <vector>

#include "partition/mapping.h"
#include "topologies/board_roles.h"

namespace tessera::partition {

/// How a mapping on a patch panel keeps lanes from and to the outside at the boards that a study names: which of its boards take these
/// numbers, and which transfers they forward.
struct Entrances {
    std::vector<std::uint32_t> positions;  ///< by board of the mapping, then by board that is added
    std::size_t added = 0;                 ///< boards that only forward
    std::vector<BoardId> via;              ///< by transfer: the board that forwards it; kOutside: none
};

/// The boards that read most of the inputs become those at which they enter, the one that makes most of the outputs the one that these
/// leave; what others read or make goes by the one of them with most ports to spare. Boards are added where they are needed.
/// @param of_their_own boards that carry nothing else, as many as the ports of the mapping's last board type ask for
Entrances choose_entrances(const Mapping& mapping, const topologies::BoardRoles& roles, bool of_their_own);

}  // namespace tessera::partition
