#include "models/power.h"

#include <fmt/format.h>

#include <array>

#include "models/cost_coefficients.h"

namespace tessera::models {

namespace {

constexpr const char* kEstimator = "assumed: order of magnitude of AMD's Power Design Manager at an eighth of the bits toggling";

constexpr Coefficient kLutEnergy{"energy of a LUT with its routing and clock, per cycle in pJ", 0.09, kEstimator};
constexpr Coefficient kFfEnergy{"energy of a flip-flop with its clock, per cycle in pJ", 0.01, kEstimator};
constexpr Coefficient kDspEnergy{"energy of a DSP slice, per cycle in pJ", 5, kEstimator};
constexpr Coefficient kBramEnergy{"energy of a block RAM (36 kbit) read every other cycle, per cycle in pJ", 12, kEstimator};
constexpr Coefficient kUramEnergy{"energy of an UltraRAM read every other cycle, per cycle in pJ", 25, kEstimator};
constexpr Coefficient kLanePower{"power of a 25 Gb/s transceiver pair with its share of the optics in W", 0.8,
                                 "assumed: 0.4 W for the transceivers of either direction, 0.4 W a lane of a FireFly part"};
constexpr std::array kAll{&kLutEnergy, &kFfEnergy, &kDspEnergy, &kBramEnergy, &kUramEnergy, &kLanePower};

}  // namespace

Power board_power(const Resources& used, int lanes, const boards::Board& board, double clock_mhz) {
    const double pj_per_cycle =
        used.lut * kLutEnergy + used.ff * kFfEnergy + used.dsp * kDspEnergy + used.bram36 * kBramEnergy + used.uram * kUramEnergy;
    return {board.device.static_power_w * board.devices, pj_per_cycle * clock_mhz * 1e-6, lanes * kLanePower};
}

std::vector<Assumption> power_assumptions() {
    std::vector<Assumption> all;
    all.reserve(std::size(kAll));
    for (const Coefficient* each : kAll)
        all.push_back({std::string("power: ") + each->what, fmt::format("{:.4g}", each->value), each->source});
    return all;
}

}  // namespace tessera::models
