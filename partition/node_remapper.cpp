#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "partition/detours.h"
#include "partition/joining.h"
#include "partition/kept_places.h"
#include "partition/node_failures.h"
#include "partition/node_mapper.h"
#include "partition/reuse.h"
#include "partition/settling.h"
#include "partition/sharding.h"
#include "partition/squeeze.h"

/// Lays an earlier mapping of a time node out anew: as far as a changed problem allows, or without its detours.
namespace tessera::partition {

namespace {

/// What it costs a shard to leave its board of an earlier mapping: less, as more does not do.
constexpr std::array kStayLanes{5.0, 0.5, 0.05};

NodeJob job_as_it_was(const MappingProblem& problem, const std::vector<models::Flow>& flows, const NodePlan& plan, int most_boards,
                      const MapperOptions& options) {
    NodeJob job{problem, plan, options, {most_boards, 0}, node_terms(problem, flows, plan, most_boards)};
    job.terms.context.about_the_same = std::numeric_limits<double>::infinity();  // whatever was worth it then
    return job;
}

/// The shards of an earlier mapping and where they are.
std::pair<ShardGraph, Placement> as_it_was(const NodeJob& job, const Mapping& earlier) {
    const auto grids = earlier_grids(*job.problem.network, earlier, cut_operators(job.problem, job.plan, job.terms));
    ShardGraph graph = make_shard_graph(job.terms.context, job.plan.options, job.plan.choice.chosen, grids);
    auto placement =
        earlier_placement(graph, *job.problem.network, job.terms.space, earlier, static_cast<std::size_t>(job.terms.most_boards));
    return {std::move(graph), std::move(placement)};
}

/// A placement within so many boards and their SLRs, at a price for every shard that leaves its board.
std::optional<Placement> fitted(const NodeJob& job, const ShardGraph& graph, const Placement& placement, double stay_lanes,
                                int most_boards) {
    auto settings = patient_settings(job, graph);
    settings.stay_lanes = stay_lanes;
    const auto most = static_cast<std::size_t>(most_boards);
    if (placement.boards > most || !within_stock(job.terms.space, placement))
        return squeeze(graph, job.terms.space, placement, std::min(most, placement.boards), settings, 1);
    FreeRoom free(graph, job.terms.space, placement);
    bool fits = true;
    for (std::uint32_t board = 0; board < placement.boards; ++board) {
        const Resources hair = free.slrs().capacity(board) * 1e-9;  // that FreeRoom keeps: a full SLR may stay full
        for (int slr = 0; slr < free.slrs().count(board); ++slr) fits = fits && Resources{}.fits(free.at(board, slr) + hair);
    }
    return fits ? placement : relieve(graph, job.terms.space, placement, settings);
}

/// Routes anew between boards that stay; where cables do not suffice, or take too many switches or too long, shards move to load
/// them less.
std::variant<Mapping, NodeFailure> connect_in_place(const NodeJob& job, ShardGraph& graph, const Placement& placement,
                                                    const KeptPlaces& kept) {
    build_as(graph, placement, job.terms);
    const auto places = place_boards(job, graph, placement, &kept);
    auto result = join_boards(job, graph, placement, places, &kept);
    const auto misses = [&] { return !found_within(result, kept.quick_enough_ns); };
    constexpr std::array kEfforts{std::pair(Effort::cables, 1.0), std::pair(Effort::all, 1.0), std::pair(Effort::all, 0.6)};
    for (const auto& [effort, less] : kEfforts) {
        Placement settled = placement;
        if (misses()) result = settle_on_topology(job, graph, settled, less * kRefinedPorts, effort, &kept);
    }
    return result;
}

/// @param kept by board of the earlier placement
std::optional<Mapping> run_on(const NodeJob& job, ShardGraph& graph, const Placement& before, const KeptPlaces& kept, int most) {
    most = std::min(most, static_cast<int>(kept.topology.working_boards().size()));
    for (const double stay_lanes : kStayLanes) {
        while (most >= job.plan.least_boards()) {
            const auto placement = fitted(job, graph, before, stay_lanes, most);
            if (!placement) break;
            KeptPlaces places = kept;
            if (places_missing(job, kept.topology, *placement) > 0) break;
            places.places = places_after(before, kept.places, *placement), places.stay_lanes = stay_lanes;
            for (std::size_t b = 0; b < placement->boards; ++b) {
                std::uint32_t& place = places.places[b];
                if (place != kNoPlace && kept.topology.type_at(place) != placement->type_of(b)) place = kNoPlace;
            }
            auto result = connect_in_place(job, graph, *placement, places);
            if (found_within(result, kept.quick_enough_ns)) return std::get<Mapping>(std::move(result));
            const auto* failure = std::get_if<NodeFailure>(&result);
            if (failure == nullptr || failure->constraint != kBoardCount) break;
            // With those that only forward there are too many; fewer that compute may also do with fewer of them.
            const auto over = static_cast<int>(failure->needed - failure->available) / job.plan.tmux_period_bx;
            most = std::min(most, static_cast<int>(placement->boards)) - std::max(1, over / 2);
        }
    }
    return std::nullopt;
}

/// The earlier mapping on the fixed topology that it stands on, or a larger one where its boards find no place in that: each board
/// that is still there keeps its place. Nothing where this does not do.
std::optional<Mapping> run_in_place(const NodeJob& job, ShardGraph& graph, const Placement& before, const Mapping& earlier) {
    if (job.terms.patch_panel) return std::nullopt;
    auto stands = standing(earlier, topologies::room_for_boards(job.problem.topology),
                           [&](std::size_t boards) { return topology_of(job.problem, job.plan, boards); });
    if (!stands) return std::nullopt;
    const double quick_enough_ns = std::max(job.problem.latency_budget_ns, earlier.analytic_latency_ns());
    const int most = job.terms.most_boards - (stands->switches > 0 ? 1 : 0);
    KeptPlaces kept{std::move(stands->topology), std::move(stands->places), 0, quick_enough_ns};
    const auto working = kept.topology.working_boards();
    for (std::uint32_t& place : kept.places) {
        if (!std::binary_search(working.begin(), working.end(), place)) place = kNoPlace;
    }
    std::optional<Mapping> found;
    if (before.boards <= kept.topology.compute_boards) found = run_on(job, graph, before, kept, most);
    if (found || before.boards <= working.size() || before.boards > job.terms.room_for_boards) return found;
    kept.topology = topology_for(job, before);
    return run_on(job, graph, before, kept, most);
}

/// A layout without its detours, on the same boards at the same places; nothing where it is not laid out again as it was.
std::optional<LaidOut> shortened(const NodeJob& job, ShardGraph& graph, const LaidOut& layout) {
    // Of all layouts together; routes take longer than fibres.
    constexpr std::int64_t kTriedShards = 150'000, kTriedOnCables = 10'000;
    std::optional<KeptPlaces> kept;
    if (!job.terms.patch_panel) {
        auto stands = standing(layout.mapping, topologies::room_for_boards(job.problem.topology),
                               [&](std::size_t boards) { return topology_of(job.problem, job.plan, boards); });
        if (!stands) return std::nullopt;
        kept = KeptPlaces{std::move(stands->topology), std::move(stands->places), 0, 0};
    }
    const LayOut lay_out = [&](const Placement& moved) -> std::optional<LaidOut> {
        if (job.stopped()) return std::nullopt;
        build_as(graph, moved, job.terms);
        Placement ordered = moved;
        order_slrs(graph, job.terms.space, analyse_timing(graph, ordered, hop_timing(job.problem)), ordered);
        auto result = kept ? join_boards(job, graph, ordered, kept->places, &*kept) : join_boards(job, graph, ordered, {});
        auto* mapping = std::get_if<Mapping>(&result);
        if (mapping == nullptr) return std::nullopt;
        return LaidOut{std::move(ordered), std::move(*mapping)};
    };
    auto first = lay_out(layout.placement);
    if (!first) return std::nullopt;
    const auto shards = std::max<std::int64_t>(1, static_cast<std::int64_t>(graph.shards.size()));
    const auto tries = static_cast<int>((kept ? kTriedOnCables : kTriedShards) / shards);
    return without_detours(graph, job.terms.space, hop_timing(job.problem), *std::move(first), lay_out, tries);
}

}  // namespace

std::variant<Mapping, NodeFailure> remap_node(const MappingProblem& problem, const std::vector<models::Flow>& flows, const NodePlan& plan,
                                              const Mapping& earlier, int most_boards, const MapperOptions& options) {
    const NodeJob job = job_as_it_was(problem, flows, plan, most_boards, options);
    auto [graph, before] = as_it_was(job, earlier);
    if (auto mapping = run_in_place(job, graph, before, earlier)) return *std::move(mapping);
    NodeFailure failure = too_many_boards(job.plan, job.problem.boards, before.boards, job.terms.most_boards);
    for (const double stay_lanes : kStayLanes) {
        auto placement = fitted(job, graph, before, stay_lanes, job.terms.most_boards);
        if (!placement) continue;
        build_as(graph, *placement, job.terms);
        auto result = join_boards(job, graph, *placement, {});
        if (std::holds_alternative<NodeFailure>(result)) result = refine_and_join(job, graph, *placement, kRefinedPorts);
        if (std::holds_alternative<Mapping>(result)) return result;
        failure = std::get<NodeFailure>(std::move(result));
    }
    return failure;
}

std::optional<Mapping> shorten_paths(const MappingProblem& problem, const std::vector<models::Flow>& flows, const NodePlan& plan,
                                     const Mapping& mapping, const MapperOptions& options) {
    const NodeJob job = job_as_it_was(problem, flows, plan, static_cast<int>(mapping.boards.size()), options);
    auto [graph, placement] = as_it_was(job, mapping);
    auto shorter = shortened(job, graph, {std::move(placement), mapping});
    return shorter ? std::optional(std::move(shorter->mapping)) : std::nullopt;
}

}  // namespace tessera::partition
