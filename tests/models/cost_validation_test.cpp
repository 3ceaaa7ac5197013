#include <doctest/doctest.h>

#include <map>

#include "models/cost_fit.h"
#include "models/validation.h"

using namespace tessera;
using namespace tessera::models;

TEST_CASE("the fit gives the coefficients that Tessera comes with, and looks at its own part alone") {
    PublishedData data = published_data();
    const FittedCoefficients fitted = fit_coefficients(data);
    CHECK(rounded(fitted) == cost_data().fitted);
    std::erase_if(data.designs, [](const PublishedDesign& design) { return !design.fitted; });
    CHECK(fit_coefficients(data) == fitted);
}

TEST_CASE("the ranges that Tessera comes with are those of the published designs") {
    const auto designs = published_data().designs;
    const EstimateRanges all = estimate_ranges(designs, our_estimates(designs, cost_data().fitted));
    const EstimateRanges& ranges = cost_data().ranges;
    const auto same = [](const EstimateRange& range, const EstimateRange& seen) {
        CHECK(range.low == doctest::Approx(seen.low).epsilon(0.01).scale(1));
        CHECK(range.high == doctest::Approx(seen.high).epsilon(0.01).scale(1));
    };
    same(ranges.lut, all.lut);
    same(ranges.ff, all.ff);
    same(ranges.dsp, all.dsp);
    same(ranges.bram, all.bram);
    same(ranges.latency, all.latency);
}

TEST_CASE("the published rows are whole: every source in one part, something measured in every row") {
    std::map<std::string, bool> part;
    std::map<bool, int> rows;
    for (const PublishedDesign& design : published_data().designs) {
        CAPTURE(design.name);
        CHECK(part.emplace(design.source, design.fitted).first->second == design.fitted);
        ++rows[design.fitted];
        const Measured& m = design.measured;
        CHECK((m.lut || m.ff || m.dsp || m.bram36 || m.latency_cycles || m.interval_cycles));
        const DesignEstimate ours = estimate(design, cost_data().fitted);
        CHECK(ours.resources.lut > 0);
        CHECK(ours.latency_cycles >= 0);
        CHECK(ours.interval_cycles >= 1);
    }
    CHECK(rows[true] > 50);
    CHECK(rows[false] > 30);
}

TEST_CASE("estimates come nearer to the published results than the baselines do") {
    const auto designs = published_data().designs;
    const auto ours = our_estimates(designs, cost_data().fitted);
    for (const Part part : {Part::fit, Part::test}) {
        const Accuracy mine = accuracy(designs, ours, part);
        for (const auto& [name, estimates] : baseline_estimates(designs)) {
            CAPTURE(name);
            const Accuracy theirs = accuracy(designs, estimates, part);
            if (theirs.lut.count > 0) CHECK(mine.lut.median_ape < theirs.lut.median_ape);
            if (theirs.dsp.count > 0) CHECK(mine.dsp.median_ape < theirs.dsp.median_ape);
            if (theirs.latency.count > 0) CHECK(mine.latency.median_ape < theirs.latency.median_ape);
            if (theirs.interval.count > 0) CHECK(mine.interval.exact > theirs.interval.exact);
        }
    }
}

TEST_CASE("reuse factors become legal as in hls4ml") {
    CHECK(legal_reuse_factor(80, 24, 1024) == 960);
    CHECK(legal_reuse_factor(24, 120, 1024) == 960);
    CHECK(legal_reuse_factor(104, 48, 1024) == 832);
    CHECK(legal_reuse_factor(48, 104, 1024) == 1248);
    CHECK(legal_reuse_factor(75, 16, 4) == 3);
    CHECK(legal_reuse_factor(80, 24, 100000) == 1920);
    CHECK(legal_reuse_factor(7, 5, 1) == 1);
}

TEST_CASE("FINN's folding gives every unit its reuse factor and comparisons, and its loop drains unless it is rewound") {
    bool found = false;
    for (PublishedDesign design : published_data().designs) {
        if (design.name != "NID 600-64-64-64-1, out of context") continue;
        found = true;
        CHECK(design.processing_elements == std::vector<int>{16, 1, 1, 1});
        std::vector<int> factors;
        for (const Operator& op : design.network.operators)
            if (is_matrix(op)) factors.push_back(reuse_factor_of(design, op));
        CHECK(factors == std::vector<int>{60, 64, 64, 64});
        const Resources told = estimate(design, cost_data().fitted).resources;
        CHECK(told.bram36 == doctest::Approx(22.5));  // 1280, 128, 128 and 2 bits of weights at a time
        design.processing_elements[0] = 64;           // four times the comparisons, of constants
        CHECK(estimate(design, cost_data().fitted).resources.lut > told.lut + 48 * 3 * 6);
        const double drained = estimate(design, cost_data().fitted).interval_cycles;
        design.rewound = true;
        CHECK(estimate(design, cost_data().fitted).interval_cycles == 64);
        CHECK(drained > 64);
        CHECK(drained < 64 + 10);  // the depth of one unit, not of all
    }
    CHECK(found);
}

TEST_CASE("a folded kernel of hls4ml takes the cycles that its reports give") {
    for (const PublishedDesign& design : published_data().designs) {
        if (design.source != "wa_hls4ml") continue;
        CAPTURE(design.name);
        const DesignEstimate ours = estimate(design, cost_data().fitted);
        CHECK(ours.latency_cycles == design.measured.latency_cycles);
        CHECK(ours.resources.dsp == design.measured.dsp);
    }
}

TEST_CASE("errors are summarised as defined") {
    std::vector<PublishedDesign> designs(4);
    Estimates estimates(4);
    for (std::size_t i = 0; i < 4; ++i) {
        designs[i].stage = i == 3 ? Stage::hls : Stage::routed;
        designs[i].measured.lut = 100.0 * static_cast<double>(i + 1);
        designs[i].measured.interval_cycles = static_cast<double>(i);
        estimates[i].resources.lut = 110.0 * static_cast<double>(i + 1);
        estimates[i].interval_cycles = i == 0 ? 0 : 7;
    }
    const Accuracy seen = accuracy(designs, estimates, Part::all);
    CHECK(seen.lut.count == 3);  // the HLS row is not compared
    CHECK(seen.lut.median_ape == doctest::Approx(0.1));
    CHECK(seen.lut.rank_correlation == doctest::Approx(1));
    CHECK(seen.lut.high_ratio == doctest::Approx(1 / 1.1));
    CHECK(seen.interval.count == 4);
    CHECK(seen.interval.exact == 0.25);
    CHECK(accuracy(designs, estimates, Part::fit).lut.count == 0);
}
