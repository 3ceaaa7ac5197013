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
double bound_of(const models::Network& network, double boards, double hop_cycles = kHop) {
    std::vector<OperatorFloor> floors;
    floors.reserve(network.operators.size());
    for (const auto& op : network.operators) floors.push_back(has_hardware(op) ? OperatorFloor{0, 1, boards} : OperatorFloor{});
    return bound_latency_with_hops_cycles(network, models::dataflow(network), floors, hop_cycles);
}

/// A dense operator, then attention whose queries, keys and values come from one projection, each with a way around it; and the mean.
models::Network attention(int layers, int heads) {
    constexpr std::int64_t kChannels = 8;
    models::NetworkBuilder b("attention");
    TensorId x = b.dense("in", b.input("x", {16, 4}), kChannels);
    for (int layer = 0; layer < layers; ++layer) {
        const std::string name = "layer" + std::to_string(layer);
        const TensorId all = b.dense(name + ".qkv", x, 3 * kChannels);
        const auto part = [&](const std::string& which, std::int64_t begin) {
            return b.slice_channels(name + which, all, begin, kChannels);
        };
        const TensorId scores = b.attention_scores(name + ".scores", part(".q", 0), part(".k", kChannels), heads);
        const TensorId weights = b.softmax(name + ".softmax", scores, heads);
        const TensorId mix = b.attention_values(name + ".mix", weights, part(".v", 2 * kChannels), heads);
        x = b.elementwise(name + ".sum", "Add", {x, b.dense(name + ".out", mix, kChannels)});
    }
    b.output("y", b.reduce_tokens("pool", "ReduceMean", x));
    return b.build();
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
    floors.reserve(network.operators.size());
    for (const auto& op : network.operators) {
        floors.push_back(
            {op.kind == models::OperatorKind::input ? 1000.0 : 0.0, has_hardware(op) ? 1.0 : 0.0, has_hardware(op) ? 0.7 : 0.0});
    }
    CHECK(bound_latency_with_hops_cycles(network, models::dataflow(network), floors, kHop) == 1002 + kHop);
}

TEST_CASE("each attention forces a hop though it reads parts of one projection, as counted by hand") {
    for (const int heads : {1, 2}) {
        CAPTURE(heads);
        // In, projection, scores, softmax, mix, out, sum, mean: eight cycles. The mean needs all of mix, softmax, scores, projection and
        // `in`, which are more than a board at 0.3. Each score needs all of `in` and with one head all keys, a third of the projection.
        CHECK(bound_of(attention(1, heads), 0.15) == 8);
        CHECK(bound_of(attention(1, heads), 0.3) == 8 + kHop);
        // At 0.9 with one head, each score hears of another board, and the mean of a board where scores were waited for. With two, a
        // score needs a part of the keys alone: `out` needs them all, but mix and softmax, which are more than a board, need not wait.
        CHECK(bound_of(attention(1, heads), 0.9) == 8 + (heads == 1 ? 2 : 1) * kHop);
        // The scores of a second layer need all of the sum and of `out` before it, which have waited; the mean comes on top again.
        CHECK(bound_of(attention(2, heads), 0.9) == 14 + 3 * kHop);
        CHECK(bound_of(attention(3, heads), 0.9) == 20 + 4 * kHop);
    }
}

TEST_CASE("a part of a stream counts as the part that it is") {
    models::NetworkBuilder b("part");
    const TensorId all = b.dense("wide", b.input("x", {1, 8}), 16);
    b.output("y", b.dense("narrow", b.slice_channels("half", all, 8, 8), 4));
    const auto network = b.build();
    // The last of `narrow` hears of half of `wide` and of all of its own: 0.75 boards at 0.5, 1.05 at 0.7.
    CHECK(bound_of(network, 0.5) == 2);
    CHECK(bound_of(network, 0.6) == 2);
    CHECK(bound_of(network, 0.7) == 2 + kHop);
}

TEST_CASE("longer hops make no chain quicker, and larger operators none") {
    for (const auto& network : {chain(4), attention(1, 2), attention(3, 4)}) {
        for (const double boards : {0.1, 0.4, 0.8, 3.0}) {
            double before = bound_of(network, boards, 0);
            CHECK(before == bound_of(network, 0, 0));
            for (const double hop : {1.0, 7.0, 50.0, 200.0}) {
                const double bound = bound_of(network, boards, hop);
                CHECK(bound >= before);
                CHECK(bound >= bound_of(network, boards / 2, hop));
                before = bound;
            }
        }
    }
}

TEST_CASE("where all channels of a token are needed, the slowest of them is waited for") {
    const auto network = chain(2);
    std::vector<OperatorFloor> floors;
    floors.reserve(network.operators.size());
    for (const auto& op : network.operators) floors.push_back(has_hardware(op) ? OperatorFloor{0, 2, 0, 5, {}} : OperatorFloor{});
    CHECK(bound_latency_with_hops_cycles(network, models::dataflow(network), floors, kHop) == 10);
    models::NetworkBuilder b("channel by channel");
    b.output("y", b.activation("relu", "Relu", b.dense("fc", b.input("x", {1, 8}), 8)));
    const auto aligned = b.build();
    // The slowest channel of one operator need not be the slowest of the other.
    CHECK(bound_latency_with_hops_cycles(aligned, models::dataflow(aligned), floors, kHop) == 7);
}

TEST_CASE("what needs all tokens waits for the slowest of several inputs that are put one behind the other") {
    models::NetworkBuilder b("two inputs");
    TensorId slow = b.input("slow", {8, 8});
    for (const auto* name : {"slow1", "slow2", "slow3"}) slow = b.dense(name, slow, 8);
    const TensorId quick = b.dense("quick", b.input("quick input", {8, 8}), 8);
    const TensorId each = b.dense("each", b.concatenate_tokens("both", {slow, quick}), 8);
    b.output("y", b.reduce_tokens("pool", "ReduceMean", each));
    const auto network = b.build();
    CHECK(bound_of(network, 0.01) == 5);
    // All of `each`, of `quick` and of `slow3` and a part of `slow2` fill a board.
    CHECK(bound_of(network, 0.3) == 5 + kHop);
}
