#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "models/cost_blocks.h"
#include "models/cost_function.h"
#include "models/cost_matrix.h"
#include "tests/models/cost_fixture.h"

using namespace tessera;
using namespace tessera::tests;

namespace {

Network one_dense(std::int64_t tokens, std::int64_t inputs, std::int64_t outputs) {
    NetworkBuilder b("dense");
    b.output("out", b.dense("dense", b.input("in", {tokens, inputs}), outputs));
    return b.build();
}

const Operator& operator_of(const Network& network, OperatorKind kind) {
    return *std::find_if(network.operators.begin(), network.operators.end(), [&](const Operator& op) { return op.kind == kind; });
}

/// The only implementation of a strategy at a reuse factor and without (or with) block memory.
Implementation find(const std::vector<Implementation>& all, Strategy strategy, int rf, bool block_ram = false) {
    for (const Implementation& i : all)
        if (i.strategy == strategy && i.reuse_factor == rf && (i.resources.bram36 > 0) == block_ram) return i;
    FAIL("no " << name_of(strategy) << " at reuse factor " << rf);
    return {};
}

}  // namespace

TEST_CASE("adder trees, multipliers and tables take what hand counts give") {
    CHECK(log2_up(1) == 0);
    CHECK(log2_up(5) == 3);
    CHECK(adder_tree_lut(1, 8) == 0);
    CHECK(adder_tree_lut(2, 8) == 9);      // one adder with a carry out
    CHECK(adder_tree_lut(4, 8) == 30);     // 9 + 9 + 10 exactly; the closed form says 3 x 10
    CHECK(adder_tree_lut(4, 8, 9) == 27);  // an accumulator of 9 bits
    CHECK(multiplier_lut(18, 18) == 342);  // stand-alone IP: 365 to 401
    CHECK(dsp_per_product(8, 8) == 1);
    CHECK(dsp_per_product(4, 4) == 0.5);
    CHECK(dsp_per_product(27, 18) == 1);
    CHECK(dsp_per_product(18, 27) == 1);
    CHECK(dsp_per_product(19, 19) == 2);  // two tiles of 27 x 18
    CHECK(dsp_per_product(32, 32) == 4);
    CHECK(dsp_per_product(27, 24, {27, 24}) == 1);  // DSP58
    CHECK(table_lut(8, 8) == 32);                   // 8 words of 32 entries, two bits a LUT
    CHECK(table_bram36(10, 18) == 0.25);            // half a block, two ports
    CHECK(table_bram36(12, 9) == 0.5);
}

TEST_CASE("memories respect ports and widths") {
    CHECK(memory_resources(Memory::block_ram, 72, 512) == Resources{.bram36 = 1});
    CHECK(memory_resources(Memory::block_ram, 73, 512).bram36 == 1.5);
    CHECK(memory_resources(Memory::block_ram, 36, 1024).bram36 == 1);
    CHECK(memory_resources(Memory::block_ram, 1, 16384).bram36 == 0.5);
    CHECK(memory_resources(Memory::ultra_ram, 72, 4096) == Resources{.uram = 1});
    CHECK(memory_resources(Memory::ultra_ram, 144, 2048).uram == 1);
    CHECK(memory_resources(Memory::ultra_ram, 144, 4096).uram == 2);
    CHECK(memory_resources(Memory::lut_rom, 100, 64).lut == 100);
    CHECK(memory_resources(Memory::lut_rom, 100, 32).lut == 50);
    CHECK(memory_resources(Memory::lut_rom, 1000, 2).lut == 2);  // four different columns exist
    CHECK(memory_resources(Memory::lut_ram, 7, 64).lut == doctest::Approx(8));
    CHECK(memory_resources(Memory::lut_ram, 0, 64) == Resources{});
}

TEST_CASE("a constant matrix costs its signed digits") {
    Network network = one_dense(9, 64, 32);
    set_widths(network, 8);
    Operator& op = network.operators[1];
    set_weights(op, 8, 50, 2.4);  // 50 of 64 weights an output, 120 digits
    const auto all = cost(network, op, 9, 9);
    const Implementation logic = find(all, Strategy::constant_logic, 1);
    const FittedCoefficients fitted = cost_data().fitted;
    // 25 constants an input share the adders that make their 70 x 32 digits beyond the first; 1600 products of 14 bits are summed.
    const double makers = 32 * 70 / (1 + 24 * fitted.product_sharing);
    const double lut = fitted.lut_per_adder_bit * (makers * 12 + 1600 * 16) + 32 * 8;
    CHECK(logic.resources.lut == std::ceil(lut));
    CHECK(logic.resources.ff == std::ceil(fitted.registers_per_lut / 2 * lut + 256));
    CHECK(logic.resources.dsp == 0);
    CHECK(logic.token_interval_cycles == 1);
    CHECK(logic.latency_cycles == 4);  // seven adder levels and the rounding, two a cycle
    const double per_product = logic.resources.lut / (64 * 32);
    CHECK(per_product > 10);
    CHECK(per_product < 25);
}

TEST_CASE("shared multipliers follow the reuse factor") {
    Network network = one_dense(1, 64, 32);
    set_widths(network, 16);
    const auto all = cost(network, operator_of(network, OperatorKind::dense), 1, 18);
    CHECK(find(all, Strategy::dsp, 18).resources.dsp == 114);  // ceil(2048 / 18)
    CHECK(find(all, Strategy::dsp, 9).resources.dsp == 228);
    CHECK(find(all, Strategy::dsp, 18).token_interval_cycles == 18);
    CHECK(find(all, Strategy::dsp, 18, true).resources.bram36 == 25.5);  // 114 x 16 bits, 36 a half block
    set_widths(network, 8);
    CHECK(find(cost(network, operator_of(network, OperatorKind::dense), 1, 18), Strategy::dsp, 18).resources.dsp == 57);
    set_widths(network, 4);
    CHECK(find(cost(network, operator_of(network, OperatorKind::dense), 1, 18), Strategy::dsp, 18).resources.dsp == 29);
}

TEST_CASE("one-bit matrices become popcounts") {
    Network network = one_dense(1, 64, 32);
    set_widths(network, 1);
    const auto all = cost(network, operator_of(network, OperatorKind::dense), 1, 1);
    REQUIRE(!all.empty());
    CHECK(std::any_of(all.begin(), all.end(), [](const Implementation& i) { return i.strategy == Strategy::binary; }));
    const Implementation binary = find(all, Strategy::binary, 1);
    CHECK(binary.resources.lut == doctest::Approx(1.17 * 64 * 32 + 32 * 8).epsilon(0.01));
    CHECK(binary.resources.dsp == 0);
}

TEST_CASE("folded one-bit matrices count the bits of one sum after another") {
    Network network = one_dense(1, 64, 32);
    set_widths(network, 1);
    const auto all = cost(network, operator_of(network, OperatorKind::dense), 1, 8);
    const Implementation folded = find(all, Strategy::binary, 8);  // 64 x 4 bits a cycle: four whole sums
    CHECK(folded.resources.dsp == 0);
    CHECK(folded.token_interval_cycles == 8);
    CHECK(folded.resources.lut < find(all, Strategy::binary, 1).resources.lut);
    CHECK(folded.resources.lut >= 1.17 * 64 * 4);
}

TEST_CASE("a weight of one bit costs no multiplier") {
    Network network = one_dense(1, 64, 32);
    set_widths(network, 8);
    Operator& op = network.operators[1];
    op.fixed = {Strategy::lut_multiplier, std::nullopt, 8};
    op.weights.format = {1, 1, true};
    const double signs = find(cost(network, op, 1, 8), Strategy::lut_multiplier, 8).resources.lut;
    op.weights.format = {2, 1, true};
    const double numbers = find(cost(network, op, 1, 8), Strategy::lut_multiplier, 8).resources.lut;
    CHECK(numbers - signs > 256 * 8);  // 256 multipliers of 8 x 2 bits
}

TEST_CASE("attention products take one DSP each at 8 bits, half at 4, over the reuse factor") {
    // BNJetTag: 10 tokens, 4 heads of 8: 32 x 10 products a query row, 12 800 in all.
    NetworkBuilder b("attention");
    const TensorId q = b.input("q", {10, 32});
    const TensorId k = b.input("k", {10, 32});
    b.output("out", b.attention_scores("scores", q, k, 4));
    Network network = b.build();
    const Operator& op = operator_of(network, OperatorKind::matmul);
    set_widths(network, 8);
    CHECK(find(cost(network, op, 1, 8), Strategy::dsp, 1).resources.dsp == 320);
    CHECK(find(cost(network, op, 1, 8), Strategy::dsp, 8).resources.dsp == 40);
    set_widths(network, 4);
    CHECK(find(cost(network, op, 1, 8), Strategy::dsp, 1).resources.dsp == 160);
    // All keys of two events stand in registers where they are read at once.
    CHECK(find(cost(network, op, 1, 8), Strategy::dsp, 1).resources.ff >= 2 * 40 * 8 * 4);
}

TEST_CASE("layer normalisation takes the DSPs of its published kernels") {
    // HLS reports of LayerNorm at fixed<32,16> and reuse factor 256 on VU13P: 11, 15 and 51 DSPs.
    for (const auto& [channels, published] : {std::pair{14, 11.0}, {256, 15.0}, {1024, 51.0}}) {
        CAPTURE(channels);
        NetworkBuilder b("norm");
        b.output("out", b.layer_normalisation("norm", b.input("in", {1, channels})));
        Network network = b.build();
        set_widths(network, 32);
        const auto all = cost(network, operator_of(network, OperatorKind::normalisation), 1, 256);
        const double dsp = find(all, Strategy::dsp, std::min(channels, 256), true).resources.dsp;
        CHECK(dsp == doctest::Approx(published).epsilon(0.25));
    }
}

TEST_CASE("tokens are reduced as fast as they come") {
    NetworkBuilder b("mean");
    b.output("out", b.reduce_tokens("mean", "ReduceSum", b.input("in", {128, 64})));
    Network network = b.build();
    set_widths(network, 8);
    const Operator& op = operator_of(network, OperatorKind::reduction);
    const auto all = cost(network, op, 1, 9);
    const Implementation slow = find(all, Strategy::logic, 9);
    // 15 values a cycle: a tree of 14 adders and an accumulator for each of 64 channels.
    CHECK(slow.resources.lut == 64 * (14 * 10 + 15 + 8) + 40);
    CHECK(slow.latency_cycles == 8 + 2 + 1 + 1);
    CHECK(find(all, Strategy::logic, 1).resources.lut > 7 * slow.resources.lut);
}

TEST_CASE("a recurrent operator waits for its own state") {
    Network network = single(OperatorKind::recurrent, "GRU", {10, 20}, {10, 20});
    Operator& op = network.operators[1];
    op.weights.inputs = 40, op.weights.outputs = 60, op.weights.count = 40 * 60;
    set_widths(network, 8);
    const auto all = cost(network, op, 10, 18 * 9);
    REQUIRE(!all.empty());
    for (const Implementation& i : all) CHECK(i.token_interval_cycles == i.latency_cycles);
    CHECK(cost(network, op, 10, 9).empty());  // ten tokens in nine cycles: no loop is that short
    const Region half{{0, 1}, {0, 10}};
    CHECK(implementations(network, op, {half, 162}, vu13p()).empty());  // the state does not split
}

TEST_CASE("statistics of all tokens are found in the time of the tokens") {
    NetworkBuilder b("norms");
    const TensorId in = b.input("in", {16, 8});
    const TensorId norm = b.layer_normalisation("norm", in);
    b.output("out", b.softmax("softmax", norm));
    Network network = b.build();
    set_widths(network, 8);
    const auto smallest = [](const std::vector<Implementation>& all) {
        REQUIRE(!all.empty());
        return *std::min_element(all.begin(), all.end(), [](const auto& x, const auto& y) { return x.resources.lut < y.resources.lut; });
    };
    for (Operator& op : network.operators) {
        if (op.kind != OperatorKind::softmax && op.kind != OperatorKind::normalisation) continue;
        const Implementation own = smallest(cost(network, op, 16, 16));
        op.inputs[0].tokens = Access::whole;
        op.inputs[0].channels = Access::aligned;
        const Implementation all = smallest(cost(network, op, 16, 16));  // each channel over 16 tokens, in 16 cycles: as many lanes
        CHECK(all.resources.lut > own.resources.lut);
        CHECK(all.latency_cycles >= 2 * 15);
        CHECK(smallest(cost(network, op, 1, 1)).resources.lut > 3 * own.resources.lut);  // the same statistics in one cycle
    }
}

TEST_CASE("nothing is offered above the clock that its blocks reach") {
    Network network = one_dense(1, 64, 32);
    set_widths(network, 8);
    boards::Device device = vu13p();
    device.max_clock_mhz = 500;
    const Operator& op = operator_of(network, OperatorKind::dense);
    const ImplementationRequest request{{{0, 1}, {0, 32}}, 18};
    for (const Implementation& made : implementations(network, op, request, device)) CHECK(made.max_clock_mhz == 500);
    CHECK(implementations(network, op, request, CostModel{.device = device, .clock_mhz = 501}).empty());
    device.max_clock_mhz = 1000;
    for (const Implementation& made : implementations(network, op, request, CostModel{.device = device, .clock_mhz = 700})) {
        CHECK(made.resources.bram36 == 0);  // block memories end at 600 MHz, slices at 775 MHz
        CHECK(made.max_clock_mhz == (made.resources.dsp > 0 ? 775 : 1000));
    }
}

TEST_CASE("tree ensembles take a comparator a node and an adder a tree") {
    Network network = single(OperatorKind::tree_ensemble, "TreeEnsemble", {1, 10}, {1, 1}, Access::whole, Access::whole);
    Operator& op = network.operators[1];
    op.trees = 60, op.tree_nodes = 60 * 7, op.tree_depth = 3;
    set_widths(network, 16);
    const auto all = cost(network, op, 1, 9);
    REQUIRE(all.size() == 1);
    CHECK(all[0].resources.lut == 420 * 16 / 2 + 60 * 16);
    CHECK(all[0].resources.ff == std::ceil(12.77986779 + 33.56940453 * 60 + 4.01345795 * 420));
    CHECK(all[0].latency_cycles == 2 + 3 + 6);
    CHECK(all[0].token_interval_cycles == 1);
}

TEST_CASE("line buffers hold the rows between") {
    NetworkBuilder b("image");
    const TensorId in = b.input("in", {256 * 256, 3});
    b.output("out", b.convolution("conv", in, {.rows = 256, .columns = 256, .filters = 8}));
    Network network = b.build();
    set_widths(network, 8);
    const auto all = cost(network, operator_of(network, OperatorKind::convolution), 9, 9);
    REQUIRE(!all.empty());
    // Two rows of 256 tokens of 24 bits: half a block RAM each.
    for (const Implementation& i : all) CHECK(i.resources.bram36 == 1);
    for (const Implementation& i : all) CHECK(i.resources.ff >= 9 * 24);
}

TEST_CASE("wide functions use segments, narrow ones tables") {
    CHECK(function_lanes(8, 8, CostModel{vu13p()}).size() == 2);
    CHECK(function_lanes(10, 8, CostModel{vu13p()}).size() == 3);
    const auto wide = function_lanes(16, 16, CostModel{vu13p()});
    REQUIRE(wide.size() == 1);
    CHECK(wide[0].resources.dsp == 1);
    boards::Device without = vu13p();
    without.total.bram36 = 0;
    for (const Lane& lane : function_lanes(12, 8, CostModel{without})) CHECK(lane.resources.bram36 == 0);
}

TEST_CASE("kinds that the builder does not make cost hardware too") {
    struct Case {
        OperatorKind kind;
        const char* type;
        StreamShape to;
        Access tokens;
    };
    const StreamShape from{32, 16};
    for (const Case& c :
         {Case{OperatorKind::quantise, "Quant", {32, 16}, Access::aligned},
          Case{OperatorKind::quantise, "BipolarQuant", {32, 16}, Access::aligned},
          Case{OperatorKind::quantise, "DynamicQuantizeLinear", {32, 16}, Access::aligned},
          Case{OperatorKind::gather, "Gather", {64, 16}, Access::whole}, Case{OperatorKind::scatter, "ScatterND", {32, 16}, Access::whole},
          Case{OperatorKind::top_k, "TopK", {32, 4}, Access::aligned}, Case{OperatorKind::pooling, "MaxPool", {16, 16}, Access::aligned},
          Case{OperatorKind::activation, "Exp", {32, 16}, Access::aligned},
          Case{OperatorKind::activation, "AnUnknownFunction", {32, 16}, Access::aligned},
          Case{OperatorKind::elementwise, "Where", {32, 16}, Access::aligned}}) {
        CAPTURE(c.type);
        Network network = single(c.kind, c.type, from, c.to, c.tokens);
        Operator& op = network.operators[1];
        op.window = {c.kind == OperatorKind::top_k ? 4 : 2};
        set_widths(network, 8);
        const auto all = cost(network, op, 1, 9);
        REQUIRE(!all.empty());
        for (const Implementation& i : all) CHECK(i.resources.lut + i.resources.dsp > 0);
    }
}

TEST_CASE("scales that are no power of two cost multipliers") {
    Network network = one_dense(1, 64, 32);
    set_widths(network, 8);
    Operator& op = network.operators[1];
    const auto exact = cost(network, op, 1, 9);
    op.weights.power_of_two_scales = false;
    const auto scaled = cost(network, op, 1, 9);
    CHECK(find(scaled, Strategy::constant_logic, 1).resources.lut > find(exact, Strategy::constant_logic, 1).resources.lut);
    CHECK(find(scaled, Strategy::dsp, 9).resources.dsp > find(exact, Strategy::dsp, 9).resources.dsp);
}

TEST_CASE("weights of an output channel follow the channel") {
    Network network = one_dense(1, 4, 3);
    set_widths(network, 8);
    Operator& op = network.operators[1];
    op.weights.channels = {{4, 4, 4}, {4, 40, 4}, {0, 0, 0}};
    const auto lut = [&](Range channels) {
        const auto all = implementations(network, op, {{{0, 1}, channels}, 1}, vu13p());
        return find(all, Strategy::constant_logic, 1).resources.lut;
    };
    CHECK(lut({0, 1}) < lut({1, 2}));
    CHECK(lut({2, 3}) == 8);  // nothing but its rounding
    CHECK(lut({0, 3}) <= lut({0, 1}) + lut({1, 3}) + 0.05 * lut({0, 3}) + 2);
}

TEST_CASE("wiring is free; what does not keep up is refused") {
    Network network = zoo_of_kinds(8, 4);
    set_widths(network, 8);
    for (const Operator& op : network.operators) {
        const auto all = cost(network, op, 8, 7);  // eight tokens in seven cycles
        if (op.kind == OperatorKind::input || op.kind == OperatorKind::output) {
            REQUIRE(all.size() == 1);
            CHECK(all[0].resources == Resources{});
        } else if (network.stream(op.id).tokens == 8) {
            CHECK(all.empty());
        }
    }
    CHECK(implementations(network, network.operators[1], {{{0, 0}, {0, 4}}, 9}, vu13p()).empty());
}

TEST_CASE("every coefficient names its source") {
    const auto assumptions = cost_assumptions();
    CHECK(assumptions.size() > 20);
    std::set<std::string> names;
    for (const Assumption& a : assumptions) {
        CHECK(!a.value.empty());
        CHECK(!a.source.empty());
        CHECK(names.insert(a.what).second);
    }
}

TEST_CASE("the clock sets how much fits between two registers") {
    const boards::Device device = vu13p();
    CostModel model{device};
    CHECK(model.levels_per_cycle() == 2);
    CHECK(model.pipeline_cycles(0) == 0);
    CHECK(model.pipeline_cycles(5) == 3);
    CHECK(model.dsp_cycles() == 2);
    CHECK(model.memory_cycles() == 2);
    model.clock_mhz = 200;
    CHECK(model.levels_per_cycle() == 4);
    CHECK(model.dsp_cycles() == 1);
    model.clock_mhz = 900;
    CHECK(model.levels_per_cycle() == 1);
}

TEST_CASE("constants of many digits may go to DSP slices") {
    Network network = one_dense(1, 64, 32);
    set_widths(network, 14);
    Operator& op = network.operators[1];
    op.weights.channels = {{60, 200, 500, 40, 160}};
    const auto all = cost(network, op, 1, 1);
    const Implementation mixed = find(all, Strategy::constant_dsp, 1);
    CHECK(mixed.resources.dsp == 40 * 32);  // products of 14 bits and 5 to 11 have 19 and more
    CHECK(mixed.resources.lut < find(all, Strategy::constant_logic, 1).resources.lut);
    set_widths(network, 7);  // no product is wide enough for a slice
    op.weights.channels = {{60, 200, 500, 40, 160}};
    for (const Implementation& i : cost(network, op, 1, 1)) CHECK(i.strategy != Strategy::constant_dsp);
}

TEST_CASE("what is fixed of an operator leaves nothing else") {
    Network network = one_dense(1, 64, 32);
    set_widths(network, 8);
    Operator& op = network.operators[1];
    op.fixed = {Strategy::dsp, Memory::block_ram, 12};
    auto all = cost(network, op, 1, 36);
    REQUIRE(all.size() == 1);
    CHECK(all[0].strategy == Strategy::dsp);
    CHECK(all[0].reuse_factor == 12);
    CHECK(all[0].resources.bram36 > 0);
    CHECK(cost(network, op, 1, 11).empty());  // an event every eleven cycles is too fast for it
    op.fixed = {Strategy::constant_logic, std::nullopt, 0};
    all = cost(network, op, 1, 36);
    REQUIRE(all.size() == 1);
    CHECK(all[0].strategy == Strategy::constant_logic);
    op.fixed = {Strategy::binary, std::nullopt, 0};
    CHECK(cost(network, op, 1, 36).empty());  // eight-bit weights are no popcount
}
