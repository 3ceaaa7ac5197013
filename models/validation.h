#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/published_design.h"

/// How far estimates are from published results.
namespace tessera::models {

/// Errors over some designs; absolute percentage errors are fractions of the measured value (of 1 where that is 0).
struct ErrorSummary {
    int count = 0;
    double median_ape = 0;
    double p90_ape = 0;
    double rank_correlation = 0;  ///< Spearman's; 0 for fewer than three designs or equal values alone
    double low_ratio = 1;         ///< 10th percentile of measured over estimated, of those that are not 0; every source counts alike
    double high_ratio = 1;        ///< 90th
};

/// Exact hits over some designs.
struct ExactSummary {
    int count = 0;
    double exact = 0;  ///< fraction that hits to the cycle
};

/// All metrics of some designs. LUTs, flip-flops and block RAMs of synthesised and routed designs; the others of all.
struct Accuracy {
    ErrorSummary lut, ff, dsp, bram, latency;
    ExactSummary interval;
};

/// Which designs a summary takes.
enum class Part { all, fit, test };

/// Estimates of designs, by position; a value below 0 says nothing about that metric.
using Estimates = std::vector<DesignEstimate>;

/// Summarises the designs of a part and a family ("": all of them).
Accuracy accuracy(const std::vector<PublishedDesign>& designs, const Estimates& estimates, Part part, const std::string& family = "");

/// Ours, with the given coefficients.
Estimates our_estimates(const std::vector<PublishedDesign>& designs, const FittedCoefficients& fitted);

/// Measured over estimated, 10th to 90th percentile with every source alike, over both parts. LUTs, flip-flops and latency of all flows;
/// DSPs and block RAMs of the flows that Tessera's own engines follow, without hls4ml's latency strategy: there HLS splits constants
/// between slices and LUTs, and values between memories and LUTs, as our engines never do.
EstimateRanges estimate_ranges(const std::vector<PublishedDesign>& designs, const Estimates& estimates);

/// What others estimate without synthesis, each on what it knows:
///
/// - "ebops": LUT = EBOPs / RF - 55 DSP with the published DSPs, as HGQ's EBOPs = LUT + 55 DSP has it (arXiv:2405.00645)
/// - "multiplications over RF": DSP = multiplications / RF, all tokens
/// - "finn": the MVAU formulas of FINN (finn/custom_op/fpgadataflow/hls/matrixvectoractivation_hls.py): with
///   PE x SIMD = multiplications / RF of a layer, LUT = 300 + 1.1 (multipliers + adder tree + accumulators),
///   DSP = PE SIMD ceil((W + A) / 48) for the flows that use DSPs, interval = RF x tokens, latency the sum of the intervals
std::map<std::string, Estimates> baseline_estimates(const std::vector<PublishedDesign>& designs);

}  // namespace tessera::models
