#pragma once

#include <cstdint>

#include "boards/board.h"
#include "core/arithmetic.h"
#include "core/resources.h"
#include "models/cost_coefficients.h"
#include "models/cost_model.h"
#include "models/strategy.h"

/// The pieces of logic that all operators are built of, and what each takes on an UltraScale+
/// fabric: one adder bit a LUT, 6-input LUTs, DSP48-like multipliers, 36-kbit block RAMs.
namespace tessera::models {

/// The least whole number that is not below x but for rounding errors of sums of expectations.
double whole_up(double x);

/// ceil(log2(n)); 0 for n <= 1.
int log2_up(double n);

/// LUTs of a tree that adds `n` values of `bits` bits: one LUT a result bit (da4ml, arXiv:2507.04535),
/// where level k has n / 2^k adders of bits + k bits, so (n - 1) (bits + 2) nearly.
/// @param widest the accumulator's width where the design limits it; 0: no limit
double adder_tree_lut(double n, double bits, double widest = 0);

/// LUTs of a tree of `n` values that keeps the largest or smallest: a comparison (two bits a carry
/// LUT) and a 2:1 multiplexer each.
double compare_tree_lut(double n, double bits);

/// LUTs of an a x b multiplier of two variables: b adders of a + 1 bits, the cheaper way round
/// (da4ml; stand-alone 18 x 18 multipliers take 365 to 401 LUTs against 342 here).
double multiplier_lut(int a_bits, int b_bits);

/// Cycles through that multiplier: an adder tree over the rows.
int multiplier_cycles(int a_bits, int b_bits, const CostModel& model);

/// Operand widths of a DSP block's multiplier.
struct DspMultiplier {
    int wide = 27;
    int narrow = 18;
};
DspMultiplier dsp_multiplier(const boards::Device& device);

/// DSP blocks of one product of two variables: as many tiles as the operands fill, half a block up
/// to 4 x 4 bits (ceil(wa/18) ceil(wb/27) in fpgaConvNet; 1 at 6 and 8 bits, 0.5 at 4 bits in the
/// reports of BNJetTag).
double dsp_per_product(int a_bits, int b_bits, DspMultiplier multiplier = {});

/// LUTs of tables of 2^input_bits words of output_bits, one look-up a cycle:
/// 2^max(b_in - 5, 0) ceil(b_out / 2) (da4ml; b_in / 5 of that for narrower inputs).
double table_lut(int input_bits, int output_bits);

/// 36-kbit block RAMs of such a table per look-up; two ports serve two look-ups.
double table_bram36(int input_bits, int output_bits);

/// LUTs that delay one bit by the pipeline of a statistic and `cycles` of folding: shift registers.
double delay_lut(int cycles);

/// What a memory of `depth` words takes that is read one word of `width_bits` a cycle. Block RAM halves are 512 x 36 to 16384 x 1; an
/// UltraRAM is 4096 x 72 with two ports, so 2048 x 144 for a word read in two halves (AMD UG573); it has no initial content on UltraScale+,
/// so weights in it are loaded at start-up. A ROM of d words has at most 2^d different columns, and equal ones share their LUTs.
Resources memory_resources(Memory kind, double width_bits, double depth);

}  // namespace tessera::models
