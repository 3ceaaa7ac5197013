#include "models/validation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <string>

namespace tessera::models {

namespace {

struct Pair {
    double measured;
    double estimated;
    std::string source;
};

/// Linear interpolation between the sorted values.
double quantile(std::vector<double> values, double fraction) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const double at = fraction * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (at - static_cast<double>(below)) * (values[above] - values[below]);
}

/// Measured over estimated below which a fraction of them lies, every source alike; 1 where there are none.
double ratio_quantile(const std::vector<Pair>& pairs, double fraction) {
    std::map<std::string, double> rows;
    std::vector<std::pair<double, std::string>> ratios;
    for (const auto& [measured, estimated, source] : pairs) {
        if (measured <= 0 || estimated <= 0) continue;
        ratios.emplace_back(measured / estimated, source);
        ++rows[source];
    }
    std::sort(ratios.begin(), ratios.end());
    double left = fraction * static_cast<double>(rows.size()) - 1e-9;
    for (const auto& [ratio, source] : ratios) {
        left -= 1 / rows[source];
        if (left <= 0) return ratio;
    }
    return 1;
}

/// Ranks from 1; equal values share the mean of theirs.
std::vector<double> ranks(const std::vector<double>& values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    std::vector<double> result(values.size());
    for (std::size_t begin = 0; begin < order.size();) {
        std::size_t end = begin;
        while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
        const double shared = (static_cast<double>(begin) + static_cast<double>(end) + 1) / 2;
        for (; begin < end; ++begin) result[order[begin]] = shared;
    }
    return result;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
    const auto n = static_cast<double>(a.size());
    const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / n;
    const double mean_b = std::accumulate(b.begin(), b.end(), 0.0) / n;
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        ab += (a[i] - mean_a) * (b[i] - mean_b);
        aa += (a[i] - mean_a) * (a[i] - mean_a);
        bb += (b[i] - mean_b) * (b[i] - mean_b);
    }
    return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

double rank_correlation(const std::vector<Pair>& pairs) {
    if (pairs.size() < 3) return 0;
    std::vector<double> measured;
    std::vector<double> estimated;
    for (const Pair& pair : pairs) measured.push_back(pair.measured), estimated.push_back(pair.estimated);
    return correlation(ranks(measured), ranks(estimated));
}

ErrorSummary summarise(const std::vector<Pair>& pairs) {
    std::vector<double> errors;
    errors.reserve(pairs.size());
    for (const Pair& pair : pairs) errors.push_back(std::abs(pair.estimated - pair.measured) / std::max(1.0, pair.measured));
    return {static_cast<int>(pairs.size()), quantile(errors, 0.5),      quantile(errors, 0.9),
            rank_correlation(pairs),        ratio_quantile(pairs, 0.1), ratio_quantile(pairs, 0.9)};
}

void add(std::vector<Pair>& pairs, const std::string& source, const std::optional<double>& measured, double estimated) {
    if (measured && estimated >= 0) pairs.push_back({*measured, estimated, source});
}

}  // namespace

Accuracy accuracy(const std::vector<PublishedDesign>& designs, const Estimates& estimates, Part part, const std::string& family) {
    std::vector<Pair> lut, ff, dsp, bram, latency, interval;
    for (std::size_t i = 0; i < designs.size(); ++i) {
        const PublishedDesign& design = designs[i];
        if (part != Part::all && design.fitted != (part == Part::fit)) continue;
        if (!family.empty() && design.family != family) continue;
        const DesignEstimate& ours = estimates[i];
        if (design.is_hardware()) {
            add(lut, design.source, design.measured.lut, ours.resources.lut);
            add(ff, design.source, design.measured.ff, ours.resources.ff);
            add(bram, design.source, design.measured.bram36, ours.resources.bram36);
        }
        add(dsp, design.source, design.measured.dsp, ours.resources.dsp);
        add(latency, design.source, design.measured.latency_cycles, ours.latency_cycles);
        add(interval, design.source, design.measured.interval_cycles, ours.interval_cycles);
    }
    Accuracy all{summarise(lut), summarise(ff), summarise(dsp), summarise(bram), summarise(latency), {}};
    all.interval.count = static_cast<int>(interval.size());
    const auto hits = std::count_if(interval.begin(), interval.end(), [](const Pair& pair) { return pair.measured == pair.estimated; });
    if (!interval.empty()) all.interval.exact = static_cast<double>(hits) / static_cast<double>(interval.size());
    return all;
}

EstimateRanges estimate_ranges(const std::vector<PublishedDesign>& designs, const Estimates& estimates) {
    std::vector<PublishedDesign> own;
    Estimates of_own;
    for (std::size_t i = 0; i < designs.size(); ++i) {
        if (designs[i].flow == DesignFlow::hls4ml_latency) continue;
        own.push_back(designs[i]);
        of_own.push_back(estimates[i]);
    }
    const Accuracy all = accuracy(designs, estimates, Part::all);
    const Accuracy engines = accuracy(own, of_own, Part::all);
    const auto range = [](const ErrorSummary& of) { return EstimateRange{of.low_ratio, of.high_ratio}; };
    return {range(all.lut), range(all.ff), range(engines.dsp), range(engines.bram), range(all.latency)};
}

Estimates our_estimates(const std::vector<PublishedDesign>& designs, const FittedCoefficients& fitted) {
    Estimates estimates;
    for (const PublishedDesign& design : designs) estimates.push_back(estimate(design, fitted));
    return estimates;
}

}  // namespace tessera::models
