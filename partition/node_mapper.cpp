#include "partition/node_mapper.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "partition/baselines.h"
#include "partition/board_mix.h"
#include "partition/joining.h"
#include "partition/kept_places.h"
#include "partition/node_failures.h"
#include "partition/node_job.h"
#include "partition/settling.h"
#include "partition/sharding.h"
#include "partition/squeeze.h"

namespace tessera::partition {

namespace {

/// Of a board: what is larger finds no room on its dies.
constexpr double kLargestColumn = 0.95;

bool too_many(const NodeJob& job, const Placement& placement) {
    return placement.boards > static_cast<std::size_t>(job.terms.most_boards) || !within_stock(job.terms.space, placement);
}

std::variant<Placement, UnfitShard> divide(const NodeJob& job, const ShardGraph& graph, const GrowthLimits& limits) {
    if (job.ours()) return grow_boards(graph, job.terms.space, limits);
    const auto topology_of = [&](std::size_t boards) { return topology_for(job, {}, boards); };
    return divide_by_baseline(job.options.partitioner, graph, job.terms.space, limits, topology_of, job.options.seed);
}

std::optional<Placement> squeezed_to(const NodeJob& job, const ShardGraph& graph, const Placement& placement, std::size_t boards) {
    constexpr double kMostAtOnce = 1.3;  // what is further off has never worked
    const bool hopeless =
        static_cast<double>(placement.boards) > std::max(static_cast<double>(boards + 1), kMostAtOnce * static_cast<double>(boards));
    if (!job.ours() || hopeless || boards < static_cast<std::size_t>(job.plan.least_boards())) return std::nullopt;
    constexpr int kTries = 3;
    return squeeze(graph, job.terms.space, placement, boards, patient_settings(job, graph), kTries);
}

/// Where any number of the switches join all boards: one by one they lose their cables, and shards move to suit the rest.
void put_under_fewer_twins(const NodeJob& job, ShardGraph& graph, const Placement& placement, double ports,
                           const topologies::Topology& topology, std::vector<Mapping>& found) {
    const auto switches = [&](const Mapping& mapping) {
        return static_cast<std::size_t>(std::count_if(mapping.positions.begin(), mapping.positions.end(),
                                                      [&](std::uint32_t place) { return place >= topology.compute_boards; }));
    };
    Placement latest = placement;
    while (switches(found.back()) > 1 && !job.stopped()) {
        const std::vector<std::uint32_t> any_place(placement.boards, kNoPlace);
        const auto fewer = topologies::under_switches(topology, switches(found.back()) - 1);
        const KeptPlaces below{fewer, any_place, 0, job.limits.quick_enough_ns};
        Placement trial = latest;
        auto result = settle_on_topology(job, graph, trial, ports, Effort::cables, &below);
        if (!found_within(result, below.quick_enough_ns))
            result = settle_on_topology(job, graph, trial = latest, ports, Effort::all, &below);
        if (!found_within(result, below.quick_enough_ns)) break;
        if (std::get<Mapping>(result).boards.size() >= found.back().boards.size()) break;  // another board forwards instead
        found.push_back(std::get<Mapping>(std::move(result)));
        latest = std::move(trial);
    }
}

/// What loads its cables less may do with fewer switches, which are boards as well.
void put_under_fewer_switches(const NodeJob& job, ShardGraph& graph, const Placement& placement, double ports,
                              std::vector<Mapping>& found) {
    if (job.terms.patch_panel) return;
    const auto topology = topology_for(job, placement);
    if (topologies::twin_switches(topology) > 0) {
        put_under_fewer_twins(job, graph, placement, ports, topology, found);
    } else {
        constexpr std::array kLess{0.7, 0.5, 0.35};
        for (const double less : kLess) {
            if (found.back().boards.size() == placement.boards || job.stopped()) break;
            Placement trial = placement;
            auto result = settle_on_topology(job, graph, trial, less * ports, Effort::all);
            auto* mapping = std::get_if<Mapping>(&result);
            if (mapping == nullptr || !job.quick_enough(*mapping)) continue;
            if (mapping->boards.size() < found.back().boards.size()) found.push_back(std::move(*mapping));
        }
    }
    build_as(graph, placement, job.terms);
}

/// Squeezes a placement that is quick enough onto fewer boards, as far as ports, links and time allow: bisection between
/// what the resources ask for and what is known to do.
void put_on_fewer_boards(const NodeJob& job, ShardGraph& graph, Placement placement, double ports, std::vector<Mapping>& found) {
    std::size_t too_few = static_cast<std::size_t>(job.plan.least_boards()) - 1;
    while (too_few + 1 < placement.boards && !job.stopped()) {
        const std::size_t boards = (too_few + placement.boards) / 2;
        auto squeezed = squeezed_to(job, graph, placement, boards);
        if (squeezed) {
            build_as(graph, *squeezed, job.terms);
            auto result = refine_and_join(job, graph, *squeezed, ports);
            auto* mapping = std::get_if<Mapping>(&result);
            if (mapping != nullptr && job.quick_enough(*mapping)) {
                found.push_back(std::move(*mapping));
                placement = std::move(*squeezed);
                put_under_fewer_switches(job, graph, placement, ports, found);
                continue;
            }
        }
        too_few = boards;
    }
}

/// Boards grown within the limits, and squeezed where there are not so many.
/// @param squeezes_left  goes down by one where that is tried
std::variant<Placement, NodeFailure> grow_within_boards(const NodeJob& job, const ShardGraph& graph, const GrowthLimits& limits,
                                                        int& squeezes_left) {
    const auto growth = divide(job, graph, limits);
    if (const auto* unfit = std::get_if<UnfitShard>(&growth)) {
        const auto& op = job.problem.network->operators[graph.shards[unfit->shard].op];
        return too_large(job.plan, op, graph.variants_of(unfit->shard), job.problem.boards);
    }
    const auto& placement = std::get<Placement>(growth);
    if (!too_many(job, placement)) return placement;
    std::optional<Placement> squeezed;
    const auto most = std::min(placement.boards, static_cast<std::size_t>(job.terms.most_boards));
    if (job.limits.squeeze && squeezes_left-- > 0) squeezed = squeezed_to(job, graph, placement, most);
    if (squeezed) return *std::move(squeezed);
    return too_many_boards(job.plan, job.problem.boards, placement.boards, job.terms.most_boards);
}

/// What the next attempt leaves free, which knows from this one how many boards every net reaches.
void tighten(const NodeJob& job, const ShardGraph& graph, const Placement& placement, const NodeFailure* missed, GrowthLimits& limits) {
    const double tightening = job.terms.patch_panel ? 0.88 : 0.8;
    limits.fanout = net_fanout(graph, placement);
    if (job.ours()) {
        limits.ports *= tightening;
    } else {  // it knows no ports: it gets emptier boards, by as much as they miss
        limits.fill *= missed == nullptr ? tightening : std::clamp(missed->available / missed->needed, 0.5, tightening);
    }
}

/// Whether attempts on fixed topologies come no nearer: more boards have thinner cables, so what misses by much, and by more each time,
/// never fits.
class Hopelessness {
  public:
    bool after(const NodeJob& job, const Placement& placement, const NodeFailure& missed) {
        constexpr double kFar = 2;
        const double misses_by = missed.needed / missed.available;
        const bool hopeless = !job.terms.patch_panel && misses_by > kFar && misses_by >= missed_by_ && placement.boards > boards_;
        missed_by_ = misses_by, boards_ = placement.boards;
        return hopeless;
    }

  private:
    double missed_by_ = std::numeric_limits<double>::infinity();
    std::size_t boards_ = 0;
};

/// Grows boards until their ports suffice: each attempt leaves more ports free. The first layout that is quick enough is the one with the
/// fewest boards, and is put on fewer still. The failure is that of the attempt which missed by the least.
std::variant<std::vector<Mapping>, NodeFailure> place(const NodeJob& job, ShardGraph graph) {
    constexpr int kMostFound = 3;
    // Routes take longer to find than fibres, and what misses, misses by more. A baseline has its boards to run out of.
    const bool first_kind = job.limits.kind == LayoutKind{};  // others are tried beside it
    const int attempts = !job.ours() ? 12 : !first_kind ? 3 : job.terms.patch_panel ? 8 : 6;
    GrowthLimits limits;
    limits.most_boards = static_cast<std::size_t>((job.ours() ? kWorthCounting : 1) * job.terms.most_boards);
    if (job.limits.kind.columns) limits.largest_column = kLargestColumn;
    double refined_ports = kRefinedPorts;
    int squeezes_left = first_kind ? attempts : 1;  // they take long
    std::vector<Mapping> found;
    std::optional<NodeFailure> failure;
    Hopelessness hopeless;
    for (int attempt = 0; attempt < attempts && found.size() < kMostFound; ++attempt) {
        if ((!found.empty() || failure) && job.stopped()) break;
        auto grown = grow_within_boards(job, graph, limits, squeezes_left);
        if (auto* none = std::get_if<NodeFailure>(&grown)) {
            if (!failure) failure = std::move(*none);
            break;
        }
        auto& placement = std::get<Placement>(grown);
        build_as(graph, placement, job.terms);
        auto result = refine_and_join(job, graph, placement, refined_ports);
        const auto* missed = std::get_if<NodeFailure>(&result);
        if (missed == nullptr) {
            found.push_back(std::get<Mapping>(std::move(result)));
            if (job.quick_enough(found.back())) {
                if (job.ours()) put_under_fewer_switches(job, graph, placement, refined_ports, found);
                if (job.ours()) put_on_fewer_boards(job, graph, placement, refined_ports, found);
                return found;
            }
        } else {
            if (!failure || missed->needed * failure->available < failure->needed * missed->available) failure = *missed;
            if (hopeless.after(job, placement, *missed)) break;
        }
        tighten(job, graph, placement, missed, limits);
        refined_ports *= 0.94;
    }
    if (!found.empty()) return found;
    return *failure;
}

}  // namespace

std::variant<std::vector<Mapping>, NodeFailure> map_node(const MappingProblem& problem, const std::vector<models::Flow>& flows,
                                                         const NodePlan& plan, const NodeLimits& limits, const MapperOptions& options) {
    const NodeJob job{problem, plan, options, limits, node_terms(problem, flows, plan, limits.most_boards)};
    const auto grids = cut_operators(problem, plan, job.terms, limits.kind.fine);
    return place(job, make_shard_graph(job.terms.context, plan.options, plan.choice.chosen, grids));
}

}  // namespace tessera::partition
