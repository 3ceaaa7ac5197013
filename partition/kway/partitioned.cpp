#include "partition/kway/partitioned.h"

namespace tessera::partition::kway {

Partitioned::Partitioned(const Hypergraph& graph, std::vector<Block> block_of, Block blocks)
    : graph_(&graph),
      block_of_(std::move(block_of)),
      block_weights_(blocks, 0),
      first_touched_(graph.nets(), 0),
      touched_count_(graph.nets(), 0),
      joined_(blocks, 0) {
    for (Vertex vertex = 0; vertex < graph.vertices(); ++vertex) block_weights_[block_of_[vertex]] += graph.weight(vertex);
    std::size_t rows = 0;
    for (Net net = 0; net < graph.nets(); ++net) {
        first_touched_[net] = static_cast<std::uint32_t>(rows);
        const std::size_t pins = graph.pins(net).size();
        if (pins > 2) rows += std::min<std::size_t>(pins, blocks);
    }
    touched_.resize(rows);
    for (Net net = 0; net < graph.nets(); ++net) {
        if (graph.pins(net).size() == 2) continue;
        for (const Vertex pin : graph.pins(net)) touch(net, block_of_[pin]);
    }
}

void Partitioned::touch(Net net, Block block) {
    Touched* row = touched_.data() + first_touched_[net];
    const std::uint32_t count = touched_count_[net];
    for (std::uint32_t i = 0; i < count; ++i) {
        if (row[i].block != block) continue;
        ++row[i].pins;
        return;
    }
    row[touched_count_[net]++] = {block, 1};
}

void Partitioned::leave(Net net, Block block) {
    Touched* row = touched_.data() + first_touched_[net];
    std::uint32_t i = 0;
    while (row[i].block != block) ++i;
    if (--row[i].pins == 0) row[i] = row[--touched_count_[net]];
}

std::uint32_t Partitioned::pins_in(Net net, Block block) const {
    for (const Touched& each : touched(net)) {
        if (each.block == block) return each.pins;
    }
    return 0;
}

bool Partitioned::may_change_gains(Net net, Block from, Block to) const {
    return graph_->pins(net).size() == 2 || pins_in(net, from) <= 1 || pins_in(net, to) <= 2;
}

Weight Partitioned::connectivity() const {
    Weight sum = 0;
    for (Net net = 0; net < graph_->nets(); ++net) {
        const auto pins = graph_->pins(net);
        const std::uint32_t blocks = pins.size() == 2 ? (block_of_[pins[0]] != block_of_[pins[1]] ? 2 : 1) : touched_count_[net];
        sum += graph_->net_weight(net) * static_cast<Weight>(blocks - 1);
    }
    return sum;
}

bool Partitioned::is_boundary(Vertex vertex) const {
    const auto nets = graph_->nets_of(vertex);
    return std::any_of(nets.begin(), nets.end(), [&](const Hypergraph::Incidence& each) {
        if (each.other_end != Hypergraph::kNoVertex) return block_of_[each.other_end] != block_of_[vertex];
        return touched_count_[each.net] > 1;
    });
}

void Partitioned::move(Vertex vertex, Block to) {
    const Block from = block_of_[vertex];
    for (const auto& each : graph_->nets_of(vertex)) {
        if (each.other_end != Hypergraph::kNoVertex) continue;
        leave(each.net, from);  // first, so that a row never holds more blocks than pins
        touch(each.net, to);
    }
    block_weights_[from] -= graph_->weight(vertex);
    block_weights_[to] += graph_->weight(vertex);
    block_of_[vertex] = to;
}

}  // namespace tessera::partition::kway
