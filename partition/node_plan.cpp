#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "partition/board_mix.h"
#include "partition/cycle_prices.h"
#include "partition/node_mapper.h"
#include "partition/node_terms.h"

namespace tessera::partition {

int NodePlan::least_boards() const { return std::max(1, static_cast<int>(std::ceil(bound.boards - 1e-6))); }

std::variant<NodePlan, NodeFailure> plan_node(const MappingProblem& problem, const std::vector<models::Flow>& flows, int tmux_period_bx) {
    NodePlan plan;
    plan.tmux_period_bx = tmux_period_bx;
    plan.cycles_per_event = std::int64_t{tmux_period_bx} * problem.clock.cycles_per_bx;
    const boards::Device device = problem.device();
    for (const auto& op : problem.network->operators) {
        auto& options = plan.options.emplace_back();
        if (!has_hardware(op)) continue;
        options = operator_options(*problem.network, op, plan.cycles_per_event, device, largest_slr(problem.boards));
        if (!options.empty()) continue;
        NodeFailure failure{"interval", 0, static_cast<double>(plan.cycles_per_event), "cycles per event", ""};
        failure.explanation = fmt::format("{} ({}) has no implementation that takes an event every {} cycles and fits on an SLR of {}",
                                          op.name, op.type, plan.cycles_per_event, names_of(problem.boards));
        return failure;
    }
    plan.choice = choose_options(plan.options, mean_board(problem.boards));
    plan.streaming_groups = streaming_groups(*problem.network, flows);
    plan.bound = bound_boards(problem, flows, plan.choice, tmux_period_bx);
    return plan;
}

void price_latency(NodePlan& plan, const MappingProblem& problem, const std::vector<models::Flow>& flows, double weight,
                   bool streams_as_one) {
    constexpr int kRounds = 4;  // which operators are slowest depends on what is chosen, and that on their prices
    const double boards_per_cycle = weight * fair_latency_price(plan, problem);
    const Resources board = mean_board(problem.boards);
    plan.streams_as_one = streams_as_one;
    if (!streams_as_one) {
        plan.cycle_prices = price_apart(plan.options.size(), boards_per_cycle);
        plan.choice = choose_options(plan.options, board, plan.cycle_prices);
        return;
    }
    std::vector<double> criticality(plan.options.size(), 1);
    for (int round = 0; round < kRounds; ++round) {
        plan.cycle_prices = price_as_one(criticality, plan.streaming_groups, boards_per_cycle);
        plan.choice = choose_options(plan.options, board, plan.cycle_prices);
        const auto now = operator_criticality(*problem.network, flows, plan.options, plan.choice.chosen);
        for (std::size_t op = 0; op < now.size(); ++op) criticality[op] = (criticality[op] + now[op]) / 2;
    }
}

}  // namespace tessera::partition
