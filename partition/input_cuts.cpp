#include "partition/input_cuts.h"

#include <algorithm>

#include "core/arithmetic.h"
#include "models/implementation.h"
#include "partition/board_mix.h"
#include "partition/operator_options.h"
#include "partition/sharding.h"

namespace tessera::partition {

using models::Network;
using models::Operator;

namespace {

/// The output channel whose constants take the most adders.
std::int64_t heaviest_channel(const Operator& op) {
    const auto& channels = op.weights.channels;
    const auto lighter = [](const auto& a, const auto& b) { return a.signed_digits < b.signed_digits; };
    return channels.empty() ? 0 : std::max_element(channels.begin(), channels.end(), lighter) - channels.begin();
}

/// A dense operator by itself, between an input and an output.
Network alone(const Network& network, const Operator& op) {
    Network part;
    part.name = network.name;
    part.clock_mhz = network.clock_mhz;
    part.tensors = {network.tensor(op.inputs.front().tensor), network.tensor(op.outputs.front())};
    part.operators.resize(3);
    Operator &input = part.operators[0], &output = part.operators[2];
    input.id = OperatorId{0}, input.name = "input", input.kind = models::OperatorKind::input;
    input.outputs = {TensorId{0}};
    part.operators[1] = op;
    part.operators[1].id = OperatorId{1};
    part.operators[1].inputs.front().tensor = TensorId{0};
    part.operators[1].outputs = {TensorId{1}};
    output.id = OperatorId{2}, output.name = "output", output.kind = models::OperatorKind::output;
    output.inputs = {{TensorId{1}}};
    return part;
}

class NeededCuts {
  public:
    explicit NeededCuts(const MappingProblem& problem)
        : problem_(problem), longest_bx_(*std::max_element(problem.tmux_periods_bx.begin(), problem.tmux_periods_bx.end())) {}

    /// Fewest parts with which the operator fits; nothing where it does whole, and where no number helps.
    std::optional<std::int64_t> parts_of(const Operator& op) const {
        const Network& network = *problem_.network;
        const std::int64_t most = op.weights.inputs;
        if (op.fixed.input_parts > 0 || !models::why_not_cut(network, op, 2).empty() || fits_whole(op)) return std::nullopt;
        const Network by_itself = alone(network, op);
        std::int64_t too_few = 1, enough = 2;
        while (!fits_cut(by_itself, enough)) {
            if (enough == most) return std::nullopt;
            too_few = enough, enough = std::min(most, 2 * enough);
        }
        while (enough - too_few > 1) {
            const std::int64_t middle = (too_few + enough) / 2;
            (fits_cut(by_itself, middle) ? enough : too_few) = middle;
        }
        return enough;
    }

  private:
    bool smallest_piece_fits(const Network& network, const Operator& op, int period_bx) const {
        const std::int64_t channel = heaviest_channel(op);
        const models::ImplementationRequest request{{{0, 1}, {channel, channel + 1}},
                                                    std::int64_t{period_bx} * problem_.clock.cycles_per_bx};
        const auto all = models::implementations(network, op, request, problem_.device());
        const Resources slr = smallest_slr(problem_.boards) * (1 - 1e-9);
        return std::any_of(all.begin(), all.end(), [&](const auto& built) { return built.resources.fits(slr); });
    }

    bool fits_whole(const Operator& op) const {
        if (smallest_piece_fits(*problem_.network, op, longest_bx_)) return true;  // nearly always
        const auto& periods = problem_.tmux_periods_bx;
        return std::any_of(periods.begin(), periods.end(), [&](int period) { return smallest_piece_fits(*problem_.network, op, period); });
    }

    bool fits_cut(const Network& by_itself, std::int64_t parts) const {
        const Network cut = models::split_inputs(by_itself, models::InputCut{OperatorId{1}, parts});
        return std::all_of(cut.operators.begin(), cut.operators.end(),
                           [&](const Operator& op) { return !has_hardware(op) || smallest_piece_fits(cut, op, longest_bx_); });
    }

    const MappingProblem& problem_;
    int longest_bx_;
};

/// Bits of an event that the largest piece of an operator in so many parts reads, and that it sends as partial sums; of an operator of
/// many tokens, a slice that one engine takes.
struct PieceTraffic {
    std::int64_t read = 0;
    std::int64_t sums = 0;
};

PieceTraffic traffic_of(const MappingProblem& problem, const Operator& op, std::int64_t parts, std::int64_t cycles) {
    const auto& inputs = problem.network->tensor(op.inputs.front().tensor);
    const std::int64_t tokens = std::min(inputs.stream().tokens, cycles);
    return {divide_up(tokens * inputs.stream().channels * element_bits(inputs, problem.input_bits), parts),
            tokens * problem.network->stream(op.id).channels * op.accumulator.width};
}

}  // namespace

std::vector<models::InputCut> needed_input_cuts(const MappingProblem& problem) {
    const NeededCuts needed(problem);
    std::vector<models::InputCut> cuts;
    const auto& operators = problem.network->operators;
    for (auto op = operators.rbegin(); op != operators.rend(); ++op) {  // a cut moves only what comes after it
        if (const auto parts = needed.parts_of(*op)) cuts.push_back({op->id, *parts});
    }
    return cuts;
}

std::optional<std::vector<models::InputCut>> wider_input_cuts(const MappingProblem& problem, std::vector<models::InputCut> cuts) {
    constexpr std::int64_t kPart = 4;  // of the ports that reading takes at the least, and of what is read that sums are at the most
    const int shortest_bx = *std::min_element(problem.tmux_periods_bx.begin(), problem.tmux_periods_bx.end());
    const std::int64_t lane_bits = std::int64_t{problem.link.frames_per_bx(problem.clock)} * shortest_bx * problem.link.frame_bits;
    std::int64_t most = lane_bits * fewest_ports(problem.boards) / kPart;
    std::optional<models::InputCut> widest;
    for (const Operator& op : problem.network->operators) {
        const auto known = std::find_if(cuts.begin(), cuts.end(), [&](const auto& cut) { return cut.op == op.id; });
        const std::int64_t parts = known == cuts.end() ? 1 : known->parts;
        if (op.fixed.input_parts > 0 || !models::why_not_cut(*problem.network, op, 2 * parts).empty()) continue;
        const auto piece = traffic_of(problem, op, parts, std::int64_t{shortest_bx} * problem.clock.cycles_per_bx);
        if (piece.read > most && kPart * piece.sums <= piece.read) most = piece.read, widest = {op.id, 2 * parts};
    }
    if (!widest) return std::nullopt;
    std::erase_if(cuts, [&](const auto& cut) { return cut.op == widest->op; });
    const auto later = [](const auto& a, const auto& b) { return a.op > b.op; };  // a cut moves only what comes after it
    cuts.insert(std::upper_bound(cuts.begin(), cuts.end(), *widest, later), *widest);
    return cuts;
}

}  // namespace tessera::partition
