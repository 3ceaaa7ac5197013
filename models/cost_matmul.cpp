#include <algorithm>
#include <cmath>

#include "models/cost_matrix.h"

/// Products of two activations: attention scores (a query against all keys) and values.
namespace tessera::models {

namespace {

struct DynamicMatrix {
    double contraction = 1;
    double outputs = 1;
    double first_elements = 1;  ///< of the first operand that one token needs
    int a_bits = 8;
    int b_bits = 8;
    int accumulator_bits = 20;
    int output_bits = 8;
    DspMultiplier dsp;
    bool stationary = true;  ///< the second operand stays for all tokens of an event
};

DynamicMatrix dynamic_matrix(const CostContext& context) {
    const Operator& op = context.op;
    DynamicMatrix m;
    m.contraction = static_cast<double>(std::max<std::int64_t>(1, op.contraction));
    m.outputs = context.channels();
    m.first_elements = std::max(1.0, static_cast<double>(context.input_stream(0).channels) * context.share_of_channels());
    m.a_bits = context.input_bits(0);
    m.b_bits = context.input_bits(1);
    const int exact = m.a_bits + m.b_bits + log2_up(m.contraction);
    m.accumulator_bits = op.accumulator.width > 0 ? std::min(op.accumulator.width, exact) : exact;
    m.output_bits = context.output_bits();
    m.dsp = dsp_multiplier(context.model.device);
    m.stationary = op.inputs.size() < 2 || op.inputs[1].tokens == Access::whole;
    return m;
}

/// The second operand of the region for two events: one is filled while the other is read. All of
/// it is read at once where rf is 1, so it stands in registers; else a word for every multiplier.
Resources operand_store(const DynamicMatrix& m, int rf, double multipliers, Memory memory) {
    const double bits = m.outputs * m.contraction * m.b_bits;
    if (!m.stationary) return {.ff = bits};
    if (rf == 1) return {.ff = 2 * bits};
    return memory_resources(memory, multipliers * m.b_bits, 2.0 * rf);
}

Implementation dynamic_implementation(const DynamicMatrix& m, Strategy strategy, int rf, Memory memory, const CostModel& model) {
    ProductSums sums{m.contraction, m.outputs, static_cast<double>(m.a_bits + m.b_bits), static_cast<double>(m.accumulator_bits)};
    const double dsp_each = dsp_per_product(m.a_bits, m.b_bits, m.dsp);
    if (strategy == Strategy::dsp) sums.chain = dsp_chain(model), sums.packed = dsp_each < 1;
    const FoldedProducts folded = fold_products(sums, rf, model);
    Implementation made{strategy, rf, {}, folded.latency_cycles + 1, rf};
    Resources& r = made.resources;
    r.lut = folded.sum_lut + model.rounding_lut(folded.parallel_outputs * m.output_bits);
    if (strategy == Strategy::dsp) {
        r.dsp = folded.multipliers * dsp_each;
        if (sums.packed) r.lut += folded.spills * sums.product_bits * coefficient::kPackingLut;
        made.latency_cycles += model.dsp_cycles();
    } else {
        r.lut += folded.multipliers * multiplier_lut(m.a_bits, m.b_bits);
        made.latency_cycles += multiplier_cycles(m.a_bits, m.b_bits, model);
    }
    r.ff = model.registers(r.lut) + folded.parallel_outputs * m.accumulator_bits + m.outputs * m.output_bits;
    r += operand_store(m, rf, folded.multipliers, memory);
    if (rf > 1) {
        r.lut += m.first_elements * m.a_bits * coefficient::kMultiplexerLut + coefficient::kControlLut;
        r.ff += m.first_elements * m.a_bits + coefficient::kControlFf;
        made.latency_cycles += memory == Memory::lut_ram ? 1 : model.memory_cycles();
    }
    return made;
}

}  // namespace

void cost_matmul(const CostContext& context, Candidates& out) {
    constexpr int kFolds = 5;
    constexpr int kDeepEnoughForBlockRam = 16;
    const DynamicMatrix m = dynamic_matrix(context);
    for (const int rf : context.folds(m.contraction * m.outputs, kFolds)) {
        out.add(dynamic_implementation(m, Strategy::dsp, rf, Memory::lut_ram, context.model));
        out.add(dynamic_implementation(m, Strategy::lut_multiplier, rf, Memory::lut_ram, context.model));
        if (rf >= kDeepEnoughForBlockRam && m.stationary && context.model.device.total.bram36 > 0)
            out.add(dynamic_implementation(m, Strategy::dsp, rf, Memory::block_ram, context.model));
    }
}

}  // namespace tessera::models
