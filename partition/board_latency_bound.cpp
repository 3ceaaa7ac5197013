#include "partition/board_latency_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "partition/board_mix.h"
#include "partition/bounds.h"
#include "partition/link_frames.h"

namespace tessera::partition {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The best of a kind of engine for a weight of its streaming and a price of boards, in cycles.
struct BestEngines {
    double cost = kInfinity;
    double latency = 0;
    double streaming = 0;  ///< cycles from an engine's first token to its last
};

BestEngines best_engines(const OperatorChoices& op, double weight, double price, double cycles_per_event) {
    BestEngines best;
    for (const EngineCost& engine : op.engines) {
        const double fewest = std::max(op.fewest_engines, op.tokens * engine.token_interval_cycles / cycles_per_event);
        if (fewest > op.most_engines) continue;
        const double balanced = engine.boards > 0 && price > 0
                                    ? std::sqrt(weight * op.tokens * engine.token_interval_cycles / (price * engine.boards))
                                    : kInfinity;
        const double engines = std::clamp(balanced, fewest, op.most_engines);
        const double streaming = (op.tokens / engines - 1) * engine.token_interval_cycles;
        const double cost = engine.latency_cycles + weight * streaming + price * engines * engine.boards;
        if (cost < best.cost) best = {cost, engine.latency_cycles, streaming};
    }
    return best;
}

/// Boards that an operator takes at the least.
double fewest_boards(const OperatorChoices& op, double cycles_per_event) {
    double least = op.engines.empty() ? 0 : kInfinity;
    for (const EngineCost& engine : op.engines) {
        const double engines = std::max(op.fewest_engines, op.tokens * engine.token_interval_cycles / cycles_per_event);
        if (engines <= op.most_engines) least = std::min(least, engines * engine.boards);
    }
    return least;
}

class ChainBound {
  public:
    ChainBound(const Chain& chain, double boards, double cycles_per_event)
        : chain_(chain), boards_(boards), cycles_per_event_(cycles_per_event) {
        for (const auto& segment : chain) weights_.emplace_back(segment.size(), 1.0 / static_cast<double>(segment.size()));
    }

    /// The price of a board is looked for by golden sections of its logarithm: the bound is concave in it.
    double cycles() {
        constexpr int kSteps = 24;
        constexpr double kSection = 0.6180339887498949;
        double low = std::log(1e-3), high = std::log(1e6);  // cycles that a board is worth
        double a = high - kSection * (high - low), b = low + kSection * (high - low);
        double at_a = at_price(std::exp(a)), at_b = at_price(std::exp(b));
        double best = std::max({0.0, at_price(0), at_a, at_b});
        for (int step = 0; step < kSteps; ++step) {
            if (at_a < at_b) {
                low = a, a = b, at_a = at_b;
                b = low + kSection * (high - low), at_b = at_price(std::exp(b));
            } else {
                high = b, b = a, at_b = at_a;
                a = high - kSection * (high - low), at_a = at_price(std::exp(a));
            }
            best = std::max({best, at_a, at_b});
        }
        return best;
    }

  private:
    /// The best of some steps in which what streams longest gains weight (multiplicative weights).
    double at_price(double price) {
        constexpr int kRounds = 40;
        double best = -kInfinity;
        for (int round = 0; round < kRounds; ++round) {
            double sum = -price * boards_;
            for (std::size_t s = 0; s < chain_.size(); ++s) sum += segment(s, price, 2.0 / std::sqrt(1.0 + round));
            best = std::max(best, sum);
        }
        return best;
    }

    /// The cost of a segment by its weights; these are improved for the next time.
    double segment(std::size_t position, double price, double step) {
        auto& weights = weights_[position];
        std::vector<double> streaming;
        double sum = 0;
        for (std::size_t o = 0; o < weights.size(); ++o) {
            const BestEngines best = best_engines(chain_[position][o], weights[o], price, cycles_per_event_);
            sum += best.cost;
            streaming.push_back(best.streaming);
        }
        const double longest = *std::max_element(streaming.begin(), streaming.end());
        if (longest <= 0) return sum;
        double total = 0;
        for (std::size_t o = 0; o < weights.size(); ++o) {
            constexpr double kLeast = 1e-6;  // none is given up for good
            weights[o] = std::max(kLeast, weights[o] * std::exp(step * (streaming[o] / longest - 1)));
            total += weights[o];
        }
        for (double& weight : weights) weight /= total;
        return sum;
    }

    const Chain& chain_;
    double boards_;
    double cycles_per_event_;
    std::vector<std::vector<double>> weights_;  ///< by segment and operator; those of a segment sum to 1
};

OperatorChoices choices_of(const MappingProblem& problem, const models::Operator& op, const OptionChoice& choice,
                           std::int64_t cycles_per_event) {
    OperatorChoices result;
    const auto stream = problem.network->stream(op.id);
    result.tokens = static_cast<double>(stream.tokens);
    if (!has_hardware(op)) return result;
    result.most_engines = splits_tokens(op) ? result.tokens : 1;
    const Resources board = mean_board(problem.boards);
    for (std::int64_t tokens = stream.tokens;; tokens = divide_up(tokens, 2)) {
        for (const auto& made :
             models::implementations(*problem.network, op, {{{0, tokens}, {0, stream.channels}}, cycles_per_event}, problem.device())) {
            EngineCost engine{static_cast<double>(made.latency_cycles), static_cast<double>(made.token_interval_cycles), 0};
            for (std::size_t r = 0; r < choice.prices.size(); ++r) {
                if (board.values()[r] > 0) engine.boards += choice.prices[r] * made.resources.values()[r] / board.values()[r];
            }
            result.engines.push_back(engine);
        }
        if (tokens <= 1 || !splits_tokens(op)) break;
    }
    return result;
}

/// Fewest boards of an operator, and what it takes built so.
struct Cheapest {
    double boards = 0, latency = 0, streaming = 0;
};

Cheapest cheapest_of(const OperatorChoices& op, double cycles_per_event) {
    if (op.engines.empty()) return {};
    constexpr double kDear = 1e9;
    const BestEngines best = best_engines(op, 1, kDear, cycles_per_event);
    return {fewest_boards(op, cycles_per_event), best.latency, best.streaming};
}

bool within(const models::Range& part, const models::Range& all) { return part.begin >= all.begin && part.end <= all.end; }

/// The chain that takes longest with the fewest boards. It is followed from its end: of each operator on it that part counts which the
/// next one needs, and equal fractions of these parts depend on each other, or all on all.
class SlowestChain {
  public:
    SlowestChain(const models::Network& network, const std::vector<models::Flow>& flows, const std::vector<OperatorChoices>& operators,
                 double cycles_per_event)
        : network_(network), operators_(operators), rest_(operators.size()) {
        for (const auto& op : operators) cheapest_.push_back(cheapest_of(op, cycles_per_event));
        for (const auto& op : network.operators) {
            const auto stream = network.stream(op.id);
            start(index(op.id), {{0, stream.tokens}, {0, stream.channels}});
        }
        // Sorted by consumer, and all flows to an operator come from operators before it.
        for (auto flow = flows.rbegin(); flow != flows.rend(); ++flow) extend(*flow);
    }

    /// Of the boards, what the chain's operators leave to others is taken off.
    Chain find(double& boards) const {
        std::size_t op = 0;
        for (std::size_t other = 0; other < rest_.size(); ++other) {
            if (rest_[other].cycles() > rest_[op].cycles()) op = other;
        }
        for (const Cheapest& cheapest : cheapest_) boards -= cheapest.boards;
        Chain chain{{}};
        for (; op != kNone; op = rest_[op].next) {
            if (!operators_[op].engines.empty()) {
                const double part = part_of(op);
                boards += part * cheapest_[op].boards;
                chain.back().push_back(choices_of_part(op));
            }
            if (rest_[op].ends_segment) chain.emplace_back();
        }
        std::erase_if(chain, [](const auto& segment) { return segment.empty(); });
        return chain;
    }

  private:
    static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

    /// From an operator to the end of its chain.
    struct Rest {
        models::Region region;  ///< of the operator's output
        double after = 0;       ///< cycles of the segments behind this
        double latencies = 0;   ///< of the operators of this one
        double streaming = 0;   ///< of the slowest of them
        std::size_t next = kNone;
        bool ends_segment = true;

        double cycles() const { return after + latencies + streaming; }
    };

    void start(std::size_t op, const models::Region& region) {
        rest_[op].region = region;
        rest_[op].latencies = cheapest_[op].latency, rest_[op].streaming = cheapest_[op].streaming;
    }

    void extend(const models::Flow& flow) {
        const std::size_t producer = index(flow.producer), consumer = index(flow.consumer);
        const Rest& behind = rest_[consumer];
        if (!within(behind.region.tokens, flow.to.tokens) || !within(behind.region.channels, flow.to.channels)) return;
        Rest rest = behind;
        rest.region = needed(flow, behind.region), rest.next = consumer;
        rest.ends_segment = flow.tokens == models::Access::whole && rest.region.tokens.size() > 1;
        if (rest.ends_segment) rest.after = behind.cycles(), rest.latencies = rest.streaming = 0;
        rest.latencies += cheapest_[producer].latency;
        rest.streaming = std::max(rest.streaming, cheapest_[producer].streaming);
        if (rest.cycles() > rest_[producer].cycles()) rest_[producer] = rest;
    }

    double part_of(std::size_t op) const {
        const auto stream = network_.stream(id_at<OperatorId>(op));
        return static_cast<double>(rest_[op].region.elements()) / static_cast<double>(stream.tokens * stream.channels);
    }

    OperatorChoices choices_of_part(std::size_t op) const {
        const auto stream = network_.stream(id_at<OperatorId>(op));
        const models::Region& region = rest_[op].region;
        OperatorChoices part = operators_[op];
        if (region.tokens.size() < stream.tokens) part.fewest_engines = 0, part.tokens = static_cast<double>(region.tokens.size());
        const double channels = static_cast<double>(region.channels.size()) / static_cast<double>(stream.channels);
        for (EngineCost& engine : part.engines) engine.boards *= channels;
        return part;
    }

    const models::Network& network_;
    const std::vector<OperatorChoices>& operators_;
    std::vector<Rest> rest_;
    std::vector<Cheapest> cheapest_;
};

}  // namespace

double bound_chain_cycles(const Chain& chain, double boards, double cycles_per_event) {
    return ChainBound(chain, boards, cycles_per_event).cycles();
}

double bound_latency_on_boards_ns(const MappingProblem& problem, const std::vector<models::Flow>& flows, const OptionChoice& choice,
                                  double boards, std::int64_t cycles_per_event) {
    std::vector<OperatorChoices> operators;
    operators.reserve(problem.network->operators.size());
    for (const auto& op : problem.network->operators) operators.push_back(choices_of(problem, op, choice, cycles_per_event));
    const auto cycles = static_cast<double>(cycles_per_event);
    const Chain chain = SlowestChain(*problem.network, flows, operators, cycles).find(boards);
    return bound_chain_cycles(chain, boards, cycles) * problem.clock.cycle_ns();
}

}  // namespace tessera::partition
