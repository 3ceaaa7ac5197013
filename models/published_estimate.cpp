#include <algorithm>
#include <cmath>
#include <limits>

#include "boards/catalogue.h"
#include "models/cost_blocks.h"
#include "models/implementation.h"
#include "models/published_design.h"

namespace tessera::models {

namespace {

constexpr int kNarrowestDspProduct = 7;   // hls4ml's resource strategy: LUTs at 6 bits, slices at 8 (wa-hls4ml)
constexpr double kFinnUnitCycles = 3;     // a stage for the thresholds, two for the FIFO
constexpr double kChannelsOfTwoBits = 4;  // a carry LUT has five inputs for its two outputs: two bits of a sum, and two to choose by
constexpr double kChannelsOfOneBit = 32;  // one bit of a sum, five inputs to choose by
constexpr int kWidestThresholds = 8;      // FINN quantises up to here by comparisons with thresholds; wider results leave as they are

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
        const bool on_dsp = design.hls_multipliers && std::max(width(0), op.weights.format.width) >= kNarrowestDspProduct;
        const Strategy folded = on_dsp ? Strategy::dsp : Strategy::lut_multiplier;
        return {bits ? Strategy::binary : folded, rf > coefficient::kLutRomDepth ? Memory::block_ram : Memory::lut_rom, rf};
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
    double entering = 0;  ///< cycles from the first token's entry to the last one's
};

/// Outputs at a time of a unit of FINN: told by the row, or as many as remain when all inputs come at a time.
double processing_elements(const PublishedDesign& design, const Operator& op) {
    if (design.processing_elements.empty()) return std::ceil(static_cast<double>(op.weights.outputs) / reuse_factor_of(design, op));
    const auto& all = design.network.operators;
    const auto before = std::count_if(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(index(op.id)), is_matrix);
    return design.processing_elements[static_cast<std::size_t>(before)];
}

/// Inputs at a time (SIMD).
double inputs_of_unit(const PublishedDesign& design, const Operator& op) {
    const double products = static_cast<double>(op.weights.inputs) * static_cast<double>(op.weights.outputs);
    return products / (reuse_factor_of(design, op) * processing_elements(design, op));
}

/// LUTs of FINN's comparisons of sums with the thresholds of `channels` outputs each: two bits a carry LUT while the threshold is a
/// constant or one of four (the LUT's other inputs tell which), a bit a LUT up to one of 32, and tables beyond that.
double threshold_luts(double comparisons, double bits, double channels) {
    const double luts = comparisons * (bits / (channels <= kChannelsOfTwoBits ? 2 : 1) + coefficient::kPopcountLut);
    if (channels <= kChannelsOfOneBit) return luts;
    return luts + memory_resources(Memory::lut_rom, comparisons * bits, channels).lut;
}

/// LUTs of a product in a unit of FINN: none beside the adder where an operand has one bit, a table while both have six together (five
/// of them share a LUT with another).
double product_lut(int a_bits, int b_bits) {
    if (std::min(a_bits, b_bits) == 1) return 0;
    constexpr int kTableInputs = 6;
    const int bits = a_bits + b_bits;
    if (bits > kTableInputs) return multiplier_lut(a_bits, b_bits);
    return bits < kTableInputs ? bits / 2.0 : bits;
}

/// The products and sums of a folded unit of FINN with what it makes at a time, and its weights: streamed from block RAMs, as
/// MVAU.bram_estimation has it of internal_decoupled weights, through the port of an HLS kernel, which registers both ways (AMD UG1399,
/// register_mode: a LUT that selects and two flip-flops a bit).
Resources finn_folded_sums(const PublishedDesign& design, const Operator& op, Strategy strategy, const CostModel& model) {
    const double lanes = processing_elements(design, op);
    const double inputs_at_a_time = inputs_of_unit(design, op);
    const int a_bits = design.network.tensor(op.inputs.front().tensor).format.width;
    const int w_bits = op.weights.format.width;
    const double products = lanes * inputs_at_a_time;
    const double stream_bits = products * w_bits;
    Resources sums = memory_resources(Memory::block_ram, stream_bits, reuse_factor_of(design, op));
    const double chunks = static_cast<double>(op.weights.inputs) / inputs_at_a_time;
    if (chunks > 1) sums += memory_resources(Memory::lut_ram, inputs_at_a_time * a_bits, chunks);  // of the inputs, for every output
    sums.lut += coefficient::kControlLut + stream_bits;
    if (strategy == Strategy::binary) {
        sums.lut += products * coefficient::kPopcountLut;
    } else {
        sums.lut += lanes * adder_tree_lut(inputs_at_a_time, a_bits + w_bits, op.accumulator.width);
        if (strategy == Strategy::dsp)
            sums.dsp = products;
        else
            sums.lut += products * product_lut(a_bits, w_bits);
    }
    if (chunks > 1) sums.lut += lanes * op.accumulator.width;
    sums.ff = model.registers(sums.lut) + lanes * op.accumulator.width + 2 * stream_bits;
    return sums;
}

/// What a unit of FINN adds to its sums: thresholds (2^bits - 1 comparisons of each sum, then counted; as in
/// MatrixVectorActivation.lut_estimation, which takes a LUT a bit) and a FIFO of one shift register a bit; where it is folded, one more
/// before it, behind the converter of widths.
Resources finn_unit(const PublishedDesign& design, const Operator& op) {
    const int bits = design.network.tensor(op.outputs.front()).format.width;
    const double lanes = processing_elements(design, op);
    const auto outputs = static_cast<double>(op.weights.outputs);
    Resources unit{.lut = lanes * bits};
    if (reuse_factor_of(design, op) > 1)
        unit.lut += inputs_of_unit(design, op) * design.network.tensor(op.inputs.front().tensor).format.width;
    if (bits > kWidestThresholds) return unit;
    const double comparisons = lanes * (std::exp2(bits) - 1);
    unit.lut += threshold_luts(comparisons, op.accumulator.width, outputs / lanes);
    if (outputs / lanes > kChannelsOfTwoBits) unit.ff = comparisons * op.accumulator.width;  // the chosen thresholds
    return unit;
}

/// All tokens through one copy; the loop of an HLS kernel drains before the next event unless it is rewound. A unit of FINN that makes
/// everything at once has no loop.
void enter_in_turn(OperatorEstimate& found, const PublishedDesign& design, double tokens, int rf) {
    found.entering = found.interval * (tokens - 1);
    const bool loops = tokens * rf > 1 || design.flow != DesignFlow::finn;
    found.interval = found.entering + (loops && !design.rewound ? std::max(found.latency, found.interval) : found.interval);
}

OperatorEstimate estimate_operator(const PublishedDesign& design, Operator op, const CostModel& model) {
    const StreamShape stream = design.network.stream(op.id);
    const int rf = reuse_factor_of(design, op);
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
    Resources resources = chosen.resources;
    if (is_unit && !design.processing_elements.empty() && rf > 1) resources = finn_folded_sums(design, op, chosen.strategy, model);
    if (is_unit) resources += finn_unit(design, op);
    // What reduces all tokens of a stream takes them as they come (hls4ml, nnet_pooling_stream.h: global_pooling1d_cl).
    if (!design.parallel_tokens && op.kind == OperatorKind::reduction && stream.tokens == 1 && op.contraction > 1)
        resources = resources * (1.0 / static_cast<double>(op.contraction - 1));
    OperatorEstimate found{resources * copies, static_cast<double>(chosen.latency_cycles),
                           static_cast<double>(chosen.token_interval_cycles)};
    if (design.flow == DesignFlow::hls4ml_latency && is_matrix(op)) {  // RF shares the slices; constants in logic stay unrolled
        if (found.resources.dsp > 0) found.latency += rf - 1;
        found.resources.dsp = std::ceil(found.resources.dsp / rf);
        found.interval = rf;
    }
    if (is_unit) found.latency += kFinnUnitCycles;
    if (design.flow == DesignFlow::finn && op.kind == OperatorKind::activation) return {};  // the thresholds
    if (design.ebops_count_all && !is_matrix(op)) found.resources = {};
    if (op.type == "Relu") found.latency = 0;  // joined to the rounding before it
    if (!design.overlaps_tokens) found.interval = found.latency;
    if (!design.parallel_tokens) enter_in_turn(found, design, tokens, rf);
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
    double entering = 0;
    std::vector<double> done(design.network.operators.size(), 0);  ///< when each operator has its result
    std::vector<std::size_t> producer(design.network.tensors.size(), 0);
    for (const Operator& op : design.network.operators) {
        double begin = 0;
        for (const Input& input : op.inputs) begin = std::max(begin, done[producer[index(input.tensor)]]);
        const OperatorEstimate found = estimate_operator(design, op, model);
        total.resources += found.resources;
        total.interval_cycles = std::max(total.interval_cycles, found.interval);
        entering = std::max(entering, found.entering);
        done[index(op.id)] = begin + found.latency;
        total.latency_cycles = std::max(total.latency_cycles, done[index(op.id)]);
        for (const TensorId output : op.outputs) producer[index(output)] = index(op.id);
    }
    // HLS leaves the results of the last layer unregistered.
    if (by_hls) total.latency_cycles -= 1;
    total.latency_cycles += entering;
    if (!design.overlaps_events) total.interval_cycles = total.latency_cycles;
    return total;
}

}  // namespace tessera::models
