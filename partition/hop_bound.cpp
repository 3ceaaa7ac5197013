#include "partition/hop_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <span>

#include "core/arithmetic.h"
#include "partition/board_mix.h"
#include "topologies/topology.h"

namespace tessera::partition {

namespace {

bool is_full(const models::Range& range, std::int64_t size) { return range.begin == 0 && range.end == size; }

/// Elements along one axis of a stream: all of a range, or one that nobody knows.
using Along = std::optional<models::Range>;

bool holds(const Along& all, const Along& part) { return !part || (all && all->begin <= part->begin && all->end >= part->end); }

/// Elements of an operator that every element of another one needs.
struct NeededSet {
    Along tokens, channels;
    double cycles = 0;  ///< of the operators in between, on the slowest chain

    bool beats(const NeededSet& other) const {
        return holds(tokens, other.tokens) && holds(channels, other.channels) && cycles >= other.cycles;
    }
};

std::int64_t common(const models::Range& a, const models::Range& b) {
    return std::max<std::int64_t>(0, std::min(a.end, b.end) - std::max(a.begin, b.begin));
}

/// What is needed along an axis of a flow's producer; false where some of the consumer's elements need nothing.
bool step_back(Along& along, const models::Range& to, std::int64_t size, models::Access access, const models::Range& from,
               const models::Range& needed) {
    if (size == 1) along = models::Range{0, 1};
    if (!along && !is_full(to, size)) return false;
    if (along && common(*along, to) == 0) return false;
    if (along || access == models::Access::whole) {
        along = along ? needed : from;
    } else if (from.size() == 1) {
        along = from;
    }
    return true;
}

/// Step 1 of the bound for one operator: what every element of it needs of those before.
class NeededSets {
  public:
    NeededSets(const models::Network& network, const std::vector<models::Flow>& flows, const std::vector<OperatorFloor>& floors)
        : network_(network), flows_(flows), floors_(floors), sets_(floors.size()) {}

    const std::vector<std::vector<NeededSet>>& of(std::size_t op, std::size_t flows_end) {
        for (auto& sets : sets_) sets.clear();
        sets_[op].push_back({});
        for (std::size_t f = flows_end; f > 0; --f) {
            const std::size_t consumer = index(flows_[f - 1].consumer);
            for (const NeededSet& set : sets_[consumer]) follow(flows_[f - 1], set, consumer == op);
        }
        return sets_;
    }

  private:
    void follow(const models::Flow& flow, NeededSet set, bool first) {
        const auto to = network_.stream(flow.consumer);
        const bool all_channels = set.channels && is_full(*set.channels, to.channels) && is_full(flow.to.channels, to.channels) &&
                                  flow.channels == models::Access::whole;
        const models::Region needed = models::needed(flow, {set.tokens.value_or(flow.to.tokens), set.channels.value_or(flow.to.channels)});
        if (!step_back(set.tokens, flow.to.tokens, to.tokens, flow.tokens, flow.from.tokens, needed.tokens)) return;
        if (!step_back(set.channels, flow.to.channels, to.channels, flow.channels, flow.from.channels, needed.channels)) return;
        const OperatorFloor& floor = floors_[index(flow.consumer)];
        if (!first) set.cycles += all_channels ? std::max(floor.fastest_cycles, floor.last_channel_cycles) : floor.fastest_cycles;
        keep(sets_[index(flow.producer)], set);
    }

    static void keep(std::vector<NeededSet>& sets, const NeededSet& set) {
        constexpr std::size_t kMost = 16;  // what is left out makes the bound no larger
        if (std::any_of(sets.begin(), sets.end(), [&](const NeededSet& other) { return other.beats(set); })) return;
        std::erase_if(sets, [&](const NeededSet& other) { return set.beats(other); });
        if (sets.size() < kMost) sets.push_back(set);
    }

    const models::Network& network_;
    const std::vector<models::Flow>& flows_;
    const std::vector<OperatorFloor>& floors_;
    std::vector<std::vector<NeededSet>> sets_;  ///< by operator
};

class HopBound {
  public:
    HopBound(const models::Network& network, const std::vector<models::Flow>& flows, const std::vector<OperatorFloor>& floors,
             double hop_cycles)
        : network_(network),
          flows_(flows),
          floors_(floors),
          hop_cycles_(hop_cycles),
          needed_(network, flows, floors),
          ends_(floors.size()) {}

    double cycles() {
        double slowest = 0;
        std::size_t begin = 0;
        for (const auto& op : network_.operators) {
            std::size_t end = begin;
            while (end < flows_.size() && flows_[end].consumer == op.id) ++end;
            if (op.kind == models::OperatorKind::output) {
                slowest = std::max(slowest, decision(begin, end));
            } else {
                ends_[index(op.id)] = ends_of(index(op.id), begin, end);
            }
            begin = end;
        }
        return slowest;
    }

  private:
    /// When at the earliest results of an operator are there.
    struct Ends {
        double any = 0;   ///< of any element
        double all = 0;   ///< of all channels of any token
        double last = 0;  ///< of all elements
    };

    Ends ends_of(std::size_t op, std::size_t begin, std::size_t end) {
        const OperatorFloor& floor = floors_[op];
        const double slowest_cycles = std::max(floor.fastest_cycles, floor.last_channel_cycles);
        const auto& sets = needed_.of(op, end);
        const auto needed = known(sets, op);
        const double there = std::max({floor.ready_cycles, inputs_there(begin, end), sets_there(sets, op), elsewhere(needed, 0)});
        Ends ends;
        ends.any = there + floor.fastest_cycles;
        ends.all = std::max(there + slowest_cycles, channel_by_channel(begin, end) + floor.fastest_cycles);
        ends.last = std::max(ends.all, elsewhere(needed, floor.boards) + floor.fastest_cycles);
        return ends;
    }

    double end_of_what(const models::Flow& flow) const {
        const Ends& ends = ends_[index(flow.producer)];
        const bool all = flow.channels == models::Access::whole && is_full(flow.from.channels, network_.stream(flow.producer).channels);
        return all ? ends.all : ends.any;
    }

    bool matters_for_all(const models::Flow& flow) const {
        const auto stream = network_.stream(flow.consumer);
        return is_full(flow.to.tokens, stream.tokens) && is_full(flow.to.channels, stream.channels);
    }

    /// Every element needs something of each producer that matters for all of its operator, and of at least one of the others.
    double inputs_there(std::size_t begin, std::size_t end) const {
        double all = 0, any = std::numeric_limits<double>::infinity();
        for (std::size_t f = begin; f < end; ++f) {
            const double there = end_of_what(flows_[f]);
            if (matters_for_all(flows_[f])) all = std::max(all, there);
            any = std::min(any, there);
        }
        return begin == end ? 0 : std::max(all, any);
    }

    /// All channels of a token need all channels of what is taken channel by channel.
    double channel_by_channel(std::size_t begin, std::size_t end) const {
        double there = 0;
        for (std::size_t f = begin; f < end; ++f) {
            const bool all = matters_for_all(flows_[f]) && is_full(flows_[f].from.channels, network_.stream(flows_[f].producer).channels);
            if (all) there = std::max(there, ends_[index(flows_[f].producer)].all);
        }
        return there;
    }

    /// An output needs all elements of what it takes whole; it comes from each of them directly.
    double decision(std::size_t begin, std::size_t end) const {
        double slowest = 0;
        for (std::size_t f = begin; f < end; ++f) {
            const auto from = network_.stream(flows_[f].producer);
            const Ends& ends = ends_[index(flows_[f].producer)];
            const bool channels = is_full(flows_[f].from.channels, from.channels), tokens = is_full(flows_[f].from.tokens, from.tokens);
            slowest = std::max(slowest, channels ? (tokens ? ends.last : ends.all) : ends.any);
        }
        return slowest;
    }

    /// A set that every element of an operator needs.
    struct Needed {
        double there = 0;  ///< when it may be at the operator, without a link
        std::size_t op = 0;
        models::Region region;
        double boards = 0;
    };

    /// When at the earliest all sets may be at an operator without links, also those of which nobody knows what is in them.
    double sets_there(const std::vector<std::vector<NeededSet>>& sets, std::size_t op) const {
        double there = 0;
        for (std::size_t before = 0; before < op; ++before) {
            const std::int64_t channels = network_.stream(id_at<OperatorId>(before)).channels;
            for (const NeededSet& set : sets[before]) {
                const bool all = set.channels && is_full(*set.channels, channels);
                there = std::max(there, set.cycles + (all ? ends_[before].all : ends_[before].any));
            }
        }
        return there;
    }

    /// Those sets of which all is known and that take boards, the latest first.
    std::vector<Needed> known(const std::vector<std::vector<NeededSet>>& sets, std::size_t op) const {
        std::vector<Needed> needed;
        for (std::size_t before = 0; before < op; ++before) {
            if (floors_[before].boards <= 0) continue;
            for (const NeededSet& set : sets[before]) {
                if (!set.tokens || !set.channels) continue;
                const models::Region region{*set.tokens, *set.channels};
                needed.push_back({ends_[before].any + set.cycles, before, region, boards_of(before, region)});
            }
        }
        std::sort(needed.begin(), needed.end(), [](const Needed& a, const Needed& b) { return a.there > b.there; });
        return needed;
    }

    double boards_of(std::size_t op, const models::Region& region) const {
        const auto stream = network_.stream(id_at<OperatorId>(op));
        const double tokens = static_cast<double>(region.tokens.size()) / static_cast<double>(stream.tokens);
        return floors_[op].boards * tokens * floors_[op].shares.of(region.channels, stream.channels);
    }

    /// When at the earliest those inputs are there that sit on another board; `boards` are taken by what needs them.
    double elsewhere(const std::vector<Needed>& needed, double boards) const {
        constexpr double kRounding = 1e-6;
        for (std::size_t n = 0; n < needed.size(); ++n) {
            boards += more_boards({needed.begin(), needed.begin() + static_cast<std::ptrdiff_t>(n)}, needed[n]);
            if (boards > 1 + kRounding) return needed[n].there + hop_cycles_;
        }
        return 0;
    }

    /// Boards that a set takes beside those of its operator that are counted: nothing where it holds a part of one of them.
    static double more_boards(std::span<const Needed> counted, const Needed& set) {
        double more = set.boards;
        for (const Needed& other : counted) {
            if (other.op != set.op || common(other.region.tokens, set.region.tokens) == 0 ||
                common(other.region.channels, set.region.channels) == 0)
                continue;
            if (!holds(set.region.tokens, other.region.tokens) || !holds(set.region.channels, other.region.channels)) return 0;
            more -= other.boards;
        }
        return std::max(0.0, more);
    }

    const models::Network& network_;
    const std::vector<models::Flow>& flows_;
    const std::vector<OperatorFloor>& floors_;
    double hop_cycles_;
    NeededSets needed_;
    std::vector<Ends> ends_;  ///< by operator
};

}  // namespace

double bound_latency_with_hops_cycles(const models::Network& network, const std::vector<models::Flow>& flows,
                                      const std::vector<OperatorFloor>& floors, double hop_cycles) {
    return HopBound(network, flows, floors, hop_cycles).cycles();
}

double least_hop_cycles(const MappingProblem& problem) {
    const auto& link = problem.link;
    const topologies::ShortestWay way = topologies::shortest_way(problem.topology, link.fibre_m);
    // In the ticks of a mapping, which begin with every cycle and every frame.
    const std::int64_t frames_per_bx = link.frames_per_bx(problem.clock);
    const std::int64_t ticks_per_bx = std::lcm(std::int64_t{problem.clock.cycles_per_bx}, frames_per_bx);
    const std::int64_t ticks_per_frame = ticks_per_bx / frames_per_bx, ticks_per_cycle = ticks_per_bx / problem.clock.cycles_per_bx;
    const double flight_ns = link.transceiver_latency_ns + way.length_m * link.fibre_ns_per_m;
    const double tick_ns = problem.clock.bx_ns() / static_cast<double>(ticks_per_bx);
    const auto flight_ticks = static_cast<std::int64_t>(std::ceil(flight_ns / tick_ns - 1e-9));
    const std::int64_t link_ticks = flight_ticks + (link.alignment_frames + 1) * ticks_per_frame;
    const std::int64_t switching_cycles = std::int64_t{way.links - 1} * way.switch_latency_cycles;
    return static_cast<double>(divide_up(way.links * link_ticks, ticks_per_cycle) + switching_cycles);
}

namespace {

std::vector<OperatorFloor> floors_of(const MappingProblem& problem, const std::vector<OperatorLimits>& limits,
                                     const std::array<double, 5>& prices) {
    const auto sizes = priced_sizes(problem.boards, prices);
    const double largest = *std::max_element(sizes.begin(), sizes.end());
    std::vector<OperatorFloor> floors;
    for (const auto& op : problem.network->operators) {
        const OperatorLimits& least = limits[index(op.id)];
        if (op.kind == models::OperatorKind::input) {
            floors.push_back({least.fastest.any, 0, 0, 0, {}});
        } else {
            floors.push_back({0, least.fastest.any, least.boards / largest, least.fastest.all, least.shares});
        }
    }
    return floors;
}

}  // namespace

double bound_latency_with_hops_ns(const MappingProblem& problem, const std::vector<models::Flow>& flows,
                                  const std::vector<OperatorLimits>& limits, const std::array<double, 5>& prices) {
    const auto floors = floors_of(problem, limits, prices);
    return bound_latency_with_hops_cycles(*problem.network, flows, floors, least_hop_cycles(problem)) * problem.clock.cycle_ns();
}

int least_switches(const MappingProblem& problem, const std::vector<models::Flow>& flows, const std::vector<OperatorLimits>& limits,
                   const std::array<double, 5>& prices) {
    if (topologies::shortest_way(problem.topology, problem.link.fibre_m).links < 2) return 0;
    constexpr double kLong = 1e9;
    return bound_latency_with_hops_cycles(*problem.network, flows, floors_of(problem, limits, prices), kLong) >= kLong ? 1 : 0;
}

}  // namespace tessera::partition
