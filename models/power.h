#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "boards/board.h"
#include "core/assumption.h"
#include "core/resources.h"

namespace tessera::models {

/// What a tool or an instrument says that a design dissipates.
struct PublishedPower {
    std::string name;
    std::string source;
    bool measured = false;  ///< by an instrument; false: the vendor's estimator
    double clock_mhz = 0;
    Resources used;
    Resources breakdown_w;  ///< of `published_w`: logic and signals, clocks, slices, memories; all 0 where nobody told them apart
    double static_w = 0;    ///< leakage that `published_w` has in it
    double beside_w = 0;    ///< the same of what no estimate knows (processors); part of the estimate too
    double published_w = 0;

    /// True where the energies come from this report.
    bool fitted() const { return breakdown_w.lut > 0; }
};

/// The content of models/data/power.json.
struct PowerData {
    Resources energy_pj;      ///< of one of each for a cycle, at the toggle rates that the vendor's estimator assumes
    double lane_w = 0;        ///< a transceiver pair with its share of the optics
    double warm_leakage = 1;  ///< static power at work over boards::Device::static_power_w
    std::vector<Assumption> sources;
    std::vector<PublishedPower> published;
};

/// @throws InputError
PowerData read_power_data(const std::filesystem::path& file);

/// That of the installed data, read once.
const PowerData& power_data();

/// Geometric means, over the reports that tell their parts apart, of the power of a part over its resources and clock.
Resources fit_energies_pj(const std::vector<PublishedPower>& reports);

/// Dynamic power of `used` at work in every cycle; events with gaps between them take less.
double dynamic_power_w(const Resources& used, double clock_mhz);

/// Our estimate of a published design.
double estimated_power_w(const PublishedPower& design);

/// A first estimate of what a card dissipates.
struct Power {
    double static_w = 0;
    double dynamic_w = 0;
    double links_w = 0;

    double total_w() const { return static_w + dynamic_w + links_w; }
};

/// Leakage of its warm devices, dynamic power, and a transceiver pair for each lane.
Power board_power(const Resources& used, int lanes, const boards::Board& board, double clock_mhz);

/// The coefficients with their sources, for the report.
std::vector<Assumption> power_assumptions();

}  // namespace tessera::models
