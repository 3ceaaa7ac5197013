#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "models/cost_model.h"
#include "models/network.h"

/// Hardware results that others published, and our estimates of the same designs.
namespace tessera::models {

/// The tool chain of a design: what it does with multiplications and how operators follow each other.
enum class DesignFlow {
    da4ml,            ///< adder graphs of constants with shared sub-expressions (arXiv:2507.04535), fully unrolled
    shift_add,        ///< hand-written adders, one a signed digit
    hls4ml_latency,   ///< constants in logic, a DSP slice for those of many digits; RF shares the slices alone
    hls4ml_resource,  ///< ceil(inputs x outputs / RF) multipliers, weights in block RAM
    finn,             ///< matrix-vector-threshold units with FIFOs between them; folded ones without slices
    conifer,          ///< trees, a comparator for each node
};

/// How far the tools went. HLS estimates count multipliers and cycles right, but several times too
/// many LUTs: LUTs, flip-flops and memory are compared with synthesised and routed designs alone.
enum class Stage { hls, synthesised, routed, unspecified };

/// What a report says; nothing where it is silent.
struct Measured {
    std::optional<double> lut, ff, dsp, bram36, latency_cycles, interval_cycles;
};

/// One result. `network` has its formats and weight statistics: the estimate needs nothing else.
struct PublishedDesign {
    std::string name;
    std::string source;  ///< key of the paper or repository
    std::string family;
    bool fitted = false;  ///< of the fitting part; all rows of a source are in the same part
    std::string device;   ///< as published; estimates take a VU13P, whose fabric is that of all UltraScale+ devices
    Stage stage = Stage::unspecified;
    DesignFlow flow = DesignFlow::da4ml;
    double clock_mhz = 200;        ///< that the tools aimed at
    int reuse_factor = 1;          ///< of every layer, brought to a legal one as hls4ml does; Operator::fixed where it differs by layer
    bool parallel_tokens = true;   ///< a copy of each layer for every token (io_parallel); false: tokens stream through one
    bool overlaps_tokens = true;   ///< false: a layer takes its next token when it is done with the last
    bool overlaps_events = true;   ///< false: the next event enters when the last has left
    bool rewound = false;          ///< the loops of a stream take the next event before they have drained (AMD UG1399, rewind)
    bool hls_multipliers = false;  ///< of FINN's folded units (its resType "auto"): on slices where HLS takes them, else LUTs alone
    std::vector<int> processing_elements;  ///< outputs at a time of FINN's units, one for each constant matrix; empty: not told
    bool norms_in_logic = false;           ///< the norms are kept out of the DSP slices
    bool ebops_count_all = false;          ///< the weights stand for published EBOPs, which count additions and sums too
    Measured measured;
    Network network;

    /// True where LUTs, flip-flops and block RAMs may be compared.
    bool is_hardware() const { return stage == Stage::synthesised || stage == Stage::routed; }
};

/// An adder graph of a dense constant matrix, its adders counted by an optimiser.
struct AdderGraph {
    double inputs = 0;
    double outputs = 0;
    double signed_digits = 0;  ///< of all constants, none of which is 0
    double adders = 0;
};

/// The content of models/data/published_designs.json.
struct PublishedData {
    std::vector<PublishedDesign> designs;
    std::vector<AdderGraph> adder_graphs;  ///< of the fitting part
};

/// @throws InputError
PublishedData read_published_data(const std::filesystem::path& file);

/// What comes with Tessera.
PublishedData published_data();

/// Times that the design uses each multiplier of an operator for a token.
int reuse_factor_of(const PublishedDesign& design, const Operator& op);

/// What a design takes; flip-flops and all.
struct DesignEstimate {
    Resources resources;
    double latency_cycles = 0;
    double interval_cycles = 0;
};

/// Our estimate with the cost model of the mapper, told what the flow does and does not do.
DesignEstimate estimate(const PublishedDesign& design, const FittedCoefficients& fitted);

/// The reuse factor that hls4ml takes for a layer in the place of `wanted`: the nearest that divides its
/// multiplications so that all outputs grow alike (hls4ml, fpga_backend.py: get_closest_reuse_factor).
int legal_reuse_factor(std::int64_t inputs, std::int64_t outputs, int wanted);

}  // namespace tessera::models
