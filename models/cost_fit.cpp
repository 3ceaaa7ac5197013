#include "models/cost_fit.h"

#include <array>
#include <cmath>
#include <limits>
#include <optional>

namespace tessera::models {

namespace {

/// A mean of |log(estimated / measured)|.
struct Deviation {
    double sum = 0;
    int count = 0;

    void add(const std::optional<double>& measured, double estimated) {
        if (!measured || *measured <= 0) return;
        sum += std::abs(std::log(std::max(estimated, 1e-3) / *measured));
        ++count;
    }
    double mean() const { return count > 0 ? sum / count : 0; }
};

double deviation(const PublishedData& data, const FittedCoefficients& fitted) {
    Deviation lut, ff, latency, adders;
    for (const PublishedDesign& design : data.designs) {
        if (!design.fitted) continue;
        const DesignEstimate ours = estimate(design, fitted);
        if (design.is_hardware() && design.parallel_tokens) {  // streams have FIFOs, which the coefficients do not stand for
            lut.add(design.measured.lut, ours.resources.lut);
            ff.add(design.measured.ff, ours.resources.ff);
        }
        if (design.flow == DesignFlow::hls4ml_resource) continue;  // its cycles are those of the reuse factor
        latency.add(design.measured.latency_cycles, ours.latency_cycles);
    }
    const boards::Device none;
    const CostModel model{.device = none, .fitted = fitted};
    for (const AdderGraph& graph : data.adder_graphs) {
        const double constants = graph.inputs * graph.outputs;
        const double sums = constants - graph.outputs;
        adders.add(graph.adders, sums + model.product_adders(constants, graph.signed_digits, graph.inputs));
    }
    return lut.mean() + ff.mean() + latency.mean() + adders.mean();
}

struct SearchRange {
    double FittedCoefficients::*coefficient;
    double least;
    double most;
};

constexpr std::array<SearchRange, 5> kRanges{{{&FittedCoefficients::lut_per_adder_bit, 0.1, 3},
                                              {&FittedCoefficients::product_sharing, 0, 3},
                                              {&FittedCoefficients::registers_per_lut, 0.1, 5},
                                              {&FittedCoefficients::level_delay_ns, 0.2, 3},
                                              {&FittedCoefficients::hls_level_delay_ns, 0.2, 3}}};

}  // namespace

FittedCoefficients fit_coefficients(const PublishedData& data) {
    constexpr int kPoints = 15;
    constexpr int kSweeps = 6;
    FittedCoefficients best;
    for (const SearchRange& range : kRanges) best.*range.coefficient = (range.least + range.most) / 2;
    double least = std::numeric_limits<double>::infinity();
    double window = 1;  // of the range that a sweep looks at
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
        for (const SearchRange& range : kRanges) {
            const double half = window * (range.most - range.least) / 2;
            const double from = std::max(range.least, best.*range.coefficient - half);
            const double to = std::min(range.most, best.*range.coefficient + half);
            FittedCoefficients tried = best;
            for (int point = 0; point < kPoints; ++point) {
                tried.*range.coefficient = from + (to - from) * point / (kPoints - 1);
                const double value = deviation(data, tried);
                if (value < least) least = value, best = tried;
            }
        }
        window /= 3;
    }
    return best;
}

FittedCoefficients rounded(const FittedCoefficients& fitted) {
    FittedCoefficients result = fitted;
    for (const SearchRange& range : kRanges) result.*range.coefficient = std::round(100 * fitted.*range.coefficient) / 100;
    return result;
}

}  // namespace tessera::models
