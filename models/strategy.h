#pragma once

#include <optional>

namespace tessera::models {

/// How the multiplications of an operator are built.
enum class Strategy {
    wiring,          ///< nothing to build
    constant_logic,  ///< constant multipliers as adders in LUTs, one token after another through the same logic
    constant_dsp,    ///< the same, but a DSP slice for each weight of many digits
    dsp,             ///< multipliers on DSP slices with reuse factor, weights in registers, LUTRAM, BRAM or URAM
    lut_multiplier,  ///< multipliers in LUTs, with reuse factor
    binary,          ///< XNOR and popcount
    table,           ///< functions of one value, from BRAM or LUT tables
    logic,           ///< adders, comparators, registers
};
const char* name_of(Strategy strategy);

/// Where the words of a folded engine stand.
enum class Memory { lut_rom, lut_ram, block_ram, ultra_ram };

/// What is fixed of an operator's implementation; what is not set is free.
struct StrategyChoice {
    std::optional<Strategy> strategy;
    std::optional<Memory> memory;  ///< of the weights
    int reuse_factor = 0;          ///< 0: free
    int input_parts = 0;           ///< into which the input channels are cut; 0: free, 1: left whole

    friend bool operator==(const StrategyChoice&, const StrategyChoice&) = default;
};

}  // namespace tessera::models
