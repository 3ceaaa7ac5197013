#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "partition/kway/hypergraph.h"

namespace tessera::partition::kway {

/// A hypergraph with a block for every vertex, and what follows from that, kept up to date move by move.
///
/// The objective is the connectivity: the sum over nets of weight x (blocks that the net touches - 1).
/// For a graph that is the edge cut.
class Partitioned {
  public:
    Partitioned(const Hypergraph& graph, std::vector<Block> block_of, Block blocks);

    const Hypergraph& graph() const { return *graph_; }
    Block blocks() const { return static_cast<Block>(block_weights_.size()); }
    Block block(Vertex vertex) const { return block_of_[vertex]; }
    const std::vector<Block>& block_of() const { return block_of_; }
    Weight block_weight(Block block) const { return block_weights_[block]; }
    Weight connectivity() const;

    bool is_boundary(Vertex vertex) const;
    void move(Vertex vertex, Block to);
    /// True where the move of a pin, just done, may have changed what a move of the net's other pins gains.
    bool may_change_gains(Net net, Block from, Block to) const;

    /// The best move of a vertex to a block that it is already joined to.
    struct Move {
        Block to = 0;
        Weight gain = 0;  ///< of connectivity
        bool found = false;
    };
    /// @param allowed says of (block, its weight with the vertex) whether the vertex may go there.
    /// Among equals the lightest block wins.
    template <typename Allowed>
    Move best_move(Vertex vertex, const Allowed& allowed);

  private:
    struct Touched {
        Block block = 0;
        std::uint32_t pins = 0;
    };
    std::span<const Touched> touched(Net net) const { return {touched_.data() + first_touched_[net], touched_count_[net]}; }
    std::uint32_t pins_in(Net net, Block block) const;
    void touch(Net net, Block block);
    void leave(Net net, Block block);

    const Hypergraph* graph_;
    std::vector<Block> block_of_;
    std::vector<Weight> block_weights_;
    std::vector<std::uint32_t> first_touched_;  ///< rows in touched_, for nets of more than two pins
    std::vector<std::uint32_t> touched_count_;
    std::vector<Touched> touched_;
    std::vector<Weight> joined_;  ///< of best_move: weight of nets that join the vertex to each block; 0 in between
    std::vector<Block> reached_;
};

template <typename Allowed>
Partitioned::Move Partitioned::best_move(Vertex vertex, const Allowed& allowed) {
    const Block home = block_of_[vertex];
    Weight freed = 0, incident = 0;  // by leaving home; of all nets
    reached_.clear();
    const auto reach = [&](Block block, Weight weight) {
        if (joined_[block] == 0) reached_.push_back(block);
        joined_[block] += weight;
    };
    for (const auto& [net, other_end, weight] : graph_->nets_of(vertex)) {
        incident += weight;
        if (other_end != Hypergraph::kNoVertex) {
            const Block other = block_of_[other_end];
            if (other != home) freed += weight, reach(other, weight);
            continue;
        }
        for (const Touched& each : touched(net)) {
            if (each.block != home) {
                reach(each.block, weight);
            } else if (each.pins == 1) {
                freed += weight;
            }
        }
    }
    Move best;
    for (const Block block : reached_) {
        const Weight gain = freed - (incident - joined_[block]);
        const bool better = !best.found || gain > best.gain || (gain == best.gain && block_weights_[block] < block_weights_[best.to]);
        if (better && allowed(block, block_weights_[block] + graph_->weight(vertex))) best = {block, gain, true};
        joined_[block] = 0;
    }
    return best;
}

}  // namespace tessera::partition::kway
