#include "apps/waterfall.h"

#include <doctest/doctest.h>

#include <random>

namespace tessera::tests {

namespace {

using Steps = std::vector<sim::BreakdownStep>;

double total(const Steps& steps) {
    double sum = 0;
    for (const auto& step : steps) sum += step.ns;
    return sum;
}

/// Rows follow one another without gaps, are no more than allowed, and add up.
void check_rows(const Steps& steps, std::size_t most) {
    const auto rows = apps::waterfall(steps, most);
    CHECK(rows.size() <= most);
    std::size_t at = 0;
    double ns = 0;
    for (const auto& row : rows) {
        CHECK(row.first_step == at);
        CHECK(row.end_step > at);
        CHECK(row.begin_ns == doctest::Approx(ns));
        double kinds = 0;
        for (const auto& [kind, part] : row.kinds) kinds += part;
        CHECK(kinds == doctest::Approx(row.ns));
        at = row.end_step;
        ns += row.ns;
    }
    CHECK(at == steps.size());
    CHECK(ns == doctest::Approx(total(steps)));
}

}  // namespace

TEST_CASE("a short breakdown is shown step by step, each transfer with the operator that it feeds") {
    const Steps steps{{"outside -> board 0", "input", 8}, {"a.x", "compute", 10}, {"board 0 -> board 1", "serialise", 3},
                      {"board 0 -> board 1", "link", 20}, {"a.y", "compute", 5},  {"board 1 -> outside", "serialise", 2},
                      {"board 1 -> outside", "link", 1}};
    const auto rows = apps::waterfall(steps);
    REQUIRE(rows.size() == 3);
    CHECK(rows[0].stage == "a.x");
    CHECK(rows[0].ns == 18);
    CHECK(rows[1].stage == "a.y");
    CHECK(rows[1].kinds.at("link") == 20);
    CHECK(rows[1].begin_ns == 18);
    CHECK(rows[2].stage == "board 1 -> outside");
}

TEST_CASE("the longest part is shown in detail while there is room") {
    Steps steps;
    for (const auto* layer : {"net.0", "net.1", "net.2"}) {
        for (const auto* part : {"q", "k", "v", "out"}) steps.push_back({std::string(layer) + "." + part, "compute", 10});
    }
    steps[4].ns = 130;  // net.1
    const auto coarse = apps::waterfall(steps, 5);
    REQUIRE(coarse.size() == 3);
    CHECK(coarse[1].stage == "net.1");
    const auto finer = apps::waterfall(steps, 6);
    REQUIRE(finer.size() == 6);
    CHECK(finer[0].stage == "net.0");
    CHECK(finer[1].stage == "net.1.q");
    CHECK(finer[5].stage == "net.2");
}

TEST_CASE("names with nothing in common are joined where the time is shortest") {
    Steps steps;
    for (int i = 0; i < 30; ++i) steps.push_back({"Node_" + std::to_string(i), "compute", i == 20 ? 500.0 : 1.0});
    const auto rows = apps::waterfall(steps, 10);
    REQUIRE(rows.size() == 3);
    CHECK(rows[0].stage == "Node_0 … Node_19");
    CHECK(rows[1].stage == "Node_20");
    CHECK(rows[2].stage == "Node_21 … Node_29");
    CHECK(apps::waterfall(steps, 2).size() == 2);
}

TEST_CASE("rows of any breakdown are in order and add up") {
    std::mt19937_64 random(7);
    const std::vector<std::string> kinds{"compute", "serialise", "link", "switch", "wait"};
    for (int round = 0; round < 200; ++round) {
        Steps steps;
        const auto count = 1 + random() % 60;
        for (std::size_t i = 0; i < count; ++i) {
            std::string name = random() % 3 == 0 ? "board 1 -> board 2" : "/";
            if (name == "/") {
                for (std::size_t d = 0; d <= random() % 3; ++d) name += std::string(1, static_cast<char>('a' + random() % 3)) + "/";
                name += "op";
            }
            steps.push_back({name, kinds[random() % kinds.size()], static_cast<double>(1 + random() % 50)});
        }
        check_rows(steps, 1 + random() % 20);
    }
    CHECK(apps::waterfall({}).empty());
}

}  // namespace tessera::tests
