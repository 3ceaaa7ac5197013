#include "partition/splitting.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "partition/link_frames.h"
#include "partition/sharding.h"

namespace tessera::partition {

using models::Access;
using models::Range;

Range ShardGrid::slice(std::int64_t position) const {
    const std::int64_t units = tokens / token_unit;
    return {position * units / split.slices * token_unit, (position + 1) * units / split.slices * token_unit};
}

Range ShardGrid::part(std::int64_t position) const {
    const std::int64_t units = channels / unit;
    return {position * units / split.parts * unit, (position + 1) * units / split.parts * unit};
}

namespace {

/// Groups of operators, by union-find with path halving.
class Groups {
  public:
    explicit Groups(std::size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), std::size_t{0}); }

    std::size_t find(std::size_t item) {
        while (parent_[item] != item) item = parent_[item] = parent_[parent_[item]];
        return item;
    }
    /// The smaller root stays, so that the outcome does not depend on the order of the calls.
    void join(std::size_t a, std::size_t b) {
        a = find(a), b = find(b);
        parent_[std::max(a, b)] = std::min(a, b);
    }

  private:
    std::vector<std::size_t> parent_;
};

/// Engines of an operator that one slice may hold, by the size of its largest member and of all
/// members together; at least 1.
struct ColumnSize {
    double largest_member = 0;  ///< fractions of an SLR, for one engine
    double all_members = 0;
    double busiest_engines = 1;  ///< most engines of any member

    std::int64_t engines_per_slice(double largest_shard) const {
        if (all_members <= 0) return static_cast<std::int64_t>(busiest_engines);
        const double by_member = largest_member > 0 ? largest_shard / largest_member : busiest_engines;
        return static_cast<std::int64_t>(std::clamp(std::min(by_member, 1.5 / all_members), 1.0, busiest_engines));
    }
};

/// Bits of an operator's first result, for all tokens of an event.
std::int64_t result_bits(const models::Network& network, const models::Operator& op, const SplitLimits& limits) {
    return network.stream(op.id).elements() * element_bits(network.tensor(op.outputs.front()), limits.input_bits);
}

/// True where a result flows from an operator to the same tokens of another, so that a column of shards may keep it on its board.
bool stays_in_column(const models::Network& network, const models::Flow& flow) {
    return flow.tokens == Access::aligned && network.stream(flow.producer).tokens == network.stream(flow.consumer).tokens;
}

/// Bits of an event that an operator sends to other columns or out, all of its tokens together; 0 where its result stays in its own.
std::vector<std::int64_t> bits_sent(const models::Network& network, const std::vector<models::Flow>& flows, const SplitLimits& limits) {
    std::vector<std::int64_t> bits(network.operators.size(), 0);
    for (const auto& flow : flows) {
        const bool stays = has_hardware(network.op(flow.consumer)) && stays_in_column(network, flow);
        if (!stays) bits[index(flow.producer)] = result_bits(network, network.op(flow.producer), limits);
    }
    return bits;
}

/// Slices of tokens of an operator, cut at multiples of `unit` tokens.
struct Slices {
    std::int64_t count = 1;
    std::int64_t unit = 1;
};

/// Where operators have several tokens for each one of others that they stream with, they are cut where those are.
void follow_larger_steps(const models::Network& network, const std::vector<models::Flow>& flows, Groups& groups,
                         std::vector<Slices>& slices) {
    std::vector<Slices> followed(slices.size());  // by group
    const auto follow = [&](std::size_t finer, std::size_t coarser) {
        const std::int64_t tokens = network.stream(id_at<OperatorId>(finer)).tokens;
        const std::int64_t steps = network.stream(id_at<OperatorId>(coarser)).tokens;
        auto& of_group = followed[groups.find(finer)];
        if (tokens > steps && tokens % steps == 0 && slices[coarser].count > std::max(of_group.count, slices[finer].count))
            of_group = {slices[coarser].count, tokens / steps};
    };
    for (const auto& flow : flows) {
        const std::size_t from = index(flow.producer), to = index(flow.consumer);
        const bool all = flow.from.tokens.size() == network.stream(flow.producer).tokens &&
                         flow.to.tokens.size() == network.stream(flow.consumer).tokens;
        if (!all || flow.tokens != Access::aligned || !has_hardware(network.op(flow.producer)) || !has_hardware(network.op(flow.consumer)))
            continue;
        follow(from, to);
        follow(to, from);
    }
    for (std::size_t op = 0; op < slices.size(); ++op) {
        const Slices& of_group = followed[groups.find(op)];
        if (of_group.count > 1 && splits_tokens(network.operators[op])) slices[op] = of_group;
    }
}

/// Slices of tokens: common to each group of operators that stream token by token into each other.
std::vector<Slices> choose_slices(const models::Network& network, const std::vector<models::Flow>& flows,
                                  const std::vector<std::vector<OperatorOption>>& options, const std::vector<std::size_t>& chosen,
                                  const std::vector<std::int64_t>& sent, const SplitLimits& limits) {
    const std::size_t count = network.operators.size();
    Groups groups(count);
    const auto tokens_of = [&](std::size_t op) { return network.stream(id_at<OperatorId>(op)).tokens; };
    for (const auto& flow : flows) {
        if (stays_in_column(network, flow)) groups.join(index(flow.producer), index(flow.consumer));
    }
    std::vector<ColumnSize> columns(count);
    std::vector<std::int64_t> by_link(count, 1);  ///< slices without which a result is too large for a link
    for (std::size_t op = 0; op < count; ++op) {
        if (options[op].empty() || !splits_tokens(network.operators[op])) continue;
        const auto& option = options[op][chosen[op]];
        auto& most = by_link[groups.find(op)];
        most =
            std::max(most, divide_up(divide_up(sent[op], most_channel_parts(network, network.operators[op])), limits.largest_result_bits));
        auto& column = columns[groups.find(op)];
        const double size = option.implementation.resources.max_fraction(limits.slr_capacity);
        column.largest_member = std::max(column.largest_member, size);
        column.all_members += size;
        column.busiest_engines = std::max(column.busiest_engines, static_cast<double>(option.engines));
    }
    std::vector<Slices> slices(count);
    for (std::size_t op = 0; op < count; ++op) {
        if (!splits_tokens(network.operators[op])) continue;
        const std::int64_t tokens = tokens_of(op);
        const std::int64_t engines = columns[groups.find(op)].engines_per_slice(limits.largest_shard);
        slices[op].count = std::min(tokens, std::max(by_link[groups.find(op)], divide_up(tokens, engines * limits.cycles_per_event)));
    }
    if (limits.follow_steps) follow_larger_steps(network, flows, groups, slices);
    return slices;
}

/// What an option costs at the prices of the choice.
double price_of(const OperatorOption& option, const OptionChoice& choice, const Resources& slr_capacity) {
    double sum = 0;
    for (std::size_t r = 0; r < choice.prices.size(); ++r) {
        const double of = slr_capacity.values()[r];
        if (of > 0) sum += choice.prices[r] * option.total.values()[r] / of;
    }
    return sum;
}

/// Parts that the channels of one operator must be cut into for its shards to stay small, as
/// chosen; and to fit at all when built in another way that costs about the same, so that a board
/// short of one resource can take it in another.
std::int64_t parts_needed(const std::vector<OperatorOption>& options, std::size_t chosen, std::int64_t tokens, std::int64_t slices,
                          const OptionChoice& choice, const SplitLimits& limits) {
    double parts = 1;
    const double worth = limits.about_the_same * price_of(options[chosen], choice, limits.slr_capacity);
    for (std::size_t o = 0; o < options.size(); ++o) {
        if (o != chosen && price_of(options[o], choice, limits.slr_capacity) > worth) continue;
        const std::int64_t engines = divide_up(divide_up(tokens, slices), options[o].tokens_per_engine);
        const double size = options[o].implementation.resources.max_fraction(limits.slr_capacity) * static_cast<double>(engines);
        parts = std::max(parts, std::ceil(size / (o == chosen ? limits.largest_shard : limits.largest_alternative) - 1e-9));
    }
    return static_cast<std::int64_t>(parts);
}

/// The smallest number of equal parts of `units` that is at least `wanted` and not above twice of
/// it; `wanted` itself (unequal parts) where there is none; `units` where that is less.
std::int64_t even_parts(std::int64_t units, std::int64_t wanted) {
    for (std::int64_t parts = wanted; parts < std::min(2 * wanted, units); ++parts) {
        if (units % parts == 0) return parts;
    }
    return std::min(units, wanted);
}

/// Channels between which no cut falls: a head where whole heads are enough.
std::int64_t channel_unit(const models::Operator& op, std::int64_t channels, std::int64_t parts) {
    const std::int64_t heads = std::max(1, op.heads);
    return channels % heads == 0 && parts <= heads ? channels / heads : 1;
}

}  // namespace

std::vector<ShardGrid> split_operators(const models::Network& network, const std::vector<models::Flow>& flows,
                                       const std::vector<std::vector<OperatorOption>>& options, const OptionChoice& choice,
                                       const SplitLimits& limits) {
    const std::size_t count = network.operators.size();
    const auto sent = bits_sent(network, flows, limits);
    const auto slices = choose_slices(network, flows, options, choice.chosen, sent, limits);
    Groups groups(count);
    for (const auto& flow : flows) {
        if (flow.channels == Access::aligned && has_hardware(network.op(flow.producer)) && has_hardware(network.op(flow.consumer))) {
            groups.join(index(flow.producer), index(flow.consumer));
        }
    }
    std::vector<std::int64_t> wanted(count, 1);
    for (std::size_t op = 0; op < count; ++op) {
        if (options[op].empty()) continue;
        const models::StreamShape stream = network.stream(id_at<OperatorId>(op));
        auto& group = wanted[groups.find(op)];
        group = std::max({group, parts_needed(options[op], choice.chosen[op], stream.tokens, slices[op].count, choice, limits),
                          divide_up(divide_up(sent[op], slices[op].count), limits.largest_result_bits)});
    }
    std::vector<ShardGrid> grids(count);
    for (std::size_t op = 0; op < count; ++op) {
        const models::StreamShape stream = network.stream(id_at<OperatorId>(op));
        const auto& node = network.operators[op];
        auto& grid = grids[op];
        grid.tokens = stream.tokens, grid.channels = stream.channels;
        grid.split.slices = slices[op].count, grid.token_unit = slices[op].unit;
        if (options[op].empty()) continue;
        const std::int64_t most = most_channel_parts(network, node);
        const std::int64_t parts = std::min(most, wanted[groups.find(op)]);
        grid.unit = channel_unit(node, stream.channels, parts);
        grid.split.parts = even_parts(stream.channels / grid.unit, parts);
    }
    return grids;
}

}  // namespace tessera::partition
