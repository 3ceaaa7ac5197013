#include <doctest/doctest.h>

#include <algorithm>

#include "models/cost_blocks.h"
#include "tests/models/cost_fixture.h"

using namespace tessera;
using namespace tessera::tests;

namespace {

constexpr std::int64_t kUnits = 20;
constexpr int kBits = 8;

/// Constants in logic, with or without tables in block RAM.
Implementation in_logic(const std::vector<Implementation>& all) {
    for (const Implementation& made : all)
        if (made.strategy == Strategy::constant_logic && made.resources.bram36 == 0) return made;
    FAIL("no constants in logic");
    return {};
}

/// A cell of `gates` gates for as many hidden units as inputs.
Implementation cell(const char* type, std::int64_t gates) {
    Network network = single(OperatorKind::recurrent, type, {10, kUnits}, {10, kUnits});
    Operator& op = network.operators[1];
    op.weights.inputs = 2 * kUnits, op.weights.outputs = gates * kUnits, op.weights.count = op.weights.inputs * op.weights.outputs;
    set_widths(network, kBits);
    return in_logic(cost(network, op, 10, 1000));
}

/// The matrix of the gates alone: input and state to all gates.
Implementation gates_of(std::int64_t gates) {
    NetworkBuilder b("gates");
    b.output("out", b.dense("dense", b.input("in", {10, 2 * kUnits}), gates * kUnits));
    Network network = b.build();
    set_widths(network, kBits);
    return in_logic(cost(network, network.operators[1], 10, 10));
}

}  // namespace

TEST_CASE("a recurrent cell is its gates, and tables, products and sums for each hidden unit") {
    struct Case {
        const char* type;
        std::int64_t gates;
        double tables;
        double products;
        double sums;
    };
    for (const Case& c : {Case{"LSTM", 4, 5, 3, 2}, Case{"GRU", 3, 3, 3, 4}, Case{"RNN", 1, 1, 0, 1}}) {
        CAPTURE(c.type);
        const Implementation made = cell(c.type, c.gates);
        const Implementation gates = gates_of(c.gates);
        const double unit = c.tables * table_lut(kBits, kBits) + c.products * multiplier_lut(kBits, kBits) + c.sums * (kBits + 1);
        CHECK(made.resources.lut == doctest::Approx(gates.resources.lut + unit * kUnits).epsilon(0.001));
        CHECK(made.resources.dsp == gates.resources.dsp);
        // The matrix, then twice a table of a cycle and a product of its rows, then the sum: a token waits for all of it.
        const CostModel model{vu13p()};
        CHECK(made.latency_cycles == gates.latency_cycles + 2 + 2 * multiplier_cycles(kBits, kBits, model) + 1);
        CHECK(made.token_interval_cycles == made.latency_cycles);
    }
    CHECK(cell("LSTM", 4).resources.lut > cell("GRU", 3).resources.lut);
    CHECK(cell("GRU", 3).resources.lut > cell("RNN", 1).resources.lut);
}
