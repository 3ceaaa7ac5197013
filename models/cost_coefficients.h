#pragma once

#include <span>

namespace tessera::models {

/// A constant of the cost model with the document it comes from ("assumed: why" where there is none).
struct Coefficient {
    const char* what;
    double value;
    const char* source;

    constexpr operator double() const { return value; }  // NOLINT(google-explicit-constructor): it stands for its value
};

namespace coefficient {

// Rounding and scales.
inline constexpr Coefficient kRequantiseLutPerBit{"LUTs per output bit for rounding and saturation", 1.0,
                                                  "assumed: an increment and an overflow select share one 6-input LUT and its carry"};
inline constexpr Coefficient kScaleBits{"bits of a scale that is no power of two", 16,
                                        "assumed: 16-bit fixed-point multiplier, as integer-only inference uses at least"};

// Timing.
inline constexpr Coefficient kRegisterDelay{"clock-to-output, set-up and clock uncertainty in ns", 0.7,
                                            "assumed, after AMD DS923 (UltraScale+ switching characteristics): tenths of a ns each"};
inline constexpr Coefficient kDspDelay{"multiplication on a DSP slice without inner registers in ns", 5,
                                       "assumed: 2.4 ns in the slice (AMD DS923: 410 MHz without pipeline registers) and its routing"};
inline constexpr Coefficient kBlockMemoryDelay{"reading a block RAM or UltraRAM with its routing in ns", 4,
                                               "assumed, after AMD UG573: memory latch and output register for full speed"};

inline constexpr Coefficient kDspClock{"clock that a DSP slice reaches with all its registers in MHz", 775,
                                       "AMD DS923 (Virtex UltraScale+, DSP48 switching characteristics): FMAX at speed grade -2"};
inline constexpr Coefficient kBlockMemoryClock{"clock that block RAMs and UltraRAMs reach in MHz", 600,
                                               "assumed, after AMD DS923: the UltraRAM, the slower of the two, at speed grade -2"};

// Dynamic products and DSP slices.
inline constexpr Coefficient kConstantDspBits{
    "bits of a constant product from which a DSP slice serves it, if the constant has three digits or more", 19,
    "hls4ml designs routed on VU13P (HLS4ML_VS_MANUAL): no slice at 10 bits (products up to 18), one for six in ten such weights at 13"};
inline constexpr Coefficient kDspWide{"width of the wide operand of a DSP multiplier in bits", 27, "AMD UG579 (DSP48E2: 27 x 18)"};
inline constexpr Coefficient kDspNarrow{"width of the narrow operand of a DSP48E2 multiplier in bits", 18, "AMD UG579 (DSP48E2: 27 x 18)"};
inline constexpr Coefficient kDsp58Narrow{"width of the narrow operand of a DSP58 multiplier in bits", 24, "AMD UG1273 (DSP58: 27 x 24)"};
inline constexpr Coefficient kAgilexNarrow{"width of the narrow operand of an Agilex 7 multiplier in bits", 27,
                                           "Intel Agilex 7 Variable Precision DSP Blocks User Guide (27 x 27 mode)"};
inline constexpr Coefficient kDspChain{"products that a DSP cascade or accumulator sums without LUTs", 7,
                                       "AMD WP486: seven packed 8 x 8 bit products before a correction; assumed for other widths"};
inline constexpr Coefficient kPackingLut{"LUTs per product bit to correct a sum that leaves packed DSPs", 0.5,
                                         "assumed, after AMD WP486: one carry correction per upper sum"};

// Memory and multiplexers.
inline constexpr Coefficient kLutRomDepth{"words of a one-bit ROM in one LUT", 64,
                                          "AMD UG574: 6-input LUT; half as many words of two bits"};
inline constexpr Coefficient kLutRamOverhead{"LUTs of a simple dual-port LUTRAM per data LUT", 8.0 / 7.0,
                                             "AMD UG574: RAM64M8, seven data LUTs and one for the write address"};
inline constexpr Coefficient kMultiplexerLut{"LUTs per input bit of a wide multiplexer", 0.25,
                                             "AMD UG574: 4:1 in one LUT, 16:1 in four with F7 and F8 multiplexers"};
inline constexpr Coefficient kShiftRegisterDepth{"bits of a shift register in one LUT", 32, "AMD UG574: SRLC32E"};
inline constexpr Coefficient kControlLut{"LUTs of the counter and enables of a folded engine", 40, "assumed"};
inline constexpr Coefficient kControlFf{"flip-flops of the counter and enables of a folded engine", 40, "assumed"};

// Functions of one value.
inline constexpr Coefficient kWidestTable{"widest input of a direct table in bits", 12,
                                          "assumed: 4096 entries, one block RAM for two look-ups; hls4ml's default table has 1024"};
inline constexpr Coefficient kSegmentBits{"input bits that choose the segment of a piecewise linear function", 6,
                                          "assumed: 64 segments keep a smooth function within 12 bits"};
inline constexpr Coefficient kGuardBits{"bits that exponentials, reciprocals and root tables carry beyond the output", 2, "assumed"};
inline constexpr Coefficient kStatisticsBits{"input bits of the reciprocal and inverse root tables", 10,
                                             "hls4ml's default table size of 1024"};

// Binary networks.
inline constexpr Coefficient kPopcountLut{"LUTs per bit of an XNOR and popcount with constant weights", 1.17,
                                          "from its structure: three LUTs per 6:3 compressor, then adders of three bits and more"};

// Tree ensembles: VHDL back end of conifer.
inline constexpr Coefficient kTreesFfBase{"flip-flops of a tree ensemble, constant part", 12.77986779,
                                          "conifer, utils/performance/prediction.py (fit to a scan of the VHDL back end)"};
inline constexpr Coefficient kTreesFfPerTree{"flip-flops per tree", 33.56940453, "conifer, utils/performance/prediction.py"};
inline constexpr Coefficient kTreesFfPerNode{"flip-flops per node", 4.01345795, "conifer, utils/performance/prediction.py"};

// What stands in where nobody gave a format.
inline constexpr Coefficient kUnknownWidth{"width of a value that has no format, in bits", 16, "assumed"};

}  // namespace coefficient

/// All of the above.
std::span<const Coefficient* const> all_coefficients();

}  // namespace tessera::models
