#include "partition/operator_limits.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/arithmetic.h"
#include "models/arrival.h"
#include "models/implementation.h"
#include "partition/board_mix.h"
#include "partition/operator_options.h"

namespace tessera::partition {

namespace {

/// Of what it takes, a shard may claim a hundredth less (check_costs.cpp). Factors by which pieces are folded are rounded in other ways
/// than those of the whole, which saves less than that.
constexpr double kAllowance = 0.99;
constexpr double kNever = std::numeric_limits<double>::infinity();

/// Asks the cost model for one operator of a problem.
class CostsOf {
  public:
    CostsOf(const MappingProblem& problem, const models::Operator& op, std::int64_t cycles_per_event)
        : problem_(problem),
          op_(op),
          stream_(problem.network->stream(op.id)),
          cycles_per_event_(cycles_per_event),
          device_(problem.device()) {}

    const models::Operator& op() const { return op_; }
    models::StreamShape stream() const { return stream_; }
    int input_bits() const { return std::max(1, problem_.network->tensor(op_.inputs.front().tensor).format.width); }
    models::Range all_channels() const { return {0, stream_.channels}; }
    /// Of an engine that is as free as can be.
    std::int64_t fewest_tokens() const { return splits_tokens(op_) ? 1 : stream_.tokens; }

    std::vector<models::Implementation> engines(std::int64_t tokens, const models::Range& channels) const {
        return models::implementations(*problem_.network, op_, {{{0, tokens}, channels}, cycles_per_event_}, device_);
    }

    double fastest(const models::Range& channels) const {
        double least = kNever;
        for (const auto& made : engines(fewest_tokens(), channels)) least = std::min<double>(least, made.latency_cycles);
        return least < kNever ? least : 0;
    }

    /// Channels whose constants are known one by one.
    bool channels_differ() const { return op_.weights.channels.size() > 1 && stream_.channels > 1; }

    std::int64_t most_tokens() const { return std::min(stream_.tokens, cycles_per_event_); }
    /// The most tokens of an engine that costs the same as one for so many.
    std::int64_t as_costly(std::int64_t tokens) const {
        return counts_tokens() ? tokens : std::min(most_tokens(), cycles_per_event_ / (cycles_per_event_ / tokens));
    }

    /// Whether the cost of an engine depends on how many tokens it makes, beside the interval that they leave it.
    bool counts_tokens() const {
        const bool of_all = !op_.inputs.empty() && op_.inputs.front().tokens == models::Access::whole;
        return of_all && (op_.kind == models::OperatorKind::softmax || op_.kind == models::OperatorKind::normalisation);
    }

  private:
    const MappingProblem& problem_;
    const models::Operator& op_;
    models::StreamShape stream_;
    std::int64_t cycles_per_event_;
    boards::Device device_;
};

class Prices {
  public:
    Prices(const MappingProblem& problem, const std::array<double, 5>& prices) : prices_(prices), board_(mean_board(problem.boards)) {}

    double boards(const Resources& resources) const {
        double sum = 0;
        for (std::size_t r = 0; r < prices_.size(); ++r) {
            if (board_.values()[r] > 0) sum += prices_[r] * resources.values()[r] / board_.values()[r];
        }
        return sum;
    }

  private:
    const std::array<double, 5>& prices_;
    Resources board_;
};

bool beats(const EngineCost& a, const EngineCost& b) {
    return a.latency_cycles <= b.latency_cycles && a.token_interval_cycles <= b.token_interval_cycles && a.boards <= b.boards;
}

void add(std::vector<EngineCost>& kept, const EngineCost& engine) {
    if (std::any_of(kept.begin(), kept.end(), [&](const EngineCost& other) { return beats(other, engine); })) return;
    std::erase_if(kept, [&](const EngineCost& other) { return beats(engine, other); });
    kept.push_back(engine);
}

std::vector<EngineCost> engines_of(const CostsOf& costs, const Prices& priced) {
    std::vector<EngineCost> kept;
    for (std::int64_t tokens = costs.fewest_tokens(); tokens <= costs.most_tokens();) {
        tokens = costs.as_costly(tokens);
        for (const auto& made : costs.engines(tokens, costs.all_channels())) {
            add(kept,
                {static_cast<double>(made.latency_cycles), static_cast<double>(made.token_interval_cycles), priced.boards(made.resources)});
        }
        ++tokens;
    }
    return kept;
}

/// A lower bound on `ChannelShares::least_share` from the formula of constants in logic (cost_matrix.cpp): the adders of the sums are up to
/// two bits wider than products of `a` bits or more, less so where an output has two constants or fewer. Ranges of channels with no more
/// on the mean have no more than two for each channel, so that no cut saves more than two bits of these.
double least_share_of_sums(const CostsOf& costs) {
    double constants = 0;
    bool few = false;
    for (const models::ChannelWeights& channel : costs.op().weights.channels) {
        constants += channel.nonzero;
        few = few || channel.nonzero <= 2;
    }
    if (!few || constants <= 0) return 1;
    const double affected = std::min(1.0, 2.0 * static_cast<double>(costs.op().weights.channels.size()) / constants);
    return 1 - affected * 2 / (costs.input_bits() + 2);
}

/// Cut into two, four, ... pieces alike, and channel by channel.
ChannelShares shares_of(const CostsOf& costs, const Prices& priced) {
    ChannelShares shares;
    if (!costs.channels_differ()) return shares;
    const auto boards_of = [&](const models::Range& channels) {
        double least = kNever;
        for (const auto& made : costs.engines(costs.fewest_tokens(), channels))
            least = std::min(least, priced.boards(made.resources) * made.token_interval_cycles);
        return least;
    };
    const std::int64_t channels = costs.stream().channels;
    const double whole = boards_of(costs.all_channels());
    if (!(whole > 0 && whole < kNever)) return shares;
    for (std::int64_t size = channels; size > 0; size = size > 1 ? divide_up(size, 2) : 0) {
        double sum = 0;
        shares.up_to.assign(1, 0);
        for (std::int64_t begin = 0; begin < channels; begin += size)
            shares.up_to.push_back(sum += boards_of({begin, std::min(begin + size, channels)}));
        shares.least_share = std::min(shares.least_share, sum / whole);
    }
    shares.least_share = std::min(shares.least_share, least_share_of_sums(costs));
    const double sum = shares.up_to.back();
    for (double& share : shares.up_to) share /= sum;
    return shares;
}

/// Channels among which the fastest is: none that has no fewer constants and no fewer digits, of all and of light ones, than another.
std::vector<std::int64_t> fastest_channels(const models::Operator& op, const CostsOf& costs) {
    std::vector<std::int64_t> channels(costs.channels_differ() ? static_cast<std::size_t>(costs.stream().channels) : 1);
    std::iota(channels.begin(), channels.end(), 0);
    const auto& weights = op.weights.channels;
    if (weights.size() != channels.size()) return channels;
    const auto no_more = [&](std::int64_t a, std::int64_t b) {
        const auto &x = weights[static_cast<std::size_t>(a)], &y = weights[static_cast<std::size_t>(b)];
        return x.nonzero <= y.nonzero && x.signed_digits <= y.signed_digits &&
               x.signed_digits - x.heavy_digits <= y.signed_digits - y.heavy_digits;
    };
    std::vector<std::int64_t> fastest;
    for (const std::int64_t channel : channels) {
        if (std::any_of(fastest.begin(), fastest.end(), [&](std::int64_t other) { return no_more(other, channel); })) continue;
        std::erase_if(fastest, [&](std::int64_t other) { return no_more(channel, other); });
        fastest.push_back(channel);
    }
    return fastest;
}

}  // namespace

FastestResult fastest_result(const MappingProblem& problem, const models::Operator& op, std::int64_t cycles_per_event) {
    if (op.kind == models::OperatorKind::input) {
        const double arrival = models::arrival_cycles(*problem.network, op);
        return {arrival, arrival};
    }
    if (!has_hardware(op)) return {};
    const CostsOf costs(problem, op, cycles_per_event);
    FastestResult result;
    result.any = result.all = costs.fastest(costs.all_channels());
    for (const std::int64_t channel : fastest_channels(op, costs)) result.any = std::min(result.any, costs.fastest({channel, channel + 1}));
    return result;
}

double ChannelShares::of(const models::Range& channels, std::int64_t all) const {
    const double alike = static_cast<double>(channels.size()) / static_cast<double>(all);
    if (up_to.empty()) return alike;
    return std::min(alike, up_to[static_cast<std::size_t>(channels.end)] - up_to[static_cast<std::size_t>(channels.begin)]);
}

std::vector<OperatorLimits> operator_limits(const MappingProblem& problem, const std::array<double, 5>& prices,
                                            std::int64_t cycles_per_event) {
    const Prices priced(problem, prices);
    std::vector<OperatorLimits> all;
    for (const auto& op : problem.network->operators) {
        auto& limits = all.emplace_back();
        limits.fastest = fastest_result(problem, op, cycles_per_event);
        if (!has_hardware(op)) continue;
        const CostsOf costs(problem, op, cycles_per_event);
        limits.shares = shares_of(costs, priced);
        limits.shares.least_share *= kAllowance;
        limits.engines = engines_of(costs, priced);
        double least = kNever;
        for (EngineCost& engine : limits.engines) {
            engine.boards *= limits.shares.least_share;
            least = std::min(least, engine.token_interval_cycles * engine.boards);
        }
        if (least < kNever) limits.boards = least * static_cast<double>(costs.stream().tokens) / static_cast<double>(cycles_per_event);
    }
    return all;
}

}  // namespace tessera::partition
