#include "partition/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "core/arithmetic.h"
#include "partition/link_frames.h"
#include "partition/sharding.h"

namespace tessera::partition {

namespace {

BoardType board_type(const boards::Board& board) {
    BoardType type;
    type.name = board.name;
    type.device = board.device.name;
    type.slrs = board.slrs();
    type.slr_capacity = board.slr_capacity();
    type.device_total = board.device.per_slr();
    type.ports = board.ports;
    type.slr_crossing_cycles = board.device.slr_crossing_cycles;
    return type;
}

std::string name_of_range(const char* what, const models::Range& range) {
    return range.size() == 1 ? fmt::format("{} {}", what, range.begin) : fmt::format("{}s {}-{}", what, range.begin, range.end - 1);
}

Shard lay_out_shard(const models::Network& network, const ShardGraph& graph, std::uint32_t position, BoardId board, int slr) {
    const PlannedShard& planned = graph.shards[position];
    const ShardVariant& built = graph.built(position);
    const auto& op = network.operators[planned.op];
    const models::Region& region = planned.region;
    Shard shard;
    shard.name = fmt::format("{} [{}, {}]", op.name, name_of_range("token", region.tokens), name_of_range("channel", region.channels));
    shard.op = planned.op;
    shard.token_begin = region.tokens.begin, shard.token_end = region.tokens.end;
    shard.channel_begin = region.channels.begin, shard.channel_end = region.channels.end;
    shard.kind = models::name_of(op.kind);
    shard.strategy = models::name_of(built.strategy);
    shard.engines = built.engines;
    shard.reuse_factor = built.reuse_factor;
    shard.board = board;
    shard.slr = slr;
    shard.resources = built.resources;
    shard.chunks = planned.chunks;
    shard.chunk_interval_cycles = graph.chunk_interval_cycles(position);
    shard.latency_cycles = graph.chunk_latency_cycles(position);
    return shard;
}

models::Region hull(const models::Region& a, const models::Region& b) {
    const auto join = [](const models::Range& x, const models::Range& y) {
        return models::Range{std::min(x.begin, y.begin), std::max(x.end, y.end)};
    };
    return {join(a.tokens, b.tokens), join(a.channels, b.channels)};
}

/// Flip-flops that `wires` take over `crossings` boundaries between SLRs: one for each cycle that a crossing takes (AMD UG949: a
/// register on either side; the Laguna sites of UltraScale+ have them, AMD UG574, but the tools use slices unless told).
double crossing_registers(int crossings, double wires, const BoardType& type) { return wires * crossings * type.slr_crossing_cycles; }

/// Bits of an event that one transfer carries between boards: what is larger goes in stripes, so that it may take several ways.
std::int64_t most_bits_of_transfer(const Mapping& mapping, const topologies::Topology& topology) {
    constexpr double kOfCable = 0.5;  // the thinnest
    if (topology.patch_panel || topology.cables.empty()) return std::numeric_limits<std::int64_t>::max();
    int lanes = topology.cables.front().lanes;
    for (const auto& cable : topology.cables) lanes = std::min(lanes, cable.lanes);
    const double frames = static_cast<double>(frames_per_event(mapping));
    return std::max<std::int64_t>(1, static_cast<std::int64_t>(kOfCable * frames * mapping.link_timing.frame_bits * lanes));
}

/// Makes the transfers: one for each (producer, other board), or stripes of it, with the hull of what is needed
/// there of each tensor.
class TransferMaker {
  public:
    TransferMaker(const models::Network& network, int input_bits, const topologies::Topology& topology, Mapping& mapping)
        : network_(network),
          input_bits_(input_bits),
          roles_(topology.roles),
          most_bits_(most_bits_of_transfer(mapping, topology)),
          mapping_(mapping) {}

    void make(const ShardGraph& graph) {
        std::map<std::pair<std::uint32_t, BoardId>, std::map<TensorId, models::Region>> needed;
        for (const Need& need : graph.needs) {
            const BoardId to = board_of(need.to);
            if (mapping_.shards[need.from].board == to) continue;
            auto& regions = needed[{need.from, to}];
            const auto [place, fresh] = regions.try_emplace(need.tensor, need.region);
            if (!fresh) place->second = hull(place->second, need.region);
        }
        for (const auto& [ends, regions] : needed) {
            std::int64_t bits = 0;
            for (const auto& [tensor, region] : regions) bits += region.elements() * element_bits(network_.tensor(tensor), input_bits_);
            add_stripes(id_at<ShardId>(ends.first), ends.second, bits);
        }
        for (const Need& need : graph.needs) add_input(need);
    }

  private:
    using Ends = std::pair<ShardId, BoardId>;

    void add_stripes(ShardId from, BoardId to, std::int64_t bits) {
        constexpr std::int64_t kMostStripes = 8;
        const bool has_ways = (mapping_.shards[index(from)].board != kOutside || !roles_.inputs_at.empty()) &&
                              (to != kOutside || roles_.decision_at.has_value());
        const std::int64_t stripes = has_ways ? std::min(kMostStripes, divide_up(bits, most_bits_)) : 1;
        for (std::int64_t stripe = 0; stripe < stripes; ++stripe) {
            stripes_[{from, to}].push_back(id_at<TransferId>(mapping_.transfers.size()));
            Transfer transfer;
            transfer.from = from, transfer.to = to;
            transfer.bits = bits * (stripe + 1) / stripes - bits * stripe / stripes;
            mapping_.transfers.push_back(transfer);
        }
    }

    BoardId board_of(std::uint32_t shard) const { return shard == ShardGraph::kNone ? kOutside : mapping_.shards[shard].board; }

    const BoardType& type_of(BoardId board) const { return mapping_.board_types[mapping_.boards[index(board)]]; }

    /// Bits of what is needed that pass in a cycle, at the rate at which events come.
    double wires_of(const Need& need) const {
        return std::ceil(static_cast<double>(need.bits) / static_cast<double>(mapping_.cycles_per_event()));
    }

    void add_input(const Need& need) {
        if (need.to == ShardGraph::kNone) return;
        Shard& to = mapping_.shards[need.to];
        if (to.inputs.empty() || index(to.inputs.back().from) != need.from) add_inputs(need, to);
        if (!need.barrier) return;
        for (auto input = to.inputs.rbegin(); input != to.inputs.rend() && index(input->from) == need.from; ++input) input->barrier = true;
    }

    void add_inputs(const Need& need, Shard& to) {
        const Shard& from = mapping_.shards[need.from];
        ShardInput input;
        input.from = id_at<ShardId>(need.from);
        if (from.board == to.board) {
            input.slr_crossings = std::abs(from.slr - to.slr);
            to.resources.ff += crossing_registers(input.slr_crossings, wires_of(need), type_of(to.board));
            to.inputs.push_back(input);
            return;
        }
        for (const TransferId stripe : stripes_.at({input.from, to.board})) {
            input.transfer = stripe;
            to.inputs.push_back(input);
        }
    }

    const models::Network& network_;
    int input_bits_;
    topologies::BoardRoles roles_;
    std::int64_t most_bits_;
    Mapping& mapping_;
    std::map<Ends, std::vector<TransferId>> stripes_;
};

}  // namespace

Mapping lay_out(const MappingProblem& problem, int tmux_period_bx, const ShardGraph& graph, const Placement& placement,
                const topologies::Topology& topology) {
    Mapping mapping;
    mapping.network = problem.network->name;
    mapping.clock = problem.clock;
    mapping.tmux_period_bx = tmux_period_bx;
    const int frames_per_bx = problem.link.frames_per_bx(problem.clock);
    mapping.ticks_per_bx = std::lcm(std::int64_t{problem.clock.cycles_per_bx}, std::int64_t{frames_per_bx});
    mapping.link_timing = {problem.link.name,
                           problem.link.frame_bits,
                           problem.link.header_frames,
                           problem.link.crc_frames,
                           mapping.ticks_per_bx / frames_per_bx,
                           problem.link.line_rate_gbps,
                           problem.link.line_bits_per_frame};
    mapping.switch_latency_cycles = topology.switch_latency_cycles;
    mapping.topology = topology.description;
    for (const boards::BoardStock& stock : problem.boards) mapping.board_types.push_back(board_type(stock.board));
    for (std::size_t b = 0; b < placement.boards; ++b) mapping.boards.push_back(placement.type_of(b));
    for (std::size_t s = 0; s < graph.shards.size(); ++s) {
        const BoardId board = graph.shards[s].outside ? kOutside : id_at<BoardId>(placement.board[s]);
        mapping.shards.push_back(lay_out_shard(*problem.network, graph, static_cast<std::uint32_t>(s), board, placement.slr[s]));
    }
    TransferMaker(*problem.network, problem.input_bits, topology, mapping).make(graph);
    return mapping;
}

BoardId source_board(const Mapping& mapping, const Transfer& transfer) { return mapping.shards[index(transfer.from)].board; }

std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> bits_between_boards(const Mapping& mapping) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> bits;
    for (const Transfer& transfer : mapping.transfers) {
        const BoardId from = source_board(mapping, transfer);
        if (from == kOutside || transfer.to == kOutside) continue;
        bits[{static_cast<std::uint32_t>(index(from)), static_cast<std::uint32_t>(index(transfer.to))}] += transfer.bits;
    }
    return bits;
}

std::int64_t link_latency_ticks(const Mapping& mapping, const topologies::LinkProtocol& protocol, double fibre_m) {
    const double flight_ns = protocol.transceiver_latency_ns + fibre_m * protocol.fibre_ns_per_m;
    const auto flight_ticks = static_cast<std::int64_t>(std::ceil(flight_ns / mapping.tick_ns() - 1e-9));
    return flight_ticks + protocol.alignment_frames * mapping.link_timing.ticks_per_frame;
}

}  // namespace tessera::partition
