#include "partition/mapper.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "partition/bounds.h"
#include "partition/node_mapper.h"

namespace tessera::partition {

namespace {

using Candidate = MappingResult::Candidate;

/// A TMUX period that is still in the race.
struct Contender {
    NodePlan plan;
    std::size_t candidate = 0;  ///< its line in the list of candidates

    int least_boards() const { return plan.least_boards() * plan.tmux_period_bx; }
};

NoMapping to_no_mapping(const NodeFailure& failure) {
    return {failure.constraint, failure.needed, failure.available, failure.unit, failure.explanation, {}};
}

/// The search over the TMUX periods.
class Mapper {
  public:
    Mapper(const MappingProblem& problem, const MapperOptions& options)
        : problem_(problem), options_(options), flows_(models::dataflow(*problem.network)) {}

    std::variant<MappingResult, NoMapping> run() {
        plan_all();
        // Long periods first: their shards are few, so they are mapped quickly, and what they find cuts the rest short.
        std::stable_sort(contenders_.begin(), contenders_.end(),
                         [](const Contender& a, const Contender& b) { return a.plan.tmux_period_bx > b.plan.tmux_period_bx; });
        for (std::size_t c = 0; c < contenders_.size() && !stopped_; ++c) {
            fraction_ = static_cast<double>(c) / static_cast<double>(contenders_.size());
            report(fmt::format("mapping at a TMUX period of {} BX", contenders_[c].plan.tmux_period_bx), fraction_);
            if (!stopped_) try_contender(contenders_[c]);
        }
        if (!best_) return give_up();
        MappingResult result{std::move(*best_), bounds_, std::move(candidates_)};
        for (auto& candidate : result.candidates) {
            if (candidate.boards > 0 && candidate.note.empty() && candidate.tmux_period_bx != result.mapping.tmux_period_bx) {
                candidate.note = "more boards, or slower";
            }
        }
        return result;
    }

  private:
    void report(const std::string& stage, double fraction) {
        if (options_.progress) options_.progress(stage, fraction);
        if (options_.should_stop && options_.should_stop()) stopped_ = true;
    }

    /// Plans every period; those that cannot fit, by their bound, are out.
    void plan_all() {
        for (const int period : problem_.tmux_periods_bx) {
            report(fmt::format("choosing implementations at a TMUX period of {} BX", period), 0);
            if (stopped_) return;
            candidates_.push_back({period, 0, 0, ""});
            auto planned = plan_node(problem_, flows_, period);
            if (const auto* failure = std::get_if<NodeFailure>(&planned)) {
                exclude(candidates_.size() - 1, to_no_mapping(*failure));
                continue;
            }
            Contender contender{std::get<NodePlan>(std::move(planned)), candidates_.size() - 1};
            if (contender.least_boards() > problem_.boards_available) {
                exclude(contender.candidate, over_bound(contender));
            } else {
                contenders_.push_back(std::move(contender));
            }
        }
    }

    NoMapping over_bound(const Contender& contender) const {
        const auto& constraint = contender.plan.bound.constraint;
        return {
            constraint,
            static_cast<double>(contender.least_boards()),
            static_cast<double>(problem_.boards_available),
            "boards",
            fmt::format("{}: needs at least {} boards of type {} ({} time nodes of {}), {} are there", constraint, contender.least_boards(),
                        problem_.board.name, contender.plan.tmux_period_bx, contender.plan.least_boards(), problem_.boards_available),
            {}};
    }

    /// Maps one period for several prices of latency: where the budget is met, slower layouts may take fewer
    /// boards; where it is not, quicker ones may meet it.
    void try_contender(Contender& contender) {
        auto& candidate = candidates_[contender.candidate];
        if (best_in_budget_ && contender.least_boards() > most_boards()) {
            candidate.note = fmt::format("not tried: needs at least {} boards", contender.least_boards());
            return;
        }
        constexpr std::array kCheaper{0.3, 0.1, 0.0}, kQuicker{3.0, 10.0, 30.0};
        const Trial first = try_weight(contender, 1);
        if (first == Trial::overloaded) return;
        for (const double weight : first == Trial::over_budget ? kQuicker : kCheaper) {
            report(fmt::format("mapping at a TMUX period of {} BX, latency at {} of its price", contender.plan.tmux_period_bx, weight),
                   fraction_);
            if (stopped_) return;
            const Trial next = try_weight(contender, weight);
            if (first != Trial::too_many_boards && next != first) return;
        }
    }

    /// Boards that a mapping may take to be of use.
    int most_boards() const { return best_in_budget_ ? static_cast<int>(best_->boards_in_system()) : problem_.boards_available; }

    enum class Trial { met_budget, over_budget, too_many_boards, overloaded };

    Trial try_weight(Contender& contender, double weight) {
        price_latency(contender.plan, problem_, weight);
        const int most = most_boards();
        auto outcome = map_node(problem_, flows_, contender.plan, most / contender.plan.tmux_period_bx, options_);
        if (const auto* failure = std::get_if<NodeFailure>(&outcome)) {
            const Trial trial = failure->constraint == "board count" ? Trial::too_many_boards : Trial::overloaded;
            if (candidates_[contender.candidate].boards > 0) return trial;
            if (most < problem_.boards_available) {
                candidates_[contender.candidate].note = "more boards than the best";
            } else {
                exclude(contender.candidate, to_no_mapping(*failure));
            }
            return trial;
        }
        return consider(contender, std::get<Mapping>(std::move(outcome))) ? Trial::met_budget : Trial::over_budget;
    }

    /// Keeps a mapping that is better than what was known; true where it meets the latency budget.
    bool consider(const Contender& contender, Mapping mapping) {
        const double latency = latency_ns(mapping);
        const bool in_budget = latency <= problem_.latency_budget_ns;
        auto& candidate = candidates_[contender.candidate];
        const Figures found{in_budget, static_cast<int>(mapping.boards_in_system()), latency};
        const Figures known{candidate.latency_ns <= problem_.latency_budget_ns, candidate.boards, candidate.latency_ns};
        if (candidate.boards == 0 || better(found, known)) {
            candidate.boards = found.boards, candidate.latency_ns = latency;
            candidate.note = in_budget ? "" : "over the latency budget";
        }
        if (!best_ || better(found, {best_in_budget_, static_cast<int>(best_->boards_in_system()), latency_ns(*best_)})) {
            best_ = std::move(mapping);
            best_in_budget_ = in_budget;
            bounds_ = bounds_of(contender);
        }
        return in_budget;
    }

    static double latency_ns(const Mapping& mapping) { return static_cast<double>(mapping.analytic_latency_ticks) * mapping.tick_ns(); }

    struct Figures {
        bool in_budget;
        int boards;
        double latency_ns;
    };

    /// Within the budget fewer boards win, then less latency; outside, less latency.
    static bool better(const Figures& a, const Figures& b) {
        if (a.in_budget != b.in_budget) return a.in_budget;
        if (a.in_budget && a.boards != b.boards) return a.boards < b.boards;
        return a.latency_ns < b.latency_ns;
    }

    Bounds bounds_of(const Contender& contender) const {
        double latency = std::numeric_limits<double>::infinity();
        for (const int period : problem_.tmux_periods_bx) {
            latency = std::min(latency, bound_latency_ns(problem_, flows_, std::int64_t{period} * problem_.clock.cycles_per_bx));
        }
        return {contender.least_boards(), contender.plan.bound.constraint, latency};
    }

    /// Keeps the reason that is nearest to being met.
    void exclude(std::size_t candidate, NoMapping reason) {
        candidates_[candidate].note = reason.explanation;
        const auto shortfall = [](const NoMapping& no) { return no.needed / std::max(no.available, 1e-9); };
        const bool worse_kind = reason.constraint == "interval" && nearest_ && nearest_->constraint != "interval";
        const bool better_kind = nearest_ && nearest_->constraint == "interval" && reason.constraint != "interval";
        if (!nearest_ || better_kind || (!worse_kind && shortfall(reason) < shortfall(*nearest_))) nearest_ = std::move(reason);
    }

    NoMapping give_up() {
        NoMapping none = nearest_ ? std::move(*nearest_) : NoMapping{"time", 0, 0, "", "stopped before any mapping was found", {}};
        none.candidates = std::move(candidates_);
        return none;
    }

    const MappingProblem& problem_;
    const MapperOptions& options_;
    std::vector<models::Flow> flows_;
    std::vector<Contender> contenders_;
    std::vector<Candidate> candidates_;
    std::optional<Mapping> best_;
    bool best_in_budget_ = false;
    Bounds bounds_;
    std::optional<NoMapping> nearest_;
    bool stopped_ = false;
    double fraction_ = 0;  ///< of the search that is done
};

}  // namespace

std::variant<MappingResult, NoMapping> map_network(const MappingProblem& problem, const MapperOptions& options) {
    return Mapper(problem, options).run();
}

}  // namespace tessera::partition
