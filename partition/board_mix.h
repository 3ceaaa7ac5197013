#pragma once

#include <array>
#include <string>
#include <vector>

#include "boards/board.h"
#include "core/resources.h"
#include "partition/mapping.h"

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
