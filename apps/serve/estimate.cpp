#include "apps/serve/estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "apps/steps.h"
#include "partition/bounds.h"
#include "partition/node_mapper.h"

namespace tessera::apps::serve {

namespace {

Estimate::Period estimate_period(const partition::MappingProblem& problem, const std::vector<models::Flow>& flows, int period, int others) {
    const auto planned = partition::plan_node(problem, flows, period);
    if (const auto* failure = std::get_if<partition::NodeFailure>(&planned)) return {period, 0, failure->explanation};
    const auto& plan = std::get<partition::NodePlan>(planned);
    return {period, plan.least_boards() * period + others, plan.bound.constraint};
}

/// Why no layout can pass; empty where the bounds do not say so.
std::string why_impossible(const Study& study, const Estimate& estimate) {
    if (!study.compressions.empty()) return "";  // one that is taken may need fewer ports than the network as it is
    const Estimate::Period* least = nullptr;
    for (const auto& each : estimate.periods) {
        if (each.least_boards > 0 && (least == nullptr || each.least_boards < least->least_boards)) least = &each;
    }
    if (least == nullptr) return estimate.periods.front().constraint;
    if (least->least_boards > study.boards_available)
        return fmt::format("{}: at least {} boards are needed, {} are there", least->constraint, least->least_boards,
                           study.boards_available);
    if (estimate.latency_ns > study.latency_budget_ns)
        return fmt::format("latency: at least {:.1f} ns are needed, {:.1f} ns are there", estimate.latency_ns, study.latency_budget_ns);
    return "";
}

}  // namespace

Estimate estimate(const Study& study, models::Network network) {
    apply_study(study, network);
    const auto problem = mapping_problem(study, network);
    const auto flows = models::dataflow(network);
    Estimate estimate;
    estimate.latency_ns = std::numeric_limits<double>::infinity();
    for (const int period : study.tmux_periods_bx) {
        estimate.periods.push_back(estimate_period(problem, flows, period, boards_of(study.stages)));
        const double alone = partition::bound_latency_ns(problem, flows, std::int64_t{period} * study.clock.cycles_per_bx);
        estimate.latency_ns = std::min(estimate.latency_ns, study.stages.empty() ? alone : bound_latency_ns(study.stages, alone));
    }
    estimate.impossible = why_impossible(study, estimate);
    return estimate;
}

Json to_json(const Estimate& estimate) {
    Json periods = Json::array();
    for (const auto& each : estimate.periods)
        periods.push_back({{"tmux_period_bx", each.tmux_period_bx}, {"least_boards", each.least_boards}, {"constraint", each.constraint}});
    return {{"periods", std::move(periods)}, {"latency_ns", estimate.latency_ns}, {"impossible", estimate.impossible}};
}

}  // namespace tessera::apps::serve
