#include "models/common_device.h"

#include <algorithm>

#include "models/cost_blocks.h"

namespace tessera::models {

namespace {

Resources least_of(const Resources& a, const Resources& b) {
    return {std::min(a.lut, b.lut), std::min(a.ff, b.ff), std::min(a.dsp, b.dsp), std::min(a.bram36, b.bram36), std::min(a.uram, b.uram)};
}

/// 0 MHz says nothing.
double slower_of(double a_mhz, double b_mhz) { return a_mhz > 0 && b_mhz > 0 ? std::min(a_mhz, b_mhz) : std::max(a_mhz, b_mhz); }

}  // namespace

boards::Device common_device(const boards::Stock& stock) {
    boards::Device common = stock.front().board.device;
    for (auto type = stock.begin() + 1; type != stock.end(); ++type) {
        const boards::Device& device = type->board.device;
        if (common.name.find(device.name) == std::string::npos) common.name += " and " + device.name;
        common.total = least_of(common.total, device.total);
        if (dsp_multiplier(device).narrow < dsp_multiplier(common).narrow) common.dsp = device.dsp;
        common.int8_products_per_dsp = std::min(common.int8_products_per_dsp, device.int8_products_per_dsp);
        common.int4_products_per_dsp = std::min(common.int4_products_per_dsp, device.int4_products_per_dsp);
        common.max_clock_mhz = slower_of(common.max_clock_mhz, device.max_clock_mhz);
    }
    return common;
}

}  // namespace tessera::models
