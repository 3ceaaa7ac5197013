#include "models/device_capability.h"

#include <algorithm>

#include "models/cost_blocks.h"

namespace tessera::models {

DeviceCapability device_capability(const boards::Device& device, int bits, double clock_mhz, double usable) {
    constexpr double kBlockRamBits = 36 * 1024;
    constexpr double kUltraRamBits = 288 * 1024;
    double products_per_dsp = 1 / dsp_per_product(bits, bits, dsp_multiplier(device));
    if (bits <= 8) products_per_dsp = std::max(1, bits <= 4 ? device.int4_products_per_dsp : device.int8_products_per_dsp);
    const double lut_per_product = bits == 1 ? coefficient::kPopcountLut.value : multiplier_lut(bits, bits) + 2 * bits;
    const double products = usable * (device.total.dsp * products_per_dsp + device.total.lut / lut_per_product);
    const double block_ram = usable * device.total.bram36 * kBlockRamBits / bits;
    return {2 * products * clock_mhz / 1000, block_ram, block_ram + usable * device.total.uram * kUltraRamBits / bits};
}

}  // namespace tessera::models
