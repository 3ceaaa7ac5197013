#include <fmt/format.h>

#include "core/error.h"
#include "models/cost_fit.h"
#include "models/power.h"
#include "models/validation.h"

/// Fits the coefficients of the cost models on the fitting part of models/data/published_designs.json
/// and finds the ranges of the errors over all of it; prints what belongs into models/data/cost_coefficients.json, and the
/// energies of models/data/power.json from the reports in it.

namespace {

using namespace tessera::models;

void print_range(const char* name, const EstimateRange& range) {
    fmt::print("    \"{}\": {{\"low\": {:.2f}, \"high\": {:.2f}}}\n", name, range.low, range.high);
}

}  // namespace

int main() {
    try {
        const PublishedData data = published_data();
        const FittedCoefficients fitted = rounded(fit_coefficients(data));
        fmt::print("  \"lut_per_adder_bit\": {:.2f}\n  \"product_sharing\": {:.2f}\n", fitted.lut_per_adder_bit, fitted.product_sharing);
        fmt::print("  \"registers_per_lut\": {:.2f}\n  \"level_delay_ns\": {:.2f}\n", fitted.registers_per_lut, fitted.level_delay_ns);
        fmt::print("  \"hls_level_delay_ns\": {:.2f}\n", fitted.hls_level_delay_ns);
        const EstimateRanges all = estimate_ranges(data.designs, our_estimates(data.designs, fitted));
        fmt::print("  \"ranges\":\n");
        print_range("lut", all.lut);
        print_range("ff", all.ff);
        print_range("dsp", all.dsp);
        print_range("bram", all.bram);
        print_range("latency", all.latency);
        const tessera::Resources energy = fit_energies_pj(power_data().published);
        fmt::print("  \"energy_pj\": lut {:.3f}, ff {:.3f}, dsp {:.1f}, bram36 {:.1f}\n", energy.lut, energy.ff, energy.dsp, energy.bram36);
    } catch (const tessera::InputError& error) {
        fmt::print(stderr, "fit_costs: {}\n", error.what());
        return 1;
    }
    return 0;
}
