#include "models/cost_matrix.h"

#include <algorithm>
#include <cmath>

namespace tessera::models {

namespace {

/// What a multiplication of each output by its own scale takes in logic: a constant multiplier of
/// kScaleBits, a third of whose digits are set (Reitwiesner 1960).
double scale_lut(const ConstantMatrix& matrix) {
    const double digits = coefficient::kScaleBits / 3;
    return coefficient::kAdderSharing * matrix.outputs() * digits * matrix.accumulator_bits;
}

int scale_levels() { return log2_up(coefficient::kScaleBits / 3); }

/// Products of one DSP slice; below 1 where one product takes several.
double products_per_dsp(int a_bits, int b_bits, const boards::Device& device) {
    const int wide = std::max(a_bits, b_bits);
    if (wide <= 4) return std::max(1, device.int4_products_per_dsp);
    if (wide <= 8) return std::max(1, device.int8_products_per_dsp);
    return 1 / dsp_per_product(a_bits, b_bits, dsp_multiplier(device));
}

}  // namespace

ConstantMatrix constant_matrix(const CostContext& context) {
    ConstantMatrix matrix;
    matrix.inputs = static_cast<double>(std::max<std::int64_t>(1, context.op.weights.inputs));
    matrix.weights = context.weight_sums();
    matrix.activation_bits = context.input_bits(0);
    matrix.weight_bits = context.weight_bits();
    matrix.output_bits = context.output_bits();
    matrix.scaled = !context.op.weights.power_of_two_scales;
    const int exact = matrix.activation_bits + matrix.weight_bits + log2_up(matrix.inputs);
    matrix.accumulator_bits = context.op.accumulator.width > 0 ? std::min(context.op.accumulator.width, exact) : exact;
    return matrix;
}

int dsp_chain() { return static_cast<int>(coefficient::kDspChain.value); }

FoldedProducts fold_products(const ProductSums& sums, int rf) {
    FoldedProducts folded;
    folded.multipliers = std::ceil(sums.inputs * sums.outputs / rf);
    const double per_output = std::max(1.0, std::ceil(sums.inputs / rf));
    folded.parallel_outputs = per_output > 1 ? sums.outputs : std::min(sums.outputs, folded.multipliers);
    const double values = std::ceil(per_output / sums.chain);
    folded.spills = folded.parallel_outputs * values;
    folded.sum_lut = folded.parallel_outputs * adder_tree_lut(values, sums.product_bits, sums.accumulator_bits);
    const bool accumulates = rf > 1 && (sums.chain == 1 || sums.packed);
    if (accumulates) folded.sum_lut += folded.parallel_outputs * sums.accumulator_bits;
    const int cascade = static_cast<int>(std::min<double>(per_output, sums.packed ? std::max(1, sums.chain / rf) : sums.chain));
    folded.latency_cycles = rf - 1 + cascade - 1 + pipeline_cycles(log2_up(values)) + (accumulates ? 1 : 0);
    return folded;
}

Implementation matrix_in_logic(const ConstantMatrix& m) {
    const double digits_per_output = m.weights.signed_digits / std::max(1.0, m.outputs());
    const int levels = log2_up(digits_per_output);
    const double adder_bits = std::min<double>(m.activation_bits + std::min(2, levels), m.accumulator_bits);
    double lut = coefficient::kAdderSharing * m.weights.signed_digits * adder_bits;
    lut += m.outputs() * m.output_bits * coefficient::kRequantiseLutPerBit;
    int latency = pipeline_cycles(levels) + 1;
    if (m.scaled) {
        lut += scale_lut(m);
        latency += pipeline_cycles(scale_levels());
    }
    return {Strategy::constant_logic, 1, {.lut = lut, .ff = coefficient::kFlipFlopsPerLut * lut + m.outputs() * m.output_bits}, latency, 1};
}

Implementation matrix_of_bits(const ConstantMatrix& m) {
    double lut = m.inputs * m.outputs() * coefficient::kPopcountLut + m.outputs() * m.accumulator_bits;
    int latency = pipeline_cycles(std::max(0, log2_up(m.inputs) - 2)) + 2;  // a 6:3 compressor stands for the first levels
    if (m.scaled) {
        lut += scale_lut(m);
        latency += pipeline_cycles(scale_levels());
    }
    return {Strategy::binary, 1, {.lut = lut, .ff = coefficient::kFlipFlopsPerLut * lut + m.outputs() * m.output_bits}, latency, 1};
}

Implementation matrix_on_multipliers(const ConstantMatrix& m, Strategy strategy, int rf, Memory memory, const boards::Device& device) {
    const bool on_dsp = strategy == Strategy::dsp;
    const double packed = on_dsp ? products_per_dsp(m.activation_bits, m.weight_bits, device) : 1;
    ProductSums sums{m.inputs, m.outputs(), static_cast<double>(m.activation_bits + m.weight_bits),
                     static_cast<double>(m.accumulator_bits)};
    if (on_dsp) sums.chain = dsp_chain(), sums.packed = packed > 1;
    if (rf == 1) sums.inputs = m.weights.nonzero / std::max(1.0, m.outputs());
    const FoldedProducts folded = fold_products(sums, rf);
    Implementation made{strategy, rf, {}, folded.latency_cycles + 1, rf};
    Resources& r = made.resources;
    r.lut = folded.sum_lut + folded.parallel_outputs * m.output_bits * coefficient::kRequantiseLutPerBit;
    if (on_dsp) {
        r.dsp = folded.multipliers / packed;
        if (packed > 1) r.lut += folded.spills * sums.product_bits * coefficient::kPackingLut;
        made.latency_cycles += static_cast<int>(coefficient::kDspLatency);
    } else {
        r.lut += folded.multipliers * multiplier_lut(m.activation_bits, m.weight_bits);
        made.latency_cycles += multiplier_cycles(m.activation_bits, m.weight_bits);
    }
    r.ff = coefficient::kFlipFlopsPerLut * r.lut + folded.parallel_outputs * m.accumulator_bits + m.outputs() * m.output_bits;
    if (rf > 1) {
        r += memory_resources(memory, folded.multipliers * m.weight_bits, rf);
        r.lut += m.inputs * m.activation_bits * coefficient::kMultiplexerLut + coefficient::kControlLut;
        r.ff += m.inputs * m.activation_bits + coefficient::kControlFf;
        made.latency_cycles += memory == Memory::lut_rom ? 1 : static_cast<int>(coefficient::kBlockMemoryLatency);
    }
    if (m.scaled) {
        r.dsp += folded.parallel_outputs *
                 dsp_per_product(m.accumulator_bits, static_cast<int>(coefficient::kScaleBits), dsp_multiplier(device));
        made.latency_cycles += static_cast<int>(coefficient::kDspLatency);
    }
    return made;
}

std::vector<Implementation> matrix_implementations(const ConstantMatrix& m, std::int64_t max_interval, const boards::Device& device) {
    constexpr int kFolds = 5;
    constexpr int kDeepEnoughForBlockRam = 16;  // below, LUT ROMs take a fraction of a LUT a word
    constexpr int kDeepEnoughForUltraRam = 64;
    std::vector<Implementation> made;
    made.reserve(16);
    const bool bits = m.activation_bits == 1 && m.weight_bits == 1;
    made.push_back(bits ? matrix_of_bits(m) : matrix_in_logic(m));
    const Folds folds(max_interval, m.inputs * m.outputs(), kFolds);
    int left = folds.size();
    for (const int rf : folds) {
        made.push_back(matrix_on_multipliers(m, Strategy::dsp, rf, Memory::lut_rom, device));
        if (rf > 1 && left <= 3) made.push_back(matrix_on_multipliers(m, Strategy::lut_multiplier, rf, Memory::lut_rom, device));
        if (rf >= kDeepEnoughForBlockRam && left <= 2 && device.total.bram36 > 0)
            made.push_back(matrix_on_multipliers(m, Strategy::dsp, rf, Memory::block_ram, device));
        if (rf >= kDeepEnoughForUltraRam && left == 1 && device.total.uram > 0)
            made.push_back(matrix_on_multipliers(m, Strategy::dsp, rf, Memory::ultra_ram, device));
        --left;
    }
    return made;
}

}  // namespace tessera::models
