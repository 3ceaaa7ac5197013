#include "partition/cycle_prices.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "models/arrival.h"

namespace tessera::partition {

namespace {

bool waits_for_all(const models::Network& network, const models::Flow& flow) {
    return flow.tokens == models::Access::whole && network.stream(flow.producer).tokens > 1;
}

/// The instants of each operator: the start of its first token and the end of its last, earliest and latest.
class OperatorTiming {
  public:
    OperatorTiming(const models::Network& network, const std::vector<models::Flow>& flows,
                   const std::vector<std::vector<OperatorOption>>& options, const std::vector<std::size_t>& chosen)
        : network_(network), flows_(flows), first_(options.size(), 0), last_(options.size(), 0), latency_(options.size(), 0) {
        streaming_ = latency_;
        for (std::size_t op = 0; op < options.size(); ++op) {
            if (network.operators[op].kind == models::OperatorKind::input)
                latency_[op] = models::arrival_cycles(network, network.operators[op]);
            if (options[op].empty()) continue;
            latency_[op] = options[op][chosen[op]].implementation.latency_cycles;
            streaming_[op] = options[op][chosen[op]].streaming_cycles();
        }
    }

    std::vector<double> criticality() {
        const double all = forward();
        first_due_.assign(first_.size(), all), last_due_ = first_due_;
        backward();
        std::vector<double> result;
        for (std::size_t op = 0; op < first_.size(); ++op) {
            const double slack = std::min(first_due_[op] - first_[op], last_due_[op] - last_[op]);
            result.push_back(1 - std::clamp(slack / std::max(all, 1.0), 0.0, 1.0));
        }
        return result;
    }

  private:
    bool is_output(const models::Flow& flow) const { return network_.op(flow.consumer).kind == models::OperatorKind::output; }

    double forward() {
        double all = 0;
        auto flow = flows_.begin();  // sorted by consumer, operators are in topological order
        for (std::size_t op = 0; op < first_.size(); ++op) {
            double last_input = 0;
            for (; flow != flows_.end() && index(flow->consumer) == op; ++flow) {
                const std::size_t from = index(flow->producer);
                if (is_output(*flow)) {
                    all = std::max(all, last_[from]);
                } else if (waits_for_all(network_, *flow)) {
                    first_[op] = std::max(first_[op], last_[from]);
                } else {
                    first_[op] = std::max(first_[op], first_[from] + latency_[from]);
                    last_input = std::max(last_input, last_[from]);
                }
            }
            last_[op] = std::max(first_[op] + streaming_[op], last_input) + latency_[op];
        }
        return all;
    }

    void backward() {
        auto flow = flows_.rbegin();
        for (std::size_t op = first_.size(); op-- > 0;) {
            first_due_[op] = std::min(first_due_[op], last_due_[op] - latency_[op] - streaming_[op]);
            for (; flow != flows_.rend() && index(flow->consumer) == op; ++flow) {
                const std::size_t from = index(flow->producer);
                if (is_output(*flow)) continue;
                if (waits_for_all(network_, *flow)) {
                    last_due_[from] = std::min(last_due_[from], first_due_[op]);
                } else {
                    first_due_[from] = std::min(first_due_[from], first_due_[op] - latency_[from]);
                    last_due_[from] = std::min(last_due_[from], last_due_[op] - latency_[op]);
                }
            }
        }
    }

    const models::Network& network_;
    const std::vector<models::Flow>& flows_;
    std::vector<double> first_, last_;          ///< earliest
    std::vector<double> first_due_, last_due_;  ///< latest that does not delay the decision
    std::vector<double> latency_, streaming_;
};

}  // namespace

std::vector<std::uint32_t> streaming_groups(const models::Network& network, const std::vector<models::Flow>& flows) {
    std::vector<std::uint32_t> waits(network.operators.size(), 0);  // on the way that has most of them
    for (const auto& flow : flows) {
        auto& of_consumer = waits[index(flow.consumer)];
        of_consumer = std::max(of_consumer, waits[index(flow.producer)] + (waits_for_all(network, flow) ? 1U : 0U));
    }
    std::vector<std::uint32_t> group(waits.size());
    std::iota(group.begin(), group.end(), 0U);
    const auto root = [&](std::uint32_t op) {
        while (group[op] != op) op = group[op] = group[group[op]];
        return op;
    };
    for (const auto& flow : flows) {
        const auto from = static_cast<std::uint32_t>(index(flow.producer)), to = static_cast<std::uint32_t>(index(flow.consumer));
        if (waits[from] != waits[to] || waits_for_all(network, flow)) continue;
        const std::uint32_t a = root(from), b = root(to);
        group[std::max(a, b)] = std::min(a, b);
    }
    std::map<std::uint32_t, std::uint32_t> number;
    std::vector<std::uint32_t> result;
    for (std::uint32_t op = 0; op < group.size(); ++op)
        result.push_back(number.try_emplace(root(op), static_cast<std::uint32_t>(number.size())).first->second);
    return result;
}

std::vector<double> operator_criticality(const models::Network& network, const std::vector<models::Flow>& flows,
                                         const std::vector<std::vector<OperatorOption>>& options, const std::vector<std::size_t>& chosen) {
    return OperatorTiming(network, flows, options, chosen).criticality();
}

CyclePrices price_as_one(const std::vector<double>& criticality, const std::vector<std::uint32_t>& groups, double boards_per_cycle) {
    constexpr double kSharpness = 8;  // as VPR weighs paths
    CyclePrices prices;
    prices.group = groups;
    for (std::size_t op = 0; op < criticality.size(); ++op) {
        const double price = boards_per_cycle * std::pow(criticality[op], kSharpness);
        prices.latency.push_back(price);
        prices.streaming.resize(std::max<std::size_t>(prices.streaming.size(), groups[op] + 1), 0);
        prices.streaming[groups[op]] = std::max(prices.streaming[groups[op]], price);
    }
    return prices;
}

CyclePrices price_apart(std::size_t operators, double boards_per_cycle) {
    constexpr double kWaiting = 0.25;  // a quarter of the tokens delay those who wait for the last
    CyclePrices prices{std::vector(operators, boards_per_cycle), std::vector<std::uint32_t>(operators),
                       std::vector(operators, kWaiting * boards_per_cycle)};
    std::iota(prices.group.begin(), prices.group.end(), 0U);
    return prices;
}

}  // namespace tessera::partition
