#include "partition/mapper.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <span>

#include "partition/board_latency_bound.h"
#include "partition/board_mix.h"
#include "partition/bounds.h"
#include "partition/hop_bound.h"
#include "partition/node_failures.h"
#include "partition/node_mapper.h"
#include "partition/node_trials.h"
#include "partition/operator_limits.h"

namespace tessera::partition {

namespace {

using Candidate = MappingResult::Candidate;

/// A TMUX period that is still in the race.
struct Contender {
    NodePlan plan;
    std::size_t candidate = 0;  ///< its line in the list of candidates

    int least_boards() const { return plan.least_boards() * plan.tmux_period_bx; }
};

/// What led to the best mapping of a search.
struct BestTrial {
    Contender contender;
    double weight = 1;  ///< of the price of latency
    LayoutKind kind;
    BoardsAndLatency figures;
    Mapping mapping;

    std::size_t shards() const { return mapping.shards.size(); }
};

NoMapping to_no_mapping(const NodeFailure& failure) {
    return {failure.constraint, failure.needed, failure.available, failure.unit, failure.explanation, {}};
}

/// The search over the TMUX periods.
class Mapper {
  public:
    Mapper(const MappingProblem& problem, const MapperOptions& options)
        : problem_(problem), options_(options), flows_(models::dataflow(*problem.network)), trials_(problem, flows_, options) {}

    std::variant<MappingResult, NoMapping> run() {
        if (options_.earlier != nullptr && keep_earlier()) return result();
        candidates_.clear();
        plan_all();
        // Long periods first: their shards are few, so they are mapped quickly, and what they find cuts the rest short.
        std::stable_sort(contenders_.begin(), contenders_.end(),
                         [](const Contender& a, const Contender& b) { return a.plan.tmux_period_bx > b.plan.tmux_period_bx; });
        if (options_.objective != Objective::latency) search(problem_.latency_budget_ns);
        if (options_.objective != Objective::boards) search(0);
        if (!best_) return give_up();
        MappingResult found = result();
        for (auto& candidate : found.candidates) {
            if (candidate.boards > 0 && candidate.note.empty() && candidate.tmux_period_bx != found.mapping.tmux_period_bx) {
                candidate.note = "more boards, or slower";
            }
        }
        return found;
    }

  private:
    MappingResult result() {
        const Bounds bounds = bounds_of(best_plan_);
        return {std::move(*best_), bounds, std::move(candidates_), std::move(front_)};
    }

    void report(const std::string& stage, double fraction) {
        const auto best = best_ ? fmt::format("; best {} boards, {:.0f} ns", best_->boards_in_system(), best_->analytic_latency_ns()) : "";
        if (options_.progress) options_.progress(stage + best, fraction);
        if (options_.should_stop && options_.should_stop()) stopped_ = true;
    }

    /// Takes over an earlier mapping at its own period. False where that is none of those asked for, or where what becomes of it
    /// is over the budget and slower than it was.
    bool keep_earlier() {
        const Mapping& earlier = *options_.earlier;
        const auto& periods = problem_.tmux_periods_bx;
        if (std::find(periods.begin(), periods.end(), earlier.tmux_period_bx) == periods.end()) return false;
        report("keeping what holds of the earlier mapping", 0);
        auto planned = plan_node(problem_, flows_, earlier.tmux_period_bx);
        auto* plan = std::get_if<NodePlan>(&planned);
        if (plan == nullptr) return false;
        price_latency(*plan, problem_, flows_, 1, false);
        const Contender contender{std::move(*plan), 0};
        auto outcome = remap_node(problem_, flows_, contender.plan, earlier, problem_.boards_available / earlier.tmux_period_bx, options_);
        auto* mapping = std::get_if<Mapping>(&outcome);
        if (mapping == nullptr) return false;
        if (mapping->analytic_latency_ns() > std::max(problem_.latency_budget_ns, earlier.analytic_latency_ns())) return false;
        candidates_.push_back({earlier.tmux_period_bx, 0, 0, ""});
        consider(contender, trial_of(contender, 1), std::move(*mapping));
        candidates_.back().note = "what holds of an earlier mapping";
        return true;
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
            if (contender.least_boards() > boards_for(contender)) {
                exclude(contender.candidate, over_bound(contender));
            } else {
                contenders_.push_back(std::move(contender));
            }
        }
    }

    /// Boards that time nodes can be made of; with one type the rest of the division is there as well.
    int boards_for(const Contender& contender) const {
        const int period = contender.plan.tmux_period_bx;
        return problem_.boards.size() == 1 ? problem_.boards_available
                                           : std::min(problem_.boards_available, period * boards_in_node(problem_.boards, period));
    }

    NoMapping over_bound(const Contender& contender) const {
        const auto& constraint = contender.plan.bound.constraint;
        const int available = boards_for(contender);
        return {
            constraint,
            static_cast<double>(contender.least_boards()),
            static_cast<double>(available),
            "boards",
            fmt::format("{}: needs at least {} boards of type {} ({} time nodes of {}), {} are there", constraint, contender.least_boards(),
                        names_of(problem_.boards), contender.plan.tmux_period_bx, contender.plan.least_boards(), available),
            {}};
    }

    /// Tries all periods. What is quick enough is put on fewer boards, and only fewer boards are of interest after it.
    void search(double quick_enough_ns) {
        quick_enough_ns_ = quick_enough_ns;
        best_trial_.reset();
        for (std::size_t c = 0; c < contenders_.size() && !stopped_; ++c) {
            fraction_ = static_cast<double>(c) / static_cast<double>(contenders_.size());
            report(fmt::format("mapping at TMUX {}", contenders_[c].plan.tmux_period_bx), fraction_);
            if (!stopped_) try_contender(c);
        }
        try_others_like_the_best();
        shorten_the_best();
    }

    static constexpr std::size_t kFewShards = 300;  // of few the first is good

    /// How a layout is to differ from the best.
    struct Variation {
        double weight = 1;  ///< times the best's price of latency
        LayoutKind kind;
        std::uint64_t seed = 0;  ///< more than that of the search
    };

    /// Layouts of other kinds than the best; such with other seeds; and of a better kind, at about the same price of latency. Where
    /// annealing ends depends on chance as well, and the best of several layouts is often a tenth quicker than the first.
    void try_others_like_the_best() {
        if (!best_trial_ || best_trial_->shards() < kFewShards || options_.partitioner != Partitioner::tessera) return;
        constexpr std::size_t kShardsOfAll = 6000, kShardsOfBetter = 2000, kShardsOfFine = 800;  // many take long
        constexpr std::array<double, 3> kSame{1, 1, 1}, kAbout{1.5, 0.7, 1};
        const LayoutKind kind = best_trial_->kind;
        const std::size_t shards = best_trial_->shards();
        const auto seeds = [](LayoutKind of, const std::array<double, 3>& weights, std::size_t count) {
            std::vector<Variation> variations;
            for (std::size_t n = 0; n < std::clamp<std::size_t>(count, 1, weights.size()); ++n)
                variations.push_back({weights[n], of, n + 1});
            return variations;
        };
        std::vector<Variation> others = seeds(kind, kSame, kShardsOfAll / shards);
        for (const auto& other : {LayoutKind{true, false, false}, LayoutKind{true, true, false}, LayoutKind{false, false, true}})
            if (other != kind && (!other.fine || shards < kShardsOfFine)) others.push_back({1, other, 0});
        try_variations(others);
        if (best_trial_->kind != kind) try_variations(seeds(best_trial_->kind, kAbout, kShardsOfBetter / best_trial_->shards()));
    }

    void try_variations(const std::vector<Variation>& variations) {
        const BestTrial best = *best_trial_;
        const int period = best.contender.plan.tmux_period_bx;
        std::vector<Contender> contenders(variations.size(), best.contender);
        std::vector<NodeTrials::Trial> trials;
        for (std::size_t n = 0; n < variations.size(); ++n) {
            const double weight = best.weight * variations[n].weight;
            price_latency(contenders[n].plan, problem_, flows_, weight, variations[n].kind.as_one);
            trials.push_back(trial_of(contenders[n], weight, variations[n].kind));
            trials.back().seed += variations[n].seed;
        }
        for (std::size_t n = 0; n < trials.size(); ++n) {
            report(fmt::format("mapping at TMUX {} in another way, {} of {}", period, n + 1, trials.size()), 1);
            if (stopped_) return;
            for (std::size_t later = n; later < trials.size(); ++later) trials[later].limits.most_boards = most_boards() / period;
            auto outcome = trials_.result(trials[n], {trials.begin() + static_cast<std::ptrdiff_t>(n) + 1, trials.end()});
            if (auto* found = std::get_if<std::vector<Mapping>>(&outcome)) {
                for (auto& mapping : *found) consider(contenders[n], trials[n], std::move(mapping));
            }
        }
    }

    void shorten_the_best() {
        if (!best_trial_ || best_trial_->shards() < kFewShards || options_.partitioner != Partitioner::tessera || stopped_) return;
        report("shortening the slowest paths", 1);
        const BestTrial best = *best_trial_;
        auto shorter = shorten_paths(problem_, flows_, best.contender.plan, best.mapping, options_);
        if (shorter) consider(best.contender, trial_of(best.contender, best.weight, best.kind), *std::move(shorter));
    }

    /// Maps one period for several prices of latency: where the budget is met, slower layouts may take fewer
    /// boards; where it is not, quicker ones may meet it.
    void try_contender(std::size_t position) {
        Contender& contender = contenders_[position];
        auto& candidate = candidates_[contender.candidate];
        if (contender.least_boards() > most_boards()) {
            candidate.note = fmt::format("not tried: needs at least {} boards", contender.least_boards());
            return;
        }
        constexpr std::array kCheaper{0.3, 0.1, 0.0}, kQuicker{3.0, 10.0, 30.0};
        constexpr std::array kQuickest{3.0, 10.0, 25.0};
        const Trial first = try_weight(position, 1, {});
        const bool latency_is_all = quick_enough_ns_ <= 0;
        if (first == Trial::out_of_reach || (first == Trial::too_thin_links && !latency_is_all)) return;
        const std::span<const double> weights = latency_is_all             ? std::span<const double>(kQuickest)
                                                : first == Trial::too_slow ? std::span<const double>(kQuicker)
                                                                           : std::span<const double>(kCheaper);
        for (auto weight = weights.begin(); weight != weights.end(); ++weight) {
            report(fmt::format("mapping at TMUX {}, latency at {} x its price", contender.plan.tmux_period_bx, *weight), fraction_);
            if (stopped_) return;
            const double before_ns = candidate.latency_ns;
            const Trial next = try_weight(position, *weight, {std::next(weight), weights.end()});
            if (first != Trial::too_many_boards && next != first && !latency_is_all) return;
            constexpr double kBarely = 0.9;
            if (next == Trial::too_slow && far_too_slow(before_ns) && candidate.latency_ns > kBarely * before_ns) return;
        }
    }

    /// By so much that a little more of anything will not do.
    bool far_too_slow(std::optional<double> latency_ns) const {
        constexpr double kFar = 2;
        return quick_enough_ns_ > 0 && latency_ns > kFar * quick_enough_ns_;
    }

    /// Boards that a mapping may take to be of use.
    int most_boards() const {
        return best_ && best_->analytic_latency_ns() <= quick_enough_ns_ ? static_cast<int>(best_->boards_in_system())
                                                                         : problem_.boards_available;
    }

    enum class Trial { quick_enough, too_slow, too_many_boards, too_thin_links, out_of_reach };  // the best first

    NodeTrials::Trial trial_of(const Contender& contender, double weight, LayoutKind kind = {}) const {
        const NodeLimits limits{most_boards() / contender.plan.tmux_period_bx, quick_enough_ns_, !far_too_slow(quickest_ns_), kind};
        return {&contender.plan, weight, limits, options_.seed};
    }

    /// What is asked for after a trial that makes nothing better, most likely: the other weights, then the other periods.
    std::vector<NodeTrials::Trial> after(std::size_t position, std::span<const double> weights) const {
        std::vector<NodeTrials::Trial> next;
        for (const double weight : weights) next.push_back(trial_of(contenders_[position], weight));
        for (std::size_t c = position + 1; c < contenders_.size(); ++c) {
            if (contenders_[c].least_boards() <= most_boards()) next.push_back(trial_of(contenders_[c], 1));
        }
        return next;
    }

    /// Where latency is all, in layouts of several kinds.
    /// @param weights that come after it
    Trial try_weight(std::size_t position, double weight, std::span<const double> weights) {
        Contender& contender = contenders_[position];
        std::vector<LayoutKind> kinds{{}};
        if (quick_enough_ns_ <= 0 && options_.partitioner == Partitioner::tessera)
            kinds.insert(kinds.end(), {{true, false, false}, {true, true, false}});
        Trial best = Trial::out_of_reach;
        for (std::size_t k = 0; k < kinds.size() && !stopped_; ++k) {
            std::vector<NodeTrials::Trial> next;
            for (std::size_t later = k + 1; later < kinds.size(); ++later) next.push_back(trial_of(contender, weight, kinds[later]));
            for (const auto& trial : after(position, weights)) next.push_back(trial);
            price_latency(contender.plan, problem_, flows_, weight, kinds[k].as_one);
            best = std::min(best, judge(contender, trial_of(contender, weight, kinds[k]), next));
            if (best == Trial::out_of_reach) break;
        }
        return best;
    }

    Trial judge(const Contender& contender, const NodeTrials::Trial& trial, const std::vector<NodeTrials::Trial>& next) {
        const int most = most_boards();
        auto outcome = trials_.result(trial, next);
        if (const auto* failure = std::get_if<NodeFailure>(&outcome)) {
            if (candidates_[contender.candidate].boards == 0) note_failure(contender, *failure, most);
            if (failure->needed > kWorthCounting * failure->available) return Trial::out_of_reach;
            return failure->constraint == kBoardCount ? Trial::too_many_boards : Trial::too_thin_links;
        }
        Trial judged = Trial::too_slow;
        for (auto& mapping : std::get<std::vector<Mapping>>(outcome)) {
            if (mapping.analytic_latency_ns() <= quick_enough_ns_) judged = Trial::quick_enough;
            consider(contender, trial, std::move(mapping));
        }
        return judged;
    }

    void note_failure(const Contender& contender, const NodeFailure& failure, int most_boards_then) {
        if (most_boards_then < problem_.boards_available) {
            candidates_[contender.candidate].note = "more boards than the best";
        } else {
            exclude(contender.candidate, to_no_mapping(failure));
        }
    }

    static BoardsAndLatency figures(const Mapping& mapping) {
        return {static_cast<int>(mapping.boards_in_system()), mapping.analytic_latency_ns()};
    }

    /// Keeps a mapping that is better than what was known.
    void consider(const Contender& contender, const NodeTrials::Trial& trial, Mapping mapping) {
        const BoardsAndLatency found = figures(mapping);
        quickest_ns_ = std::min(quickest_ns_.value_or(found.latency_ns), found.latency_ns);
        auto& candidate = candidates_[contender.candidate];
        if (candidate.boards == 0 || is_better(found, {candidate.boards, candidate.latency_ns})) {
            candidate.boards = found.boards, candidate.latency_ns = found.latency_ns;
            candidate.note = found.latency_ns <= problem_.latency_budget_ns ? "" : "over the latency budget";
        }
        const auto objective = quick_enough_ns_ > 0 ? Objective::boards : Objective::latency;
        if (!best_trial_ || better(found, best_trial_->figures, objective, problem_.latency_budget_ns))
            best_trial_ = BestTrial{contender, trial.weight, trial.limits.kind, found, mapping};
        if (options_.objective == Objective::pareto) add_to_front(mapping);
        if (!best_ || is_better(found, figures(*best_))) {
            best_ = std::move(mapping);
            best_plan_ = contender.plan;
        }
    }

    bool is_better(const BoardsAndLatency& layout, const BoardsAndLatency& known) const {
        return better(layout, known, options_.objective, problem_.latency_budget_ns);
    }

    void add_to_front(const Mapping& mapping) {
        const auto beats = [](const BoardsAndLatency& a, const BoardsAndLatency& b) {
            return a.boards <= b.boards && a.latency_ns <= b.latency_ns;
        };
        const BoardsAndLatency found = figures(mapping);
        if (std::any_of(front_.begin(), front_.end(), [&](const Mapping& known) { return beats(figures(known), found); })) return;
        std::erase_if(front_, [&](const Mapping& known) { return beats(found, figures(known)); });
        const auto fewer = [](const Mapping& a, const Mapping& b) { return a.boards_in_system() < b.boards_in_system(); };
        front_.insert(std::upper_bound(front_.begin(), front_.end(), mapping, fewer), mapping);
    }

    /// Of the best mapping; `plan` is that of its period.
    Bounds bounds_of(const NodePlan& plan) const {
        const auto& prices = plan.choice.prices;
        const auto limits = operator_limits(problem_, prices, plan.cycles_per_event);
        const int switches = least_switches(problem_, flows_, limits, prices);
        Bounds bounds{(plan.least_boards() + switches) * plan.tmux_period_bx, plan.bound.constraint,
                      std::numeric_limits<double>::infinity(), 0, 0};
        for (const int period : problem_.tmux_periods_bx) {
            bounds.latency_ns =
                std::min(bounds.latency_ns, bound_latency_ns(problem_, flows_, std::int64_t{period} * problem_.clock.cycles_per_bx));
        }
        const double boards = priced_size(*best_, problem_.boards, prices) - switches;  // which hold nothing
        const double on_boards = bound_latency_on_boards_ns(problem_, flows_, limits, prices, boards, plan.cycles_per_event);
        bounds.with_hops_ns = std::max(bounds.latency_ns, bound_latency_with_hops_ns(problem_, flows_, limits, prices));
        bounds.on_boards_ns = std::max(bounds.with_hops_ns, on_boards);
        return bounds;
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
    NodeTrials trials_;
    std::vector<Contender> contenders_;
    std::vector<Candidate> candidates_;
    std::optional<Mapping> best_;
    std::vector<Mapping> front_;
    NodePlan best_plan_;                   ///< of the best
    std::optional<BestTrial> best_trial_;  ///< of the search under way
    std::optional<NoMapping> nearest_;
    std::optional<double> quickest_ns_;  ///< of all mappings found
    bool stopped_ = false;
    double quick_enough_ns_ = 0;  ///< of the search under way
    double fraction_ = 0;         ///< of the search that is done
};

}  // namespace

std::variant<MappingResult, NoMapping> map_network(const MappingProblem& problem, const MapperOptions& options) {
    return Mapper(problem, options).run();
}

}  // namespace tessera::partition
