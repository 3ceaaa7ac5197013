#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "boards/board.h"
#include "core/assumption.h"

namespace tessera::models {

/// The coefficients that published designs give, in models/data/cost_coefficients.json; what each
/// is and where it comes from stands there. tests/bench/fit_costs finds them again from the fitting
/// part of models/data/published_designs.json.
struct FittedCoefficients {
    double lut_per_adder_bit = 1;   ///< after what synthesis trims and puts together
    double product_sharing = 0;     ///< see CostModel::product_adders
    double registers_per_lut = 1;   ///< flip-flops a LUT of adders takes where every level is registered
    double level_delay_ns = 1;      ///< one adder level with its routing
    double hls_level_delay_ns = 1;  ///< the same as HLS tools schedule it; their designs do not always reach the clock

    friend bool operator==(const FittedCoefficients&, const FittedCoefficients&) = default;
};

/// What lies between the 10th and the 90th percentile of measured over estimated.
struct EstimateRange {
    double low = 1;
    double high = 1;
};

/// Of the published designs, metric by metric; the pessimistic cost is the estimate times `high`.
struct EstimateRanges {
    EstimateRange lut, ff, dsp, bram, latency;
};

/// The content of models/data/cost_coefficients.json.
struct CostData {
    FittedCoefficients fitted;
    EstimateRanges ranges;
    std::vector<Assumption> sources;  ///< one for each coefficient
};

/// @throws InputError
CostData read_cost_data(const std::filesystem::path& file);

/// That of the installed data, read once.
const CostData& cost_data();

/// What all formulas share: the device, the clock, the fitted coefficients and what the tool chain
/// does. The defaults of the last six are those of Tessera's own engines; published designs of
/// other flows are estimated with theirs.
struct CostModel {
    const boards::Device& device;
    double clock_mhz = 360.71;
    FittedCoefficients fitted = cost_data().fitted;
    bool shares_products = true;  ///< common sub-expressions of constants (da4ml); false: each digit its own adder
    bool cascades_dsp = true;     ///< sums along DSP columns; false: adders in LUTs
    bool finishes_sums = false;   ///< folded engines finish a sum before the next (FINN: SIMD first); false: all grow together (hls4ml)
    bool packs_dsp = true;        ///< several small products in a slice, as the device allows
    bool cuts_tables = false;     ///< functions look the upper kStatisticsBits bits of their input up, as hls4ml's tables of 1024
    bool rounds = true;           ///< results are rounded and saturated; false: truncated and wrapped, which costs nothing

    /// Adder levels between two registers: what fits in a period after kRegisterDelay; at least 1.
    int levels_per_cycle() const;
    int pipeline_cycles(int levels) const;   ///< register stages of `levels` adder levels; 0 for none
    int dsp_cycles() const;                  ///< through a multiplier
    int memory_cycles() const;               ///< to read a block RAM or UltraRAM
    double registers(double lut) const;      ///< pipeline flip-flops of `lut` LUTs of adders
    double rounding_lut(double bits) const;  ///< to bring results of `bits` bits in all to their format

    /// Adders that make the products of `nonzero` constants with `digits` signed digits from `inputs` values:
    ///   (digits - nonzero) / (1 + product_sharing (m - 1)),  m = nonzero / inputs
    /// The m constants that one input is multiplied by share their sub-expressions (multiple constant
    /// multiplication, as da4ml does, arXiv:2507.04535); without sharing the divisor is 1.
    double product_adders(double nonzero, double digits, double inputs) const;
};

}  // namespace tessera::models
