#pragma once

#include <vector>

#include "models/cost_context.h"

/// Multiplication of one token by a constant matrix: what dense layers, convolutions and the gates
/// of recurrent layers share.
namespace tessera::models {

/// A constant matrix and the widths around it.
struct ConstantMatrix {
    double inputs = 1;   ///< rows: products summed for an output
    WeightSums weights;  ///< of the columns
    int activation_bits = 8;
    int weight_bits = 8;
    int accumulator_bits = 0;  ///< of a finished sum
    int output_bits = 8;
    bool scaled = false;  ///< each output is multiplied by a scale that is no power of two

    double outputs() const { return weights.outputs; }
};

/// Rows from the weights; the accumulator of the operator, or wide enough for any sum.
ConstantMatrix constant_matrix(const CostContext& context);

/// Products to be summed for each output.
struct ProductSums {
    double inputs = 1;   ///< products of one sum
    double outputs = 1;  ///< sums
    double product_bits = 16;
    double accumulator_bits = 16;
    int chain = 1;         ///< products that a DSP cascade sums by itself; 1: all adders in LUTs
    bool counted = false;  ///< bits: a sum is finished before the next, for wide accumulators cost more than the counters
    bool packed = false;   ///< several products share a slice, so `chain` counts products in time as well
};

/// Those products made in rf cycles by ceil(inputs x outputs / rf) multipliers.
///
/// While rf <= inputs all sums grow together; beyond, they are made one after another (from the first on where the model
/// finishes sums, and where bits are counted). Each sum
/// takes an adder tree over what the DSP cascades leave, and an accumulator where rf > 1, unless an
/// unpacked DSP accumulates in its own output register.
struct FoldedProducts {
    double multipliers = 0;
    double parallel_outputs = 0;  ///< sums that grow at a time
    double spills = 0;            ///< values that leave the multipliers for LUTs in a cycle
    double sum_lut = 0;
    int latency_cycles = 0;  ///< rf - 1, cascade, tree and accumulator; without the multipliers
};
FoldedProducts fold_products(const ProductSums& sums, int rf, const CostModel& model);

/// Products that one cascade sums: kDspChain; 1 where the tool chain builds none.
int dsp_chain(const CostModel& model);

/// Every weight a constant in LUTs:
///   LUT = lut_per_adder_bit x (adders of the products x their width + sums x theirs) + outputs x output bits
/// with CostModel::product_adders for the products (as wide as activation and product on average)
/// and one sum for each weight that is not zero (as wide as a product, and up to 2 bits more, but
/// never wider than the accumulator). A new token every cycle.
Implementation matrix_in_logic(const ConstantMatrix& matrix, const CostModel& model);

/// The part of the heavy weights (three digits and more) whose product has kConstantDspBits or more, if trimmed widths
/// are spread evenly from 5 bits to three more than the mean (or to the format's width).
double heavy_share(const ConstantMatrix& matrix);

/// The same where a DSP slice makes the product of each of those, as HLS tools do; none where there are none.
Implementation matrix_in_logic_and_dsp(const ConstantMatrix& matrix, const CostModel& model);

/// One-bit weights and activations: XNOR and popcount (Umuroglu et al., FINN, arXiv:1612.07119).
Implementation matrix_of_bits(const ConstantMatrix& matrix, const CostModel& model);

/// Multipliers shared at reuse factor `rf`, on DSP slices or in LUTs (`strategy` dsp or
/// lut_multiplier; binary: XNOR and popcount), with weights in `memory` where rf > 1: ceil(inputs x outputs / rf) multipliers
/// as hls4ml's resource strategy has; at rf 1 weights that are 0 need none.
Implementation matrix_on_multipliers(const ConstantMatrix& matrix, Strategy strategy, int rf, Memory memory, const CostModel& model);

/// All of these that the context's interval and the study's choice allow; at most 24.
std::vector<Implementation> matrix_implementations(const ConstantMatrix& matrix, const CostContext& context);

}  // namespace tessera::models
