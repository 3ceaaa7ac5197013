#include "partition/node_failures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "partition/board_mix.h"

namespace tessera::partition {

NodeFailure too_many_boards(const NodePlan& plan, const boards::Stock& stock, std::size_t needed, int most) {
    return {
        kBoardCount, static_cast<double>(needed) * plan.tmux_period_bx, static_cast<double>(most) * plan.tmux_period_bx, "boards",
        fmt::format("at a TMUX period of {} BX the best layout found takes {} boards of type {} or more in each time node, {} are there",
                    plan.tmux_period_bx, needed, names_of(stock), most)};
}

std::optional<NodeFailure> too_many_boards(const NodePlan& plan, const MappingProblem& problem, const Mapping& mapping, int most) {
    most = std::min(most, boards_in_node(problem.boards, plan.tmux_period_bx));
    if (mapping.boards.size() > static_cast<std::size_t>(most)) return too_many_boards(plan, problem.boards, mapping.boards.size(), most);
    if (problem.boards.size() == 1) return std::nullopt;
    const auto used = boards_by_type(mapping, problem.boards);
    for (std::size_t t = 0; t < used.size(); ++t) {
        const int there = problem.boards[t].boards / plan.tmux_period_bx;
        if (used[t] > static_cast<std::size_t>(there)) return too_many_boards(plan, {problem.boards[t]}, used[t], there);
    }
    return std::nullopt;
}

NodeFailure too_large(const NodePlan& plan, const models::Operator& op, const std::vector<ShardVariant>& variants,
                      const boards::Stock& stock) {
    const Resources capacity = largest_slr(stock);
    const auto size_of = [&](const ShardVariant& variant) { return variant.resources.max_fraction(capacity); };
    const auto smaller = [&](const auto& a, const auto& b) { return size_of(a) < size_of(b); };
    const auto& smallest = *std::min_element(variants.begin(), variants.end(), smaller);
    std::size_t scarcest = 0;
    double most = 0;
    for (std::size_t r = 0; r < Resources::names.size(); ++r) {
        const double fraction = smallest.resources.values()[r] / std::max(capacity.values()[r], 1e-9);
        if (fraction > most) most = fraction, scarcest = r;
    }
    const double needed = smallest.resources.values()[scarcest], available = capacity.values()[scarcest];
    return {Resources::names[scarcest], needed, available, fmt::format("{} of one SLR", Resources::names[scarcest]),
            fmt::format("at a TMUX period of {} BX the smallest piece of {} ({}) takes {:.0f} {} of one SLR of {}, {:.0f} are there",
                        plan.tmux_period_bx, op.name, op.type, needed, Resources::names[scarcest], names_of(stock), available)};
}

NodeFailure too_few_ports(const NodePlan& plan, const PortShortage& shortage) {
    return {"ports",
            static_cast<double>(shortage.needed),
            static_cast<double>(shortage.available),
            "lanes of one board",
            fmt::format("at a TMUX period of {} BX a board needs {} lanes {}, {} are there", plan.tmux_period_bx, shortage.needed,
                        shortage.incoming ? "in" : "out", shortage.available),
            shortage.boards};
}

NodeFailure too_little_bandwidth(const NodePlan& plan, const LinkOverload& overload) {
    if (overload.available_frames == 0) {
        return {kNoWay, 1, 0, "ways", fmt::format("the topology has no way from {}", overload.link)};
    }
    return {"bandwidth", overload.needed_frames, overload.available_frames, "frames per lane and event",
            fmt::format("at a TMUX period of {} BX the link from {} carries {:.0f} frames per lane and event at best, {:.0f} are there",
                        plan.tmux_period_bx, overload.link, overload.needed_frames, overload.available_frames)};
}

/// Registers between SLRs, which are known once all shards have their places, may be more than an SLR has room for.
std::optional<NodeFailure> too_full(const NodePlan& plan, const Mapping& mapping) {
    std::map<std::pair<BoardId, int>, Resources> used;
    for (const Shard& shard : mapping.shards) {
        if (shard.board != kOutside) used[{shard.board, shard.slr}] += shard.resources;
    }
    for (const auto& [place, sum] : used) {
        const BoardType& type = mapping.board_types[mapping.boards[index(place.first)]];
        for (std::size_t r = 0; r < Resources::names.size(); ++r) {
            const double needed = sum.values()[r], available = type.slr_capacity.values()[r];
            if (needed <= available) continue;
            return NodeFailure{
                Resources::names[r], needed, available, fmt::format("{} of one SLR", Resources::names[r]),
                fmt::format("at a TMUX period of {} BX an SLR takes {:.0f} {} with the registers of its crossings, {:.0f} are there",
                            plan.tmux_period_bx, needed, Resources::names[r], available)};
        }
    }
    return std::nullopt;
}

}  // namespace tessera::partition
