#include <algorithm>
#include <cmath>
#include <limits>

#include "boards/catalogue.h"
#include "models/cost_blocks.h"
#include "models/implementation.h"
#include "models/published_design.h"

namespace tessera::models {

namespace {

constexpr int kNarrowestDspProduct = 7;  // hls4ml's resource strategy: LUTs at 6 bits, slices at 8 (wa-hls4ml)
constexpr double kFinnUnitCycles = 3;    // a stage for the thresholds, two for the FIFO
constexpr int kWidestThresholds = 8;     // FINN quantises up to here by comparisons with thresholds; wider results leave as they are

/// The fabric of UltraScale+, whatever its size.
const boards::Device& reference_device() {
    static const boards::Device device = [] {
        const auto devices = boards::load_catalogue().devices;
        boards::Device found =
            *std::find_if(devices.begin(), devices.end(), [](const boards::Device& each) { return each.name == "VU13P"; });
        found.max_clock_mhz = 0;  // the designs say themselves what they reach
        return found;
    }();
    return device;
}

/// What the flow builds for an operator.
StrategyChoice choice_of(const PublishedDesign& design, const Operator& op) {
    const auto width = [&](std::size_t input) { return design.network.tensor(op.inputs[input].tensor).format.width; };
    // At an interval of RF cycles HLS shares the multipliers of all operators; adders are not worth the multiplexers.
    if (op.kind == OperatorKind::matmul) return {Strategy::dsp, std::nullopt, design.reuse_factor};
    if (op.kind == OperatorKind::softmax) return {std::nullopt, std::nullopt, design.reuse_factor};
    if (op.kind == OperatorKind::normalisation)
        return {design.norms_in_logic ? Strategy::lut_multiplier : Strategy::dsp, std::nullopt, design.reuse_factor};
    if (!is_matrix(op)) return {std::nullopt, std::nullopt, 1};
    if (design.flow == DesignFlow::finn) {
        const int rf = reuse_factor_of(design, op);
        const bool bits = width(0) == 1 && op.weights.format.width == 1;
        if (rf == 1) return {bits ? Strategy::binary : Strategy::constant_logic, std::nullopt, 1};
        return {bits ? Strategy::binary : Strategy::lut_multiplier, rf > coefficient::kLutRomDepth ? Memory::block_ram : Memory::lut_rom,
                rf};
    }
    const bool constants = design.flow == DesignFlow::da4ml || design.flow == DesignFlow::shift_add;
    if (design.flow == DesignFlow::hls4ml_resource) {
        const bool on_dsp = std::max(width(0), op.weights.format.width) >= kNarrowestDspProduct;
        const int rf = legal_reuse_factor(op.weights.inputs, op.weights.outputs, design.reuse_factor);
        return {on_dsp ? Strategy::dsp : Strategy::lut_multiplier, Memory::block_ram, rf};
    }
    return {constants ? Strategy::constant_logic : Strategy::constant_dsp, std::nullopt, 1};
}

/// Of what the cost model offers, what HLS tools choose: tables in block RAM where there are any, else the fewest LUTs.
const Implementation& choose(const std::vector<Implementation>& made, const Operator& op) {
    const auto worse = [&](const Implementation& a, const Implementation& b) {
        const bool table = op.kind == OperatorKind::softmax || op.kind == OperatorKind::activation;
        if (table && (a.resources.bram36 > 0) != (b.resources.bram36 > 0)) return a.resources.bram36 > 0;
        return a.resources.lut < b.resources.lut;
    };
    return *std::min_element(made.begin(), made.end(), worse);
}

/// One operator with all its copies.
struct OperatorEstimate {
    Resources resources;
    double latency = 0;   ///< cycles from a token's entry to its result
    double interval = 0;  ///< cycles from one event to the next
};

/// What a unit of FINN adds to its sums: thresholds (2^bits - 1 comparisons of each sum, two bits a carry LUT, then counted; as in
/// MatrixVectorActivation.lut_estimation, which takes a LUT a bit) and a FIFO of one shift register a bit.
Resources finn_unit(const PublishedDesign& design, const Operator& op) {
    const int bits = design.network.tensor(op.outputs.front()).format.width;
    const auto outputs = static_cast<double>(op.weights.outputs);
    const int rf = reuse_factor_of(design, op);
    const double lanes = std::ceil(outputs / rf);
    Resources unit{.lut = lanes * bits};
    if (bits > kWidestThresholds) return unit;
    const double thresholds = std::exp2(bits) - 1;
    unit.lut += lanes * thresholds * (op.accumulator.width / 2.0 + coefficient::kPopcountLut);
    if (lanes < outputs) unit += memory_resources(Memory::lut_rom, lanes * thresholds * op.accumulator.width, outputs / lanes);
    return unit;
}

OperatorEstimate estimate_operator(const PublishedDesign& design, Operator op, const CostModel& model) {
    const StreamShape stream = design.network.stream(op.id);
    op.fixed = choice_of(design, op);
    const ImplementationRequest request{{{0, 1}, {0, stream.channels}}, std::numeric_limits<int>::max()};
    auto made = implementations(design.network, op, request, model);
    if (made.empty() && op.fixed.strategy == Strategy::constant_dsp) {  // no product is wide enough for a slice
        op.fixed.strategy = Strategy::constant_logic;
        made = implementations(design.network, op, request, model);
    }
    if (made.empty()) return {};
    const Implementation& chosen = choose(made, op);
    const auto tokens = static_cast<double>(stream.tokens);
    const double copies = design.parallel_tokens ? tokens : 1;
    const bool is_unit = design.flow == DesignFlow::finn && is_matrix(op);
    OperatorEstimate found{(is_unit ? chosen.resources + finn_unit(design, op) : chosen.resources) * copies,
                           static_cast<double>(chosen.latency_cycles), static_cast<double>(chosen.token_interval_cycles)};
    if (design.flow == DesignFlow::hls4ml_latency && is_matrix(op)) {  // RF shares the slices; constants in logic stay unrolled
        if (found.resources.dsp > 0) found.latency += design.reuse_factor - 1;
        found.resources.dsp = std::ceil(found.resources.dsp / design.reuse_factor);
        found.interval = design.reuse_factor;
    }
    if (is_unit) found.latency += kFinnUnitCycles;
    if (design.flow == DesignFlow::finn && op.kind == OperatorKind::activation) return {};  // the thresholds
    if (design.ebops_count_all && !is_matrix(op)) found.resources = {};
    if (op.type == "Relu") found.latency = 0;  // joined to the rounding before it
    if (!design.overlaps_tokens) found.interval = found.latency;
    if (!design.parallel_tokens) found.interval *= tokens;
    return found;
}

}  // namespace

int legal_reuse_factor(std::int64_t inputs, std::int64_t outputs, int wanted) {
    const std::int64_t products = inputs * outputs;
    const auto legal = [&](std::int64_t rf) {
        if (rf < 1 || rf > products || products % rf != 0) return false;
        const std::int64_t multipliers = products / std::min(inputs, rf);
        return rf < inputs ? multipliers % outputs == 0 : rf % inputs == 0;
    };
    for (std::int64_t distance = 0; distance <= products + wanted; ++distance) {
        if (legal(wanted - distance)) return static_cast<int>(wanted - distance);
        if (legal(wanted + distance)) return static_cast<int>(wanted + distance);
    }
    return 1;
}

DesignEstimate estimate(const PublishedDesign& design, const FittedCoefficients& fitted) {
    CostModel model{.device = reference_device(), .clock_mhz = design.clock_mhz, .fitted = fitted};
    model.shares_products = design.flow != DesignFlow::shift_add && design.flow != DesignFlow::finn;
    const bool by_hls = design.flow == DesignFlow::hls4ml_latency || design.flow == DesignFlow::hls4ml_resource;
    if (by_hls) model.fitted.level_delay_ns = fitted.hls_level_delay_ns;
    model.finishes_sums = design.flow == DesignFlow::finn;
    model.cascades_dsp = model.packs_dsp = model.rounds = false;
    model.cuts_tables = true;
    DesignEstimate total;
    std::vector<double> done(design.network.operators.size(), 0);  ///< when each operator has its result
    std::vector<std::size_t> producer(design.network.tensors.size(), 0);
    for (const Operator& op : design.network.operators) {
        double begin = 0;
        for (const Input& input : op.inputs) begin = std::max(begin, done[producer[index(input.tensor)]]);
        const OperatorEstimate found = estimate_operator(design, op, model);
        total.resources += found.resources;
        total.interval_cycles = std::max(total.interval_cycles, found.interval);
        done[index(op.id)] = begin + found.latency;
        total.latency_cycles = std::max(total.latency_cycles, done[index(op.id)]);
        for (const TensorId output : op.outputs) producer[index(output)] = index(op.id);
    }
    // HLS leaves the results of the last layer unregistered.
    if (by_hls) total.latency_cycles -= 1;
    if (!design.parallel_tokens) total.latency_cycles += total.interval_cycles - 1;  // the last token enters as late
    if (!design.overlaps_events) total.interval_cycles = total.latency_cycles;
    return total;
}

}  // namespace tessera::models
