#include "models/cost_matrix.h"

#include <algorithm>
#include <cmath>

namespace tessera::models {

namespace {

/// What a multiplication of each output by its own scale takes in logic: a constant multiplier of
/// kScaleBits, a third of whose digits are set (Reitwiesner 1960).
double scale_lut(const ConstantMatrix& matrix, const CostModel& model) {
    const double digits = coefficient::kScaleBits / 3;
    return model.fitted.lut_per_adder_bit * matrix.outputs() * digits * matrix.accumulator_bits;
}

int scale_levels() { return log2_up(coefficient::kScaleBits / 3); }

/// Products of one DSP slice; below 1 where one product takes several.
double products_per_dsp(int a_bits, int b_bits, const CostModel& model) {
    const int wide = std::max(a_bits, b_bits);
    if (model.packs_dsp && wide <= 4) return std::max(1, model.device.int4_products_per_dsp);
    if (model.packs_dsp && wide <= 8) return std::max(1, model.device.int8_products_per_dsp);
    return 1 / dsp_per_product(a_bits, b_bits, dsp_multiplier(model.device));
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

int dsp_chain(const CostModel& model) { return model.cascades_dsp ? static_cast<int>(coefficient::kDspChain.value) : 1; }

FoldedProducts fold_products(const ProductSums& sums, int rf, const CostModel& model) {
    FoldedProducts folded;
    folded.multipliers = whole_up(sums.inputs * sums.outputs / rf);
    const bool finishes = model.finishes_sums || sums.counted;
    const double per_output = finishes ? std::min(sums.inputs, folded.multipliers) : std::max(1.0, whole_up(sums.inputs / rf));
    folded.parallel_outputs = finishes         ? std::ceil(folded.multipliers / per_output)
                              : per_output > 1 ? sums.outputs
                                               : std::min(sums.outputs, folded.multipliers);
    const double values = std::ceil(per_output / sums.chain);
    folded.spills = folded.parallel_outputs * values;
    folded.sum_lut = folded.parallel_outputs * adder_tree_lut(values, sums.product_bits, sums.accumulator_bits);
    const bool accumulates = rf > 1 && per_output < sums.inputs && (sums.chain == 1 || sums.packed);
    if (accumulates) folded.sum_lut += folded.parallel_outputs * sums.accumulator_bits;
    const int cascade = static_cast<int>(std::min<double>(per_output, sums.packed ? std::max(1, sums.chain / rf) : sums.chain));
    folded.latency_cycles = rf - 1 + cascade - 1 + model.pipeline_cycles(log2_up(values)) + (accumulates ? 1 : 0);
    return folded;
}

namespace {

/// The adders of constant products and their sums, without those of `left_out` weights and their digits; the sums take all.
double constant_adders_lut(const ConstantMatrix& m, double left_out, double left_out_digits, const CostModel& model) {
    const WeightSums& w = m.weights;
    if (w.nonzero <= 0) return 0;
    const double product_bits = m.activation_bits + std::max(0.0, w.effective_bits / w.nonzero - 1);
    const double growth = std::min(2, log2_up(w.nonzero / std::max(1.0, m.outputs())));
    const auto width = [&](double bits) { return std::min<double>(bits, std::max(m.accumulator_bits, m.activation_bits)); };
    const double makers = model.product_adders(w.nonzero - left_out, w.signed_digits - left_out_digits, m.inputs);
    return model.fitted.lut_per_adder_bit *
           (makers * width((m.activation_bits + product_bits) / 2 + 1) + w.nonzero * width(product_bits + growth));
}

int levels_per_output(const ConstantMatrix& m, double values) { return log2_up(values / std::max(1.0, m.outputs())); }

/// Rounding, pipeline registers and the scale, which all fully unrolled forms have.
Implementation unrolled(const ConstantMatrix& m, Strategy strategy, double lut, int latency, const CostModel& model) {
    lut += model.rounding_lut(m.outputs() * m.output_bits);
    if (m.scaled) {
        lut += scale_lut(m, model);
        latency += model.pipeline_cycles(scale_levels());
    }
    return {strategy, 1, {.lut = lut, .ff = model.registers(lut) + m.outputs() * m.output_bits}, latency, 1};
}

}  // namespace

Implementation matrix_in_logic(const ConstantMatrix& m, const CostModel& model) {
    const int latency = model.pipeline_cycles(levels_per_output(m, m.weights.signed_digits) + 1);  // and the rounding
    return unrolled(m, Strategy::constant_logic, constant_adders_lut(m, 0, 0, model), latency, model);
}

double heavy_share(const ConstantMatrix& m) {
    constexpr double kNarrowestHeavy = 5;  // 10101 in binary is the least weight of three digits
    const double mean = m.weights.effective_bits / std::max(1.0, m.weights.nonzero);
    const double widest = std::min(m.weight_bits - 1.0, mean + 3);
    const double least = coefficient::kConstantDspBits - m.activation_bits;
    return std::clamp((widest - least + 1) / std::max(1.0, widest - kNarrowestHeavy + 1), 0.0, 1.0);
}

Implementation matrix_in_logic_and_dsp(const ConstantMatrix& m, const CostModel& model) {
    const double heavy = heavy_share(m) * m.weights.heavy;
    const double heavy_digits = heavy_share(m) * m.weights.heavy_digits;
    const double light_digits = m.weights.signed_digits - heavy_digits;
    const int products = std::max(model.dsp_cycles(), model.pipeline_cycles(log2_up(light_digits / std::max(1.0, m.weights.nonzero))));
    const int latency = products + model.pipeline_cycles(levels_per_output(m, m.weights.nonzero) + 1);
    const double lut = constant_adders_lut(m, heavy, heavy_digits, model);
    Implementation made = unrolled(m, Strategy::constant_dsp, lut, latency, model);
    const int constant_bits = 1 + static_cast<int>(std::ceil(m.weights.effective_bits / std::max(1.0, m.weights.nonzero)));
    made.resources.dsp = heavy / products_per_dsp(m.activation_bits, std::min(m.weight_bits, constant_bits), model);
    return made;
}

Implementation matrix_of_bits(const ConstantMatrix& m, const CostModel& model) {
    const int levels = std::max(0, log2_up(m.inputs) - 2);  // a 6:3 compressor stands for the first levels
    const double lut = m.inputs * m.outputs() * coefficient::kPopcountLut + m.outputs() * m.accumulator_bits -
                       model.rounding_lut(m.outputs() * m.output_bits);
    return unrolled(m, Strategy::binary, lut, model.pipeline_cycles(levels + 1) + 1, model);
}

namespace {

/// The products of a cycle and their sums, without slices. A weight of one bit is a sign, which the adder of the sum selects; two
/// operands of one bit are counted.
double folded_logic_lut(const ConstantMatrix& m, Strategy strategy, const FoldedProducts& folded) {
    if (strategy == Strategy::binary) return folded.multipliers * coefficient::kPopcountLut + folded.parallel_outputs * m.accumulator_bits;
    if (strategy == Strategy::dsp || m.weight_bits == 1) return folded.sum_lut;
    return folded.sum_lut + folded.multipliers * multiplier_lut(m.activation_bits, m.weight_bits);
}

}  // namespace

Implementation matrix_on_multipliers(const ConstantMatrix& m, Strategy strategy, int rf, Memory memory, const CostModel& model) {
    const bool on_dsp = strategy == Strategy::dsp;
    const double packed = on_dsp ? products_per_dsp(m.activation_bits, m.weight_bits, model) : 1;
    ProductSums sums{m.inputs, m.outputs(), static_cast<double>(m.activation_bits + m.weight_bits),
                     static_cast<double>(m.accumulator_bits)};
    if (on_dsp) sums.chain = dsp_chain(model), sums.packed = packed > 1;
    sums.counted = strategy == Strategy::binary;
    if (rf == 1) sums.inputs = m.weights.nonzero / std::max(1.0, m.outputs());
    const FoldedProducts folded = fold_products(sums, rf, model);
    Implementation made{strategy, rf, {}, folded.latency_cycles + 1, rf};
    Resources& r = made.resources;
    r.lut = folded_logic_lut(m, strategy, folded) + model.rounding_lut(folded.parallel_outputs * m.output_bits);
    if (on_dsp) {
        r.dsp = folded.multipliers / packed;
        if (packed > 1) r.lut += folded.spills * sums.product_bits * coefficient::kPackingLut;
        made.latency_cycles += model.dsp_cycles();
    } else {
        made.latency_cycles += multiplier_cycles(m.activation_bits, m.weight_bits, model);
    }
    r.ff = model.registers(r.lut) + folded.parallel_outputs * m.accumulator_bits + m.outputs() * m.output_bits;
    if (rf > 1) {
        r += memory_resources(memory, folded.multipliers * m.weight_bits, rf);
        r.lut += m.inputs * m.activation_bits * coefficient::kMultiplexerLut + coefficient::kControlLut;
        r.ff += m.inputs * m.activation_bits + coefficient::kControlFf;
        made.latency_cycles += memory == Memory::lut_rom ? 1 : model.memory_cycles();
    }
    if (m.scaled) {
        r.dsp += folded.parallel_outputs *
                 dsp_per_product(m.accumulator_bits, static_cast<int>(coefficient::kScaleBits), dsp_multiplier(model.device));
        made.latency_cycles += model.dsp_cycles();
    }
    return made;
}

namespace {

/// Where the weights of an engine at reuse factor `rf` are worth keeping; `left` counts this and the slower ones.
std::vector<Memory> memories(int rf, int left, const CostContext& context) {
    constexpr int kDeepEnoughForBlockRam = 16;  // below, LUT ROMs take a fraction of a LUT a word
    constexpr int kDeepEnoughForUltraRam = 64;
    if (context.op.fixed.memory) return {*context.op.fixed.memory};
    const Resources& device = context.model.device.total;
    std::vector<Memory> found{Memory::lut_rom};
    if (rf >= kDeepEnoughForBlockRam && left <= 2 && device.bram36 > 0) found.push_back(Memory::block_ram);
    if (rf >= kDeepEnoughForUltraRam && left == 1 && device.uram > 0) found.push_back(Memory::ultra_ram);
    return found;
}

}  // namespace

std::vector<Implementation> matrix_implementations(const ConstantMatrix& m, const CostContext& context) {
    constexpr int kFolds = 5;
    const CostModel& model = context.model;
    const bool fixed = context.op.fixed.strategy.has_value();
    const bool bits = m.activation_bits == 1 && m.weight_bits == 1;
    std::vector<Implementation> made;
    made.reserve(24);
    if (context.op.fixed.reuse_factor <= 1) {
        made.push_back(bits ? matrix_of_bits(m, model) : matrix_in_logic(m, model));
        if (heavy_share(m) * m.weights.heavy >= 1) made.push_back(matrix_in_logic_and_dsp(m, model));
    }
    const Folds folds = context.folds(m.inputs * m.outputs(), kFolds);
    int left = folds.size();
    for (const int rf : folds) {
        for (const Memory memory : memories(rf, left, context)) {
            made.push_back(matrix_on_multipliers(m, Strategy::dsp, rf, memory, model));
            if (bits && rf > 1) made.push_back(matrix_on_multipliers(m, Strategy::binary, rf, memory, model));
        }
        if (fixed || (rf > 1 && left <= 3)) {
            const Memory memory = context.op.fixed.memory.value_or(Memory::lut_rom);
            made.push_back(matrix_on_multipliers(m, Strategy::lut_multiplier, rf, memory, model));
        }
        --left;
    }
    return made;
}

}  // namespace tessera::models
