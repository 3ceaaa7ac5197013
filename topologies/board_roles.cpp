#include "topologies/board_roles.h"

#include <algorithm>

#include "topologies/generators.h"
#include "topologies/topology.h"

namespace tessera::topologies {

namespace {

/// A compute board that is there and works.
BoardId read_board(const JsonReader& reader, const JsonReader& topology) {
    const auto board = static_cast<std::size_t>(reader.integer(0, static_cast<std::int64_t>(kMostBoards) - 1));
    const std::size_t room = room_for_boards(topology);
    if (board >= room) reader.fail("found " + std::to_string(board), "one of the " + std::to_string(room) + " boards that compute");
    const auto failed = failed_boards(topology);
    if (std::binary_search(failed.begin(), failed.end(), id_at<BoardId>(board)))
        reader.fail("board " + std::to_string(board) + ", which has failed", "one that works");
    return id_at<BoardId>(board);
}

std::vector<BoardId> read_entrances(const JsonReader& list, const JsonReader& topology) {
    std::vector<BoardId> boards;
    for (const auto& item : list.items()) boards.push_back(read_board(item, topology));
    if (boards.empty()) list.fail("an empty list", "the boards at which inputs enter");
    std::sort(boards.begin(), boards.end());
    const auto twice = std::adjacent_find(boards.begin(), boards.end());
    if (twice != boards.end()) list.fail("found " + std::to_string(index(*twice)) + " twice", "each board once");
    return boards;
}

std::vector<std::string> read_types(const JsonReader& list, const JsonReader& topology) {
    if (is_patch_panel(topology)) list.fail("types of boards of a patch panel, which have no places", "how many of each type in \"board\"");
    std::vector<std::string> types;
    for (const auto& item : list.items()) types.push_back(item.text());
    if (types.empty()) list.fail("an empty list", "names of board types");
    return types;
}

}  // namespace

bool BoardRoles::may_enter(BoardId board) const {
    return inputs_at.empty() || std::binary_search(inputs_at.begin(), inputs_at.end(), board);
}

std::size_t BoardRoles::boards_named() const {
    std::size_t named = inputs_at.empty() ? 0 : index(inputs_at.back()) + 1;
    if (decision_at) named = std::max(named, index(*decision_at) + 1);
    return named;
}

std::string BoardRoles::description() const {
    std::string text;
    for (std::size_t b = 0; b < inputs_at.size(); ++b) {
        const bool last = b + 1 == inputs_at.size();
        text += b == 0 ? (last ? "inputs at board " : "inputs at boards ") : (last ? " and " : ", ");
        text += std::to_string(index(inputs_at[b]));
    }
    if (decision_at) text += (text.empty() ? "decision at board " : ", decision at board ") + std::to_string(index(*decision_at));
    return text;
}

BoardRoles read_board_roles(const JsonReader& topology) {
    BoardRoles roles;
    if (topology.has("inputs_at")) roles.inputs_at = read_entrances(topology.at("inputs_at"), topology);
    if (topology.has("decision_at")) roles.decision_at = read_board(topology.at("decision_at"), topology);
    if (topology.has("types")) roles.types = read_types(topology.at("types"), topology);
    return roles;
}

}  // namespace tessera::topologies
