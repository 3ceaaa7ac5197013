#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>

#include "models/import.h"
#include "models/precision.h"
#include "models/precision_weights.h"
#include "tests/models/cost_fixture.h"

/// Properties that hold for every operator, width, region and budget, over seeded random cases.
using namespace tessera;
using namespace tessera::tests;

namespace {

std::int64_t pick(std::mt19937_64& random, std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most - least + 1));
}

bool has_hardware(const Operator& op) {
    return op.kind != OperatorKind::input && op.kind != OperatorKind::output && op.kind != OperatorKind::wiring;
}

/// True where `cheaper` takes less than `dearer` of something and no more of anything else.
bool strictly_less(const Implementation& cheaper, const Implementation& dearer) {
    return cheaper.resources.fits(dearer.resources) && cheaper.resources != dearer.resources &&
           cheaper.latency_cycles <= dearer.latency_cycles;
}

/// No choice of `smaller`, of the same strategy and reuse factor, is dearer in every respect than one of `larger`.
void check_not_dearer(const std::vector<Implementation>& smaller, const std::vector<Implementation>& larger) {
    for (const Implementation& s : smaller) {
        for (const Implementation& l : larger) {
            if (s.strategy != l.strategy || s.reuse_factor != l.reuse_factor) continue;
            if ((s.resources.bram36 > 0) != (l.resources.bram36 > 0) || (s.resources.uram > 0) != (l.resources.uram > 0)) continue;
            CAPTURE(name_of(s.strategy));
            CAPTURE(s.reuse_factor);
            CHECK_FALSE(strictly_less(l, s));
        }
    }
}

}  // namespace

TEST_CASE("every implementation keeps up, costs something and is not dominated") {
    std::mt19937_64 random(1);
    for (int round = 0; round < 60; ++round) {
        Network network = zoo_of_kinds(pick(random, 2, 128), 2 * pick(random, 1, 64));
        set_widths(network, static_cast<int>(pick(random, 1, 24)), static_cast<double>(pick(random, 0, 9)) / 10);
        const std::int64_t cycles = 9 * pick(random, 1, 18);
        for (const Operator& op : network.operators) {
            if (!has_hardware(op)) continue;
            CAPTURE(op.name);
            const StreamShape stream = network.stream(op.id);
            const std::int64_t tokens = pick(random, 1, stream.tokens);
            const std::int64_t begin = pick(random, 0, stream.channels - 1);
            const Region region{{0, tokens}, {begin, pick(random, begin + 1, stream.channels)}};
            const auto all = implementations(network, op, {region, cycles}, vu13p());
            CHECK(all.empty() == (tokens > cycles));
            CHECK(all.size() <= 12);
            CHECK(all == implementations(network, op, {region, cycles}, vu13p()));
            for (const Implementation& i : all) {
                CHECK(tokens * i.token_interval_cycles <= cycles);
                CHECK(i.latency_cycles >= 1);
                CHECK(i.token_interval_cycles >= 1);
                CHECK(i.resources.lut + i.resources.dsp > 0);
                CHECK(std::min({i.resources.lut, i.resources.ff, i.resources.dsp, i.resources.bram36, i.resources.uram}) >= 0);
                for (const Implementation& other : all) {
                    if (&other == &i) continue;
                    CHECK_FALSE((strictly_less(other, i) && other.token_interval_cycles <= i.token_interval_cycles));
                }
            }
        }
    }
}

TEST_CASE("operators with odd or missing attributes get finite costs") {
    std::mt19937_64 random(5);
    for (int round = 0; round < 600; ++round) {
        const auto kind = static_cast<OperatorKind>(pick(random, 3, 18));
        const StreamShape from{pick(random, 1, 40), pick(random, 1, 40)};
        const StreamShape to{pick(random, 1, 40), pick(random, 1, 40)};
        Network network = single(kind, round % 2 == 0 ? "Unheard" : "Mul", from, to, round % 3 == 0 ? Access::whole : Access::aligned);
        Operator& op = network.operators[1];
        op.heads = static_cast<int>(pick(random, 0, 5));
        op.contraction = pick(random, 0, 50);
        op.trees = pick(random, 0, 3), op.tree_nodes = pick(random, 0, 9);
        op.row_length = static_cast<int>(pick(random, 0, 100));
        for (std::int64_t axis = pick(random, 0, 2); axis > 0; --axis) op.window.push_back(pick(random, 0, 4));
        op.weights.inputs = pick(random, 0, 20), op.weights.outputs = pick(random, 0, 60);
        op.weights.count = op.weights.inputs * op.weights.outputs;
        if (round % 5 == 0) op.weights.channels.assign(static_cast<std::size_t>(pick(random, 1, 60)), {1, 2, 3});
        if (round % 7 == 0) op.inputs.clear();
        if (round % 4 != 0) network.tensors[0].format = network.tensors[1].format = width(static_cast<int>(pick(random, 1, 64)));
        CAPTURE(name_of(kind));
        for (const Implementation& i : cost(network, op, 1, pick(random, 1, 200))) {
            for (const double amount : i.resources.values()) CHECK(std::isfinite(amount));
            CHECK(i.resources.lut + i.resources.dsp > 0);
            CHECK(i.latency_cycles >= 1);
        }
    }
}

TEST_CASE("fewer bits, fewer zeros and fewer channels the right way round") {
    std::mt19937_64 random(2);
    for (int round = 0; round < 40; ++round) {
        Network network = zoo_of_kinds(pick(random, 2, 64), 2 * pick(random, 1, 48));
        const int bits = static_cast<int>(pick(random, 2, 20));
        const std::int64_t cycles = 9 * pick(random, 1, 18);
        for (const Operator& op : network.operators) {
            if (!has_hardware(op)) continue;
            CAPTURE(op.name);
            CAPTURE(bits);
            const std::int64_t tokens = pick(random, 1, network.stream(op.id).tokens);
            set_widths(network, bits);
            const auto base = cost(network, op, tokens, cycles);
            set_widths(network, bits + 1);
            check_not_dearer(base, cost(network, op, tokens, cycles));
            set_widths(network, bits, 0.5);
            check_not_dearer(cost(network, op, tokens, cycles), base);
            set_widths(network, bits);
            const std::int64_t channels = network.stream(op.id).channels;
            const Region part{{0, tokens}, {0, pick(random, 1, channels)}};
            check_not_dearer(implementations(network, op, {part, cycles}, vu13p()), base);
        }
    }
}

TEST_CASE("a higher reuse factor means fewer DSPs and a longer interval") {
    std::mt19937_64 random(3);
    for (int round = 0; round < 60; ++round) {
        Network network = zoo_of_kinds(pick(random, 2, 64), 2 * pick(random, 1, 64));
        set_widths(network, static_cast<int>(pick(random, 2, 18)));
        for (const OperatorKind kind : {OperatorKind::dense, OperatorKind::matmul}) {
            const auto op =
                std::find_if(network.operators.begin(), network.operators.end(), [&](const Operator& o) { return o.kind == kind; });
            auto all = cost(network, *op, 1, 9 * pick(random, 1, 18));
            std::erase_if(
                all, [](const Implementation& i) { return i.strategy != Strategy::dsp || i.resources.bram36 > 0 || i.resources.uram > 0; });
            for (std::size_t i = 1; i < all.size(); ++i) {
                CHECK(all[i].reuse_factor > all[i - 1].reuse_factor);
                CHECK(all[i].token_interval_cycles > all[i - 1].token_interval_cycles);
                CHECK(all[i].resources.dsp <= all[i - 1].resources.dsp);
            }
        }
    }
}

namespace {

/// A dense operator with weights of a normal distribution, built in one way.
Implementation built(std::int64_t inputs, std::int64_t outputs, int bits, double zeros, const StrategyChoice& fixed) {
    NetworkBuilder b("dense");
    b.output("out", b.dense("dense", b.input("in", {1, inputs}), outputs));
    Network network = b.build();
    for (Tensor& tensor : network.tensors) tensor.format = width(bits);
    Operator& op = network.operators[1];
    const ExpectedWeight mean = expected_weight(bits, zeros);
    const auto n = static_cast<double>(inputs);
    op.weights.format = width(bits);
    op.weights.channels = {{mean.nonzero * n, mean.signed_digits * n, mean.effective_bits * n, mean.heavy * n, mean.heavy_digits * n}};
    op.fixed = fixed;
    const auto made = cost(network, op, 1, 1 << 20);
    REQUIRE(made.size() == 1);
    return made.front();
}

const std::vector<StrategyChoice>& choices() {
    static const std::vector<StrategyChoice> all{{Strategy::constant_logic, std::nullopt, 0}, {Strategy::constant_dsp, std::nullopt, 0},
                                                 {Strategy::dsp, Memory::lut_rom, 1},         {Strategy::dsp, Memory::lut_rom, 12},
                                                 {Strategy::dsp, Memory::block_ram, 12},      {Strategy::dsp, Memory::ultra_ram, 12},
                                                 {Strategy::lut_multiplier, std::nullopt, 6}};
    return all;
}

}  // namespace

TEST_CASE("trained-like weights: more bits, more channels or fewer zeros never cost less of everything, in any strategy") {
    std::mt19937_64 random(6);
    for (int round = 0; round < 40; ++round) {
        const std::int64_t inputs = pick(random, 8, 200);
        const std::int64_t outputs = pick(random, 4, 100);
        const int bits = static_cast<int>(pick(random, 11, 16));
        for (const StrategyChoice& choice : choices()) {
            CAPTURE(name_of(*choice.strategy));
            CAPTURE(bits);
            const Implementation base = built(inputs, outputs, bits, 0.3, choice);
            CHECK_FALSE(strictly_less(built(inputs, outputs, bits + 1, 0.3, choice), base));
            CHECK_FALSE(strictly_less(built(inputs + 8, outputs, bits, 0.3, choice), base));
            CHECK_FALSE(strictly_less(built(inputs, outputs + 4, bits, 0.3, choice), base));
            CHECK_FALSE(strictly_less(built(inputs, outputs, bits, 0.1, choice), base));
        }
    }
}

TEST_CASE("interval and latency follow the reuse factor") {
    for (const Strategy strategy : {Strategy::dsp, Strategy::lut_multiplier}) {
        int latency = 0;
        Resources before{1e9, 1e9, 1e9, 1e9, 1e9};
        for (const int rf : {1, 2, 4, 8, 16, 32, 64}) {
            const Implementation made = built(64, 64, 16, 0, {strategy, Memory::block_ram, rf});
            CHECK(made.token_interval_cycles == rf);
            CHECK(made.latency_cycles >= rf);
            CHECK(made.resources.dsp <= before.dsp);
            if (rf >= 16) CHECK(made.latency_cycles > latency);
            before = made.resources;
            latency = made.latency_cycles;
        }
    }
}

TEST_CASE("a network of a hundred million parameters is costed in seconds") {
    Network network = build_zoo_network(JsonReader::from_file(data_root() / "models" / "zoo" / "masked_particle_100m.json"));
    const auto begin = std::chrono::steady_clock::now();
    apply_precision(network, read_precision(JsonReader::from_text("study", R"({"weights": 8, "activations": 8})")));
    std::size_t choices_found = 0;
    for (const std::int64_t cycles : {9, 18, 27, 54, 81, 162})
        for (const Operator& op : network.operators)
            if (has_hardware(op)) choices_found += cost(network, op, 1, cycles).size();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    MESSAGE(network.parameters << " parameters, " << choices_found << " implementations in " << seconds << " s");
    CHECK(network.parameters > 90'000'000);
    CHECK(seconds < 10);
}

TEST_CASE("a whole costs at least each of its parts, and at most the parts together") {
    std::mt19937_64 random(4);
    for (int round = 0; round < 40; ++round) {
        Network network = zoo_of_kinds(pick(random, 2, 32), 4 * pick(random, 1, 32));
        set_widths(network, static_cast<int>(pick(random, 2, 16)));
        const auto op = std::find_if(network.operators.begin(), network.operators.end(),
                                     [](const Operator& o) { return o.kind == OperatorKind::dense; });
        const std::int64_t channels = network.stream(op->id).channels;
        const std::int64_t cut = pick(random, 1, channels - 1);
        const auto constant = [&](Range range) {
            const auto all = implementations(network, *op, {{{0, 1}, range}, 1}, vu13p());
            return std::find_if(all.begin(), all.end(), [](const Implementation& i) { return i.strategy == Strategy::constant_logic; })
                ->resources.lut;
        };
        const double sum = constant({0, cut}) + constant({cut, channels});
        CHECK(constant({0, channels}) >= constant({0, cut}));
        CHECK(constant({0, channels}) <= sum);  // the parts share fewer sub-expressions
        CHECK(sum <= 1.35 * constant({0, channels}) + 50);
    }
}

TEST_CASE("a slice serves as many small products as the device packs into it") {
    NetworkBuilder b("dense");
    b.output("out", b.dense("dense", b.input("in", {1, 64}), 32));
    Network network = b.build();
    Operator& op = network.operators[1];
    op.fixed = {Strategy::dsp, std::nullopt, 16};
    const auto slices = [&](int bits, int int8_products, int int4_products) {
        set_widths(network, bits);
        boards::Device device = vu13p();
        device.int8_products_per_dsp = int8_products, device.int4_products_per_dsp = int4_products;
        const auto all = implementations(network, op, {{{0, 1}, {0, 32}}, 16}, device);
        REQUIRE(!all.empty());
        for (const Implementation& made : all) CHECK(made.resources.dsp == all[0].resources.dsp);
        return all[0].resources.dsp;
    };
    // 64 x 32 products, 128 in a cycle.
    CHECK(slices(16, 2, 4) == 128);
    CHECK(slices(9, 2, 4) == 128);
    CHECK(slices(8, 2, 4) == 64);
    CHECK(slices(5, 2, 4) == 64);
    CHECK(slices(4, 2, 4) == 32);
    CHECK(slices(8, 1, 1) == 128);
    CHECK(slices(4, 1, 1) == 128);
    CHECK(slices(4, 2, 2) == 64);
}

TEST_CASE("a norm over tokens and channels squares every value once, and looks one root up") {
    constexpr std::int64_t kTokens = 16;
    constexpr std::int64_t kChannels = 8;
    NetworkBuilder b("norm");
    b.output("out", b.layer_normalisation("norm", b.input("in", {kTokens, kChannels})));
    Network network = b.build();
    set_widths(network, 8);
    Operator& op = *std::find_if(network.operators.begin(), network.operators.end(),
                                 [](const Operator& each) { return each.kind == OperatorKind::normalisation; });
    const auto most_slices = [&](Access tokens, Access channels, std::int64_t count, std::int64_t cycles) {
        op.inputs[0].tokens = tokens, op.inputs[0].channels = channels;
        double most = 0;
        for (const Implementation& made : cost(network, op, count, cycles)) most = std::max(most, made.resources.dsp);
        return most;
    };
    // Squares of all values in a cycle; a product with the root and one with the gain for each channel of a token.
    const double for_a_token = 2 * kChannels;
    CHECK(most_slices(Access::aligned, Access::whole, 1, 1) == kChannels + for_a_token);
    CHECK(most_slices(Access::whole, Access::whole, 1, 1) == kTokens * kChannels + for_a_token);
    CHECK(most_slices(Access::whole, Access::whole, kTokens, kTokens) == kChannels + for_a_token);  // in the cycles of its tokens
    // Over both axes there is one statistic, along the tokens one for each channel.
    const auto blocks = [&](Access channels) {
        op.inputs[0].tokens = Access::whole, op.inputs[0].channels = channels;
        double most = 0;
        for (const Implementation& made : cost(network, op, 1, 1)) most = std::max(most, made.resources.bram36);
        return most;
    };
    CHECK(blocks(Access::whole) == 0.5);
    CHECK(blocks(Access::aligned) == 2);  // two look-ups in each half of a block
}
