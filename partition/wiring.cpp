#include "partition/wiring.h"

#include <algorithm>
#include <cmath>

#include "core/arithmetic.h"
#include "partition/link_frames.h"
#include "partition/random.h"

namespace tessera::partition {

Wiring::Wiring(const ShardGraph& graph, const BoardSpace& space, const Placement& placement, const RefinementSettings& settings)
    : graph_(graph),
      frames_per_event_(space.frames_per_event),
      frame_bits_(space.frame_bits),
      overhead_frames_(space.overhead_frames),
      boards_(placement.boards),
      cables_(settings.cables),
      stay_lanes_(settings.stay_lanes),
      home_(placement.board),
      board_(placement.board),
      reach_(graph.nets.size()),
      frames_((placement.boards + 1) * (placement.boards + 1), 0),
      in_(placement.boards, 0),
      out_(placement.boards, 0),
      from_outside_(placement.boards, 0),
      to_outside_(placement.boards, 0),
      neighbours_(graph.shards.size()),
      hop_costs_(graph.shards.size()) {
    for (std::size_t b = 0; b < placement.boards; ++b) {
        const BoardOffer& offer = space.types[placement.type_of(b)];
        most_lanes_.push_back(settings.ports * offer.ports);
        most_outside_.push_back(settings.ports * offer.outside_ports);
    }
    if (settings.cable_fill > 0) {
        for (const auto& channel : cables_->channels()) most_cabled_.push_back(settings.cable_fill * channel.lanes);
        cabled_.assign(most_cabled_.size(), 0);
    }
    for (std::uint32_t n = 0; n < graph.nets.size(); ++n) {
        for (const std::uint32_t consumer : graph.nets[n].consumers) add_to(reach_[n], board(consumer), 1);
        for (const auto& [to, count] : reach_[n]) charge(n, board(graph.nets[n].from), to, 1);
    }
    for (const Need& need : graph.needs) {
        neighbours_[need.from].push_back(need.to);
        if (need.to != ShardGraph::kNone) neighbours_[need.to].push_back(need.from);
    }
}

void Wiring::weigh_hops(const Timing& timing) {
    constexpr double kNegligible = 1e-3;
    for (auto& costs : hop_costs_) costs.clear();
    for (std::size_t n = 0; n < graph_.needs.size(); ++n) {
        const double weight = std::pow(timing.criticality[n], 8);
        const Need& need = graph_.needs[n];
        if (weight < kNegligible || need.to == ShardGraph::kNone) continue;
        hop_costs_[need.from].push_back({need.to, kHopCost * weight});
        hop_costs_[need.to].push_back({need.from, kHopCost * weight});
    }
}

std::uint32_t Wiring::step_from(std::uint32_t shard, std::mt19937_64& generator) const {
    const auto& neighbours = neighbours_[shard];
    return neighbours.empty() ? ShardGraph::kNone : neighbours[draw(generator, neighbours.size())];
}

std::uint32_t Wiring::board_near(std::uint32_t shard, std::mt19937_64& generator) const {
    std::uint32_t near = step_from(shard, generator);
    if (near != ShardGraph::kNone && (generator() & 1) != 0) {
        const std::uint32_t further = step_from(near, generator);
        if (further != ShardGraph::kNone) near = further;
    }
    return board(near);
}

double Wiring::move(std::uint32_t shard, std::uint32_t to) {
    const std::uint32_t from = board(shard);
    change_ = hop_change(shard, from, to);
    if (from == home_[shard]) change_ += stay_lanes_;
    if (to == home_[shard]) change_ -= stay_lanes_;
    for (const std::uint32_t n : graph_.outputs[shard]) {
        for (const auto& [where, count] : reach_[n]) {
            charge(n, from, where, -1);
            charge(n, to, where, 1);
        }
    }
    for (const std::uint32_t n : graph_.inputs[shard]) {
        const std::uint32_t source = board(graph_.nets[n].from);
        if (count_on(reach_[n], from) == 1) charge(n, source, from, -1);
        if (count_on(reach_[n], to) == 0) charge(n, source, to, 1);
        add_to(reach_[n], from, -1);
        add_to(reach_[n], to, 1);
    }
    board_[shard] = to;
    return change_;
}

std::uint32_t Wiring::count_on(const Reach& reach, std::uint32_t board) {
    for (const auto& [where, count] : reach) {
        if (where == board) return count;
    }
    return 0;
}

void Wiring::add_to(Reach& reach, std::uint32_t board, int change) {
    const auto place = std::find_if(reach.begin(), reach.end(), [&](const auto& entry) { return entry.first == board; });
    if (place == reach.end()) {
        reach.emplace_back(board, 1);
        return;
    }
    place->second += static_cast<std::uint32_t>(change);
    if (place->second == 0) {
        *place = reach.back();
        reach.pop_back();
    }
}

double Wiring::overload_cost(double lanes, double most) {
    constexpr double kPortCost = 2;
    const double excess = lanes - most;
    return excess > 0 ? kPortCost * excess * excess : 0;
}

void Wiring::shift(double& lanes, double by, double most, int alike) {
    change_ -= alike * overload_cost(lanes, most);
    lanes += by;
    change_ += alike * overload_cost(lanes, most);
}

/// Adds (or takes away) the way of a net from one board to another.
void Wiring::charge(std::uint32_t net, std::uint32_t from, std::uint32_t to, int sign) {
    if (from == to) return;
    const std::int64_t frames = sign * graph_.nets[net].frames;
    change_ += static_cast<double>(frames) / static_cast<double>(frames_per_event_) * links_between(from, to);
    if (!cabled_.empty() && cables_->cabled(from, to)) {
        charge_cables(graph_.nets[net], from, to, sign);
    } else {
        charge_ports(from, to, frames);
    }
}

/// Every pair of boards has lanes of its own.
void Wiring::charge_ports(std::uint32_t from, std::uint32_t to, std::int64_t frames) {
    const auto place = [&](std::uint32_t board) { return board == Placement::kOutsideBoard ? boards_ : board; };
    std::int64_t& between = frames_[place(from) * (boards_ + 1) + place(to)];
    const std::int64_t lanes = divide_up(between, frames_per_event_);
    between += frames;
    const auto more = static_cast<double>(divide_up(between, frames_per_event_) - lanes);
    if (more == 0) return;
    const auto own_ports = [&](std::uint32_t board) { return most_outside_[board] > 0; };
    if (from == Placement::kOutsideBoard && own_ports(to)) return shift(from_outside_[to], more, most_outside_[to]);
    if (to == Placement::kOutsideBoard && own_ports(from)) return shift(to_outside_[from], more, most_outside_[from]);
    if (from != Placement::kOutsideBoard) shift(out_[from], more, most_lanes_[from]);
    if (to != Placement::kOutsideBoard) shift(in_[to], more, most_lanes_[to]);
}

/// All boards share the cables, whose lanes carry whole frames of every chunk.
void Wiring::charge_cables(const Net& net, std::uint32_t from, std::uint32_t to, int sign) {
    const int chunks = graph_.shards[net.from].chunks;
    LinkTiming timing;
    timing.frame_bits = frame_bits_, timing.header_frames = overhead_frames_, timing.crc_frames = 0;
    int lanes = 0;
    std::int64_t frames = 0;
    for (const auto& [channel, part] : cables_->between(from, to)) {
        const auto& cable = cables_->channels()[channel];  // its lanes are mostly those of the one before
        if (cable.lanes != lanes) frames = shared_lane_frames(net.bits, chunks, lanes = cable.lanes, frames_per_event_, timing);
        const double more = sign * part * static_cast<double>(frames) / static_cast<double>(frames_per_event_);
        shift(cabled_[channel], more, most_cabled_[channel], cable.alike);
    }
}

int Wiring::links_between(std::uint32_t from, std::uint32_t to) const {
    if (cables_ == nullptr || !cables_->cabled(from, to)) return 1;
    const bool outside = from == Placement::kOutsideBoard || to == Placement::kOutsideBoard;
    return cables_->hops(from, to) + (outside ? 1 : 0);
}

double Wiring::hop_change(std::uint32_t shard, std::uint32_t from, std::uint32_t to) const {
    double change = 0;
    for (const HopCost& hop : hop_costs_[shard]) {
        const std::uint32_t other = board_[hop.other];
        const auto links = [&](std::uint32_t board) {  // what comes from outside comes by another way than what leaves
            if (other == board) return 0;
            return other == Placement::kOutsideBoard ? links_between(other, board) : links_between(board, other);
        };
        change += hop.cost * (links(to) - links(from));
    }
    return change;
}

}  // namespace tessera::partition
