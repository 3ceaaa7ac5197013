#include "partition/bounds.h"

#include <algorithm>

#include "partition/board_mix.h"
#include "partition/operator_limits.h"
#include "partition/sharding.h"

namespace tessera::partition {

namespace {

/// Bits of an event that enter from outside and that leave to it.
std::pair<double, double> boundary_bits(const MappingProblem& problem, const std::vector<models::Flow>& flows) {
    const auto& network = *problem.network;
    std::vector<bool> enters(network.operators.size(), false);
    double in = 0, out = 0;
    for (const auto& flow : flows) {
        const bool from_input = network.op(flow.producer).kind == models::OperatorKind::input;
        const bool to_output = network.op(flow.consumer).kind == models::OperatorKind::output;
        const double bits = static_cast<double>(flow.from.elements()) * element_bits(network.tensor(flow.tensor), problem.input_bits);
        // Two flows may read the same part of an input: only the first counts, so that this stays a lower bound.
        if (from_input && !to_output && !enters[index(flow.producer)]) in += bits, enters[index(flow.producer)] = true;
        if (to_output && !from_input) out = std::max(out, bits);
    }
    return {in, out};
}

}  // namespace

BoardBound bound_boards(const MappingProblem& problem, const std::vector<models::Flow>& flows, const OptionChoice& choice,
                        int tmux_period_bx) {
    const auto [in, out] = boundary_bits(problem, flows);
    const double lane_bits = static_cast<double>(problem.link.frames_per_bx(problem.clock)) * tmux_period_bx * problem.link.frame_bits;
    const auto fewest = [&](double needed, const std::vector<double>& held) {
        return fewest_boards(needed, held, problem.boards, tmux_period_bx);
    };
    BoardBound bound{fewest(choice.lower_bound, priced_sizes(problem.boards, choice.prices)), choice.binding_resource,
                     std::max(in, out) / lane_bits};
    std::vector<double> ports;
    for (const auto& stock : problem.boards) ports.push_back(std::max(1, stock.board.ports));
    const double by_ports = fewest(bound.boundary_lanes, ports);
    if (by_ports > bound.boards) bound.boards = by_ports, bound.constraint = "ports";
    return bound;
}

double bound_latency_ns(const MappingProblem& problem, const std::vector<models::Flow>& flows, std::int64_t cycles_per_event) {
    const auto& network = *problem.network;
    std::vector<FastestResult> done(network.operators.size());  // results of any channel and of all channels of a token
    std::size_t next_flow = 0;                                  // flows are sorted by consumer, operators are in topological order
    double slowest = 0;
    for (const auto& op : network.operators) {
        double inputs_there = 0, channel_by_channel = 0;
        for (; next_flow < flows.size() && flows[next_flow].consumer == op.id; ++next_flow) {
            const models::Flow& flow = flows[next_flow];
            const FastestResult& before = done[index(flow.producer)];
            const bool all = flow.from.channels.size() == network.stream(flow.producer).channels;
            const bool output = op.kind == models::OperatorKind::output;
            inputs_there = std::max(inputs_there, all && (output || flow.channels == models::Access::whole) ? before.all : before.any);
            if (all) channel_by_channel = std::max(channel_by_channel, before.all);
        }
        const FastestResult fastest = fastest_result(problem, op, cycles_per_event);
        done[index(op.id)] = {inputs_there + fastest.any, std::max(inputs_there + fastest.all, channel_by_channel + fastest.any)};
        if (op.kind == models::OperatorKind::output) slowest = std::max(slowest, inputs_there);
    }
    return slowest * problem.clock.cycle_ns();
}

}  // namespace tessera::partition
