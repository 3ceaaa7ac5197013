#pragma once

#include <vector>

#include "boards/board.h"
#include "core/assumption.h"
#include "core/resources.h"

namespace tessera::models {

/// A first estimate of what a card dissipates.
struct Power {
    double static_w = 0;
    double dynamic_w = 0;
    double links_w = 0;

    double total_w() const { return static_w + dynamic_w + links_w; }
};

/// Static power of its devices; dynamic power as the energy of each used resource for a cycle, at the toggle rate of
/// an eighth that vendor estimators start from, times the clock; and a transceiver pair for each lane. A design whose
/// events leave gaps takes less.
Power board_power(const Resources& used, int lanes, const boards::Board& board, double clock_mhz);

/// The energies with their sources, for the report.
std::vector<Assumption> power_assumptions();

}  // namespace tessera::models
