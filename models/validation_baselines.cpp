#include <algorithm>
#include <cmath>

#include "models/precision.h"
#include "models/validation.h"

namespace tessera::models {

namespace {

constexpr double kSilent = -1;

DesignEstimate silent() { return {{kSilent, kSilent, kSilent, kSilent, kSilent}, kSilent, kSilent}; }

DesignEstimate from_ebops(const PublishedDesign& design) {
    constexpr double kLutsPerDsp = 55;
    double ebops = 0;
    for (const Operator& op : design.network.operators) {
        const double copies = design.parallel_tokens ? 1 : 1.0 / static_cast<double>(design.network.stream(op.id).tokens);
        ebops += effective_bit_operations(design.network, op) * copies / reuse_factor_of(design, op);
    }
    DesignEstimate made = silent();
    if (ebops > 0) made.resources.lut = std::max(0.0, ebops - kLutsPerDsp * design.measured.dsp.value_or(0));
    return made;
}

/// Multiplications of one token, or of all where each has its own copy.
double multiplications(const PublishedDesign& design, const Operator& op) {
    const auto tokens = static_cast<double>(design.network.stream(op.id).tokens);
    return static_cast<double>(op.macs) / (design.parallel_tokens ? 1 : tokens);
}

DesignEstimate from_multiplications(const PublishedDesign& design) {
    DesignEstimate made = silent();
    made.resources.dsp = 0;
    for (const Operator& op : design.network.operators) made.resources.dsp += multiplications(design, op) / reuse_factor_of(design, op);
    return made;
}

/// A matrix of FINN's MVAU with all its copies.
DesignEstimate matrix_vector_unit(const PublishedDesign& design, const Operator& op) {
    const double a = design.network.tensor(op.inputs.front().tensor).format.width;
    const double w = op.weights.count > 0 ? op.weights.format.width : design.network.tensor(op.inputs.back().tensor).format.width;
    const auto stream = design.network.stream(op.id);
    const double tokens = static_cast<double>(stream.tokens);
    const double copies = design.parallel_tokens ? tokens : 1;
    const double inputs = std::max(1.0, static_cast<double>(op.macs) / static_cast<double>(stream.elements()));
    const double lanes = std::max(1.0, static_cast<double>(op.macs) / tokens / reuse_factor_of(design, op));
    const double simd = std::min(inputs, lanes);
    const double pe = lanes / simd;
    const bool on_dsp = design.flow == DesignFlow::hls4ml_resource;
    const double multipliers = on_dsp ? 0 : simd * (2 * std::ceil((w + a) / 6) - 1) * (w + a);
    const double alpha = std::log2(inputs) + w + a - 2;
    const double accumulator = std::ceil(alpha + std::log2(1 + std::exp2(-alpha)) + 1);
    DesignEstimate made;
    made.resources.lut = copies * (300 + 1.1 * pe * (multipliers + (w + a) * (2 * simd - 1) + accumulator));
    made.resources.dsp = on_dsp ? copies * pe * simd * std::ceil((w + a) / 48) : 0;
    made.interval_cycles = reuse_factor_of(design, op) * tokens / copies;
    made.latency_cycles = made.interval_cycles;
    return made;
}

DesignEstimate from_finn(const PublishedDesign& design) {
    if (design.network.macs() == 0) return silent();
    DesignEstimate made;
    made.resources.ff = made.resources.bram36 = kSilent;
    for (const Operator& op : design.network.operators) {
        if (op.macs == 0) continue;
        const DesignEstimate unit = matrix_vector_unit(design, op);
        made.resources.lut += unit.resources.lut;
        made.resources.dsp += unit.resources.dsp;
        made.latency_cycles += unit.latency_cycles;
        made.interval_cycles = std::max(made.interval_cycles, unit.interval_cycles);
    }
    return made;
}

}  // namespace

std::map<std::string, Estimates> baseline_estimates(const std::vector<PublishedDesign>& designs) {
    std::map<std::string, Estimates> all;
    for (const PublishedDesign& design : designs) {
        all["ebops"].push_back(from_ebops(design));
        all["multiplications over RF"].push_back(from_multiplications(design));
        all["finn"].push_back(from_finn(design));
    }
    return all;
}

}  // namespace tessera::models
