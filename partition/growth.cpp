#include <algorithm>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <tuple>

#include "partition/link_frames.h"
#include "partition/placement.h"

namespace tessera::partition {

namespace {

/// Boards filled one after another; holds the state of the one under way.
class Growth {
  public:
    Growth(const ShardGraph& graph, const BoardSpace& space, const GrowthLimits& limits)
        : graph_(graph),
          space_(space),
          limits_(limits),
          waiting_(graph.shards.size(), 0),
          present_bits_(graph.shards.size(), 0),
          input_bits_(graph.shards.size(), 0),
          on_board_(graph.nets.size(), 0),
          unplaced_consumers_(graph.nets.size(), 0) {
        placement_.board.assign(graph.shards.size(), Placement::kOutsideBoard);
        placement_.slr.assign(graph.shards.size(), 0);
        for (std::size_t n = 0; n < graph.nets.size(); ++n) unplaced_consumers_[n] = graph.nets[n].consumers.size();
        for (std::size_t s = 0; s < graph.shards.size(); ++s) {
            waiting_[s] = graph.inputs[s].size();
            for (const std::uint32_t net : graph.inputs[s]) input_bits_[s] += graph.nets[net].bits;
        }
        for (std::uint32_t s = 0; s < graph.shards.size(); ++s) {
            if (graph.shards[s].outside) {
                release_consumers(s);
            } else if (graph.inputs[s].empty()) {
                ready_.insert(s);
            }
        }
    }

    Placement run() {
        while (!ready_.empty()) {
            open_board();
            while (const auto next = pick()) place(next->first, next->second);
        }
        return placement_;
    }

  private:
    using Pick = std::pair<std::uint32_t, int>;  ///< shard, SLR

    void open_board() {
        board_ = static_cast<std::uint32_t>(placement_.boards++);
        free_.assign(static_cast<std::size_t>(space_.slrs), space_.slr_capacity * (limits_.fill * (1 - 1e-9)));
        in_frames_.clear();
        in_lanes_ = 0;
        out_frames_ = 0;
        placed_here_ = 0;
        affine_ = {};
        for (const std::uint32_t shard : touched_) present_bits_[shard] = 0;
        touched_.clear();
    }

    /// The shard that shares most with this board, else the first in topological order; with its SLR.
    std::optional<Pick> pick() {
        while (!affine_.empty()) {
            const auto [score, negative, shard] = affine_.top();
            affine_.pop();
            if (placement_.board[shard] != Placement::kOutsideBoard || score != score_of(shard)) continue;
            if (const int slr = fitting_slr(shard); slr >= 0 && ports_allow(shard)) return Pick{shard, slr};
        }
        for (const std::uint32_t shard : ready_) {
            const int slr = fitting_slr(shard);
            // An empty board takes any shard: what does not go there goes nowhere.
            if (slr >= 0 && (placed_here_ == 0 || ports_allow(shard))) return Pick{shard, slr};
        }
        return std::nullopt;
    }

    std::int64_t score_of(std::uint32_t shard) const { return 2 * present_bits_[shard] - input_bits_[shard]; }

    /// The SLR that the shard shares most with among those with room; else the fullest with room. -1 where there is none.
    int fitting_slr(std::uint32_t shard) const {
        int best = -1;
        double best_left = 0;
        for (std::size_t slr = 0; slr < free_.size(); ++slr) {
            if (!graph_.shards[shard].resources.fits(free_[slr])) continue;
            const double left = (free_[slr] - graph_.shards[shard].resources).max_fraction(space_.slr_capacity);
            if (best < 0 || left < best_left) best = static_cast<int>(slr), best_left = left;
        }
        return best < 0 && placed_here_ == 0 ? 0 : best;
    }

    double fanout_of(std::uint32_t net) const { return limits_.fanout.empty() ? 1.0 : std::max(1.0, limits_.fanout[net]); }

    bool ports_allow(std::uint32_t shard) const {
        const double most = limits_.ports * space_.ports;
        std::map<std::uint32_t, std::int64_t> added;
        double out = out_frames_;
        for (const std::uint32_t net : graph_.inputs[shard]) {
            const std::uint32_t source = placement_.board[graph_.nets[net].from];
            if (source == board_) {
                if (unplaced_consumers_[net] == 1) out -= static_cast<double>(graph_.nets[net].frames) * fanout_of(net);
            } else if (on_board_[net] != board_ + 1) {
                added[source] += graph_.nets[net].frames;
            }
        }
        for (const std::uint32_t net : graph_.outputs[shard]) out += static_cast<double>(graph_.nets[net].frames) * fanout_of(net);
        std::int64_t lanes = in_lanes_;
        for (const auto& [source, frames] : added) {
            const auto known = in_frames_.find(source);
            const std::int64_t before = known == in_frames_.end() ? 0 : known->second;
            lanes += lanes_of(before + frames) - lanes_of(before);
        }
        return static_cast<double>(lanes) <= most && out / static_cast<double>(space_.frames_per_event) <= most;
    }

    std::int64_t lanes_of(std::int64_t frames) const { return ceil_div(frames, space_.frames_per_event); }

    void place(std::uint32_t shard, int slr) {
        placement_.board[shard] = board_;
        placement_.slr[shard] = slr;
        free_[static_cast<std::size_t>(slr)] -= graph_.shards[shard].resources;
        ready_.erase(shard);
        ++placed_here_;
        for (const std::uint32_t net : graph_.inputs[shard]) {
            const std::uint32_t source = placement_.board[graph_.nets[net].from];
            --unplaced_consumers_[net];
            if (source == board_) {
                if (unplaced_consumers_[net] == 0) out_frames_ -= static_cast<double>(graph_.nets[net].frames) * fanout_of(net);
            } else if (on_board_[net] != board_ + 1) {
                auto& frames = in_frames_[source];
                in_lanes_ += lanes_of(frames + graph_.nets[net].frames) - lanes_of(frames);
                frames += graph_.nets[net].frames;
                announce(net);
            }
        }
        for (const std::uint32_t net : graph_.outputs[shard]) {
            out_frames_ += static_cast<double>(graph_.nets[net].frames) * fanout_of(net);
            announce(net);
        }
        release_consumers(shard);
    }

    /// The net's data are on this board now: its consumers want to follow.
    void announce(std::uint32_t net) {
        on_board_[net] = board_ + 1;
        for (const std::uint32_t shard : graph_.nets[net].consumers) {
            if (shard == ShardGraph::kNone || placement_.board[shard] != Placement::kOutsideBoard) continue;
            if (present_bits_[shard] == 0) touched_.push_back(shard);
            present_bits_[shard] += graph_.nets[net].bits;
            if (waiting_[shard] == 0) offer(shard);
        }
    }

    void release_consumers(std::uint32_t shard) {
        for (const std::uint32_t net : graph_.outputs[shard]) {
            for (const std::uint32_t consumer : graph_.nets[net].consumers) {
                if (consumer == ShardGraph::kNone || --waiting_[consumer] > 0) continue;
                ready_.insert(consumer);
                if (present_bits_[consumer] > 0) offer(consumer);
            }
        }
    }

    void offer(std::uint32_t shard) { affine_.emplace(score_of(shard), -static_cast<std::int64_t>(shard), shard); }

    const ShardGraph& graph_;
    const BoardSpace& space_;
    const GrowthLimits& limits_;
    Placement placement_;
    std::vector<std::size_t> waiting_;        ///< input nets whose producer has no board yet
    std::vector<std::int64_t> present_bits_;  ///< inputs of a shard that are on this board
    std::vector<std::int64_t> input_bits_;
    std::vector<std::uint32_t> on_board_;  ///< by net: last board that has it, plus 1
    std::vector<std::size_t> unplaced_consumers_;
    std::set<std::uint32_t> ready_;
    std::priority_queue<std::tuple<std::int64_t, std::int64_t, std::uint32_t>> affine_;  ///< score, -shard, shard
    std::vector<std::uint32_t> touched_;

    std::uint32_t board_ = 0;
    std::vector<Resources> free_;                      ///< by SLR
    std::map<std::uint32_t, std::int64_t> in_frames_;  ///< by board they come from
    std::int64_t in_lanes_ = 0;
    double out_frames_ = 0;
    std::size_t placed_here_ = 0;
};

}  // namespace

Placement grow_boards(const ShardGraph& graph, const BoardSpace& space, const GrowthLimits& limits) {
    return Growth(graph, space, limits).run();
}

std::vector<double> net_fanout(const ShardGraph& graph, const Placement& placement) {
    std::vector<double> fanout(graph.nets.size(), 0);
    std::set<std::uint32_t> boards;
    for (std::size_t n = 0; n < graph.nets.size(); ++n) {
        boards.clear();
        const std::uint32_t own = placement.board[graph.nets[n].from];
        for (const std::uint32_t consumer : graph.nets[n].consumers) {
            const std::uint32_t board = consumer == ShardGraph::kNone ? Placement::kOutsideBoard : placement.board[consumer];
            if (board != own) boards.insert(board);
        }
        fanout[n] = static_cast<double>(boards.size());
    }
    return fanout;
}

}  // namespace tessera::partition
