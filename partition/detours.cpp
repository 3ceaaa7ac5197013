#include "partition/detours.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "partition/schedule.h"
#include "partition/timing.h"

namespace tessera::partition {

namespace {

/// Shards that go to another board together.
struct Move {
    std::vector<std::uint32_t> shards;  ///< sorted
    std::uint32_t to = 0;

    friend auto operator<=>(const Move&, const Move&) = default;
};

class Detours {
  public:
    Detours(const ShardGraph& graph, const BoardSpace& space, const HopTiming& hop, LaidOut layout, const LayOut& lay_out, int most_tries)
        : graph_(graph), space_(space), hop_(hop), layout_(std::move(layout)), lay_out_(lay_out), tries_left_(most_tries) {
        judge(layout_);
    }

    LaidOut run() {
        LaidOut best = layout_;
        while (improve()) {
            if (layout_.mapping.analytic_latency_ticks < best.mapping.analytic_latency_ticks) best = layout_;
        }
        return best;
    }

  private:
    /// Takes the first move that makes it better; false where there is none, or no more tries.
    bool improve() {
        std::set<Move> tried;
        for (const Move& move : moves()) {
            if (!tried.insert(move).second) continue;
            const auto placement = moved(move);
            if (!placement) continue;
            if (tries_left_-- <= 0) return false;
            auto found = lay_out_(*placement);
            if (!found || !judge(*found)) continue;
            layout_ = *std::move(found);
            return true;
        }
        return false;
    }

    /// Keeps the schedule where it is better than the one before. Many paths are about as slow, so that the latency is that of another
    /// where one of them is made faster: the mean end of all shards counts beside it.
    bool judge(const LaidOut& layout) {
        Schedule schedule = expected_schedule(layout.mapping);
        double ends = 0;
        for (const std::int64_t end : schedule.shard_end_ticks) ends += static_cast<double>(end);
        const double cost = static_cast<double>(schedule.latency_ticks) + ends / static_cast<double>(schedule.shard_end_ticks.size());
        if (!schedule_.critical_shards.empty() && cost >= cost_) return false;
        schedule_ = std::move(schedule), cost_ = cost;
        const Timing timing = analyse_timing(graph_, layout.placement, hop_);
        criticality_.assign(graph_.shards.size(), 0);
        for (std::size_t n = 0; n < graph_.needs.size(); ++n) {
            const Need& need = graph_.needs[n];
            criticality_[need.from] = std::max(criticality_[need.from], timing.criticality[n]);
            if (need.to != ShardGraph::kNone) criticality_[need.to] = std::max(criticality_[need.to], timing.criticality[n]);
        }
        return true;
    }

    std::uint32_t board(std::uint32_t shard) const { return layout_.placement.board[shard]; }

    /// Over each hop of the slowest path, both ways; the smallest first.
    std::vector<Move> moves() const {
        std::vector<Move> result;
        const auto& path = schedule_.critical_shards;  // from its end
        for (std::size_t p = 1; p < path.size(); ++p) {
            const auto to = static_cast<std::uint32_t>(index(path[p - 1])), from = static_cast<std::uint32_t>(index(path[p]));
            if (board(from) == board(to) || graph_.shards[from].outside) continue;
            add_moves(to, board(from), result);
            add_moves(from, board(to), result);
        }
        std::stable_sort(result.begin(), result.end(), [](const Move& a, const Move& b) { return a.shards.size() < b.shards.size(); });
        return result;
    }

    void add_moves(std::uint32_t shard, std::uint32_t to, std::vector<Move>& result) const {
        Move column{{}, to}, alike{{}, to};
        for (std::uint32_t s = 0; s < graph_.shards.size(); ++s) {
            if (board(s) != board(shard)) continue;
            if (graph_.shards[s].column == graph_.shards[shard].column) column.shards.push_back(s);
            if (graph_.shards[s].op == graph_.shards[shard].op) alike.shards.push_back(s);
        }
        result.push_back({{shard}, to});
        result.push_back(std::move(alike));
        result.push_back(std::move(column));
    }

    /// Shards that matter least for the latency make room, on the board that becomes free.
    std::optional<Placement> moved(const Move& move) const {
        Placement next = layout_.placement;
        FreeRoom free(graph_, space_, next);
        const auto size = [&](std::uint32_t shard) { return next.resources(graph_, shard); };
        const auto take_off = [&](std::uint32_t shard) { free.at(next.board[shard], next.slr[shard]) += size(shard); };
        const auto put_on = [&](std::uint32_t shard, std::uint32_t board) {
            const int slr = free.tightest(board, size(shard));
            if (slr < 0) return false;
            next.board[shard] = board, next.slr[shard] = slr;
            free.at(board, slr) -= size(shard);
            return true;
        };
        const std::uint32_t from = next.board[move.shards.front()];
        for (const std::uint32_t shard : move.shards) take_off(shard);
        std::vector<std::uint32_t> order = move.shards;
        const auto fraction = [&](std::uint32_t shard) { return size(shard).max_fraction(free.slrs().capacity(next.board[shard])); };
        std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return fraction(a) > fraction(b); });
        auto others = in_the_way(move);
        auto other = others.begin();
        for (const std::uint32_t shard : order) {
            while (!put_on(shard, move.to)) {
                if (other == others.end()) return std::nullopt;
                take_off(*other);
                if (!put_on(*other, from)) free.at(move.to, next.slr[*other]) -= size(*other);
                ++other;
            }
        }
        const auto& boards = next.board;  // none is emptied: that would leave a gap in their numbers
        return std::find(boards.begin(), boards.end(), from) == boards.end() ? std::nullopt : std::optional(std::move(next));
    }

    std::vector<std::uint32_t> in_the_way(const Move& move) const {
        std::vector<std::uint32_t> others;
        for (std::uint32_t s = 0; s < graph_.shards.size(); ++s) {
            if (board(s) == move.to && !std::binary_search(move.shards.begin(), move.shards.end(), s)) others.push_back(s);
        }
        std::stable_sort(others.begin(), others.end(), [&](std::uint32_t a, std::uint32_t b) { return criticality_[a] < criticality_[b]; });
        return others;
    }

    const ShardGraph& graph_;
    const BoardSpace& space_;
    const HopTiming& hop_;
    LaidOut layout_;
    const LayOut& lay_out_;
    int tries_left_;
    Schedule schedule_;
    double cost_ = 0;
    std::vector<double> criticality_;  ///< of the shards, by an estimate
};

}  // namespace

LaidOut without_detours(const ShardGraph& graph, const BoardSpace& space, const HopTiming& hop, LaidOut layout, const LayOut& lay_out,
                        int most_tries) {
    return Detours(graph, space, hop, std::move(layout), lay_out, most_tries).run();
}

}  // namespace tessera::partition
