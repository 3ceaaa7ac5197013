#include "partition/hop_bound.h"

#include <doctest/doctest.h>

#include "models/network_builder.h"
#include "partition/operator_options.h"

using namespace tessera;
using namespace tessera::partition;

namespace {

constexpr double kHop = 100;

/// A chain of dense operators of one token, each of whose results needs every element of the one before.
models::Network chain(int operators) {
    models::NetworkBuilder b("chain");
    TensorId x = b.input("x", {1, 8});
    for (int i = 0; i < operators; ++i) x = b.dense("fc" + std::to_string(i), x, 8);
    b.output("y", x);
    return b.build();
}

/// One cycle and so many boards for each operator with hardware.
double bound_of(const models::Network& network, double boards) {
    std::vector<OperatorFloor> floors;
    for (const auto& op : network.operators) floors.push_back(has_hardware(op) ? OperatorFloor{0, 1, boards} : OperatorFloor{});
    return bound_latency_with_hops_cycles(network, models::dataflow(network), floors, kHop);
}

}  // namespace

TEST_CASE("hops are forced where a chain outgrows its boards, as counted by hand") {
    // Four operators of half a board: two boards, one hop. Of 0.6: the second is cut over two boards, so is the fourth.
    CHECK(bound_of(chain(4), 0.25) == 4);
    CHECK(bound_of(chain(4), 0.5) == 4 + kHop);
    CHECK(bound_of(chain(4), 0.6) == 4 + 2 * kHop);
    // Each takes more than a board: all of them have a shard that hears of another board.
    CHECK(bound_of(chain(4), 1.5) == 4 + 3 * kHop);
    CHECK(bound_of(chain(1), 1.5) == 1);  // its parts need nothing of each other
}

TEST_CASE("operators that each token passes on its own force no hops, tokens that meet do") {
    models::NetworkBuilder b("tokens");
    TensorId x = b.dense("fc1", b.input("x", {16, 8}), 8);
    x = b.dense("fc2", x, 8);
    const TensorId pooled = b.reduce_tokens("pool", "ReduceMean", x);
    b.output("y", pooled);
    b.output("each", x);
    const auto network = b.build();
    // 16 columns of fc1 and fc2 fit on 16 boards without a hop; the mean needs them all.
    CHECK(bound_of(network, 0.8) == 3 + kHop);
    CHECK(bound_of(network, 0.3) == 3);
}

TEST_CASE("an input that comes late is waited for") {
    const auto network = chain(2);
    std::vector<OperatorFloor> floors;
    for (const auto& op : network.operators) {
        floors.push_back(
            {op.kind == models::OperatorKind::input ? 1000.0 : 0.0, has_hardware(op) ? 1.0 : 0.0, has_hardware(op) ? 0.7 : 0.0});
    }
    CHECK(bound_latency_with_hops_cycles(network, models::dataflow(network), floors, kHop) == 1002 + kHop);
}
