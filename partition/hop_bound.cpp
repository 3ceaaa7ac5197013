#include "partition/hop_bound.h"

#include <algorithm>
#include <array>
#include <limits>

#include "partition/board_mix.h"
#include "partition/bounds.h"

namespace tessera::partition {

namespace {

constexpr double kNone = -1;

/// Whether every element depends on all tokens (1) and on all channels (2) of an ancestor, and both (3).
constexpr std::size_t kAll = 3;

/// By kind of dependence: the cycles of the operators on the slowest chain that has it, without those at its ends; kNone: no chain has.
using Chains = std::array<double, kAll + 1>;

bool is_full(const models::Range& range, std::int64_t size) { return range.begin == 0 && range.end == size; }

bool is_full(const models::Region& region, const models::StreamShape& stream) {
    return is_full(region.tokens, stream.tokens) && is_full(region.channels, stream.channels);
}

class HopBound {
  public:
    HopBound(const models::Network& network, const std::vector<models::Flow>& flows, const std::vector<OperatorFloor>& floors,
             double hop_cycles)
        : network_(network),
          flows_(flows),
          floors_(floors),
          hop_cycles_(hop_cycles),
          ends_(floors.size(), 0),
          last_ends_(floors.size(), 0),
          chains_(floors.size(), std::vector<Chains>(floors.size(), Chains{kNone, kNone, kNone, kNone})) {}

    double cycles() {
        double slowest = 0;
        auto begin = flows_.begin();
        for (const auto& op : network_.operators) {
            const auto end = std::find_if(begin, flows_.end(), [&](const models::Flow& flow) { return flow.consumer != op.id; });
            const std::size_t position = index(op.id);
            const OperatorFloor& floor = floors_[position];
            for (auto flow = begin; flow != end; ++flow) follow(*flow);
            const double there = std::max(floor.ready_cycles, inputs_there(begin, end));
            ends_[position] = std::max(there, elsewhere(position, 0)) + floor.fastest_cycles;
            last_ends_[position] = std::max(there, elsewhere(position, floor.boards)) + floor.fastest_cycles;
            if (op.kind == models::OperatorKind::output) slowest = std::max(slowest, decision(begin, end));
            begin = end;
        }
        return slowest;
    }

  private:
    using FlowIterator = std::vector<models::Flow>::const_iterator;

    /// Chains to the consumer of a flow that go through its producer.
    void follow(const models::Flow& flow) {
        const auto from = network_.stream(flow.producer), to = network_.stream(flow.consumer);
        if (!is_full(flow.from, from) || !is_full(flow.to, to)) return;
        const std::size_t tokens = flow.tokens == models::Access::whole || from.tokens == 1 ? 1 : 0;
        const std::size_t channels = flow.channels == models::Access::whole || from.channels == 1 ? 2 : 0;
        const std::size_t producer = index(flow.producer), consumer = index(flow.consumer);
        auto& chains = chains_[consumer];
        chains[producer][tokens | channels] = std::max(chains[producer][tokens | channels], 0.0);
        for (std::size_t ancestor = 0; ancestor < producer; ++ancestor) {
            for (std::size_t kind = 0; kind <= kAll; ++kind) {
                const double before = chains_[producer][ancestor][kind];
                if (before == kNone) continue;
                double& known = chains[ancestor][kind | tokens | channels];
                known = std::max(known, before + floors_[producer].fastest_cycles);
            }
        }
    }

    /// Every shard needs something of each producer that matters for all of its operator, and of at least one of the others.
    double inputs_there(FlowIterator begin, FlowIterator end) const {
        double all = 0, any = std::numeric_limits<double>::infinity();
        for (auto flow = begin; flow != end; ++flow) {
            const double there = ends_[index(flow->producer)];
            if (is_full(flow->to, network_.stream(flow->consumer))) all = std::max(all, there);
            any = std::min(any, there);
        }
        return begin == end ? 0 : std::max(all, any);
    }

    /// An output needs all shards of what it takes whole; it comes from each of them directly.
    double decision(FlowIterator begin, FlowIterator end) const {
        double slowest = 0;
        for (auto flow = begin; flow != end; ++flow) {
            const std::size_t producer = index(flow->producer);
            const bool whole = is_full(flow->from, network_.stream(flow->producer));
            slowest = std::max(slowest, whole ? last_ends_[producer] : ends_[producer]);
        }
        return slowest;
    }

    /// When at the earliest the inputs are there that sit on another board than a shard: than any of the operator, or, where its own
    /// `boards` count as well, than one of them.
    double elsewhere(std::size_t op, double boards) const {
        std::vector<std::pair<double, double>> needed;  // when it is there, and the boards that it takes
        for (std::size_t ancestor = 0; ancestor < op; ++ancestor) {
            const double chain = chains_[op][ancestor][kAll];
            if (chain != kNone && floors_[ancestor].boards > 0) needed.emplace_back(ends_[ancestor] + chain, floors_[ancestor].boards);
        }
        std::sort(needed.begin(), needed.end(), std::greater<>());
        for (const auto& [there, more] : needed) {
            constexpr double kRounding = 1e-6;
            boards += more;
            if (boards > 1 + kRounding) return there + hop_cycles_;
        }
        return 0;
    }

    const models::Network& network_;
    const std::vector<models::Flow>& flows_;
    const std::vector<OperatorFloor>& floors_;
    double hop_cycles_;
    std::vector<double> ends_;                 ///< by operator: no shard's result is there before,
    std::vector<double> last_ends_;            ///< and not those of all shards
    std::vector<std::vector<Chains>> chains_;  ///< by operator and ancestor
};

double least_boards(const std::vector<OperatorOption>& options, const OptionChoice& choice, const Resources& board) {
    double least = options.empty() ? 0 : std::numeric_limits<double>::infinity();
    for (const auto& option : options) {
        double priced = 0;
        for (std::size_t r = 0; r < choice.prices.size(); ++r) {
            if (board.values()[r] > 0) priced += choice.prices[r] * option.total.values()[r] / board.values()[r];
        }
        least = std::min(least, priced);
    }
    return least;
}

}  // namespace

double bound_latency_with_hops_cycles(const models::Network& network, const std::vector<models::Flow>& flows,
                                      const std::vector<OperatorFloor>& floors, double hop_cycles) {
    return HopBound(network, flows, floors, hop_cycles).cycles();
}

double bound_latency_with_hops_ns(const MappingProblem& problem, const std::vector<models::Flow>& flows,
                                  const std::vector<std::vector<OperatorOption>>& options, const OptionChoice& choice,
                                  std::int64_t cycles_per_event) {
    const auto sizes = priced_sizes(problem.boards, choice.prices);
    const double largest = *std::max_element(sizes.begin(), sizes.end());
    std::vector<OperatorFloor> floors;
    for (const auto& op : problem.network->operators) {
        auto& floor = floors.emplace_back();
        if (op.kind == models::OperatorKind::input) floor.ready_cycles = fastest_cycles(problem, op, cycles_per_event);
        if (!has_hardware(op)) continue;
        floor.fastest_cycles = fastest_cycles(problem, op, cycles_per_event);
        floor.boards = least_boards(options[index(op.id)], choice, mean_board(problem.boards)) / largest;
    }
    const auto& link = problem.link;
    const double cycles_per_frame = static_cast<double>(problem.clock.cycles_per_bx) / link.frames_per_bx(problem.clock);
    const double hop_cycles =
        link.transceiver_latency_ns / problem.clock.cycle_ns() + (link.alignment_frames + 1 + link.crc_frames) * cycles_per_frame;
    return bound_latency_with_hops_cycles(*problem.network, flows, floors, hop_cycles) * problem.clock.cycle_ns();
}

}  // namespace tessera::partition
