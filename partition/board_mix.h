#pragma once

#include <array>
#include <string>
#include <vector>

#include "boards/board.h"
#include "core/resources.h"
#include "partition/mapping.h"
#include "topologies/board_roles.h"

namespace tessera::partition {

/// What boards of several types come to together. Of one type, all of these are what its board is.

/// Resource by resource the least and the most that an SLR of any type holds.
Resources smallest_slr(const boards::Stock& stock);
Resources largest_slr(const boards::Stock& stock);

/// The mean board, of as many of each type as there are: resources are priced as fractions of it.
Resources mean_board(const boards::Stock& stock);

int fewest_ports(const boards::Stock& stock);

/// Boards of all types in one time node; of each type there are as many in every one.
int boards_in_node(const boards::Stock& stock, int tmux_period_bx);

/// The type, by its position in the stock, of the board at a place of a fixed topology: of those that the topology names in turn, else of
/// one type after another in the order of the stock, as many of each as there are in a time node. What is beyond is of the last.
std::uint32_t type_at_place(const boards::Stock& stock, int tmux_period_bx, const topologies::BoardRoles& roles, std::size_t place);

/// What a mapping calls the type of a board, or of a switch that is such a board.
std::string type_name(const boards::Board& board, bool is_switch);

/// Boards of each type of the stock in the mapping of a time node. A switch board counts as one of the type that its own is named after.
std::vector<std::size_t> boards_by_type(const Mapping& mapping, const boards::Stock& stock);

/// "Serenity-S1"; of several types with how many there are of each: "Apollo (20) and Serenity-S1 (100)".
std::string names_of(const boards::Stock& stock);

/// What a board of each type holds at prices of the mean board's resources that sum to 1, in mean boards.
std::vector<double> priced_sizes(const boards::Stock& stock, const std::array<double, 5>& prices);

/// The sum of these over the boards of one time node; switches, which are of no type of the stock, count as 1.
double priced_size(const Mapping& mapping, const boards::Stock& stock, const std::array<double, 5>& prices);

/// No fewer boards of one time node hold `needed` of something of which a board of each type holds so much: those that hold most are taken
/// first, as many as there are. If all do not, more of the largest. Not rounded up.
double fewest_boards(double needed, const std::vector<double>& held, const boards::Stock& stock, int tmux_period_bx);

}  // namespace tessera::partition
