#include "models/arrival.h"

#include <cmath>

#include "core/error.h"
#include "models/operator_pattern.h"

namespace tessera::models {

std::vector<ArrivalRule> read_arrivals(const JsonReader& reader) {
    constexpr double kMostNs = 1e9;
    std::vector<ArrivalRule> rules;
    for (const auto& [inputs, ns] : reader.members()) rules.push_back({inputs, ns.number(0, kMostNs), ns.file(), ns.path()});
    return rules;
}

void apply_arrivals(Network& network, const std::vector<ArrivalRule>& rules) {
    for (const ArrivalRule& rule : rules) {
        bool used = false;
        for (Operator& op : network.operators) {
            if (op.kind != OperatorKind::input || !matches(rule.inputs, op)) continue;
            op.arrival_ns = rule.ns;
            used = true;
        }
        if (!used)
            throw InputError(rule.file, rule.path, "no input of " + network.name + " matches \"" + rule.inputs + "\"",
                             "the name of an input, with * and ?");
    }
}

int arrival_cycles(const Network& network, const Operator& input) {
    return static_cast<int>(std::ceil(input.arrival_ns * network.clock_mhz / 1000 - 1e-9));
}

}  // namespace tessera::models
