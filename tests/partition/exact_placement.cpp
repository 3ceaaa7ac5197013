#include "tests/partition/exact_placement.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "core/arithmetic.h"
#include "tests/partition/integer_program.h"

namespace tessera::tests {

using namespace tessera::partition;

namespace {

using Sum = IntegerProgram::Sum;
using Variable = IntegerProgram::Variable;

/// The integer program for boards of these types.
class PlacementProgram {
  public:
    PlacementProgram(const ShardGraph& graph, const BoardSpace& space, const HopTiming& hop, const std::vector<BoardOffer>& boards)
        : graph_(graph), space_(space), hop_(hop), boards_(boards), on_(graph.shards.size()), built_(graph.shards.size()) {
        place_shards();
        number_boards_in_order();
        fill_slrs();
        connect_boards();
        keep_time();
    }

    std::optional<double> least_latency() { return program_.least(latency_); }

  private:
    bool outside(std::uint32_t shard) const { return graph_.shards[shard].outside; }

    void equal(const Sum& sum, double value) {
        program_.at_least(sum, value);
        program_.at_most(sum, value);
    }

    static Sum scaled(Sum sum, double factor) {
        for (auto& term : sum) term.factor *= factor;
        return sum;
    }
    static Sum joined(Sum a, const Sum& b) {
        a.insert(a.end(), b.begin(), b.end());
        return a;
    }

    /// Each shard is built in one way, and sits on one SLR.
    void place_shards() {
        for (std::uint32_t s = 0; s < graph_.shards.size(); ++s) {
            if (outside(s)) continue;
            on_[s].resize(boards_.size());
            built_[s].resize(graph_.variants_of(s).size());
            Sum anywhere;
            for (std::uint32_t v = 0; v < built_[s].size(); ++v) {
                for (std::size_t b = 0; b < boards_.size(); ++b) {
                    for (int slr = 0; slr < boards_[b].slrs; ++slr) {
                        const Variable here = program_.binary();
                        choices_.push_back({s, v, b, slr, here});
                        on_[s][b].push_back({1, here});
                        built_[s][v].push_back({1, here});
                        anywhere.push_back({1, here});
                    }
                }
            }
            equal(anywhere, 1);
        }
    }

    /// Boards of a type are alike, so only placements whose boards come in the order of their first shards are looked at.
    void number_boards_in_order() {
        for (std::size_t b = 1; b < boards_.size(); ++b) {
            if (boards_[b].name != boards_[b - 1].name) continue;
            Sum earlier;  // -1 for each earlier shard on the board before
            for (std::uint32_t s = 0; s < graph_.shards.size(); ++s) {
                if (outside(s)) continue;
                program_.at_most(joined(on_[s][b], earlier), 0);
                earlier = joined(earlier, scaled(on_[s][b - 1], -1));
            }
        }
    }

    void fill_slrs() {
        for (std::size_t b = 0; b < boards_.size(); ++b) {
            for (int slr = 0; slr < boards_[b].slrs; ++slr) {
                for (std::size_t r = 0; r < Resources::names.size(); ++r) fill(b, slr, r);
            }
        }
    }

    void fill(std::size_t board, int slr, std::size_t resource) {
        const double capacity = boards_[board].slr_capacity.values()[resource];
        Sum used;
        for (const Choice& choice : choices_) {
            const double amount = graph_.variants_of(choice.shard)[choice.variant].resources.values()[resource];
            if (choice.board == board && choice.slr == slr && amount > 0) used.push_back({amount / capacity, choice.variable});
        }
        program_.at_most(used, 1);
    }

    /// Whole lanes for each pair of boards, and for each board from and to the outside.
    void connect_boards() {
        for (std::size_t b = 0; b < boards_.size(); ++b) {
            Sum in{{1, lanes_from_outside(b)}}, out{{1, lanes_to_outside(b)}};
            for (std::size_t other = 0; other < boards_.size(); ++other) {
                if (other == b) continue;
                const Variable there = lanes_between(b, other);
                out.push_back({1, there});
                lanes_in_[other].push_back({1, there});
            }
            lanes_in_[b] = joined(lanes_in_[b], in);
            program_.at_most(out, boards_[b].ports);
        }
        for (const auto& [board, in] : lanes_in_) program_.at_most(in, boards_[board].ports);
    }

    Variable lanes_for(const Sum& frames) {
        const Variable lanes = program_.count();
        program_.at_least(joined({{static_cast<double>(space_.frames_per_event), lanes}}, scaled(frames, -1)), 0);
        return lanes;
    }

    Variable lanes_from_outside(std::size_t board) {
        Sum frames;
        for (const Net& net : graph_.nets) {
            if (outside(net.from)) frames.push_back({static_cast<double>(net.frames), reaches(net, board, {}, 0)});
        }
        return lanes_for(frames);
    }

    Variable lanes_to_outside(std::size_t board) {
        Sum frames;
        for (const Net& net : graph_.nets) {
            const bool leaves = std::find(net.consumers.begin(), net.consumers.end(), ShardGraph::kNone) != net.consumers.end();
            if (leaves) frames = joined(frames, scaled(on_[net.from][board], static_cast<double>(net.frames)));
        }
        return lanes_for(frames);
    }

    Variable lanes_between(std::size_t from, std::size_t to) {
        Sum frames;
        for (const Net& net : graph_.nets) {
            if (!outside(net.from)) frames.push_back({static_cast<double>(net.frames), reaches(net, to, on_[net.from][from], 1)});
        }
        return lanes_for(frames);
    }

    /// 1 where a consumer of the net is on the board, and its source where `source` adds up to `needed`.
    Variable reaches(const Net& net, std::size_t board, const Sum& source, double needed) {
        const Variable reached = program_.amount();
        for (const std::uint32_t consumer : net.consumers) {
            if (consumer == ShardGraph::kNone) continue;
            program_.at_least(joined({{1, reached}}, scaled(joined(source, on_[consumer][board]), -1)), -needed);
        }
        return reached;
    }

    /// What a variant decides about a shard's time.
    template <typename Cycles>
    Sum cycles(std::uint32_t shard, const Cycles& of_variant) const {
        Sum sum;
        for (std::uint32_t v = 0; v < built_[shard].size(); ++v) {
            sum = joined(sum, scaled(built_[shard][v], of_variant(graph_.variants_of(shard)[v])));
        }
        return sum;
    }

    Sum chunk_latency(std::uint32_t shard) const {
        const std::int64_t tokens = graph_.shards[shard].tokens_per_chunk();
        return cycles(shard, [&](const ShardVariant& variant) { return variant.chunk_latency_cycles(tokens); });
    }

    Sum span(std::uint32_t shard) const {
        const std::int64_t tokens = graph_.shards[shard].tokens_per_chunk();
        const int chunks = graph_.shards[shard].chunks;
        return cycles(shard, [&](const ShardVariant& variant) {
            return (chunks - 1) * variant.chunk_interval_cycles(tokens) + variant.chunk_latency_cycles(tokens);
        });
    }

    /// The start of each shard's first chunk and the end of its last are no earlier than what they wait for.
    void keep_time() {
        for (std::uint32_t s = 0; s < graph_.shards.size(); ++s) {
            first_.push_back(program_.amount());
            last_.push_back(program_.amount());
            if (!outside(s)) program_.at_least(joined({{1, last_[s]}, {-1, first_[s]}}, scaled(span(s), -1)), 0);
        }
        latency_ = program_.amount();
        for (const Need& need : graph_.needs) wait_for(need);
    }

    void wait_for(const Need& need) {
        const double carried =
            (static_cast<double>(need.bits) / 64 / graph_.shards[need.from].chunks / hop_.lanes + 2) * hop_.cycles_per_frame;
        if (need.to == ShardGraph::kNone) {
            program_.at_least({{1, latency_}, {-1, last_[need.from]}}, carried);
            return;
        }
        double always = carried;
        Sum delay;
        if (!outside(need.from)) {
            const Variable parted = program_.amount();
            for (std::size_t b = 0; b < boards_.size(); ++b) {
                program_.at_least(joined({{1, parted}}, joined(scaled(on_[need.from][b], -1), on_[need.to][b])), 0);
            }
            delay = {{-(carried + hop_.hop_cycles), parted}};
            always = 0;
        }
        const auto after = [&](Variable later, Variable earlier, const Sum& work) {
            program_.at_least(joined(joined({{1, later}, {-1, earlier}}, delay), scaled(work, -1)), always);
        };
        if (need.barrier) {
            after(first_[need.to], last_[need.from], {});
        } else {
            after(first_[need.to], first_[need.from], outside(need.from) ? Sum{} : chunk_latency(need.from));
            after(last_[need.to], last_[need.from], chunk_latency(need.to));
        }
    }

    /// A shard built in one way on one SLR of one board.
    struct Choice {
        std::uint32_t shard = 0;
        std::uint32_t variant = 0;
        std::size_t board = 0;
        int slr = 0;
        Variable variable = 0;
    };

    const ShardGraph& graph_;
    const BoardSpace& space_;
    const HopTiming& hop_;
    const std::vector<BoardOffer>& boards_;
    IntegerProgram program_;
    std::vector<Choice> choices_;
    std::vector<std::vector<Sum>> on_;     ///< by shard and board: adds up to 1 where it sits there
    std::vector<std::vector<Sum>> built_;  ///< by shard and variant: adds up to 1 where it is built so
    std::map<std::size_t, Sum> lanes_in_;  ///< by board
    std::vector<Variable> first_, last_;   ///< by shard
    Variable latency_ = 0;
};

/// Lanes of each board, in and out; those of the outside not among them.
std::vector<std::int64_t> lanes(const ShardGraph& graph, const BoardSpace& space, const Placement& placement) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> frames;
    for (const Net& net : graph.nets) {
        std::set<std::uint32_t> boards;
        for (const std::uint32_t consumer : net.consumers) {
            boards.insert(consumer == ShardGraph::kNone ? Placement::kOutsideBoard : placement.board[consumer]);
        }
        for (const std::uint32_t to : boards) {
            if (to != placement.board[net.from]) frames[{placement.board[net.from], to}] += net.frames;
        }
    }
    std::vector<std::int64_t> of_board(2 * placement.boards, 0);
    for (const auto& [ends, amount] : frames) {
        const std::int64_t needed = divide_up(amount, space.frames_per_event);
        if (ends.first != Placement::kOutsideBoard) of_board[2 * ends.first] += needed;
        if (ends.second != Placement::kOutsideBoard) of_board[2 * ends.second + 1] += needed;
    }
    return of_board;
}

}  // namespace

bool within_limits(const ShardGraph& graph, const BoardSpace& space, const Placement& placement) {
    std::map<std::pair<std::uint32_t, int>, Resources> used;
    for (std::uint32_t s = 0; s < graph.shards.size(); ++s) {
        if (!graph.shards[s].outside) used[{placement.board[s], placement.slr[s]}] += graph.variants_of(s)[placement.variant[s]].resources;
    }
    const auto busy = lanes(graph, space, placement);
    const auto offer = [&](std::size_t board) { return space.types[placement.type_of(board)]; };
    const auto holds = [&](const auto& slr) {
        return slr.first.second < offer(slr.first.first).slrs && slr.second.fits(offer(slr.first.first).slr_capacity);
    };
    bool fit = within_stock(space, placement) && std::all_of(used.begin(), used.end(), holds);
    for (std::size_t i = 0; i < busy.size(); ++i) fit = fit && busy[i] <= offer(i / 2).ports;
    return fit;
}

namespace {

/// All ways to take so many boards of the types from `type` on.
void for_each_choice(const BoardSpace& space, std::size_t type, std::size_t boards, std::vector<BoardOffer>& taken,
                     const std::function<void()>& visit) {
    if (boards == 0) return visit();
    if (type == space.types.size()) return;
    const std::size_t before = taken.size();
    for (std::size_t n = 0; n <= std::min(boards, space.types[type].boards); ++n) {
        taken.resize(before);
        taken.insert(taken.end(), n, space.types[type]);
        for_each_choice(space, type + 1, boards - n, taken, visit);
    }
    taken.resize(before);
}

}  // namespace

PlacementFigures best_placement(const ShardGraph& graph, const BoardSpace& space, const HopTiming& hop) {
    for (std::size_t boards = 1;; ++boards) {
        std::optional<double> least;
        std::vector<BoardOffer> taken;
        for_each_choice(space, 0, boards, taken, [&] {
            const auto latency = PlacementProgram(graph, space, hop, taken).least_latency();
            if (latency && (!least || *latency < *least)) least = latency;
        });
        if (least) return {boards, *least};
    }
}

}  // namespace tessera::tests
