#include "partition/clustering.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <queue>
#include <tuple>

namespace tessera::partition {

namespace {

struct Merger {
    double lanes;  ///< rating
    std::uint32_t from, to;
};

/// Every producer with every consumer of nets that are heavy enough, heaviest first.
std::vector<Merger> worthwhile_mergers(const ShardGraph& graph, const BoardSpace& space, double least_lanes) {
    std::vector<Merger> mergers;
    for (const Net& net : graph.nets) {
        const double lanes =
            static_cast<double>(net.frames) / static_cast<double>(space.frames_per_event) / static_cast<double>(net.consumers.size());
        if (lanes < least_lanes || graph.shards[net.from].outside) continue;
        for (const std::uint32_t to : net.consumers) {
            if (to != ShardGraph::kNone) mergers.push_back({lanes, net.from, to});
        }
    }
    std::sort(mergers.begin(), mergers.end(),
              [](const Merger& a, const Merger& b) { return std::tuple(-a.lanes, a.from, a.to) < std::tuple(-b.lanes, b.from, b.to); });
    return mergers;
}

/// Resource by resource what a board of any type holds, so that a cluster fits all of them.
Resources smallest_board(const BoardSpace& space) {
    Resources smallest = space.types.front().capacity();
    for (const BoardOffer& offer : space.types) smallest = smaller(smallest, offer.capacity());
    return smallest;
}

class Clusterer {
  public:
    Clusterer(const ShardGraph& graph, const BoardSpace& space, const ClusterLimits& limits)
        : graph_(graph),
          limits_(limits),
          capacity_(smallest_board(space)),
          mergers_(worthwhile_mergers(graph, space, limits.least_lanes)),
          of_shard_(graph.shards.size()),
          members_(graph.shards.size()),
          size_(graph.shards.size()),
          visited_(graph.shards.size(), 0) {
        std::iota(of_shard_.begin(), of_shard_.end(), 0U);
        for (std::uint32_t s = 0; s < graph.shards.size(); ++s) members_[s] = {s}, size_[s] = graph.resources(s);
    }

    Clustering run() {
        if (limits_.largest_column > 0) merge_columns();
        for (const Merger& merger : mergers_) {
            const std::uint32_t a = of_shard_[merger.from], b = of_shard_[merger.to];
            if (a == b || !((size_[a] + size_[b]).max_fraction(capacity_) <= limits_.largest_cluster)) continue;
            if (!another_way(a, b)) merge(a, b);
        }
        return in_topological_order();
    }

  private:
    /// In topological order; what does not fit any more begins another cluster.
    void merge_columns() {
        std::map<std::uint32_t, std::uint32_t> open;  // shard of the cluster under way, by column
        for (std::uint32_t s = 0; s < graph_.shards.size(); ++s) {
            if (graph_.shards[s].outside) continue;
            const auto [place, fresh] = open.try_emplace(graph_.shards[s].column, s);
            if (fresh) continue;
            const std::uint32_t cluster = of_shard_[place->second];
            if ((size_[cluster] + size_[s]).max_fraction(capacity_) <= limits_.largest_column) {
                merge(cluster, s);
            } else {
                place->second = s;
            }
        }
        const auto ordered = without_cycles();
        for (std::uint32_t c = 0; c < members_.size(); ++c) {
            if (ordered[c] || members_[c].size() < 2) continue;
            for (const std::uint32_t shard : std::vector(std::move(members_[c])))
                of_shard_[shard] = shard, members_[shard] = {shard}, size_[shard] = graph_.resources(shard);
        }
    }

    /// By cluster: whether it depends on no cycle of clusters.
    std::vector<bool> without_cycles() const {
        std::vector<bool> ordered(members_.size(), false);
        for (const auto& cluster : in_topological_order().members) ordered[of_shard_[cluster.front()]] = true;
        return ordered;
    }

    /// Calls `visit` with the clusters that read from this one, some of them repeatedly.
    void for_each_successor(std::uint32_t cluster, const std::function<void(std::uint32_t)>& visit) const {
        for (const std::uint32_t shard : members_[cluster]) {
            for (const std::uint32_t net : graph_.outputs[shard]) {
                for (const std::uint32_t to : graph_.nets[net].consumers) {
                    if (to != ShardGraph::kNone && of_shard_[to] != cluster) visit(of_shard_[to]);
                }
            }
        }
    }

    /// True where data also flow from a to b through a third cluster (or the search for it gets long):
    /// a merger would make a cycle.
    bool another_way(std::uint32_t a, std::uint32_t b) {
        constexpr std::size_t kLongSearch = 400;
        const std::uint32_t last = members_[b].back();  // what comes later in topological order cannot lead to b
        ++visit_;
        std::vector<std::uint32_t> open;
        const auto enter = [&](std::uint32_t cluster) {
            if (cluster == b || visited_[cluster] == visit_ || members_[cluster].front() > last) return;
            visited_[cluster] = visit_;
            open.push_back(cluster);
        };
        for_each_successor(a, enter);
        for (std::size_t next = 0; next < open.size(); ++next) {
            if (open.size() > kLongSearch) return true;
            bool found = false;
            const auto look = [&](std::uint32_t cluster) {
                found = found || cluster == b || cluster == a;
                enter(cluster);
            };
            for_each_successor(open[next], look);
            if (found) return true;
        }
        return false;
    }

    void merge(std::uint32_t a, std::uint32_t b) {
        for (const std::uint32_t shard : members_[b]) of_shard_[shard] = a;
        std::vector<std::uint32_t> both;
        std::merge(members_[a].begin(), members_[a].end(), members_[b].begin(), members_[b].end(), std::back_inserter(both));
        members_[a] = std::move(both);
        members_[b].clear();
        size_[a] += size_[b];
    }

    /// Kahn's algorithm, the cluster with the earliest shard first; without what depends on a cycle.
    Clustering in_topological_order() const {
        std::vector<std::size_t> waiting(members_.size(), 0);
        for (std::uint32_t c = 0; c < members_.size(); ++c) for_each_successor(c, [&](std::uint32_t to) { ++waiting[to]; });
        using Entry = std::pair<std::uint32_t, std::uint32_t>;  // first shard, cluster
        std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready;
        for (std::uint32_t c = 0; c < members_.size(); ++c) {
            if (!members_[c].empty() && waiting[c] == 0) ready.emplace(members_[c].front(), c);
        }
        Clustering result;
        result.of_shard.resize(of_shard_.size());
        while (!ready.empty()) {
            const std::uint32_t cluster = ready.top().second;
            ready.pop();
            for (const std::uint32_t shard : members_[cluster]) result.of_shard[shard] = static_cast<std::uint32_t>(result.members.size());
            result.members.push_back(members_[cluster]);
            for_each_successor(cluster, [&](std::uint32_t to) {
                if (--waiting[to] == 0) ready.emplace(members_[to].front(), to);
            });
        }
        return result;
    }

    const ShardGraph& graph_;
    const ClusterLimits& limits_;
    Resources capacity_;
    std::vector<Merger> mergers_;
    std::vector<std::uint32_t> of_shard_;
    std::vector<std::vector<std::uint32_t>> members_;
    std::vector<Resources> size_;
    std::vector<std::uint32_t> visited_;
    std::uint32_t visit_ = 0;
};

}  // namespace

Clustering cluster_shards(const ShardGraph& graph, const BoardSpace& space, const ClusterLimits& limits) {
    return Clusterer(graph, space, limits).run();
}

}  // namespace tessera::partition
