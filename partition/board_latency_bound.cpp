#include "partition/board_latency_bound.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#include "partition/board_mix.h"
#include "partition/hop_bound.h"
#include "partition/operator_options.h"

namespace tessera::partition {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// What a cycle of an engine's excess and of its streaming counts, and a board.
struct CycleWeights {
    double excess = 1;
    double streaming = 1;
    double board = 0;
};

/// The best kind and number of engines of an operator, in cycles.
struct BestEngines {
    double cost = kInfinity;
    double excess = 0;     ///< of an engine's latency beyond the operator's least cycles
    double streaming = 0;  ///< from an engine's first token to its last
    double boards = 0;
    bool away = false;  ///< on other boards than the one that hears of the segment before first
};

BestEngines best_engines(const OperatorChoices& op, const CycleWeights& weights, double cycles_per_event) {
    BestEngines best;
    if (op.engines.empty()) best.cost = 0;
    for (const EngineCost& engine : op.engines) {
        const double fewest = std::max(op.fewest_engines, op.tokens * engine.token_interval_cycles / cycles_per_event);
        if (fewest > op.most_engines) continue;
        const double price = weights.board * engine.boards;
        const double balanced = price > 0 ? std::sqrt(weights.streaming * op.tokens * engine.token_interval_cycles / price) : kInfinity;
        const double engines = std::clamp(balanced, fewest, op.most_engines);
        const double streaming = (op.tokens / engines - 1) * engine.token_interval_cycles;
        const double excess = engine.latency_cycles - op.faster_pieces - op.least_cycles;
        const double cost = weights.excess * excess + weights.streaming * streaming + price * engines;
        if (cost < best.cost) best = {cost, excess, streaming, engines * engine.boards, false};
    }
    return best;
}

/// Weights of 1 and 2 of bound_chain_cycles in one segment, and the price of the board X.
class SegmentBound {
  public:
    SegmentBound(const std::vector<OperatorChoices>& operators, bool first, const BoardsAndHop& there, double cycles_per_event)
        : operators_(operators),
          hop_cycles_(first ? 0 : there.hop_cycles),
          largest_board_(there.largest_board),
          cycles_per_event_(cycles_per_event),
          price_(hop_cycles_) {
        double with_engines = 0;
        for (const auto& op : operators) with_engines += op.engines.empty() ? 0 : 1;
        for (const auto& op : operators) {
            least_cycles_ += op.least_cycles;
            weights_.push_back(op.engines.empty() ? 0 : 1 / with_engines);
        }
    }

    /// The best of some rounds at a price of boards; it takes its least cycles in any case.
    double at_price(double board_price) {
        constexpr int kRounds = 20;
        double best = least_cycles_;
        for (int round = 0; round < kRounds; ++round) best = std::max(best, next(board_price, 2.0 / std::sqrt(1.0 + round)));
        return best;
    }

  private:
    BestEngines best(std::size_t op, double board_price) const {
        const double weight = weights_[op], mean = 1 / (1 + std::exp(-mean_));
        const CycleWeights away{mean + (1 - mean) * weight, weight * (1 - mean / 2), board_price};
        BestEngines best = best_engines(operators_[op], away, cycles_per_event_);
        if (hop_cycles_ <= 0 || operators_[op].engines.empty()) return best;
        best.cost += weight * hop_cycles_, best.away = true;
        const BestEngines near = best_engines(operators_[op], {away.excess, away.streaming, board_price + price_}, cycles_per_event_);
        return near.cost < best.cost ? near : best;
    }

    /// The cost by the weights as they are; they are improved for the next time.
    double next(double board_price, double step) {
        double sum = least_cycles_ - price_ * largest_board_;
        double longest = 0, mean_token = 0, last_token = 0, on_board = 0;
        std::vector<double> last;
        for (std::size_t op = 0; op < operators_.size(); ++op) {
            const BestEngines made = best(op, board_price);
            const double hop = made.away ? hop_cycles_ : 0;
            sum += made.cost;
            last.push_back(made.excess + made.streaming + hop);
            longest = std::max(longest, last.back());
            mean_token += made.excess + weights_[op] * (made.streaming / 2 + hop);
            last_token += weights_[op] * last.back();
            on_board += made.away ? 0 : made.boards;
        }
        improve(last, longest, step);
        mean_ = std::clamp(mean_ + step * (mean_token - last_token) / (std::abs(mean_token) + std::abs(last_token) + 1), -8.0, 8.0);
        price_ *= std::exp(step * (on_board - largest_board_) / (on_board + largest_board_));
        return sum;
    }

    /// What takes longest gains weight (multiplicative weights).
    void improve(const std::vector<double>& last, double longest, double step) {
        if (longest <= 0) return;
        double total = 0;
        for (std::size_t op = 0; op < weights_.size(); ++op) {
            constexpr double kLeast = 1e-6;  // none is given up for good
            if (operators_[op].engines.empty()) continue;
            weights_[op] = std::max(kLeast, weights_[op] * std::exp(step * std::max(-1.0, last[op] / longest - 1)));
            total += weights_[op];
        }
        for (double& weight : weights_) weight /= total;
    }

    const std::vector<OperatorChoices>& operators_;
    double hop_cycles_;
    double largest_board_;
    double cycles_per_event_;
    double least_cycles_ = 0;
    std::vector<double> weights_;  ///< of the last token, by operator; they sum to 1 where there are engines
    double mean_ = -2;             ///< weight of the mean token, as its logit
    double price_;                 ///< of board X, in cycles
};

class ChainBound {
  public:
    ChainBound(const Chain& chain, const BoardsAndHop& there, double cycles_per_event) : boards_(there.boards) {
        for (const auto& segment : chain) segments_.emplace_back(segment, segments_.empty(), there, cycles_per_event);
    }

    /// The price of a board is looked for by golden sections of its logarithm: the bound is concave in it.
    double cycles() {
        constexpr int kSteps = 14;
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
    double at_price(double price) {
        double sum = -price * boards_;
        for (auto& segment : segments_) sum += segment.at_price(price);
        return sum;
    }

    double boards_;
    std::vector<SegmentBound> segments_;
};

models::Range in_both(const models::Range& a, const models::Range& b) { return {std::max(a.begin, b.begin), std::min(a.end, b.end)}; }

bool within(const models::Range& part, const models::Range& all) { return part.begin >= all.begin && part.end <= all.end; }

/// The chain that takes longest with the fewest boards. It is followed from its end: of each operator on it that part counts which the
/// next one needs, and equal fractions of these parts depend on each other, or all on all.
class SlowestChain {
  public:
    /// @param parts whether it may go on with a part of the tokens, where an operator makes no more of the next one's
    SlowestChain(const models::Network& network, const std::vector<models::Flow>& flows, const std::vector<OperatorLimits>& limits,
                 double cycles_per_event, bool parts)
        : network_(network), limits_(limits), parts_(parts), rest_(limits.size()) {
        for (const auto& op : network.operators) find_cheapest(op, cycles_per_event);
        // Sorted by consumer, and all flows to an operator come from operators before it.
        for (auto flow = flows.rbegin(); flow != flows.rend(); ++flow) extend(*flow);
        std::size_t op = 0;
        for (std::size_t other = 0; other < rest_.size(); ++other) {
            if (rest_[other].cycles() > rest_[op].cycles()) op = other;
        }
        if (!rest_[op].leads_out) op = kNone;
        for (; op != kNone; op = rest_[op].flow == nullptr ? kNone : index(rest_[op].flow->consumer)) links_.push_back(op);
        find_regions();
        find_least_cycles();
    }

    bool has_parts() const { return has_parts_; }

    /// Cut where all tokens are needed.
    Chain by_tokens() const {
        Chain chain{{}};
        for (std::size_t l = 0; l < links_.size(); ++l) {
            chain.back().push_back(choices(l, true));
            if (rest_[links_[l]].ends_segment) chain.emplace_back();
        }
        return without_empty(std::move(chain));
    }

    /// Cut where every element behind needs all of a part; what is between takes its least cycles.
    Chain by_parts() const {
        Chain chain{{}};
        std::size_t begin = 0;  // first operator of the segment that has engines
        std::vector<bool> streams(links_.size(), true);
        std::vector<std::size_t> ends;
        for (std::size_t l = 1; l < links_.size(); ++l) {
            for (std::size_t last = l; last > begin; --last) {
                if (!needs_all(last - 1, l)) continue;
                ends.push_back(last);
                for (std::size_t between = last; between < l; ++between) streams[between] = false;
                begin = l;
                break;
            }
        }
        for (std::size_t l = 0, end = 0; l < links_.size(); ++l) {
            if (end < ends.size() && ends[end] == l) chain.emplace_back(), ++end;
            chain.back().push_back(choices(l, streams[l]));
        }
        return without_empty(std::move(chain));
    }

    /// Of so many boards, what is left for those operators of the chain that have engines.
    double left_of(double boards, const Chain& chain) const {
        for (const OperatorLimits& limits : limits_) boards -= limits.boards;
        std::size_t l = 0;
        for (const auto& segment : chain) {
            for (const OperatorChoices& op : segment) boards += op.engines.empty() ? 0 : most_of_part(l), ++l;
        }
        return boards;
    }

  private:
    static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

    /// From an operator to the end of its chain.
    struct Rest {
        models::Region region;               ///< of the operator's output
        double after = 0;                    ///< cycles of the segments behind this
        double latencies = 0;                ///< of the operators of this one
        double streaming = 0;                ///< of the slowest of them
        const models::Flow* flow = nullptr;  ///< to the next
        bool leads_out = false;              ///< to an output
        bool ends_segment = true;
        bool token_by_token = true;  ///< to the end of its segment

        double cycles() const { return after + latencies + streaming; }
    };

    /// What an operator takes that is built on the fewest boards.
    struct Cheapest {
        double latency = 0, streaming = 0;
    };

    void find_cheapest(const models::Operator& op, double cycles_per_event) {
        const OperatorLimits& limits = limits_[index(op.id)];
        constexpr double kDear = 1e9;
        const OperatorChoices all = whole(index(op.id));
        const BestEngines best = best_engines(all, {1, 1, kDear}, cycles_per_event);
        cheapest_.push_back(limits.engines.empty() ? Cheapest{limits.fastest.any, 0} : Cheapest{best.excess, best.streaming});
    }

    OperatorChoices whole(std::size_t op) const {
        const auto tokens = static_cast<double>(network_.stream(id_at<OperatorId>(op)).tokens);
        const OperatorLimits& limits = limits_[op];
        return {tokens, 1, splits_tokens(network_.operators[op]) ? tokens : 1, limits.engines};
    }

    /// An output needs all that it takes; anything else counts where a chain leads from it to an output.
    void extend(const models::Flow& flow) {
        const std::size_t producer = index(flow.producer);
        const bool output = network_.op(flow.consumer).kind == models::OperatorKind::output;
        const Rest& behind = rest_[index(flow.consumer)];
        Rest rest = behind;
        if (output) {
            rest.region = flow.from;
        } else {
            const models::Range tokens = in_both(behind.region.tokens, flow.to.tokens);
            const bool all = within(behind.region.tokens, flow.to.tokens);
            if (!behind.leads_out || tokens.empty() || !within(behind.region.channels, flow.to.channels)) return;
            if (!all && !(parts_ && behind.token_by_token)) return;
            rest.region = needed(flow, {tokens, behind.region.channels}), rest.flow = &flow;
            rest.streaming *= static_cast<double>(tokens.size()) / static_cast<double>(behind.region.tokens.size());
            rest.ends_segment = flow.tokens == models::Access::whole && rest.region.tokens.size() > 1;
            rest.token_by_token = rest.ends_segment || (behind.token_by_token && flow.tokens == models::Access::aligned &&
                                                        flow.from.tokens.size() == flow.to.tokens.size());
        }
        rest.leads_out = true;
        if (rest.ends_segment) rest.after = behind.cycles(), rest.latencies = rest.streaming = 0;
        rest.latencies += cheapest_[producer].latency;
        rest.streaming = std::max(rest.streaming, cheapest_[producer].streaming);
        if (!rest_[producer].leads_out || rest.cycles() > rest_[producer].cycles()) rest_[producer] = rest;
    }

    /// Where an operator makes a part of the next one's tokens (of several inputs that are put one behind the other), the chain goes on
    /// with this part, up to where all tokens are needed.
    void find_regions() {
        for (const std::size_t op : links_) regions_.push_back(rest_[op].region);
        for (std::size_t l = links_.size(); l > 1; --l) {
            const models::Flow& flow = *rest_[links_[l - 2]].flow;
            models::Range tokens = in_both(regions_[l - 1].tokens, flow.to.tokens);
            regions_[l - 2] = needed(flow, {tokens, regions_[l - 1].channels});
            if (tokens == regions_[l - 1].tokens) continue;
            has_parts_ = true;
            for (std::size_t behind = l - 1;; ++behind) {
                regions_[behind].tokens = tokens;
                const Rest& rest = rest_[links_[behind]];
                if (rest.ends_segment || rest.flow == nullptr) break;
                const std::int64_t shift = rest.flow->to.tokens.begin - rest.flow->from.tokens.begin;
                tokens = {tokens.begin + shift, tokens.end + shift};
            }
        }
    }

    /// Operators of the chain that are passed channel by channel: a path through one channel knows nothing of the slowest of another
    /// operator, but where all channels are needed behind them, one of these operators counts with its slowest.
    void find_least_cycles() {
        least_cycles_.resize(links_.size()), faster_.resize(links_.size());
        std::size_t end = links_.size();
        for (std::size_t l = links_.size(); l > 0; --l) {
            const bool begins = l == 1 || rest_[links_[l - 2]].flow->channels == models::Access::whole;
            if (begins) find_least_cycles(l - 1, std::exchange(end, l - 1));
        }
    }

    void find_least_cycles(std::size_t begin, std::size_t end) {
        double slower = 0;
        for (std::size_t l = end; l > begin; --l) {
            const std::size_t op = links_[l - 1];
            const FastestResult& fastest = limits_[op].fastest;
            const bool whole = regions_[l - 1].channels.size() == network_.stream(id_at<OperatorId>(op)).channels;
            const bool counts = slower == 0 && whole;
            least_cycles_[l - 1] = counts ? fastest.all : fastest.any;
            if (counts) slower = fastest.all - fastest.any;
        }
        for (std::size_t l = begin; l < end; ++l) {
            const FastestResult& fastest = limits_[links_[l]].fastest;
            const bool counts = least_cycles_[l] > fastest.any;
            faster_[l] = fastest.all - fastest.any + (counts ? 0 : slower);
        }
    }

    /// Whether every element of the part of a later operator needs all of that of an earlier one.
    bool needs_all(std::size_t earlier, std::size_t later) const {
        bool tokens = false, channels = false;
        for (std::size_t l = later; l > earlier; --l) {
            const models::Region& region = regions_[l];
            const models::Flow& flow = *rest_[links_[l - 1]].flow;
            tokens = tokens || region.tokens.size() == 1 || flow.tokens == models::Access::whole;
            channels = channels || region.channels.size() == 1 || flow.channels == models::Access::whole;
        }
        const models::Region& region = regions_[earlier];
        return (tokens || region.tokens.size() == 1) && (channels || region.channels.size() == 1);
    }

    OperatorChoices choices(std::size_t link, bool streams) const {
        const std::size_t op = links_[link];
        OperatorChoices part = whole(op);
        part.least_cycles = streams ? least_cycles_[link] : limits_[op].fastest.any;
        part.faster_pieces = faster_[link];
        if (!streams) part.engines.clear();
        const auto stream = network_.stream(id_at<OperatorId>(op));
        const models::Region& region = regions_[link];
        if (region.tokens.size() < stream.tokens) part.fewest_engines = 0, part.tokens = static_cast<double>(region.tokens.size());
        const double share = limits_[op].shares.of(region.channels, stream.channels);
        for (EngineCost& engine : part.engines) engine.boards *= share;
        return part;
    }

    /// Of the fewest boards of an operator, what its part on the chain may take.
    double most_of_part(std::size_t link) const {
        const std::size_t op = links_[link];
        const auto stream = network_.stream(id_at<OperatorId>(op));
        const models::Region& region = regions_[link];
        const ChannelShares& shares = limits_[op].shares;
        const double others =
            shares.of({0, region.channels.begin}, stream.channels) + shares.of({region.channels.end, stream.channels}, stream.channels);
        const double tokens = static_cast<double>(region.tokens.size()) / static_cast<double>(stream.tokens);
        return limits_[op].boards * tokens * (1 - others);
    }

    /// A segment in which nothing has engines begins the next one, or ends the last.
    static Chain without_empty(Chain chain) {
        Chain kept;
        std::vector<OperatorChoices> before;
        for (auto& segment : chain) {
            const bool has_engines = std::any_of(segment.begin(), segment.end(), [](const auto& op) { return !op.engines.empty(); });
            std::move(segment.begin(), segment.end(), std::back_inserter(before));
            if (has_engines) kept.push_back(std::exchange(before, {}));
        }
        if (kept.empty()) kept.emplace_back();
        std::move(before.begin(), before.end(), std::back_inserter(kept.back()));
        return kept;
    }

    const models::Network& network_;
    const std::vector<OperatorLimits>& limits_;
    bool parts_;
    std::vector<Rest> rest_;
    std::vector<Cheapest> cheapest_;
    std::vector<std::size_t> links_;       ///< the operators of the chain, in order
    std::vector<models::Region> regions_;  ///< by link: the part of its operator
    bool has_parts_ = false;               ///< somewhere it goes on with a part of the tokens
    std::vector<double> least_cycles_;     ///< by link, as OperatorChoices has them
    std::vector<double> faster_;
};

}  // namespace

double bound_chain_cycles(const Chain& chain, const BoardsAndHop& there, double cycles_per_event) {
    return ChainBound(chain, there, cycles_per_event).cycles();
}

double bound_latency_on_boards_ns(const MappingProblem& problem, const std::vector<models::Flow>& flows,
                                  const std::vector<OperatorLimits>& limits, const std::array<double, 5>& prices, double boards,
                                  std::int64_t cycles_per_event) {
    const auto cycles = static_cast<double>(cycles_per_event);
    const auto sizes = priced_sizes(problem.boards, prices);
    const double largest = *std::max_element(sizes.begin(), sizes.end());
    const double hop_cycles = least_hop_cycles(problem);
    double bound = 0;
    for (const bool parts : {false, true}) {
        const SlowestChain slowest(*problem.network, flows, limits, cycles, parts);
        if (parts && !slowest.has_parts()) continue;
        const Chain by_tokens = slowest.by_tokens(), by_parts = slowest.by_parts();
        bound = std::max({bound, bound_chain_cycles(by_tokens, {slowest.left_of(boards, by_tokens), largest, 0}, cycles),
                          bound_chain_cycles(by_parts, {slowest.left_of(boards, by_parts), largest, hop_cycles}, cycles)});
    }
    return bound * problem.clock.cycle_ns();
}

}  // namespace tessera::partition
