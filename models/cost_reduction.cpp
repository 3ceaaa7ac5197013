#include "models/cost_reduction.h"

#include <algorithm>
#include <cmath>

#include "models/cost_function.h"
#include "models/cost_matrix.h"

namespace tessera::models {

double mean_lut(double n, int bits) {
    const double sum_bits = bits + log2_up(n);
    if (n <= 1 || std::exp2(log2_up(n)) == n) return 0;
    return sum_bits * std::max(1.0, sum_bits / 3 - 1);
}

namespace {

/// Values that one output element is made of.
double reduced_values(const CostContext& context) {
    if (context.op.contraction > 0) return static_cast<double>(context.op.contraction);
    const StreamShape from = context.input_stream(0);
    const double to = static_cast<double>(std::max<std::int64_t>(1, context.output_stream().elements()));
    return std::max(1.0, static_cast<double>(from.elements()) / to);
}

enum class Reduction { sum, mean, extreme, squares };

Reduction kind_of(const Operator& op) {
    if (is_one_of(op.type, {"ReduceMean"})) return Reduction::mean;
    if (is_one_of(op.type, {"ReduceMax", "ReduceMin", "ArgMax", "ArgMin"})) return Reduction::extreme;
    if (is_one_of(op.type, {"ReduceL2", "ReduceSumSquare", "ReduceProd"})) return Reduction::squares;
    return Reduction::sum;
}

/// A reduction of n values in `fold` cycles for each of the region's channels.
Implementation reduction(const CostContext& context, Reduction kind, double n, int fold) {
    const double channels = context.channels();
    const int bits = context.input_bits(0);
    const int value_bits = kind == Reduction::squares ? 2 * bits : bits;
    const FoldedProducts folded =
        fold_products({n, channels, static_cast<double>(value_bits), static_cast<double>(value_bits + log2_up(n))}, fold, context.model);
    Implementation made{Strategy::logic, fold, {}, folded.latency_cycles + 1, fold};
    Resources& r = made.resources;
    r.lut = folded.sum_lut;
    if (kind == Reduction::extreme) {
        const double per_output = std::ceil(folded.multipliers / folded.parallel_outputs);
        r.lut = folded.parallel_outputs * compare_tree_lut(per_output + (fold > 1), bits);
    }
    if (kind == Reduction::mean) r.lut += folded.parallel_outputs * mean_lut(n, bits);
    r.lut += folded.parallel_outputs * context.model.rounding_lut(context.output_bits());
    r.ff = context.model.registers(r.lut) + channels * context.output_bits();
    if (kind == Reduction::squares) {
        const Lane square = product_lane(bits, bits, false, context.model);
        r += square.resources * folded.multipliers;
        made.latency_cycles += square.latency_cycles;
    }
    if (fold > 1) {
        // Tokens are added as they come; the channels of one token come together and are multiplexed.
        const bool over_tokens = context.input_stream(0).tokens > context.output_stream().tokens;
        r.lut += coefficient::kControlLut + (over_tokens ? 0 : n * channels * bits * coefficient::kMultiplexerLut);
        r.ff += channels * bits + coefficient::kControlFf;
    }
    return made;
}

}  // namespace

void cost_reduction(const CostContext& context, Candidates& out) {
    constexpr int kFolds = 8;
    const Reduction kind = kind_of(context.op);
    const double n = reduced_values(context);
    for (const int fold : context.folds(n * context.channels(), kFolds)) out.add(reduction(context, kind, n, fold));
}

}  // namespace tessera::models
