#include "partition/operator_limits.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "boards/catalogue.h"
#include "core/arithmetic.h"
#include "models/implementation.h"
#include "models/network_builder.h"
#include "models/precision.h"
#include "partition/operator_options.h"

using namespace tessera;
using namespace tessera::partition;

namespace {

constexpr std::array<double, 5> kPrices{0.6, 0.1, 0.2, 0.05, 0.05};

/// Weights as a training leaves them: most are small, and some channels have next to none.
models::BuilderWeights trained(std::mt19937_64& random, std::int64_t inputs, std::int64_t outputs) {
    std::normal_distribution<float> normal(0, 1);
    models::BuilderWeights weights;
    for (std::int64_t o = 0; o < outputs; ++o) {
        const float scale = std::uniform_real_distribution<float>(0.02F, 1)(random);
        for (std::int64_t i = 0; i < inputs; ++i) weights.values.push_back(scale * scale * normal(random));
    }
    return weights;
}

models::Network network_of(std::mt19937_64& random, int bits) {
    const auto draw = [&](std::int64_t from, std::int64_t to) { return std::uniform_int_distribution<std::int64_t>(from, to)(random); };
    const std::int64_t tokens = draw(1, 24), inputs = draw(2, 12), channels = 4 * draw(2, 10);
    models::NetworkBuilder b("random");
    TensorId x = b.dense("in", b.input("x", {tokens, inputs}), channels, trained(random, inputs, channels));
    x = b.layer_normalisation("norm", b.batch_normalisation("scale", x));
    const TensorId q = b.dense("q", x, channels, trained(random, channels, channels));
    const TensorId k = b.dense("k", x, channels, trained(random, channels, channels));
    const TensorId softmax = b.softmax("softmax", b.attention_scores("scores", q, k, 4), 4);
    x = b.activation("gelu", "Gelu", b.attention_values("mix", softmax, x, 4));
    b.output("y", b.dense("out", b.reduce_tokens("pool", "ReduceMean", x), 6, trained(random, channels, 6)));
    auto network = b.build();
    const std::string precision = fmt::format(R"({{"weights": {0}, "activations": {0}}})", bits);
    models::apply_precision(network, models::read_precision(JsonReader::from_text("precision", precision)));
    return network;
}

MappingProblem problem_of(const models::Network& network) {
    static const auto catalogue = boards::load_catalogue();
    MappingProblem problem{&network,
                           {{catalogue.board("Serenity-S1", JsonReader::from_text("test", "{}")), 10}},
                           10,
                           {},
                           JsonReader::from_text("topology", "{}"),
                           {},
                           12500,
                           {1},
                           16};
    return problem;
}

double priced(const Resources& resources, const MappingProblem& problem) {
    const Resources board = problem.boards.front().board.capacity();
    double sum = 0;
    for (std::size_t r = 0; r < kPrices.size(); ++r) sum += kPrices[r] * resources.values()[r] / board.values()[r];
    return sum;
}

/// What one random cut of an operator into ranges of channels comes to, each with engines for any number of tokens, the best of each.
struct Cut {
    double boards = 0, fastest = 1e9, slowest = 0;
};

Cut cut(std::mt19937_64& random, const MappingProblem& problem, const models::Operator& op, std::int64_t cycles) {
    const auto stream = problem.network->stream(op.id);
    std::vector<std::int64_t> borders{0, stream.channels};
    for (auto more = random() % 6; more > 0; --more) borders.push_back(static_cast<std::int64_t>(random() % stream.channels));
    std::sort(borders.begin(), borders.end());
    borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
    Cut result;
    for (std::size_t piece = 0; piece + 1 < borders.size(); ++piece) {
        double boards = 1e9, latency = 1e9;
        for (std::int64_t tokens = 1; tokens <= std::min(stream.tokens, cycles); ++tokens) {
            const models::ImplementationRequest request{{{0, tokens}, {borders[piece], borders[piece + 1]}}, cycles};
            for (const auto& made : models::implementations(*problem.network, op, request, problem.device())) {
                boards = std::min(boards, priced(made.resources, problem) * static_cast<double>(divide_up(stream.tokens, tokens)));
                latency = std::min<double>(latency, made.latency_cycles);
            }
        }
        result.boards += boards;
        result.fastest = std::min(result.fastest, latency), result.slowest = std::max(result.slowest, latency);
    }
    return result;
}

}  // namespace

TEST_CASE("no random cut of an operator takes less or is faster than its limits say") {
    std::mt19937_64 random(7);
    for (int round = 0; round < 12; ++round) {
        const int bits = 3 + round % 5;
        const std::int64_t cycles = std::int64_t{9} * (1 + round % 4);
        const auto network = network_of(random, bits);
        const auto problem = problem_of(network);
        const auto limits = operator_limits(problem, kPrices, cycles);
        for (const auto& op : network.operators) {
            if (!has_hardware(op)) continue;
            const OperatorLimits& least = limits[index(op.id)];
            for (int again = 0; again < 8; ++again) {
                CAPTURE(round);
                CAPTURE(op.name);
                const Cut made = cut(random, problem, op, cycles);
                CHECK(made.boards >= least.boards * (1 - 1e-9));
                CHECK(made.fastest >= least.fastest.any);
                CHECK(made.slowest >= least.fastest.all);
            }
        }
    }
}

TEST_CASE("channels of few constants weigh less than others, and parts of them no more than they are") {
    std::mt19937_64 random(1);
    models::NetworkBuilder b("uneven");
    auto weights = trained(random, 16, 8);
    std::fill(weights.values.begin(), weights.values.begin() + 64, 0.01F);
    b.output("y", b.dense("fc", b.input("x", {4, 16}), 8, weights));
    auto network = b.build();
    models::apply_precision(network, models::read_precision(JsonReader::from_text("precision", R"({"weights": 6, "activations": 6})")));
    const auto problem = problem_of(network);
    const auto limits = operator_limits(problem, kPrices, 9);
    const auto& shares = limits[1].shares;
    CHECK(shares.of({0, 8}, 8) == doctest::Approx(1));
    CHECK(shares.of({0, 4}, 8) < 0.4);
    CHECK(shares.of({4, 8}, 8) == 0.5);
    CHECK(limits[0].engines.empty());
    CHECK(limits[0].boards == 0);
}
