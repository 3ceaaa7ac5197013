#include "partition/forecast.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "partition/node_terms.h"
#include "partition/quicken.h"

namespace tessera::partition {

namespace {

/// What annealing leaves of the boards above the bound, what it takes in time, and the most that it has ever made of fewer
/// boards: chosen on seven shipped studies (apps/serve/README.md).
constexpr double kLeftAboveBound = 1.0 / 3, kLatencyOfFewer = 1.6, kMostAtOnce = 1.3;

/// Times the ports of a board: what annealing has brought back into them, but no more.
constexpr double kMostPorts = 3.5;

/// Lanes in or out of the board that has most of them, over its ports.
double ports_taken(const ShardGraph& graph, const Placement& placement, const BoardSpace& space) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> frames;  // from board, to board
    for (const auto& net : graph.nets) {
        const std::uint32_t from = placement.board[net.from];
        std::set<std::uint32_t> reached;
        for (const auto shard : net.consumers)
            reached.insert(shard == ShardGraph::kNone ? Placement::kOutsideBoard : placement.board[shard]);
        for (const auto to : reached) frames[{from, to}] += from == to ? 0 : net.frames;
    }
    std::map<std::uint32_t, std::int64_t> in, out;
    for (const auto& [ends, load] : frames) {
        const std::int64_t lanes = (load + space.frames_per_event - 1) / space.frames_per_event;
        out[ends.first] += lanes, in[ends.second] += lanes;
    }
    double most = 0;
    for (const auto* side : {&in, &out}) {
        for (const auto& [board, lanes] : *side) {
            if (board == Placement::kOutsideBoard) continue;
            most = std::max(most, static_cast<double>(lanes) / space.types[placement.type_of(board)].ports);
        }
    }
    return most;
}

class Forecaster {
  public:
    Forecaster(const MappingProblem& problem, const std::vector<models::Flow>& flows, NodePlan plan, Objective objective)
        : problem_(problem), flows_(flows), plan_(std::move(plan)), objective_(objective) {}

    std::optional<Forecast> run() {
        for (const double weight : {1.0, 3.0}) consider_price(weight);
        if (!best_) return std::nullopt;
        return Forecast{best_->boards, best_->latency_ns};
    }

  private:
    void consider_price(double weight) {
        price_latency(plan_, problem_, flows_, weight, false);
        const auto terms = node_terms(problem_, flows_, plan_, problem_.boards_available / plan_.tmux_period_bx);
        auto graph = make_shard_graph(terms.context, plan_.options, plan_.choice.chosen, cut_operators(problem_, plan_, terms));
        GrowthLimits limits;
        limits.most_boards = static_cast<std::size_t>(kWorthCounting * terms.most_boards);
        const auto grown = grow_boards(graph, terms.space, limits);
        const auto* placement = std::get_if<Placement>(&grown);
        if (placement == nullptr || placement->boards > limits.most_boards) return;
        if (ports_taken(graph, *placement, terms.space) > kMostPorts) return;
        const auto topology = topology_of(problem_, plan_, placement->boards);
        const double latency_ns = latency(graph, *placement, terms, topology);
        const int boards = static_cast<int>(placement->boards);
        const int switches = static_cast<int>(topology.board_count) - static_cast<int>(topology.compute_boards);
        consider(boards + switches, latency_ns);
        constexpr int kFewToShift = 2;  // shards that are cut to fill half a die leave no room to even out
        if (objective_ != Objective::latency && boards > kFewToShift) consider(fewer(boards) + switches, latency_ns * kLatencyOfFewer);
    }

    double latency(ShardGraph& graph, const Placement& grown, const NodeTerms& terms, const topologies::Topology& topology) const {
        const HopTiming hop = over_topology(hop_timing(problem_), topology);
        build_as(graph, grown, terms);
        const auto placement = quicken(graph, terms.space, grown, hop);
        build_as(graph, placement, terms);
        return analyse_timing(graph, placement, hop).latency_cycles * problem_.clock.cycle_ns();
    }

    /// A hop between two boards, store and forward on each on the way.
    HopTiming over_topology(HopTiming hop, const topologies::Topology& topology) const {
        if (topology.patch_panel || topology.compute_boards < 2) return hop;
        const topologies::RoutingTable table(topology);
        double hops = 0, ways = 0, fewest = std::numeric_limits<double>::infinity();
        for (std::size_t a = 0; a < topology.compute_boards; ++a) {
            for (std::size_t b = 0; b < topology.compute_boards; ++b) {
                const int between = table.hops(id_at<BoardId>(a), id_at<BoardId>(b));
                if (between > 0) hops += between, ways += 1, fewest = std::min<double>(fewest, between);
            }
        }
        constexpr double kNearby = 0.2;  // annealing puts boards that talk on slow paths side by side, nearly
        const double mean = ways > 0 ? fewest + kNearby * (hops / ways - fewest) : 1;
        hop.hop_cycles = mean * hop.hop_cycles + (mean - 1) * topology.switch_latency_cycles;
        hop.cycles_per_frame *= mean;
        return hop;
    }

    int fewer(int grown) const {
        const int least = plan_.least_boards();
        const double likely = least + kLeftAboveBound * (grown - least);
        const int within_reach = std::min(grown - 1, static_cast<int>(std::ceil(grown / kMostAtOnce)));
        return std::clamp(static_cast<int>(std::lround(likely)), within_reach, grown);
    }

    void consider(int boards_of_node, double latency_ns) {
        const BoardsAndLatency found{boards_of_node * plan_.tmux_period_bx, latency_ns};
        if (!best_ || better(found, *best_, objective_, problem_.latency_budget_ns)) best_ = found;
    }

    const MappingProblem& problem_;
    const std::vector<models::Flow>& flows_;
    NodePlan plan_;
    Objective objective_;
    std::optional<BoardsAndLatency> best_;
};

}  // namespace

std::int64_t count_shards(const MappingProblem& problem, const std::vector<models::Flow>& flows, const NodePlan& plan) {
    const auto terms = node_terms(problem, flows, plan, problem.boards_available / plan.tmux_period_bx);
    std::int64_t shards = 0;
    for (const auto& grid : cut_operators(problem, plan, terms)) shards += grid.split.slices * grid.split.parts;
    return shards;
}

std::optional<Forecast> forecast_mapping(const MappingProblem& problem, const std::vector<models::Flow>& flows, const NodePlan& plan,
                                         Objective objective) {
    return Forecaster(problem, flows, plan, objective).run();
}

}  // namespace tessera::partition
