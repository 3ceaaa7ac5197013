#include "partition/board_latency_bound.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace tessera::partition;

namespace {

/// Sixteen tokens, a token each cycle and its result after five, an engine takes a tenth of a board.
const OperatorChoices kOperator{16, 1, 16, {{5, 1, 0.1}}, 5};

BoardsAndHop boards(double all) { return {all, 1, 0}; }

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
    CHECK(bound_chain_cycles({{kOperator}}, boards(1.6), 16) == near(5));      // an engine for each token
    CHECK(bound_chain_cycles({{kOperator}}, boards(0.4), 16) == near(5 + 3));  // four engines, four tokens each
    CHECK(bound_chain_cycles({{kOperator}}, boards(0.1), 16) == near(5 + 15));
    CHECK(bound_chain_cycles({{kOperator}, {kOperator}}, boards(0.8), 16) == near(2 * 8));  // the second waits for all tokens of the first
    CHECK(bound_chain_cycles({{kOperator, kOperator}}, boards(0.8), 16) == near(10 + 3));   // or takes them as they come
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
        const double bound = bound_chain_cycles(chain, boards(all), 64);
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
        CHECK(bound_chain_cycles({{first, second}}, boards(all), 16) <= 1 + std::max(last_slow, last_fast) + 1e-9);
    }
    CHECK(bound_chain_cycles({{first, second}}, boards(4.8), 16) == near(1 + 15 + 5));
}
