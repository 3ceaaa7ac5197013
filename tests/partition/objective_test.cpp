#include "partition/objective.h"

#include <doctest/doctest.h>

#include <initializer_list>

using namespace tessera::partition;

TEST_CASE("layouts are compared as the objective asks") {
    constexpr double kBudgetNs = 1000;
    const BoardsAndLatency small{10, 900}, quick{20, 500}, late{5, 1500}, later{4, 1600}, quick_but_large{30, 500};
    for (const auto objective : {Objective::boards, Objective::pareto}) {
        CHECK(better(small, quick, objective, kBudgetNs));
        CHECK(better(quick, quick_but_large, objective, kBudgetNs));
        CHECK(better(quick_but_large, late, objective, kBudgetNs));
        CHECK(better(late, later, objective, kBudgetNs));
    }
    CHECK(better(quick, small, Objective::latency, kBudgetNs));
    CHECK(better(quick, quick_but_large, Objective::latency, kBudgetNs));
    CHECK(better(small, late, Objective::latency, kBudgetNs));
    CHECK_FALSE(better(small, small, Objective::boards, kBudgetNs));
    CHECK_FALSE(better(small, small, Objective::latency, kBudgetNs));
}
