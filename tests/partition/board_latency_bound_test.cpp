#include "partition/board_latency_bound.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "boards/catalogue.h"
#include "models/network_builder.h"
#include "partition/bounds.h"

using namespace tessera;
using namespace tessera::partition;

namespace {

/// Sixteen tokens, a token each cycle and its result after five, an engine takes a tenth of a board.
const OperatorChoices kOperator{16, 1, 16, {{5, 1, 0.1}}, 5};

BoardsAndHop without_hops(double all) { return {all, 1, 0}; }

doctest::Approx near(double value) { return doctest::Approx(value).epsilon(1e-3); }

/// Cycles of streaming in which so many engines on board X and on others make `tokens`; those on others have heard a hop later.
double streaming_cycles(double tokens, double on_x, double away, double interval, double hop) {
    for (double cycles = 0;; ++cycles) {
        const double away_tokens = cycles < hop ? 0 : std::floor((cycles - hop) / interval) + 1;
        if (on_x * (std::floor(cycles / interval) + 1) + away * away_tokens >= tokens) return cycles;
    }
}

}  // namespace

TEST_CASE("with few boards tokens wait for engines: as computed by hand") {
    CHECK(bound_chain_cycles({{kOperator}}, without_hops(1.6), 16) == near(5));      // an engine for each token
    CHECK(bound_chain_cycles({{kOperator}}, without_hops(0.4), 16) == near(5 + 3));  // four engines, four tokens each
    CHECK(bound_chain_cycles({{kOperator}}, without_hops(0.1), 16) == near(5 + 15));
    CHECK(bound_chain_cycles({{kOperator}, {kOperator}}, without_hops(0.8), 16) ==
          near(2 * 8));  // the second waits for all tokens of the first
    CHECK(bound_chain_cycles({{kOperator, kOperator}}, without_hops(0.8), 16) == near(10 + 3));  // or takes them as they come
}

TEST_CASE("what does not sit where the segment before ends hears of it a hop later: as computed by hand") {
    const Chain chain{{kOperator}, {kOperator}};
    // All on one board: no hop. On boards that hold next to nothing: all of it.
    CHECK(bound_chain_cycles(chain, {0.8, 1, 10}, 16) == near(2 * 8));
    CHECK(bound_chain_cycles(chain, {0.8, 1e-6, 10}, 16) == near(2 * 8 + 10));
    // Half of the second's four engines sit there: they make tokens for 10 cycles before the others do.
    CHECK(bound_chain_cycles(chain, {0.8, 0.2, 10}, 16) <= 8 + 5 + streaming_cycles(16, 2, 2, 1, 10));
    CHECK(bound_chain_cycles({{kOperator}}, {0.4, 1e-6, 10}, 16) == near(8));  // nothing before it
}

TEST_CASE("no choice of engines on so many boards is faster: all of a small grid") {
    const OperatorChoices second{16, 1, 16, {{9, 4, 0.02}, {4, 1, 0.3}}, 4}, third{8, 1, 8, {{3, 2, 0.05}}, 3};
    const Chain chain{{kOperator, second}, {third}};
    for (const double all : {0.5, 1.0, 2.0, 4.0}) {
        CAPTURE(all);
        const double bound = bound_chain_cycles(chain, without_hops(all), 64);
        double best = 1e9;
        for (int a = 1; a <= 16; ++a) {
            for (int b = 1; b <= 16; ++b) {
                for (const auto& engine : second.engines) {
                    for (int c = 1; c <= 8; ++c) {
                        if (a * 0.1 + b * engine.boards + c * 0.05 > all) continue;
                        const double first = 5 + engine.latency_cycles +
                                             std::max(std::ceil(16.0 / a) - 1, (std::ceil(16.0 / b) - 1) * engine.token_interval_cycles);
                        best = std::min(best, first + 3 + (std::ceil(8.0 / c) - 1) * 2);
                    }
                }
            }
        }
        CHECK(bound <= best + 1e-9);
        CHECK(bound >= 0.6 * best);  // and it is not far below
    }
}

TEST_CASE("nor any choice of what sits where the segment before ends, and longer hops make none quicker") {
    const OperatorChoices second{12, 1, 12, {{4, 2, 0.1}}, 4};
    for (const double all : {0.5, 1.0, 2.0}) {
        for (const double largest : {0.2, 0.6, 2.0}) {
            double before = 0;
            for (const double hop : {0.0, 3.0, 20.0}) {
                CAPTURE(all);
                CAPTURE(largest);
                CAPTURE(hop);
                double best = 1e9;
                for (int a = 1; a <= 16; ++a) {
                    for (int x = 0; x <= 12 && x * 0.1 <= largest + 1e-9; ++x) {
                        for (int away = x == 0 ? 1 : 0; x + away <= 12; ++away) {
                            if ((a + x + away) * 0.1 > all + 1e-9) continue;
                            best = std::min(best, 5 + std::ceil(16.0 / a) - 1 + 4 + streaming_cycles(12, x, away, 2, hop));
                        }
                    }
                }
                const double bound = bound_chain_cycles({{kOperator}, {second}}, {all, largest, hop}, 64);
                CHECK(bound <= best + 1e-9);
                CHECK(bound >= 0.6 * best);
                CHECK(bound >= before * (1 - 1e-2));  // the weights are as good as some rounds make them
                before = bound;
            }
        }
    }
}

TEST_CASE("tokens that go through slow engines early and through fast ones late are no quicker than the bound") {
    // One engine gives a token each cycle; behind it, the first nine go through slow engines of their own, the others through fast ones.
    const OperatorChoices first{16, 1, 1, {{1, 1, 0}}, 1}, second{16, 1, 16, {{12, 1, 0.1}, {5, 1, 0.3}}, 5};
    for (int slow = 0; slow <= 16; ++slow) {
        CAPTURE(slow);
        const double last_slow = slow > 0 ? slow - 1 + 12 : 0, last_fast = slow < 16 ? 15 + 5 : 0;
        const double all = slow * 0.1 + (16 - slow) * 0.3;
        CHECK(bound_chain_cycles({{first, second}}, without_hops(all), 16) <= 1 + std::max(last_slow, last_fast) + 1e-9);
    }
    CHECK(bound_chain_cycles({{first, second}}, without_hops(4.8), 16) == near(1 + 15 + 5));
}

TEST_CASE("on boards without end the bound is that of computing alone, also behind a part of the tokens; on few it is larger") {
    models::NetworkBuilder b("two inputs");
    TensorId slow = b.input("slow", {24, 8});
    for (const auto* name : {"slow1", "slow2", "slow3"}) slow = b.layer_normalisation(name, slow);
    const TensorId quick = b.dense("quick", b.input("quick input", {40, 8}), 8);
    const TensorId each = b.dense("each", b.concatenate_tokens("both", {slow, quick}), 8);
    b.output("y", b.dense("head", b.reduce_tokens("pool", "ReduceMean", each), 2));
    const auto network = b.build();
    const auto flows = models::dataflow(network);
    const auto board = boards::load_catalogue().board("Serenity-S1", JsonReader::from_text("test", "{}"));
    topologies::LinkProtocol link = topologies::load_link_protocols().front();
    const MappingProblem problem{&network, {{board, 100}}, 100, link, JsonReader::from_text("topology", R"({"kind": "patch_panel"})"),
                                 {},       12500,          {6}, 16};
    constexpr std::array<double, 5> kPrices{1, 0, 0, 0, 0};
    const auto limits = operator_limits(problem, kPrices, 54);
    const auto on_boards = [&](double all) { return bound_latency_on_boards_ns(problem, flows, limits, kPrices, all, 54); };
    double least = 0;
    for (const auto& each_limits : limits) least += each_limits.boards;
    CHECK(on_boards(1e3) == doctest::Approx(bound_latency_ns(problem, flows, 54)));
    CHECK(on_boards(1.1 * least) > 1.1 * on_boards(1e3));
    CHECK(on_boards(2 * least) <= on_boards(1.1 * least));
}
