#include "models/implementation.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "models/cost_coefficients.h"
#include "models/cost_context.h"

namespace tessera::models {

const char* name_of(Strategy strategy) {
    switch (strategy) {
        case Strategy::wiring:
            return "wiring";
        case Strategy::constant_logic:
            return "constant_logic";
        case Strategy::constant_dsp:
            return "constant_dsp";
        case Strategy::dsp:
            return "dsp";
        case Strategy::lut_multiplier:
            return "lut_multiplier";
        case Strategy::binary:
            return "binary";
        case Strategy::table:
            return "table";
        case Strategy::logic:
            return "logic";
    }
    return "unknown";
}

namespace {

bool costs_nothing(OperatorKind kind) {
    return kind == OperatorKind::input || kind == OperatorKind::output || kind == OperatorKind::wiring;
}

void cost(const CostContext& context, Candidates& out) {
    switch (context.op.kind) {
        case OperatorKind::input:
        case OperatorKind::output:
        case OperatorKind::wiring:
            return;
        case OperatorKind::dense:
            return cost_dense(context, out);
        case OperatorKind::convolution:
            return cost_convolution(context, out);
        case OperatorKind::matmul:
            return cost_matmul(context, out);
        case OperatorKind::softmax:
            return cost_softmax(context, out);
        case OperatorKind::normalisation:
            return cost_normalisation(context, out);
        case OperatorKind::scale_shift:
            return cost_scale_shift(context, out);
        case OperatorKind::activation:
            return cost_activation(context, out);
        case OperatorKind::elementwise:
            return cost_elementwise(context, out);
        case OperatorKind::reduction:
            return cost_reduction(context, out);
        case OperatorKind::pooling:
            return cost_pooling(context, out);
        case OperatorKind::gather:
            return cost_gather(context, out);
        case OperatorKind::scatter:
            return cost_scatter(context, out);
        case OperatorKind::top_k:
            return cost_top_k(context, out);
        case OperatorKind::recurrent:
            return cost_recurrent(context, out);
        case OperatorKind::quantise:
            return cost_quantise(context, out);
        case OperatorKind::tree_ensemble:
            return cost_tree_ensemble(context, out);
    }
}

/// The slowest of the device's pipelined logic and the blocks in use.
double max_clock_mhz(const Resources& used, const boards::Device& device) {
    double clock = device.max_clock_mhz > 0 ? device.max_clock_mhz : std::numeric_limits<double>::infinity();
    if (used.dsp > 0) clock = std::min<double>(clock, coefficient::kDspClock);
    if (used.bram36 > 0 || used.uram > 0) clock = std::min<double>(clock, coefficient::kBlockMemoryClock);
    return clock;
}

}  // namespace

std::vector<Implementation> implementations(const Network& network, const Operator& op, const ImplementationRequest& request,
                                            const boards::Device& device) {
    return implementations(network, op, request, CostModel{.device = device, .clock_mhz = network.clock_mhz});
}

std::vector<Implementation> implementations(const Network& network, const Operator& op, const ImplementationRequest& request,
                                            const CostModel& model) {
    if (costs_nothing(op.kind)) return {Implementation{}};
    if (request.region.tokens.empty() || request.region.channels.empty()) return {};
    const std::int64_t max_interval = request.cycles_per_event / request.region.tokens.size();
    if (max_interval < 1) return {};
    Candidates found;
    cost({network, op, request.region, model, max_interval}, found);
    found.keep(op.fixed);
    std::vector<Implementation> made = found.finish();
    for (Implementation& each : made) each.max_clock_mhz = max_clock_mhz(each.resources, model.device);
    std::erase_if(made, [&](const Implementation& each) { return each.max_clock_mhz < model.clock_mhz; });
    return made;
}

std::vector<Assumption> cost_assumptions() {
    std::vector<Assumption> assumptions = cost_data().sources;
    for (const Coefficient* coefficient : all_coefficients())
        assumptions.push_back(
            {std::string("cost model: ") + coefficient->what, fmt::format("{:.4g}", coefficient->value), coefficient->source});
    return assumptions;
}

}  // namespace tessera::models
