#include <algorithm>
#include <optional>
#include <queue>
#include <set>
#include <tuple>

#include "partition/board_fill.h"
#include "partition/clustering.h"
#include "partition/placement.h"

namespace tessera::partition {

namespace {

constexpr std::uint32_t kNowhere = Placement::kOutsideBoard;

/// Boards filled one after another with whole clusters.
class Growth {
  public:
    Growth(const ShardGraph& graph, const BoardSpace& space, const GrowthLimits& limits, const Clustering& clusters)
        : graph_(graph),
          space_(space),
          limits_(limits),
          clusters_(clusters),
          inputs_(clusters.members.size()),
          waiting_(clusters.members.size(), 0),
          present_bits_(clusters.members.size(), 0),
          input_bits_(clusters.members.size(), 0),
          readers_(graph.nets.size()),
          on_board_(graph.nets.size(), 0),
          unplaced_(graph.nets.size(), 0),
          fill_(graph, space, limits.fill),
          ports_(space, 0) {
        placement_.board.assign(graph.shards.size(), kNowhere);
        placement_.slr.assign(graph.shards.size(), 0);
        placement_.variant.assign(graph.shards.size(), 0);
        connect();
        for (std::uint32_t c = 0; c < clusters.members.size(); ++c) {
            if (outside(c)) {
                release_readers(c);
            } else if (inputs_[c].empty()) {
                ready_.insert(c);
            }
        }
    }

    /// Nothing where all found their place; else a cluster that no empty board can take.
    std::optional<std::uint32_t> run() {
        while (!ready_.empty()) {
            open_board();
            while (const auto next = pick()) place(next->first, next->second);
            if (fill_.empty()) return *ready_.begin();
        }
        return std::nullopt;
    }

    const Placement& placement() const { return placement_; }

  private:
    using Pick = std::pair<std::uint32_t, std::vector<Fit>>;

    /// The nets between clusters: what each reads, and who reads each.
    void connect() {
        for (std::uint32_t n = 0; n < graph_.nets.size(); ++n) {
            const std::uint32_t own = clusters_.of_shard[graph_.nets[n].from];
            auto& readers = readers_[n];
            for (const std::uint32_t shard : graph_.nets[n].consumers) {
                const std::uint32_t reader = shard == ShardGraph::kNone ? ShardGraph::kNone : clusters_.of_shard[shard];
                if (reader != own) readers.push_back(reader);
            }
            std::sort(readers.begin(), readers.end());
            readers.erase(std::unique(readers.begin(), readers.end()), readers.end());
            unplaced_[n] = readers.size();
            for (const std::uint32_t reader : readers) {
                if (reader == ShardGraph::kNone) continue;
                inputs_[reader].push_back(n);
                ++waiting_[reader];
                input_bits_[reader] += graph_.nets[n].bits;
            }
        }
    }

    bool outside(std::uint32_t cluster) const { return graph_.shards[clusters_.members[cluster].front()].outside; }
    bool placed(std::uint32_t cluster) const { return placement_.board[clusters_.members[cluster].front()] != kNowhere; }

    void open_board() {
        board_ = static_cast<std::uint32_t>(placement_.boards++);
        fill_ = BoardFill(graph_, space_, limits_.fill);
        ports_ = PortFill(space_, limits_.ports * space_.ports);
        affine_ = {};
        for (const std::uint32_t cluster : touched_) present_bits_[cluster] = 0;
        touched_.clear();
    }

    /// The cluster that shares most with this board, else the first in topological order; with its places.
    std::optional<Pick> pick() {
        while (!affine_.empty()) {
            const auto [score, negative, cluster] = affine_.top();
            affine_.pop();
            if (placed(cluster) || score != score_of(cluster)) continue;
            if (auto fits = fill_.fit(clusters_.members[cluster]); fits && ports_.allows(port_change(cluster))) return Pick{cluster, *fits};
        }
        for (const std::uint32_t cluster : ready_) {
            auto fits = fill_.fit(clusters_.members[cluster]);
            // An empty board takes any cluster: what does not go there goes nowhere.
            if (fits && (fill_.empty() || ports_.allows(port_change(cluster)))) return Pick{cluster, *fits};
        }
        return std::nullopt;
    }

    std::int64_t score_of(std::uint32_t cluster) const { return 2 * present_bits_[cluster] - input_bits_[cluster]; }

    double out_frames(std::uint32_t net) const {
        return static_cast<double>(graph_.nets[net].frames) * (limits_.fanout.empty() ? 1.0 : std::max(1.0, limits_.fanout[net]));
    }

    PortFill::Change port_change(std::uint32_t cluster) const {
        PortFill::Change change;
        for (const std::uint32_t net : inputs_[cluster]) {
            const std::uint32_t source = placement_.board[graph_.nets[net].from];
            if (source == board_) {
                if (unplaced_[net] == 1) change.out -= out_frames(net);
            } else if (on_board_[net] != board_ + 1) {
                change.in[source] += graph_.nets[net].frames;
            }
        }
        for (const std::uint32_t shard : clusters_.members[cluster]) {
            for (const std::uint32_t net : graph_.outputs[shard]) change.out += readers_[net].empty() ? 0 : out_frames(net);
        }
        return change;
    }

    void place(std::uint32_t cluster, const std::vector<Fit>& fits) {
        ports_.add(port_change(cluster));
        fill_.add(fits);
        for (const Fit& fit : fits) {
            placement_.board[fit.shard] = board_;
            placement_.slr[fit.shard] = fit.slr;
            placement_.variant[fit.shard] = fit.variant;
        }
        ready_.erase(cluster);
        for (const std::uint32_t net : inputs_[cluster]) {
            --unplaced_[net];
            if (placement_.board[graph_.nets[net].from] != board_ && on_board_[net] != board_ + 1) announce(net);
        }
        for (const std::uint32_t shard : clusters_.members[cluster]) {
            for (const std::uint32_t net : graph_.outputs[shard]) announce(net);
        }
        release_readers(cluster);
    }

    /// The net's data are on this board now: its readers want to follow.
    void announce(std::uint32_t net) {
        on_board_[net] = board_ + 1;
        for (const std::uint32_t reader : readers_[net]) {
            if (reader == ShardGraph::kNone || placed(reader)) continue;
            if (present_bits_[reader] == 0) touched_.push_back(reader);
            present_bits_[reader] += graph_.nets[net].bits;
            if (waiting_[reader] == 0) offer(reader);
        }
    }

    void release_readers(std::uint32_t cluster) {
        for (const std::uint32_t shard : clusters_.members[cluster]) {
            for (const std::uint32_t net : graph_.outputs[shard]) {
                for (const std::uint32_t reader : readers_[net]) {
                    if (reader == ShardGraph::kNone || --waiting_[reader] > 0) continue;
                    ready_.insert(reader);
                    if (present_bits_[reader] > 0) offer(reader);
                }
            }
        }
    }

    void offer(std::uint32_t cluster) { affine_.emplace(score_of(cluster), -static_cast<std::int64_t>(cluster), cluster); }

    const ShardGraph& graph_;
    const BoardSpace& space_;
    const GrowthLimits& limits_;
    const Clustering& clusters_;
    Placement placement_;
    std::vector<std::vector<std::uint32_t>> inputs_;  ///< nets that each cluster reads from others
    std::vector<std::size_t> waiting_;                ///< of them, those whose producer has no board yet
    std::vector<std::int64_t> present_bits_;          ///< of them, those that are on this board
    std::vector<std::int64_t> input_bits_;
    std::vector<std::vector<std::uint32_t>> readers_;  ///< clusters that read each net, its own not among them
    std::vector<std::uint32_t> on_board_;              ///< by net: last board that has it, plus 1
    std::vector<std::size_t> unplaced_;                ///< by net: readers without a board
    std::set<std::uint32_t> ready_;
    std::priority_queue<std::tuple<std::int64_t, std::int64_t, std::uint32_t>> affine_;  ///< score, -cluster, cluster
    std::vector<std::uint32_t> touched_;

    std::uint32_t board_ = 0;
    BoardFill fill_;
    PortFill ports_;
};

/// The same clusters, but for one that is taken apart.
Clustering without(const Clustering& clusters, std::uint32_t dissolved) {
    Clustering result;
    result.of_shard.resize(clusters.of_shard.size());
    const auto add = [&](std::vector<std::uint32_t> members) {
        for (const std::uint32_t shard : members) result.of_shard[shard] = static_cast<std::uint32_t>(result.members.size());
        result.members.push_back(std::move(members));
    };
    for (std::uint32_t c = 0; c < clusters.members.size(); ++c) {
        if (c != dissolved) {
            add(clusters.members[c]);
        } else {
            for (const std::uint32_t shard : clusters.members[c]) add({shard});
        }
    }
    return result;
}

}  // namespace

std::optional<Placement> grow_boards(const ShardGraph& graph, const BoardSpace& space, const GrowthLimits& limits) {
    Clustering clusters = cluster_shards(graph, space, {});
    for (;;) {
        Growth growth(graph, space, limits, clusters);
        const auto unfit = growth.run();
        if (!unfit) return growth.placement();
        if (clusters.members[*unfit].size() == 1) return std::nullopt;
        clusters = without(clusters, *unfit);
    }
}

}  // namespace tessera::partition
