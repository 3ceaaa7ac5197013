#include "partition/joining.h"

#include <algorithm>
#include <utility>

#include "partition/entrances.h"
#include "partition/layout.h"
#include "partition/node_failures.h"
#include "partition/patch_panel.h"
#include "partition/routing.h"
#include "partition/schedule.h"
#include "partition/topology_placement.h"

namespace tessera::partition {

namespace {

/// Halves the chunks to and from these boards, or all where none is named; false where there is but one.
bool send_fewer(const std::vector<BoardId>& boards, std::vector<int>& most_sent) {
    bool any = false;
    const auto halve = [&](int& most) {
        any = any || most > 1;
        most = std::max(1, most / 2);
    };
    for (const BoardId board : boards) halve(most_sent[index(board)]);
    if (boards.empty()) std::for_each(most_sent.begin(), most_sent.end(), halve);
    return any;
}

std::optional<NodeFailure> plug_by(const NodeJob& job, Mapping& mapping, const topologies::Topology& topology,
                                   const std::vector<BoardId>& via) {
    const double fibre_m = topology.default_length_m > 0 ? topology.default_length_m : job.problem.link.fibre_m;
    const auto latency_ticks = link_latency_ticks(mapping, job.problem.link, fibre_m);
    const int frames_per_bx = job.problem.link.frames_per_bx(job.problem.clock);
    const auto shortage = allocate_patch_panel(mapping, frames_per_bx, fibre_m, latency_ticks, via);
    if (!shortage) return std::nullopt;
    return too_few_ports(job.plan, *shortage);
}

/// Lanes from and to the outside are at the boards that the study names.
std::optional<NodeFailure> plug_bound(const NodeJob& job, Mapping& mapping, const topologies::Topology& topology, bool of_their_own) {
    const std::size_t boards = mapping.boards.size();
    auto entrances = choose_entrances(mapping, topology.roles, of_their_own);
    mapping.positions = std::move(entrances.positions);
    mapping.boards.insert(mapping.boards.end(), entrances.added, mapping.boards.back());
    if (auto missing = too_many_boards(job.plan, job.problem, mapping, job.limits.most_boards)) return missing;
    auto failure = plug_by(job, mapping, topology, entrances.via);
    if (failure) std::erase_if(failure->boards, [&](BoardId board) { return index(board) >= boards; });
    return failure;
}

std::optional<NodeFailure> plug(const NodeJob& job, Mapping& mapping, const topologies::Topology& topology) {
    if (!topology.roles.bind_outside()) return plug_by(job, mapping, topology, {});
    const Mapping unplugged = mapping;
    auto failure = plug_bound(job, mapping, topology, false);
    if (!failure) return failure;
    mapping = unplugged;
    return plug_bound(job, mapping, topology, true) ? failure : std::nullopt;
}

std::optional<NodeFailure> route(const NodeJob& job, Mapping& mapping, const topologies::Topology& topology,
                                 const std::vector<std::uint32_t>& places) {
    const topologies::RoutingTable table(topology);
    if (const auto overload = route_transfers(mapping, job.problem, topology, table, places))
        return too_little_bandwidth(job.plan, *overload);
    return too_many_boards(job.plan, job.problem, mapping, job.limits.most_boards);
}

std::optional<NodeFailure> place_and_route(const NodeJob& job, Mapping& mapping, const topologies::Topology& topology,
                                           const std::vector<std::uint32_t>& before) {
    const topologies::RoutingTable table(topology);
    return route(job, mapping, topology, place_on_topology(mapping, topology, table, job.options.seed, before));
}

/// A topology of just so many boards may leave some of them without a way to another (stages of
/// one board); then a larger one is tried.
std::variant<Mapping, NodeFailure> join_streams(const NodeJob& job, const ShardGraph& graph, const Placement& placement,
                                                const std::vector<std::uint32_t>& places, const KeptPlaces* kept) {
    constexpr int kAttempts = 4;
    const std::vector<std::uint32_t> anew;
    std::size_t boards = placement.boards;
    for (int attempt = 1;; ++attempt, boards = std::min(boards + (boards + 1) / 2, job.terms.room_for_boards)) {
        const auto topology = kept != nullptr ? kept->topology : topology_for(job, placement, boards);
        Mapping mapping = lay_out(job.problem, job.plan.tmux_period_bx, graph, placement, topology);
        if (auto overfull = too_full(job.plan, mapping)) return *overfull;
        const auto failure = topology.patch_panel ? plug(job, mapping, topology)
                             : kept != nullptr    ? route(job, mapping, topology, places)
                                                  : place_and_route(job, mapping, topology, attempt == 1 ? places : anew);
        const bool may_grow = kept == nullptr && attempt < kAttempts && boards < job.terms.room_for_boards;
        if (failure && failure->constraint == kNoWay && may_grow) continue;
        if (failure) return *failure;
        size_buffers(mapping);
        apply(expected_schedule(mapping), mapping);
        return mapping;
    }
}

}  // namespace

topologies::Topology topology_for(const NodeJob& job, const Placement& placement, std::size_t boards) {
    for (std::size_t size = boards;;) {
        auto topology = topology_of(job.problem, job.plan, size);
        const std::size_t working = topology.working_boards().size();
        const std::size_t missing = std::max(boards - std::min(boards, working), places_missing(job, topology, placement));
        if (missing == 0) return topology;
        size = topology.compute_boards + missing;
    }
}

std::size_t places_missing(const NodeJob& job, const topologies::Topology& topology, const Placement& placement) {
    if (topology.types.empty()) return 0;
    std::vector<std::size_t> places(job.terms.space.types.size(), 0);
    for (const std::uint32_t place : topology.working_boards()) ++places[topology.type_at(place)];
    std::size_t missing = 0;
    for (std::size_t b = 0; b < placement.boards; ++b) {
        std::size_t& left = places[placement.type_of(b)];
        left > 0 ? --left : ++missing;
    }
    return missing;
}

std::variant<Mapping, NodeFailure> join_boards(const NodeJob& job, ShardGraph& graph, const Placement& placement,
                                               const std::vector<std::uint32_t>& places, const KeptPlaces* kept) {
    std::vector<int> most_sent(placement.boards, job.terms.most_sent_chunks);
    for (;;) {
        stream(graph, placement, job.terms, most_sent);
        auto result = join_streams(job, graph, placement, places, kept);
        const auto* failure = std::get_if<NodeFailure>(&result);
        const bool fine = !job.terms.patch_panel && *std::max_element(most_sent.begin(), most_sent.end()) > kCoarseChunks;
        const bool near = failure != nullptr && failure->needed <= kNear * failure->available;
        if (failure == nullptr || failure->available == 0 || !(near || fine) || !send_fewer(failure->boards, most_sent)) return result;
    }
}

}  // namespace tessera::partition
