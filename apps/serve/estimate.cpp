#include "apps/serve/estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "apps/steps.h"
#include "partition/bounds.h"
#include "partition/forecast.h"
#include "partition/input_cuts.h"
#include "partition/objective.h"

namespace tessera::apps::serve {

namespace {

/// Of all TMUX periods together: half a second's work.
constexpr std::int64_t kMostShards = 40'000;

/// Plans all TMUX periods of a study, and estimates those that may be the best.
class Estimator {
  public:
    Estimator(const Study& study, const models::Network& network)
        : study_(study), problem_(mapping_problem(study, network)), flows_(models::dataflow(network)) {}

    Estimate run() {
        estimate_.least_latency_ns = std::numeric_limits<double>::infinity();
        for (const int period : study_.tmux_periods_bx) bound(period);
        // As the mapper does it: long periods have few shards, and what they take rules out others.
        std::vector<std::size_t> order;
        for (std::size_t p = 0; p < plans_.size(); ++p) order.push_back(p);
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return study_.tmux_periods_bx[a] > study_.tmux_periods_bx[b]; });
        for (const auto p : order) {
            if (plans_[p]) foresee(*plans_[p], estimate_.periods[p]);
        }
        return std::move(estimate_);
    }

  private:
    void bound(int period) {
        auto planned = partition::plan_node(problem_, flows_, period);
        Estimate::Period bounds;
        bounds.tmux_period_bx = period;
        if (const auto* failure = std::get_if<partition::NodeFailure>(&planned)) {
            bounds.constraint = bounds.note = failure->explanation;
            plans_.emplace_back();
        } else {
            auto& plan = std::get<partition::NodePlan>(planned);
            bounds.least_boards = plan.least_boards() * period + boards_of(study_.stages);
            bounds.constraint = plan.bound.constraint;
            plans_.emplace_back(std::move(plan));
        }
        estimate_.periods.push_back(std::move(bounds));
        const double alone_ns = partition::bound_latency_ns(problem_, flows_, std::int64_t{period} * study_.clock.cycles_per_bx);
        estimate_.least_latency_ns = std::min(estimate_.least_latency_ns, with_stages(alone_ns));
    }

    /// Whether the shards of a plan are too many, with those of the plans before it.
    bool too_large(const partition::NodePlan& plan) {
        shards_ += partition::count_shards(problem_, flows_, plan);
        return shards_ > kMostShards;
    }

    void foresee(const partition::NodePlan& plan, Estimate::Period& period) {
        if (period.least_boards > study_.layout_boards()) {
            period.note = fmt::format("{} boards are there", study_.layout_boards());
        } else if (beaten(period.least_boards)) {
            period.note = "more boards than another";
        } else if (too_large(plan)) {
            period.note = "too large to be estimated at once";
        } else if (const auto forecast = partition::forecast_mapping(problem_, flows_, plan, study_.objective)) {
            period.likely_boards = forecast->boards + boards_of(study_.stages);
            period.likely_latency_ns = with_stages(forecast->latency_ns);
            if (!estimate_.likely || better(figures(period), figures(*estimate_.likely))) estimate_.likely = period;
        } else {
            period.note = "hardly laid out: boards or ports do not suffice";
        }
    }

    /// Whether what is known takes no more boards than these and is within the budget, where boards count.
    bool beaten(int boards) const {
        return estimate_.likely && study_.objective != partition::Objective::latency && boards >= estimate_.likely->likely_boards &&
               estimate_.likely->likely_latency_ns <= study_.latency_budget_ns;
    }

    static partition::BoardsAndLatency figures(const Estimate::Period& period) { return {period.likely_boards, period.likely_latency_ns}; }

    /// On the boards that there are rather than on more.
    bool better(const partition::BoardsAndLatency& a, const partition::BoardsAndLatency& b) const {
        const bool a_fits = a.boards <= study_.layout_boards(), b_fits = b.boards <= study_.layout_boards();
        return a_fits != b_fits ? a_fits : partition::better(a, b, study_.objective, study_.latency_budget_ns);
    }

    double with_stages(double network_ns) const { return study_.stages.empty() ? network_ns : bound_latency_ns(study_.stages, network_ns); }

    const Study& study_;
    partition::MappingProblem problem_;
    std::vector<models::Flow> flows_;
    std::vector<std::optional<partition::NodePlan>> plans_;  ///< by TMUX period of the study
    std::int64_t shards_ = 0;
    Estimate estimate_;
};

/// Why no layout can pass; empty where the bounds do not say so.
std::string why_impossible(const Study& study, const Estimate& estimate) {
    // A compression that is taken may need fewer ports than the network as it is, and the estimate is for the first precision.
    if (!study.compressions.empty() || study.precisions.size() > 1) return "";
    const Estimate::Period* least = nullptr;
    for (const auto& each : estimate.periods) {
        if (each.least_boards > 0 && (least == nullptr || each.least_boards < least->least_boards)) least = &each;
    }
    if (least == nullptr) return estimate.periods.front().constraint;
    if (least->least_boards > study.layout_boards())
        return fmt::format("{}: at least {} boards are needed, {} are there", least->constraint, least->least_boards,
                           study.layout_boards());
    if (estimate.least_latency_ns > study.latency_budget_ns)
        return fmt::format("latency: at least {:.1f} ns are needed, {:.1f} ns are there", estimate.least_latency_ns,
                           study.latency_budget_ns);
    return "";
}

Json to_json(const Estimate::Period& period) {
    return {{"tmux_period_bx", period.tmux_period_bx}, {"least_boards", period.least_boards},           {"constraint", period.constraint},
            {"likely_boards", period.likely_boards},   {"likely_latency_ns", period.likely_latency_ns}, {"note", period.note}};
}

}  // namespace

Estimate estimate(const Study& study, models::Network network) {
    apply_study(study, network);
    const auto cuts = partition::needed_input_cuts(mapping_problem(study, network));
    // Other cuts have other bounds, if slightly.
    const bool may_cut_more = partition::wider_input_cuts(mapping_problem(study, network), cuts).has_value();
    network = models::split_inputs(std::move(network), cuts);
    auto estimate = Estimator(study, network).run();
    if (!may_cut_more) estimate.impossible = why_impossible(study, estimate);
    return estimate;
}

Json to_json(const Estimate& estimate) {
    Json periods = Json::array();
    for (const auto& each : estimate.periods) periods.push_back(to_json(each));
    return {{"periods", std::move(periods)},
            {"least_latency_ns", estimate.least_latency_ns},
            {"impossible", estimate.impossible},
            {"likely", estimate.likely ? to_json(*estimate.likely) : Json()}};
}

}  // namespace tessera::apps::serve
