#include <fmt/format.h>

#include <algorithm>

#include "partition/check_rules.h"
#include "topologies/topology.h"

namespace tessera::partition {

namespace {

std::size_t number_of(const Mapping& mapping, BoardId board) {
    return index(board) < mapping.positions.size() ? mapping.positions[index(board)] : index(board);
}

void check_entrances(const Mapping& mapping, const topologies::BoardRoles& roles, Violations& found) {
    const std::string allowed = roles.description();
    for (std::size_t l = 0; l < mapping.links.size(); ++l) {
        const Link& link = mapping.links[l];
        const std::string where = place_of(mapping, id_at<LinkId>(l));
        if (link.from == kOutside && link.to != kOutside && !roles.inputs_at.empty()) {
            const std::size_t number = number_of(mapping, link.to);
            if (std::find(roles.inputs_at.begin(), roles.inputs_at.end(), id_at<BoardId>(number)) == roles.inputs_at.end())
                found.push_back({"entrance", where, fmt::format("ends at number {}; {}", number, allowed)});
        }
        if (link.to == kOutside && link.from != kOutside && roles.decision_at) {
            const std::size_t number = number_of(mapping, link.from);
            if (number != index(*roles.decision_at)) found.push_back({"exit", where, fmt::format("leaves number {}; {}", number, allowed)});
        }
    }
}

/// The name of the type that stands at a position: as the study names them in turn, or one type after another.
const std::string& type_there(std::size_t position, const topologies::BoardRoles& roles, const boards::Stock& stock, int tmux_period_bx) {
    if (!roles.types.empty()) return roles.types[position % roles.types.size()];
    std::size_t last = 0;
    for (const auto& each : stock) {
        last += static_cast<std::size_t>(each.boards / tmux_period_bx);
        if (position < last) return each.board.name;
    }
    return stock.back().board.name;
}

void check_types(const Mapping& mapping, const topologies::BoardRoles& roles, const boards::Stock& stock, Violations& found) {
    for (std::size_t b = 0; b < mapping.positions.size(); ++b) {
        const BoardType& type = mapping.board_types[mapping.boards[b]];
        if (type.is_switch) continue;
        const std::string& there = type_there(mapping.positions[b], roles, stock, mapping.tmux_period_bx);
        if (type.name == there) continue;
        found.push_back({"place", place_of(id_at<BoardId>(b)),
                         fmt::format("{} at position {}, where a {} stands", type.name, mapping.positions[b], there)});
    }
}

}  // namespace

std::vector<Violation> check_board_roles(const Mapping& mapping, const JsonReader& topology, const boards::Stock& stock) {
    Violations found;
    check_values(mapping, found);
    check_ids(mapping, found);
    if (!found.empty()) return found;
    const auto roles = topologies::read_board_roles(topology);
    check_entrances(mapping, roles, found);
    if (stock.size() > 1 && !topologies::is_patch_panel(topology)) check_types(mapping, roles, stock, found);
    return found;
}

}  // namespace tessera::partition
