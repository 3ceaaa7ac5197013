#include <algorithm>
#include <map>
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

/// Resource by resource the least of any variant.
Resources least_resources(const std::vector<ShardVariant>& variants) {
    Resources least = variants.front().resources;
    for (const auto& variant : variants) least = smaller(least, variant.resources);
    return least;
}

/// Boards filled one after another with whole clusters.
class Growth {
  public:
    Growth(const ShardGraph& graph, const BoardSpace& space, const GrowthLimits& limits, const Clustering& clusters)
        : graph_(graph),
          space_(space),
          limits_(limits),
          clusters_(clusters),
          opened_(space.types.size(), 0),
          inputs_(clusters.members.size()),
          waiting_(clusters.members.size(), 0),
          present_bits_(clusters.members.size(), 0),
          input_bits_(clusters.members.size(), 0),
          least_(clusters.members.size()),
          readers_(graph.nets.size()),
          present_on_(graph.nets.size()),
          unplaced_(graph.nets.size(), 0) {
        placement_.board.assign(graph.shards.size(), kNowhere);
        placement_.slr.assign(graph.shards.size(), 0);
        placement_.variant.assign(graph.shards.size(), 0);
        connect();
        for (std::uint32_t c = 0; c < clusters.members.size(); ++c) {
            for (const std::uint32_t shard : clusters.members[c]) least_[c] += least_resources(graph.variants_of(shard));
            if (outside(c)) {
                release_readers(c);
            } else if (inputs_[c].empty()) {
                ready_.insert(c);
            }
        }
    }

    /// Nothing where all found their place (or too many boards were taken); else a cluster that no empty board can take.
    std::optional<std::uint32_t> run() {
        while (!ready_.empty() && placement_.boards <= limits_.most_boards) {
            if (!fill_next_board() && !ready_.empty()) return *ready_.begin();
        }
        return std::nullopt;
    }

    const Placement& placement() const { return placement_; }

  private:
    struct OpenBoard {
        BoardFill fill;
        PortFill ports;
    };

    struct Pick {
        std::uint32_t cluster;
        std::uint32_t board;
        std::vector<Fit> fits;
    };

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

    static constexpr std::size_t kTriedOnLastBoard = 64;
    static constexpr std::size_t kTriedOnEarlierBoards = 4;

    bool outside(std::uint32_t cluster) const { return graph_.shards[clusters_.members[cluster].front()].outside; }
    bool placed(std::uint32_t cluster) const { return placement_.board[clusters_.members[cluster].front()] != kNowhere; }

    /// The types to try for the next board: those of which there are some left in their order, then more of the others, the last first.
    std::vector<std::uint32_t> next_types() const {
        std::vector<std::uint32_t> types;
        for (std::uint32_t type = 0; type < opened_.size(); ++type) {
            if (opened_[type] < space_.types[type].boards) types.push_back(type);
        }
        for (auto type = static_cast<std::uint32_t>(opened_.size()); type-- > 0;) {
            if (opened_[type] >= space_.types[type].boards) types.push_back(type);
        }
        return types;
    }

    /// False where no board takes any of the clusters that are next.
    bool fill_next_board() {
        for (const std::uint32_t type : next_types()) {
            open_board(type);
            while (const auto next = pick()) place(*next);
            if (!boards_.back().fill.empty()) return true;
            close_board();
        }
        return false;
    }

    /// Gives back a board on which nothing was put.
    void close_board() {
        --opened_[placement_.types.back()];
        placement_.types.pop_back();
        boards_.pop_back();
        --placement_.boards;
    }

    void open_board(std::uint32_t type) {
        const BoardOffer& offer = space_.types[type];
        board_ = static_cast<std::uint32_t>(placement_.boards++);
        placement_.types.push_back(type);
        ++opened_[type];
        boards_.push_back({BoardFill(graph_, offer, limits_.fill), PortFill(space_, offer, limits_.ports)});
        affine_ = {};
        for (const std::uint32_t cluster : touched_) present_bits_[cluster] = 0;
        touched_.clear();
    }

    /// The cluster that shares most with the last board, else the first in topological order that fits there, else
    /// the first that fits an earlier board; with its places.
    std::optional<Pick> pick() {
        while (!affine_.empty()) {
            const auto [score, negative, cluster] = affine_.top();
            affine_.pop();
            if (placed(cluster) || score != score_of(cluster)) continue;
            if (auto found = try_on(board_, cluster)) return found;
        }
        // Only the first few in topological order: the rest would open the pipeline at its far end.
        for (const std::uint32_t cluster : first_ready(kTriedOnLastBoard)) {
            if (auto found = try_on(board_, cluster)) return found;
        }
        for (const std::uint32_t cluster : first_ready(kTriedOnEarlierBoards)) {
            if (auto found = try_earlier(cluster)) return found;
        }
        return std::nullopt;
    }

    std::vector<std::uint32_t> first_ready(std::size_t most) const {
        return {ready_.begin(), std::next(ready_.begin(), static_cast<std::ptrdiff_t>(std::min(most, ready_.size())))};
    }

    std::optional<Pick> try_on(std::uint32_t board, std::uint32_t cluster) const {
        const OpenBoard& open = boards_[board];
        auto fits = open.fill.fit(clusters_.members[cluster]);
        // An empty board takes any cluster: what does not go there goes nowhere.
        if (!fits || !(open.fill.empty() || open.ports.allows(port_change(board, cluster)))) return std::nullopt;
        return Pick{cluster, board, std::move(*fits)};
    }

    /// An earlier board with room: the one that has most of the cluster's inputs first, then the latest.
    std::optional<Pick> try_earlier(std::uint32_t cluster) const {
        std::map<std::uint32_t, std::int64_t> bits;
        for (const std::uint32_t net : inputs_[cluster]) {
            for (const std::uint32_t board : present_on_[net]) bits[board] += graph_.nets[net].bits;
        }
        std::vector<std::pair<std::int64_t, std::int64_t>> order;  // bits, board; both negative
        for (std::uint32_t board = 0; board < board_; ++board) {
            if (!boards_[board].fill.may_take(least_[cluster])) continue;
            const auto known = bits.find(board);
            order.emplace_back(known == bits.end() ? 0 : -known->second, -static_cast<std::int64_t>(board));
        }
        std::sort(order.begin(), order.end());
        for (const auto& [negative, board] : order) {
            const auto earlier = static_cast<std::uint32_t>(-board);
            if (!worth_parting(earlier, cluster)) continue;
            if (auto found = try_on(earlier, cluster)) return found;
        }
        return std::nullopt;
    }

    /// Filling a hole pays where the cluster takes a larger part of the board's resources than of its ports.
    bool worth_parting(std::uint32_t board, std::uint32_t cluster) const {
        constexpr double kPortsPerSize = 0.4;
        Resources size;
        for (const std::uint32_t shard : clusters_.members[cluster]) size += graph_.resources(shard);
        std::int64_t frames = 0;
        for (const auto& [from, added] : port_change(board, cluster).in) frames += added;
        const BoardOffer& offer = space_.types[placement_.types[board]];
        const double ports = static_cast<double>(frames) / static_cast<double>(space_.frames_per_event) / std::max(1, offer.ports);
        return ports <= kPortsPerSize * (size * (1.0 / offer.slrs)).max_fraction(offer.slr_capacity);
    }

    std::int64_t score_of(std::uint32_t cluster) const { return 2 * present_bits_[cluster] - input_bits_[cluster]; }

    double out_frames(std::uint32_t net) const {
        return static_cast<double>(graph_.nets[net].frames) * (limits_.fanout.empty() ? 1.0 : std::max(1.0, limits_.fanout[net]));
    }

    bool has(std::uint32_t board, std::uint32_t net) const {
        return std::binary_search(present_on_[net].begin(), present_on_[net].end(), board);
    }

    PortFill::Change port_change(std::uint32_t board, std::uint32_t cluster) const {
        PortFill::Change change;
        for (const std::uint32_t net : inputs_[cluster]) {
            const std::uint32_t source = placement_.board[graph_.nets[net].from];
            if (source == board) {
                if (unplaced_[net] == 1) change.out -= out_frames(net);
            } else if (!has(board, net)) {
                change.in[source] += graph_.nets[net].frames;
            }
        }
        for (const std::uint32_t shard : clusters_.members[cluster]) {
            for (const std::uint32_t net : graph_.outputs[shard]) change.out += readers_[net].empty() ? 0 : out_frames(net);
        }
        return change;
    }

    void place(const Pick& pick) {
        OpenBoard& open = boards_[pick.board];
        open.ports.add(port_change(pick.board, pick.cluster));
        open.fill.add(pick.fits);
        for (const Fit& fit : pick.fits) {
            placement_.board[fit.shard] = pick.board;
            placement_.slr[fit.shard] = fit.slr;
            placement_.variant[fit.shard] = fit.variant;
        }
        ready_.erase(pick.cluster);
        for (const std::uint32_t net : inputs_[pick.cluster]) {
            --unplaced_[net];
            if (!has(pick.board, net)) announce(net, pick.board);
        }
        for (const std::uint32_t shard : clusters_.members[pick.cluster]) {
            for (const std::uint32_t net : graph_.outputs[shard]) announce(net, pick.board);
        }
        release_readers(pick.cluster);
    }

    /// The net's data are on a board now: where that is the last, its readers want to follow.
    void announce(std::uint32_t net, std::uint32_t board) {
        auto& present = present_on_[net];
        present.insert(std::upper_bound(present.begin(), present.end(), board), board);
        if (board != board_) return;
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
    std::vector<std::size_t> opened_;                 ///< boards, by type
    std::vector<std::vector<std::uint32_t>> inputs_;  ///< nets that each cluster reads from others
    std::vector<std::size_t> waiting_;                ///< of them, those whose producer has no board yet
    std::vector<std::int64_t> present_bits_;          ///< of them, those that are on this board
    std::vector<std::int64_t> input_bits_;
    std::vector<Resources> least_;                        ///< that each cluster takes however it is built
    std::vector<std::vector<std::uint32_t>> readers_;     ///< clusters that read each net, its own not among them
    std::vector<std::vector<std::uint32_t>> present_on_;  ///< by net: boards that have it, sorted
    std::vector<std::size_t> unplaced_;                   ///< by net: readers without a board
    std::set<std::uint32_t> ready_;
    std::priority_queue<std::tuple<std::int64_t, std::int64_t, std::uint32_t>> affine_;  ///< score, -cluster, cluster
    std::vector<std::uint32_t> touched_;

    std::uint32_t board_ = 0;  ///< the last
    std::vector<OpenBoard> boards_;
};

/// The same clusters, but for one that is taken apart, into such parts.
Clustering without(const Clustering& clusters, std::uint32_t dissolved, std::size_t shards_of_part) {
    Clustering result;
    result.of_shard.resize(clusters.of_shard.size());
    const auto add = [&](std::vector<std::uint32_t> members) {
        for (const std::uint32_t shard : members) result.of_shard[shard] = static_cast<std::uint32_t>(result.members.size());
        result.members.push_back(std::move(members));
    };
    for (std::uint32_t c = 0; c < clusters.members.size(); ++c) {
        const auto& members = clusters.members[c];
        const std::size_t step = c == dissolved ? shards_of_part : std::max<std::size_t>(1, members.size());
        for (std::size_t begin = 0; begin < members.size(); begin += step) {
            const auto first = members.begin() + static_cast<std::ptrdiff_t>(begin);
            add({first, first + static_cast<std::ptrdiff_t>(std::min(step, members.size() - begin))});
        }
    }
    return result;
}

}  // namespace

std::variant<Placement, UnfitShard> grow_boards(const ShardGraph& graph, const BoardSpace& space, const GrowthLimits& limits) {
    ClusterLimits cluster_limits;
    cluster_limits.largest_column = limits.largest_column;
    Clustering clusters = cluster_shards(graph, space, cluster_limits);
    for (;;) {
        Growth growth(graph, space, limits, clusters);
        const auto unfit = growth.run();
        if (!unfit) return growth.placement();
        if (clusters.members[*unfit].size() == 1) return UnfitShard{clusters.members[*unfit].front()};
        // Half a column may still do without a hop.
        const std::size_t shards = clusters.members[*unfit].size();
        clusters = without(clusters, *unfit, limits.largest_column > 0 ? (shards + 1) / 2 : 1);
    }
}

}  // namespace tessera::partition
