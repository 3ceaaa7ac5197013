#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "partition/mapping.h"

namespace tessera::partition {

/// Boards whose ports do not carry what has to enter or leave them.
struct PortShortage {
    std::vector<BoardId> boards;  ///< all of them; what follows is of the worst
    BoardId board{};
    bool incoming = false;
    int needed = 0;  ///< lanes, at the least that the mapper found
    int available = 0;
};

/// Makes the links of a patch panel: fibres between any two boards, within the ports of each.
///
/// First the fewest lanes that carry every transfer within the TMUX period (transfers between the
/// same two boards may share a link); then, with the ports that are left, a link of its own for
/// as many transfers as possible, and more lanes where serialisation takes longest.
///
/// A transfer with an entry in `via` other than kOutside goes by that board, which forwards it.
///
/// Sets the links and the routes of all transfers. Returns the shortage where ports run out;
/// the mapping's links are then unspecified.
/// @param via by transfer; empty: all go straight
std::optional<PortShortage> allocate_patch_panel(Mapping& mapping, int frames_per_bx, double fibre_m, std::int64_t latency_ticks,
                                                 const std::vector<BoardId>& via = {});

/// Frames of buffer per lane that a link needs: all frames of one event of all its transfers,
/// twice, for the events before and after that may wait at the same time.
void size_buffers(Mapping& mapping);

}  // namespace tessera::partition
