#include "partition/board_latency_bound.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace tessera::partition;

namespace {

/// Sixteen tokens, a token each cycle and its result after five, an engine takes a tenth of a board.
const OperatorChoices kOperator{16, 1, 16, {{5, 1, 0.1}}};

}  // namespace

TEST_CASE("with few boards tokens wait for engines: as computed by hand") {
    const auto near = [](double value) { return doctest::Approx(value).epsilon(1e-3); };
    CHECK(bound_chain_cycles({{kOperator}}, 1.6, 16) == near(5));      // an engine for each token
    CHECK(bound_chain_cycles({{kOperator}}, 0.4, 16) == near(5 + 3));  // four engines, four tokens each
    CHECK(bound_chain_cycles({{kOperator}}, 0.1, 16) == near(5 + 15));
    CHECK(bound_chain_cycles({{kOperator}, {kOperator}}, 0.8, 16) == near(2 * 8));  // the second waits for all tokens of the first
    CHECK(bound_chain_cycles({{kOperator, kOperator}}, 0.8, 16) == near(10 + 3));   // or takes them as they come
}

TEST_CASE("no choice of engines on so many boards is faster: all of a small grid") {
    const OperatorChoices second{16, 1, 16, {{9, 4, 0.02}, {4, 1, 0.3}}}, third{8, 1, 8, {{3, 2, 0.05}}};
    const Chain chain{{kOperator, second}, {third}};
    for (const double boards : {0.5, 1.0, 2.0, 4.0}) {
        CAPTURE(boards);
        const double bound = bound_chain_cycles(chain, boards, 64);
        double best = 1e9;
        for (int a = 1; a <= 16; ++a) {
            for (int b = 1; b <= 16; ++b) {
                for (const auto& engine : second.engines) {
                    for (int c = 1; c <= 8; ++c) {
                        if (a * 0.1 + b * engine.boards + c * 0.05 > boards) continue;
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
