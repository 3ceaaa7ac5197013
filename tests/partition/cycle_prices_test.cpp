#include "partition/cycle_prices.h"

#include <doctest/doctest.h>

#include "models/network_builder.h"
#include "partition/shard_graph.h"

using namespace tessera;
using namespace tessera::partition;

namespace {

/// Of so many engines for eight tokens.
OperatorOption option_of(int engines, double lut, int latency_cycles = 1) {
    OperatorOption option;
    option.engines = engines, option.tokens_per_engine = 8 / engines;
    option.implementation.latency_cycles = latency_cycles;
    option.total.lut = lut;
    return option;
}

std::size_t position(const models::Network& network, const std::string& name) {
    for (const auto& op : network.operators) {
        if (op.name == name) return index(op.id);
    }
    FAIL("no operator " << name);
    return 0;
}

/// One chain that is cut where the scores need all keys.
models::Network attention() {
    models::NetworkBuilder b("attention");
    const TensorId x = b.input("x", {8, 4});
    const TensorId weights = b.softmax("softmax", b.attention_scores("scores", b.dense("query", x, 4), b.dense("key", x, 4), 1));
    b.output("y", b.dense("out", b.attention_values("mix", weights, b.dense("value", x, 4), 1), 4));
    return b.build();
}

}  // namespace

TEST_CASE("operators that stream into each other are a group, up to where all tokens are waited for") {
    const auto network = attention();
    const auto groups = streaming_groups(network, models::dataflow(network));
    const auto group = [&](const std::string& name) { return groups[position(network, name)]; };
    CHECK(group("query") == group("key"));
    CHECK(group("query") == group("value"));
    CHECK(group("scores") != group("key"));
    CHECK(group("scores") == group("softmax"));
    CHECK(group("scores") == group("mix"));
    CHECK(group("scores") == group("out"));
}

TEST_CASE("an operator off the slowest way has as much slack as it is quicker") {
    models::NetworkBuilder b("two ways");
    const TensorId x = b.input("x", {8, 4});
    b.output("y", b.elementwise("sum", "Add", {b.dense("slow", x, 4), b.dense("quick", x, 4)}));
    const auto network = b.build();
    std::vector<std::vector<OperatorOption>> options(network.operators.size());
    options[position(network, "slow")] = {option_of(8, 1, 10)};
    options[position(network, "quick")] = {option_of(8, 1, 4)};
    options[position(network, "sum")] = {option_of(8, 1, 2)};
    const auto criticality = operator_criticality(network, models::dataflow(network), options, std::vector<std::size_t>(options.size(), 0));
    CHECK(criticality[position(network, "slow")] == doctest::Approx(1));
    CHECK(criticality[position(network, "sum")] == doctest::Approx(1));
    CHECK(criticality[position(network, "quick")] == doctest::Approx(1 - 6.0 / 12));
}

TEST_CASE("a group streams faster as a whole or not at all, where its cycles are worth what all of it takes more") {
    Resources board;
    board.lut = 100;
    // Both: seven cycles on 10 LUTs, none on 20: together a fifth of a board more for seven cycles less.
    const std::vector<std::vector<OperatorOption>> options(2, {option_of(1, 10), option_of(8, 20)});
    const std::vector<std::uint32_t> one_group{0, 0};
    const auto chosen = [&](double boards_per_cycle) {
        return choose_options(options, board, price_as_one({1, 1}, one_group, boards_per_cycle)).chosen;
    };
    CHECK(chosen(0.19 / 7) == std::vector<std::size_t>{0, 0});
    CHECK(chosen(0.21 / 7) == std::vector<std::size_t>{1, 1});
    // Each by itself sees a quarter of its own seven cycles.
    const auto apart = [&](double boards_per_cycle) { return choose_options(options, board, price_apart(2, boards_per_cycle)).chosen; };
    CHECK(apart(0.09 / 7 * 4) == std::vector<std::size_t>{0, 0});
    CHECK(apart(0.11 / 7 * 4) == std::vector<std::size_t>{1, 1});
}

TEST_CASE("cycles that no option of a group saves count for none of them") {
    Resources board;
    board.lut = 100;
    // Seven cycles on 10 LUTs or three on 20: a tenth of a board more for four cycles less.
    const std::vector<std::vector<OperatorOption>> options{{option_of(1, 10), option_of(2, 20)}};
    const auto chosen = [&](double boards_per_cycle) {
        return choose_options(options, board, price_as_one({1}, {0}, boards_per_cycle)).chosen.front();
    };
    CHECK(chosen(0.09 / 4) == 0);
    CHECK(chosen(0.11 / 4) == 1);
}

TEST_CASE("what a group streams for is free to all of it") {
    ShardVariant slow, quick;
    quick.engines = 4;
    const LatencyPrice price{2, 1, 3};  // two boards a cycle, three cycles of streaming free
    CHECK(price.of(quick, 8) == doctest::Approx(0));
    CHECK(price.of(slow, 8) == doctest::Approx(2 * (7 - 3)));
}
