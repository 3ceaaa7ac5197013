#pragma once

#include <random>

#include "tests/sim/mapping_builder.h"

namespace tessera::tests {

/// A random layered system: every shard takes one to three results of earlier shards, from its own
/// board or over one or two links; the last is the decision. Same seed, same mapping.
class RandomMapping {
  public:
    explicit RandomMapping(std::uint64_t seed)
        : random_(seed), boards_(static_cast<std::size_t>(number(2, 6))), builder_(boards_, tmux()) {}

    partition::Mapping make() {
        builder_.mapping.switch_latency_cycles = number(0, 9);
        for (int s = number(1, 2); s > 0; --s) made_.push_back(builder_.source(chunks()));
        for (int s = number(3, 12); s > 0; --s) add_shard();
        builder_.decide(made_.back(), number(1, 200));
        return std::move(builder_.mapping);
    }

  private:
    int number(int least, int most) { return least + static_cast<int>(random_() % static_cast<std::uint64_t>(most - least + 1)); }
    int chunks() { return number(1, 4); }
    int tmux() { return number(1, 3) * 20; }

    const partition::Shard& shard(ShardId id) const { return builder_.mapping.shards[index(id)]; }

    void add_shard() {
        const auto here = MappingBuilder::board(random_() % boards_);
        std::vector<partition::ShardInput> inputs;
        for (int i = number(1, 3); i > 0; --i) {
            const auto from = made_[random_() % made_.size()];
            if (shard(from).board == here) {
                inputs.push_back(MappingBuilder::local(from, number(0, 2), number(0, 2) == 0));
            } else {
                inputs.push_back(builder_.over(transfer(from, here), number(0, 2) == 0));
            }
        }
        made_.push_back(builder_.shard(here, {chunks(), number(1, 12), number(1, 40)}, std::move(inputs)));
    }

    /// The transfer of a shard to a board: the one that is there, or a new one, now and then through a third board.
    TransferId transfer(ShardId from, BoardId to) {
        for (std::size_t t = 0; t < builder_.mapping.transfers.size(); ++t) {
            const auto& known = builder_.mapping.transfers[t];
            if (known.from == from && known.to == to) return id_at<TransferId>(t);
        }
        const auto begin = shard(from).board;
        const auto via = MappingBuilder::board(random_() % boards_);
        std::vector<LinkId> route;
        if (begin == kOutside || via == begin || via == to) {
            route = {link(begin, to)};
        } else {
            route = {link(begin, via), link(via, to)};
        }
        return builder_.transfer(from, to, number(1, 600), std::move(route));
    }

    /// A link that is there is shared half of the time.
    LinkId link(BoardId from, BoardId to) {
        for (std::size_t l = 0; l < builder_.mapping.links.size(); ++l) {
            const auto& known = builder_.mapping.links[l];
            if (known.from == from && known.to == to && random_() % 2 == 0) return id_at<LinkId>(l);
        }
        return builder_.link(from, to, from == kOutside ? 0 : number(1, 60), number(1, 4));
    }

    std::mt19937_64 random_;
    std::size_t boards_;
    MappingBuilder builder_;
    std::vector<ShardId> made_;
};

}  // namespace tessera::tests
