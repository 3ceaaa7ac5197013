#include "partition/operator_options.h"

#include <algorithm>
#include <cmath>
#include <limits>

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

double OperatorOption::latency_cycles() const {
    return implementation.latency_cycles + 0.25 * static_cast<double>((tokens_per_engine - 1) * implementation.token_interval_cycles);
}

namespace {

bool dominates(const OperatorOption& a, const OperatorOption& b) {
    return a.total.fits(b.total) && a.latency_cycles() <= b.latency_cycles();
}

/// Keeps what no other option beats in all resources and latency; the first of equals stays.
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

/// The board fractions of every option, so that the loops below touch nothing else.
struct PricedOptions {
    std::vector<std::vector<Fractions>> by_operator;
    std::vector<std::vector<double>> latency;  ///< in boards: cycles times their price

    Fractions totals(const std::vector<std::size_t>& chosen) const {
        Fractions sum{};
        for (std::size_t op = 0; op < by_operator.size(); ++op) {
            if (by_operator[op].empty()) continue;
            for (std::size_t r = 0; r < sum.size(); ++r) sum[r] += by_operator[op][chosen[op]][r];
        }
        return sum;
    }

    double total_latency(const std::vector<std::size_t>& chosen) const {
        double sum = 0;
        for (std::size_t op = 0; op < latency.size(); ++op) sum += latency[op].empty() ? 0 : latency[op][chosen[op]];
        return sum;
    }

    std::vector<std::size_t> cheapest(const Fractions& prices) const {
        std::vector<std::size_t> chosen(by_operator.size(), 0);
        for (std::size_t op = 0; op < by_operator.size(); ++op) {
            double best = std::numeric_limits<double>::infinity();
            for (std::size_t o = 0; o < by_operator[op].size(); ++o) {
                const double price = priced(by_operator[op][o], prices) + latency[op][o];
                if (price < best) best = price, chosen[op] = o;
            }
        }
        return chosen;
    }
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
        for (std::size_t op = 0; op < options.by_operator.size(); ++op) {
            const auto& mine = options.by_operator[op];
            const auto& mine_latency = options.latency[op];
            for (std::size_t o = 0; o < mine.size(); ++o) {
                Fractions next = totals;
                for (std::size_t r = 0; r < next.size(); ++r) next[r] += mine[o][r] - mine[chosen[op]][r];
                const double value = imbalance(next) + mine_latency[o] - mine_latency[chosen[op]];
                if (value < current * (1 - 1e-9)) totals = next, current = imbalance(next), chosen[op] = o, changed = true;
            }
        }
    }
}

}  // namespace

OptionChoice choose_options(const std::vector<std::vector<OperatorOption>>& options, const Resources& board_capacity,
                            double latency_price) {
    PricedOptions table;
    for (const auto& of_operator : options) {
        auto& row = table.by_operator.emplace_back();
        auto& latency = table.latency.emplace_back();
        for (const auto& option : of_operator) {
            row.push_back(fractions_of(option.total, board_capacity));
            latency.push_back(latency_price * option.latency_cycles());
        }
    }
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
        const double latency = table.total_latency(chosen);
        if (const double bound = priced(totals, prices) + latency; bound > result.lower_bound) {
            result.lower_bound = bound, best_prices = prices;
        }
        if (largest(totals) + latency < best) best = largest(totals) + latency, result.chosen = chosen;
        const double step = 1.0 / (1 + 0.1 * round);
        for (std::size_t r = 0; r < prices.size(); ++r) prices[r] *= std::exp(step * (totals[r] / std::max(largest(totals), 1e-300) - 1));
    }
    if (result.chosen.empty()) result.chosen.assign(options.size(), 0);
    exchange_options(table, result.chosen);
    result.boards = table.totals(result.chosen);
    result.prices = best_prices;
    const auto dearest = std::max_element(best_prices.begin(), best_prices.end()) - best_prices.begin();
    result.binding_resource = Resources::names[static_cast<std::size_t>(dearest)];
    return result;
}

}  // namespace tessera::partition
