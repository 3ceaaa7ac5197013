#include <algorithm>
#include <cmath>

#include "models/cost_function.h"
#include "models/cost_matrix.h"

/// LSTM and GRU: the gates' matrix on (input, hidden state), gate functions from tables, and the
/// products and sums that make the new state. A token needs the state that the token before it
/// left, so tokens follow each other at the latency of this loop.
namespace tessera::models {

namespace {

/// What one hidden unit takes beside the matrix.
struct CellPlan {
    double tables;
    double products;
    double sums;
};

CellPlan plan_of(const Operator& op) {
    if (is_one_of(op.type, {"GRU"})) return {3, 3, 4};  // update, reset, candidate; r h, z h, (1 - z) c
    if (is_one_of(op.type, {"RNN"})) return {1, 0, 1};
    return {5, 3, 2};  // LSTM: three gates, candidate, tanh of the cell; f c, i g, o tanh(c)
}

}  // namespace

void cost_recurrent(const CostContext& context, Candidates& out) {
    if (context.region.channels.size() != context.output_stream().channels) return;  // the state does not split
    const CellPlan plan = plan_of(context.op);
    const int state_bits = context.output_bits();
    const double units = context.channels();
    ConstantMatrix matrix = constant_matrix(context);
    matrix.output_bits = state_bits;
    // Two table look-ups (gate, then cell) and two products with their sums follow one another.
    for (const Implementation& gates : matrix_implementations(matrix, context)) {
        for (const Lane& table : function_lanes(state_bits, state_bits, context.model)) {
            const Lane product = product_lane(state_bits, state_bits, gates.strategy != Strategy::dsp, context.model);
            const int loop = gates.latency_cycles + 2 * table.latency_cycles + 2 * product.latency_cycles + 1;
            if (loop > context.max_interval) continue;
            Implementation made = gates;
            made.resources += table.resources * (plan.tables * units);
            made.resources += product.resources * (plan.products * units);
            made.resources.lut += plan.sums * units * (state_bits + 1);
            made.resources.ff += 2 * units * state_bits;
            made.latency_cycles = loop;
            made.token_interval_cycles = loop;
            out.add(made);
        }
    }
}

}  // namespace tessera::models
