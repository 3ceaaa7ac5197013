#include "models/strategy_rules.h"

#include <fmt/format.h>

#include <array>

#include "core/error.h"
#include "models/input_split.h"
#include "models/operator_pattern.h"

namespace tessera::models {

namespace {

constexpr std::array kStrategies{Strategy::constant_logic, Strategy::constant_dsp, Strategy::dsp,  Strategy::lut_multiplier,
                                 Strategy::binary,         Strategy::table,        Strategy::logic};

Strategy read_strategy(const JsonReader& reader) {
    std::vector<std::string> names;
    names.reserve(kStrategies.size());
    for (const Strategy strategy : kStrategies) names.emplace_back(name_of(strategy));
    const std::string name = reader.one_of(names);
    std::size_t found = 0;
    while (names[found] != name) ++found;
    return kStrategies[found];
}

Memory read_memory(const JsonReader& reader) {
    const std::string name = reader.one_of({"lut_rom", "lut_ram", "block_ram", "ultra_ram"});
    if (name == "lut_rom") return Memory::lut_rom;
    if (name == "lut_ram") return Memory::lut_ram;
    return name == "block_ram" ? Memory::block_ram : Memory::ultra_ram;
}

void check_parts(const Network& network, const Operator& op, const StrategyRule& rule) {
    if (rule.choice.input_parts <= 1) return;
    if (const std::string why = why_not_cut(network, op, rule.choice.input_parts); !why.empty())
        throw InputError(rule.file, rule.path + "/input_parts", op.name + " " + why,
                         fmt::format("operators whose inputs can be cut into {} parts", rule.choice.input_parts));
}

}  // namespace

std::vector<StrategyRule> read_strategies(const JsonReader& reader) {
    constexpr int kMostReuse = 1 << 20, kMostParts = 1 << 20;
    std::vector<StrategyRule> rules;
    for (const JsonReader& item : reader.items()) {
        StrategyRule rule{item.at("operators").text(), {}, item.file(), item.path()};
        if (item.has("strategy")) rule.choice.strategy = read_strategy(item.at("strategy"));
        if (item.has("memory")) rule.choice.memory = read_memory(item.at("memory"));
        rule.choice.reuse_factor = static_cast<int>(item.integer("reuse_factor", 0, 1, kMostReuse));
        rule.choice.input_parts = static_cast<int>(item.integer("input_parts", 0, 1, kMostParts));
        if (rule.choice == StrategyChoice{}) item.fail("fixes nothing", "\"strategy\", \"reuse_factor\", \"memory\" or \"input_parts\"");
        item.done();
        rules.push_back(std::move(rule));
    }
    return rules;
}

void apply_strategies(Network& network, const std::vector<StrategyRule>& rules) {
    for (const StrategyRule& rule : rules) {
        bool used = false;
        for (Operator& op : network.operators) {
            if (!matches(rule.operators, op)) continue;
            used = true;
            check_parts(network, op, rule);
            if (rule.choice.strategy) op.fixed.strategy = rule.choice.strategy;
            if (rule.choice.memory) op.fixed.memory = rule.choice.memory;
            if (rule.choice.reuse_factor > 0) op.fixed.reuse_factor = rule.choice.reuse_factor;
            if (rule.choice.input_parts > 0) op.fixed.input_parts = rule.choice.input_parts;
        }
        if (!used)
            throw InputError(rule.file, rule.path, "no operator of " + network.name + " matches \"" + rule.operators + "\"",
                             "an operator kind (\"dense\"), a type (\"MatMul\") or a name, with * and ?");
    }
}

}  // namespace tessera::models
