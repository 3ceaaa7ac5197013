#include <doctest/doctest.h>

#include <algorithm>

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

TEST_CASE("a whole costs at least each of its parts, and the parts together about the whole in multipliers") {
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
        CHECK(constant({0, channels}) == doctest::Approx(sum).epsilon(0.001).scale(2000));
    }
}
