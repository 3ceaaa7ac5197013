#include "partition/node_terms.h"

#include <algorithm>

#include "partition/board_mix.h"
#include "partition/chunks.h"

namespace tessera::partition {

namespace {

/// More would make the simulation slow without changing the answer much.
constexpr std::int64_t kMostChunkTransfers = 20000;
constexpr int kMostChunks = 32;
/// They cross several links.
constexpr int kMostChunksOnCables = 16;

BoardSpace space_of(const MappingProblem& problem, const NodePlan& plan) {
    BoardSpace space;
    space.types.clear();
    for (const auto& [board, boards] : problem.boards) {
        space.types.push_back({board.name, board.slr_capacity(), board.slrs(), board.ports, 0, board.device.slr_crossing_cycles,
                               static_cast<std::size_t>(boards / plan.tmux_period_bx)});
    }
    space.frame_bits = problem.link.frame_bits;
    space.overhead_frames = problem.link.header_frames + problem.link.crc_frames;
    space.frames_per_event = std::int64_t{problem.link.frames_per_bx(problem.clock)} * plan.tmux_period_bx;
    return space;
}

ShardingContext context_of(const MappingProblem& problem, const std::vector<models::Flow>& flows, const NodePlan& plan) {
    ShardingContext context;
    context.network = problem.network;
    context.flows = &flows;
    context.device = problem.device();
    context.slr_capacity = smallest_slr(problem.boards);
    context.board_capacity = mean_board(problem.boards);
    context.cycles_per_event = plan.cycles_per_event;
    context.input_bits = problem.input_bits;
    context.frame_bits = problem.link.frame_bits;
    context.overhead_frames = problem.link.header_frames + problem.link.crc_frames;
    context.streaming_groups = plan.streaming_groups;
    for (std::size_t op = 0; op < plan.cycle_prices.latency.size(); ++op) {
        LatencyPrice price{plan.cycle_prices.latency[op]};
        if (plan.streams_as_one) price.streaming_share = 1, price.free_streaming = plan.choice.streaming_cycles[op];
        context.latency_prices.push_back(price);
    }
    context.fair_latency_price = fair_latency_price(plan, problem);
    context.prices = plan.choice.prices;
    return context;
}

/// On a fixed topology a board talks through its cables, however many ports it has.
void expect_cables(NodeTerms& terms, const topologies::Topology& topology) {
    terms.patch_panel = topology.patch_panel;
    std::int64_t lanes = 0;
    for (const auto& cable : topology.cables) {
        for (const BoardId end : {cable.a, cable.b}) lanes += index(end) < topology.compute_boards ? cable.lanes : 0;
    }
    const auto boards = static_cast<std::int64_t>(topology.compute_boards);
    int& thinnest = terms.thinnest_cable_lanes;
    for (const auto& cable : topology.cables) thinnest = thinnest == 0 ? cable.lanes : std::min(thinnest, cable.lanes);
    if (lanes == 0) return;
    const bool enters_anywhere = topology.roles.inputs_at.empty();  // else it comes to most boards over the cables
    for (BoardOffer& offer : terms.space.types) {
        const auto cabled = static_cast<int>(std::clamp<std::int64_t>(lanes / boards, 1, offer.ports));
        offer.outside_ports = enters_anywhere ? offer.ports - cabled : 0;
        offer.ports = cabled;
    }
}

/// On a fixed topology there are no more boards of a type than places for them that work.
void count_places(NodeTerms& terms, const MappingProblem& problem, const NodePlan& plan) {
    const auto roles = topologies::read_board_roles(problem.topology);
    const auto failed = topologies::failed_boards(problem.topology);
    std::vector<std::size_t> places(terms.space.types.size(), 0);
    for (std::size_t place = 0; place < topologies::room_for_boards(problem.topology); ++place) {
        if (std::binary_search(failed.begin(), failed.end(), id_at<BoardId>(place))) continue;
        ++places[type_at_place(problem.boards, plan.tmux_period_bx, roles, place)];
    }
    std::size_t all = 0;
    for (std::size_t t = 0; t < places.size(); ++t) {
        std::size_t& boards = terms.space.types[t].boards;
        all += boards = std::min(boards, places[t]);
    }
    terms.most_boards = static_cast<int>(std::min(static_cast<std::size_t>(terms.most_boards), all));
}

/// What the thinnest cable carries of one event.
std::int64_t cable_bits(const NodeTerms& terms) {
    const std::int64_t payload = std::max<std::int64_t>(1, terms.space.frames_per_event - terms.context.overhead_frames);
    return std::max<std::int64_t>(2, payload * terms.context.frame_bits * terms.thinnest_cable_lanes);
}

/// Ports that cables leave free on every board. What enters at few boards takes more of theirs, the more so as several that read the same
/// are each sent it.
int ports_for_outside(int ports, double boundary_lanes, const topologies::BoardRoles& roles) {
    constexpr int kLikelyReaders = 2;
    const int anywhere = std::min(ports / 8, 2 + static_cast<int>(boundary_lanes));
    if (roles.inputs_at.empty()) return anywhere;
    const double at_each = kLikelyReaders * boundary_lanes / static_cast<double>(roles.inputs_at.size());
    return std::max(anywhere, std::min(ports / 2, 2 + static_cast<int>(at_each)));
}

}  // namespace

double fair_latency_price(const NodePlan& plan, const MappingProblem& problem) {
    return plan.bound.boards * problem.clock.cycle_ns() / problem.latency_budget_ns;
}

NodeTerms node_terms(const MappingProblem& problem, const std::vector<models::Flow>& flows, const NodePlan& plan, int most_boards) {
    NodeTerms terms;
    terms.space = space_of(problem, plan);
    terms.context = context_of(problem, flows, plan);
    terms.room_for_boards = topologies::room_for_boards(problem.topology);
    for (const BoardId board : topologies::failed_boards(problem.topology))
        terms.room_for_boards -= index(board) < terms.room_for_boards ? 1 : 0;
    most_boards = std::min(most_boards, boards_in_node(problem.boards, plan.tmux_period_bx));
    terms.most_boards = static_cast<int>(std::min(static_cast<std::size_t>(most_boards), terms.room_for_boards));
    if (problem.boards.size() > 1 && !topologies::is_patch_panel(problem.topology)) count_places(terms, problem, plan);
    const int likely_boards = std::min(terms.most_boards, plan.least_boards() + plan.least_boards() / 2);
    if (likely_boards >= plan.least_boards()) expect_cables(terms, topology_of(problem, plan, static_cast<std::size_t>(likely_boards)));
    // Two a BX: of shorter ones, rounding and the gap at the end of a period take too many ports.
    terms.most_sent_chunks = std::min(2 * plan.tmux_period_bx, terms.patch_panel ? kMostChunks : kMostChunksOnCables);
    return terms;
}

std::vector<ShardGrid> cut_operators(const MappingProblem& problem, const NodePlan& plan, const NodeTerms& terms, bool fine) {
    constexpr double kFine = 0.3;  // of an SLR
    SplitLimits limits;
    if (fine) limits.largest_shard = kFine;
    limits.follow_steps = plan.streams_as_one;
    limits.cycles_per_event = plan.cycles_per_event;
    limits.slr_capacity = terms.context.slr_capacity;
    limits.input_bits = problem.input_bits;
    if (terms.thinnest_cable_lanes > 0) limits.largest_result_bits = cable_bits(terms) / 2;
    return split_operators(*problem.network, *terms.context.flows, plan.options, plan.choice, limits);
}

void build_as(ShardGraph& graph, const Placement& placement, const NodeTerms& terms) {
    for (std::size_t s = 0; s < graph.shards.size(); ++s) graph.shards[s].chosen = placement.variant[s];
    stream(graph, placement, terms, std::vector<int>(placement.boards, terms.most_sent_chunks));
}

void stream(ShardGraph& graph, const Placement& placement, const NodeTerms& terms, const std::vector<int>& most_sent) {
    ChunkLimits limits;
    limits.most = kMostChunks;
    limits.most_sent = most_sent;
    limits.most_transferred = kMostChunkTransfers;
    limits.frame_bits = terms.context.frame_bits;
    limits.payload_frames = terms.space.frames_per_event - terms.context.overhead_frames;
    limits.cycles_per_event = terms.context.cycles_per_event;
    set_chunks(graph, terms.context, choose_chunks(graph, placement, limits));
}

HopTiming hop_timing(const MappingProblem& problem) {
    const auto& link = problem.link;
    const double flight_ns = link.transceiver_latency_ns + link.fibre_m * link.fibre_ns_per_m;
    HopTiming hop;
    hop.cycles_per_frame = static_cast<double>(problem.clock.cycles_per_bx) / link.frames_per_bx(problem.clock);
    hop.hop_cycles = flight_ns / problem.clock.cycle_ns() + link.alignment_frames * hop.cycles_per_frame;
    return hop;
}

topologies::Topology topology_of(const MappingProblem& problem, const NodePlan& plan, std::size_t boards) {
    const auto roles = topologies::read_board_roles(problem.topology);
    const bool lanes_given = problem.topology.has("lanes") || problem.topology.has("file");
    const int ports = fewest_ports(problem.boards);
    const int kept = lanes_given ? 0 : ports_for_outside(ports, plan.bound.boundary_lanes, roles);
    if (problem.boards.size() == 1) return topologies::make_topology(problem.topology, boards, ports - kept);
    const auto type_at = [&](std::size_t place) { return type_at_place(problem.boards, plan.tmux_period_bx, roles, place); };
    auto topology = topologies::make_topology(problem.topology, boards, ports - kept,
                                              [&](std::size_t place) { return problem.boards[type_at(place)].board.ports - kept; });
    for (std::size_t place = 0; place < topology.compute_boards && !topology.patch_panel; ++place) topology.types.push_back(type_at(place));
    return topology;
}

}  // namespace tessera::partition
