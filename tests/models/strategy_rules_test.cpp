#include <doctest/doctest.h>

#include "core/error.h"
#include "models/strategy_rules.h"
#include "tests/models/cost_fixture.h"

using namespace tessera;
using namespace tessera::tests;

namespace {

std::vector<StrategyRule> read_rules(const std::string& text) { return read_strategies(JsonReader::from_text("study", text)); }

}  // namespace

TEST_CASE("rules fix how operators are built, the later over the earlier") {
    Network network = zoo_of_kinds(8, 4);
    apply_strategies(network, read_rules(R"([{"operators": "*", "reuse_factor": 4},
                                       {"operators": "dense", "strategy": "dsp", "memory": "ultra_ram", "reuse_factor": 8}])"));
    for (const Operator& op : network.operators) {
        if (op.name == "dense") {
            CHECK(op.fixed == StrategyChoice{Strategy::dsp, Memory::ultra_ram, 8});
        } else {
            CHECK(op.fixed == StrategyChoice{std::nullopt, std::nullopt, 4});
        }
    }
}

TEST_CASE("rules that say nothing, or of nothing, are refused") {
    Network network = zoo_of_kinds(8, 4);
    CHECK_THROWS_WITH_AS(read_rules(R"([{"operators": "dense"}])"), doctest::Contains("fixes nothing"), InputError);
    CHECK_THROWS_WITH_AS(read_rules(R"([{"operators": "dense", "strategy": "magic"}])"), doctest::Contains("magic"), InputError);
    CHECK_THROWS_WITH_AS(read_rules(R"([{"operators": "dense", "memory": "tape", "reuse_factor": 2}])"), doctest::Contains("tape"),
                         InputError);
    CHECK_THROWS_AS(read_rules(R"([{"operators": "dense", "reuse_factor": 0}])"), InputError);
    CHECK_THROWS_AS(read_rules(R"([{"operators": "dense", "reuse_factor": 2, "speed": 1}])"), InputError);
    CHECK_THROWS_WITH_AS(apply_strategies(network, read_rules(R"([{"operators": "lstm*", "reuse_factor": 2}])")),
                         doctest::Contains("lstm*"), InputError);
}
