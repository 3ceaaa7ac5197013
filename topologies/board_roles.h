#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/ids.h"
#include "core/json.h"

namespace tessera::topologies {

/// What a study says of single boards of a topology, by their numbers: at which of them lanes from outside end, which of them the
/// decision leaves, and of which type they are. On a patch panel, where boards are alike, the numbers are those that the layout gives them
/// (`positions` of a mapping).
struct BoardRoles {
    std::vector<BoardId> inputs_at;      ///< in order; empty: at any board
    std::optional<BoardId> decision_at;  ///< nothing: at any board
    std::vector<std::string> types;      ///< of compute board b the one at b modulo their number; empty: not said

    /// Whether lanes from or to the outside are bound to boards.
    bool bind_outside() const { return !inputs_at.empty() || decision_at.has_value(); }
    /// Whether lanes from outside may end at a board, and lanes to it leave one.
    bool may_enter(BoardId board) const;
    bool may_leave(BoardId board) const { return !decision_at || *decision_at == board; }
    /// One more than the highest number that is named.
    std::size_t boards_named() const;
    /// "inputs at boards 0 and 1, decision at board 5"; empty where nothing is bound.
    std::string description() const;

    friend bool operator==(const BoardRoles&, const BoardRoles&) = default;
};

/// The keys `inputs_at`, `decision_at` and `types` of what a study says of its topology; none is needed.
/// @throws InputError for a number that the topology has not, one twice, a board that has failed, or types of a patch panel's boards
BoardRoles read_board_roles(const JsonReader& topology);

}  // namespace tessera::topologies
