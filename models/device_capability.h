#pragma once

#include "boards/board.h"

namespace tessera::models {

/// What a device can do with weights of one width, at most: all of the usable part busy every cycle, nothing but products.
struct DeviceCapability {
    double giga_operations_per_s = 0;  ///< a multiplication and an addition are two
    double weights_in_block_ram = 0;
    double weights_on_chip = 0;  ///< block RAM and UltraRAM
};

/// DSP slices as their packing allows, the LUTs as further multipliers (XNOR and popcount at one bit), memories by bits.
/// @param usable fraction of every resource that a design may fill
DeviceCapability device_capability(const boards::Device& device, int bits, double clock_mhz, double usable);

}  // namespace tessera::models
