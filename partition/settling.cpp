#include "partition/settling.h"

#include <algorithm>
#include <utility>

#include "partition/joining.h"
#include "partition/layout.h"
#include "partition/quicken.h"
#include "partition/squeeze.h"
#include "partition/topology_placement.h"

namespace tessera::partition {

namespace {

constexpr std::int64_t kMovesPerShard = 100;
constexpr std::int64_t kMostMoves = 1000000;
constexpr std::int64_t kSqueezeMoves = 8;
constexpr std::int64_t kLeastSqueezeMoves = 50000, kMostSqueezeMoves = 2000000;
constexpr double kSqueezePorts = 0.9;

/// What is left to do on each board alone.
Placement settled(const NodeJob& job, const ShardGraph& graph, const Placement& placement) {
    Placement result = quicken(graph, job.terms.space, placement, hop_timing(job.problem));
    order_slrs(graph, job.terms.space, analyse_timing(graph, result, hop_timing(job.problem)), result);
    return result;
}

Placement refined(const NodeJob& job, const ShardGraph& graph, const Placement& placement, const RefinementSettings& settings) {
    return settled(job, graph, refine(graph, job.terms.space, placement, settings));
}

/// Builds the shards as the placement says, in chunks that load cables little.
void build_coarsely(const NodeJob& job, ShardGraph& graph, const Placement& placement) {
    build_as(graph, placement, job.terms);
    stream(graph, placement, job.terms, std::vector<int>(placement.boards, std::min(kCoarseChunks, job.terms.most_sent_chunks)));
}

}  // namespace

RefinementSettings refinement_settings(const NodeJob& job, const ShardGraph& graph, double ports) {
    RefinementSettings settings;
    settings.seed = job.options.seed;
    settings.moves = std::min<std::int64_t>(kMovesPerShard * static_cast<std::int64_t>(graph.shards.size()), kMostMoves);
    settings.hop = hop_timing(job.problem);
    settings.ports = ports;
    return settings;
}

RefinementSettings patient_settings(const NodeJob& job, const ShardGraph& graph) {
    auto settings = refinement_settings(job, graph, kSqueezePorts);
    settings.moves = std::clamp(kSqueezeMoves * settings.moves, kLeastSqueezeMoves, kMostSqueezeMoves);
    return settings;
}

std::vector<std::uint32_t> place_boards(const NodeJob& job, const ShardGraph& graph, const Placement& placement, const KeptPlaces* kept) {
    if (kept != nullptr) {
        const Mapping mapping = lay_out(job.problem, job.plan.tmux_period_bx, graph, placement, kept->topology);
        return place_beside(mapping, kept->topology, topologies::RoutingTable(kept->topology), kept->places);
    }
    if (job.options.partitioner == Partitioner::scotch_map) {
        const auto topology = topology_for(job, placement);
        std::vector<std::vector<std::uint32_t>> places(job.terms.space.types.size());
        for (const std::uint32_t place : topology.working_boards()) places[topology.type_at(place)].push_back(place);
        std::vector<std::uint32_t> same;
        std::vector<std::size_t> next(places.size(), 0);
        for (std::size_t b = 0; b < placement.boards; ++b) {
            const std::uint32_t type = topology.types.empty() ? 0 : placement.type_of(b);
            same.push_back(places[type][next[type]++]);
        }
        return same;
    }
    const auto topology = topology_for(job, placement);
    const Mapping mapping = lay_out(job.problem, job.plan.tmux_period_bx, graph, placement, topology);
    return place_on_topology(mapping, topology, topologies::RoutingTable(topology), job.options.seed);
}

std::variant<Mapping, NodeFailure> settle_on_topology(const NodeJob& job, ShardGraph& graph, Placement& placement, double ports,
                                                      Effort effort, const KeptPlaces* kept) {
    const auto topology = kept != nullptr ? kept->topology : topology_for(job, placement);
    const topologies::RoutingTable table(topology);
    build_coarsely(job, graph, placement);
    const auto places = place_boards(job, graph, placement, kept);
    CableWays cables(topology, table, places);
    auto settings = refinement_settings(job, graph, ports);
    settings.cables = &cables, settings.cable_fill = effort == Effort::hops ? 0 : ports;
    if (kept != nullptr) settings.stay_lanes = kept->stay_lanes;
    if (effort == Effort::all) {
        auto patient = settings;
        patient.moves = patient_settings(job, graph).moves;
        placement = relieve(graph, job.terms.space, placement, patient).value_or(placement);
        build_coarsely(job, graph, placement);
    }
    placement = refined(job, graph, placement, settings);
    build_as(graph, placement, job.terms);
    return join_boards(job, graph, placement, places, kept);
}

std::variant<Mapping, NodeFailure> refine_and_join(const NodeJob& job, ShardGraph& graph, Placement& placement, double ports) {
    const bool refines = job.ours() || job.options.refine_baseline;
    if (refines) {
        placement = refined(job, graph, placement, refinement_settings(job, graph, ports));
        build_as(graph, placement, job.terms);
    } else {
        order_slrs(graph, job.terms.space, analyse_timing(graph, placement, hop_timing(job.problem)), placement);
    }
    if (job.terms.patch_panel) return join_boards(job, graph, placement, {});
    if (!refines) return join_boards(job, graph, placement, place_boards(job, graph, placement));
    const auto missed_by = [](const std::variant<Mapping, NodeFailure>& result) {
        const auto* failure = std::get_if<NodeFailure>(&result);
        return failure == nullptr ? 0 : failure->needed / failure->available;
    };
    Placement settled = placement;
    auto result = settle_on_topology(job, graph, settled, ports, Effort::hops);
    if (missed_by(result) > 0) result = settle_on_topology(job, graph, settled = placement, ports, Effort::cables);
    if (missed_by(result) > 0 && missed_by(result) < kNear)
        result = settle_on_topology(job, graph, settled = placement, ports, Effort::all);
    placement = std::move(settled);
    return result;
}

}  // namespace tessera::partition
