#include "partition/operator_options.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "partition/link_frames.h"

namespace tessera::partition {

using models::Operator;
using models::OperatorKind;

bool has_hardware(const Operator& op) {
    return op.kind != OperatorKind::input && op.kind != OperatorKind::output && op.kind != OperatorKind::wiring;
}

bool splits_tokens(const Operator& op) { return op.kind != OperatorKind::recurrent; }

std::int64_t most_channel_parts(const models::Network& network, const Operator& op) {
    const std::int64_t channels = network.stream(op.id).channels;
    switch (op.kind) {
        case OperatorKind::softmax:
            return channels % std::max(1, op.heads) == 0 ? std::max(1, op.heads) : 1;
        case OperatorKind::top_k:
        case OperatorKind::recurrent:
        case OperatorKind::scatter:
            return 1;
        default:
            return std::max<std::int64_t>(1, channels);
    }
}

double OperatorOption::streaming_cycles() const {
    return static_cast<double>((tokens_per_engine - 1) * implementation.token_interval_cycles);
}

namespace {

/// What an option adds to the latency, roughly: a quarter of an engine's tokens delay those who wait for the last.
double cycles(const OperatorOption& option) { return option.implementation.latency_cycles + 0.25 * option.streaming_cycles(); }

bool dominates(const OperatorOption& a, const OperatorOption& b) { return a.total.fits(b.total) && cycles(a) <= cycles(b); }

/// Keeps what no other option beats in all resources and in cycles; the first of equals stays.
std::vector<OperatorOption> without_dominated(const std::vector<OperatorOption>& all) {
    std::vector<OperatorOption> kept;
    for (const auto& candidate : all) {
        const auto beats = [&](const OperatorOption& other) { return dominates(other, candidate); };
        if (std::any_of(kept.begin(), kept.end(), beats)) continue;
        std::erase_if(kept, [&](const OperatorOption& other) { return dominates(candidate, other); });
        kept.push_back(candidate);
    }
    return kept;
}

}  // namespace

std::vector<OperatorOption> operator_options(const models::Network& network, const Operator& op, std::int64_t cycles_per_event,
                                             const boards::Device& device, const Resources& slr_capacity) {
    const models::StreamShape stream = network.stream(op.id);
    const auto parts = static_cast<double>(most_channel_parts(network, op));
    std::vector<OperatorOption> all;
    std::int64_t engines = splits_tokens(op) ? divide_up(stream.tokens, cycles_per_event) : 1;
    // Twice the engines may each be twice as slow; from there on the ladder ends at one token each.
    for (;; engines *= 2) {
        const std::int64_t tokens = divide_up(stream.tokens, engines);
        const models::ImplementationRequest request{{{0, tokens}, {0, stream.channels}}, cycles_per_event};
        for (const auto& implementation : models::implementations(network, op, request, device)) {
            // The channels may have to be cut for an SLR; where even the finest cut cannot fit, it is no option.
            if (!(implementation.resources.max_fraction(slr_capacity) <= parts)) continue;
            all.push_back({static_cast<int>(engines), tokens, implementation, implementation.resources * static_cast<double>(engines)});
        }
        if (tokens <= 1 || !splits_tokens(op)) break;
    }
    return without_dominated(all);
}

namespace {

using Fractions = std::array<double, 5>;

Fractions fractions_of(const Resources& amount, const Resources& capacity) {
    Fractions result{};
    for (std::size_t r = 0; r < result.size(); ++r) {
        const double of = capacity.values()[r];
        result[r] = of > 0 ? amount.values()[r] / of : 0;  // nothing is needed where there is none: such options were dropped
    }
    return result;
}

double priced(const Fractions& amount, const Fractions& prices) {
    double sum = 0;
    for (std::size_t r = 0; r < amount.size(); ++r) sum += amount[r] * prices[r];
    return sum;
}

double largest(const Fractions& values) { return *std::max_element(values.begin(), values.end()); }

/// The board fractions of every option and what its cycles cost, so that the loops below touch nothing else.
class PricedOptions {
  public:
    PricedOptions(const std::vector<std::vector<OperatorOption>>& options, const Resources& board_capacity, const CyclePrices& prices) {
        groups_.resize(std::max<std::size_t>(1, prices.streaming.size()));
        for (std::size_t g = 0; g < prices.streaming.size(); ++g) groups_[g].price = prices.streaming[g];
        for (std::size_t op = 0; op < options.size(); ++op) {
            auto& row = taken_.emplace_back();
            auto& latency = latency_.emplace_back();
            auto& streaming = streaming_.emplace_back();
            group_of_.push_back(prices.empty() ? 0 : prices.group[op]);
            groups_[group_of_.back()].operators.push_back(op);
            for (const auto& option : options[op]) {
                row.push_back(fractions_of(option.total, board_capacity));
                latency.push_back(prices.empty() ? 0 : prices.latency[op] * option.implementation.latency_cycles);
                streaming.push_back(option.streaming_cycles());
            }
            auto& order = quickest_first_.emplace_back(options[op].size());
            std::iota(order.begin(), order.end(), std::size_t{0});
            std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return streaming[a] < streaming[b]; });
        }
    }

    std::size_t operators() const { return taken_.size(); }
    const std::vector<Fractions>& taken(std::size_t op) const { return taken_[op]; }

    Fractions totals(const std::vector<std::size_t>& chosen) const {
        Fractions sum{};
        for (std::size_t op = 0; op < taken_.size(); ++op) {
            if (taken_[op].empty()) continue;
            for (std::size_t r = 0; r < sum.size(); ++r) sum[r] += taken_[op][chosen[op]][r];
        }
        return sum;
    }

    /// Of all cycles, in boards.
    double cycles_cost(const std::vector<std::size_t>& chosen) const {
        double sum = 0;
        for (std::size_t op = 0; op < latency_.size(); ++op) sum += latency_[op].empty() ? 0 : latency_[op][chosen[op]];
        for (const Group& group : groups_) sum += group.price * slowest(group, chosen);
        return sum;
    }

    /// What it changes of that to take another option for one operator.
    double cycles_change(const std::vector<std::size_t>& chosen, std::size_t op, std::size_t option) const {
        const Group& group = groups_[group_of_[op]];
        const double change = latency_[op][option] - latency_[op][chosen[op]];
        if (group.price <= 0) return change;
        auto other = chosen;
        other[op] = option;
        return change + group.price * (slowest(group, other) - slowest(group, chosen));
    }

    double group_streaming(const std::vector<std::size_t>& chosen, std::size_t op) const { return slowest(groups_[group_of_[op]], chosen); }

    std::vector<std::size_t> cheapest(const Fractions& prices) const {
        std::vector<std::size_t> chosen(taken_.size(), 0);
        for (const Group& group : groups_) choose(group, prices, chosen);
        return chosen;
    }

  private:
    struct Group {
        std::vector<std::size_t> operators;
        double price = 0;  ///< of a cycle of its streaming
    };

    double slowest(const Group& group, const std::vector<std::size_t>& chosen) const {
        double most = 0;
        for (const std::size_t op : group.operators) {
            if (!streaming_[op].empty()) most = std::max(most, streaming_[op][chosen[op]]);
        }
        return most;
    }

    /// For each rate at which the group may stream, every operator takes the cheapest option that keeps up; the best rate counts.
    void choose(const Group& group, const Fractions& prices, std::vector<std::size_t>& chosen) const {
        std::map<double, double> cost_from;  // changes of the operators' cost, by the cycles from which on it is there
        std::vector<std::vector<Step>> steps;
        double quickest = 0;  // that all of the group can stream
        for (const std::size_t op : group.operators) {
            steps.push_back(cheaper_steps(op, prices));
            if (!steps.back().empty()) quickest = std::max(quickest, steps.back().front().streaming);
        }
        for (const auto& of_operator : steps) {
            double before = 0;
            for (const Step& step : of_operator) {
                cost_from[std::max(quickest, step.streaming)] += step.cost - before;
                before = step.cost;
            }
        }
        double cost = 0, best = std::numeric_limits<double>::infinity(), best_cycles = 0;
        for (const auto& [cycles, change] : cost_from) {
            cost += change;
            if (const double whole = cost + group.price * cycles; whole < best) best = whole, best_cycles = cycles;
        }
        for (std::size_t member = 0; member < group.operators.size(); ++member) {
            for (const Step& step : steps[member]) {
                if (step.streaming <= best_cycles) chosen[group.operators[member]] = step.option;
            }
        }
    }

    struct Step {
        double streaming = 0;
        double cost = 0;
        std::size_t option = 0;
    };

    /// The options of an operator, the quickest first, each cheaper than those before.
    std::vector<Step> cheaper_steps(std::size_t op, const Fractions& prices) const {
        std::vector<Step> steps;
        for (const std::size_t option : quickest_first_[op]) {
            const double cost = priced(taken_[op][option], prices) + latency_[op][option];
            if (!steps.empty() && cost >= steps.back().cost) continue;
            if (!steps.empty() && streaming_[op][option] == steps.back().streaming) steps.pop_back();
            steps.push_back({streaming_[op][option], cost, option});
        }
        return steps;
    }

    std::vector<std::vector<Fractions>> taken_;             ///< by operator and option
    std::vector<std::vector<double>> latency_;              ///< in boards: cycles times their price
    std::vector<std::vector<double>> streaming_;            ///< in cycles
    std::vector<std::vector<std::size_t>> quickest_first_;  ///< by operator: its options, by their streaming
    std::vector<std::size_t> group_of_;                     ///< by operator
    std::vector<Group> groups_;
};

/// A smooth stand-in for the largest total, so that exchanges which lower the second largest count too.
double imbalance(const Fractions& totals) {
    const double most = largest(totals);
    if (most <= 0) return 0;
    double sum = 0;
    for (const double total : totals) sum += std::pow(total / most, 16);
    return most * std::pow(sum, 1.0 / 16);
}

/// Exchanges one operator's option at a time as long as that lowers the imbalance.
void exchange_options(const PricedOptions& options, std::vector<std::size_t>& chosen) {
    Fractions totals = options.totals(chosen);
    double current = imbalance(totals);
    bool changed = true;
    for (int pass = 0; pass < 8 && changed; ++pass) {
        changed = false;
        for (std::size_t op = 0; op < options.operators(); ++op) {
            const auto& mine = options.taken(op);
            for (std::size_t o = 0; o < mine.size(); ++o) {
                Fractions next = totals;
                for (std::size_t r = 0; r < next.size(); ++r) next[r] += mine[o][r] - mine[chosen[op]][r];
                const double value = imbalance(next) + options.cycles_change(chosen, op, o);
                if (value < current * (1 - 1e-9)) totals = next, current = imbalance(next), chosen[op] = o, changed = true;
            }
        }
    }
}

}  // namespace

OptionChoice choose_options(const std::vector<std::vector<OperatorOption>>& options, const Resources& board_capacity,
                            const CyclePrices& cycle_prices) {
    const PricedOptions table(options, board_capacity, cycle_prices);
    Fractions prices{};
    for (std::size_t r = 0; r < prices.size(); ++r) prices[r] = board_capacity.values()[r] > 0 ? 1 : 0;

    constexpr int kRounds = 120;
    OptionChoice result;
    Fractions best_prices = prices;
    double best = std::numeric_limits<double>::infinity();
    for (int round = 0; round < kRounds; ++round) {
        const double sum = prices[0] + prices[1] + prices[2] + prices[3] + prices[4];
        for (double& price : prices) price /= sum;
        const auto chosen = table.cheapest(prices);
        const Fractions totals = table.totals(chosen);
        const double cycles = table.cycles_cost(chosen);
        if (const double bound = priced(totals, prices) + cycles; bound > result.lower_bound) {
            result.lower_bound = bound, best_prices = prices;
        }
        if (largest(totals) + cycles < best) best = largest(totals) + cycles, result.chosen = chosen;
        const double step = 1.0 / (1 + 0.1 * round);
        for (std::size_t r = 0; r < prices.size(); ++r) prices[r] *= std::exp(step * (totals[r] / std::max(largest(totals), 1e-300) - 1));
    }
    if (result.chosen.empty()) result.chosen.assign(options.size(), 0);
    exchange_options(table, result.chosen);
    result.boards = table.totals(result.chosen);
    for (std::size_t op = 0; op < options.size() && !cycle_prices.empty(); ++op)
        result.streaming_cycles.push_back(table.group_streaming(result.chosen, op));
    result.prices = best_prices;
    const auto dearest = std::max_element(best_prices.begin(), best_prices.end()) - best_prices.begin();
    result.binding_resource = Resources::names[static_cast<std::size_t>(dearest)];
    return result;
}

}  // namespace tessera::partition
