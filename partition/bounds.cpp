#include "partition/bounds.h"

#include <algorithm>

#include "models/arrival.h"
#include "partition/board_mix.h"
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

double fastest_cycles(const MappingProblem& problem, const models::Operator& op, std::int64_t cycles_per_event) {
    const auto& network = *problem.network;
    if (op.kind == models::OperatorKind::input) return models::arrival_cycles(network, op);
    if (!has_hardware(op)) return 0;
    const models::StreamShape stream = network.stream(op.id);
    const std::int64_t tokens = splits_tokens(op) ? 1 : stream.tokens;
    const auto all = models::implementations(network, op, {{{0, tokens}, {0, stream.channels}}, cycles_per_event}, problem.device());
    const auto quicker = [](const auto& a, const auto& b) { return a.latency_cycles < b.latency_cycles; };
    return all.empty() ? 0 : std::min_element(all.begin(), all.end(), quicker)->latency_cycles;
}

double bound_latency_ns(const MappingProblem& problem, const std::vector<models::Flow>& flows, std::int64_t cycles_per_event) {
    const auto& network = *problem.network;
    std::vector<std::int64_t> done(network.operators.size(), 0);
    std::vector<std::int64_t> inputs_there(network.operators.size(), 0);
    std::size_t next_flow = 0;  // flows are sorted by consumer, operators are in topological order
    std::int64_t slowest = 0;
    for (const auto& op : network.operators) {
        const std::size_t position = index(op.id);
        for (; next_flow < flows.size() && flows[next_flow].consumer == op.id; ++next_flow) {
            inputs_there[position] = std::max(inputs_there[position], done[index(flows[next_flow].producer)]);
        }
        const auto fastest = static_cast<std::int64_t>(fastest_cycles(problem, op, cycles_per_event));
        done[position] = inputs_there[position] + fastest;
        if (op.kind == models::OperatorKind::output) slowest = std::max(slowest, done[position]);
    }
    return static_cast<double>(slowest) * problem.clock.cycle_ns();
}

}  // namespace tessera::partition
