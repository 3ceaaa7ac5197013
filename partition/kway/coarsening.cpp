#include "partition/kway/coarsening.h"

#include <numeric>

#include "partition/random.h"

namespace tessera::partition::kway {

namespace {

/// Nets with more pins say little about which two vertices belong together.
constexpr std::size_t kLargestRatedNet = 64;

constexpr Vertex kNone = 0xffffffffU;

class Clusters {
  public:
    Clusters(const Hypergraph& graph, Weight largest)
        : graph_(graph), largest_(largest), cluster_of_(graph.vertices(), kNone), rating_(graph.vertices(), 0) {}

    Level merge(std::mt19937_64& generator) {
        std::vector<Vertex> order(graph_.vertices());
        std::iota(order.begin(), order.end(), Vertex{0});
        for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[draw(generator, i)]);
        for (const Vertex vertex : order) {
            if (cluster_of_[vertex] == kNone) join_best(vertex);
        }
        Level level{{}, std::move(cluster_of_)};
        level.graph = contracted(graph_, level.cluster_of, weights_.size());
        return level;
    }

  private:
    void join_best(Vertex vertex) {
        rate_neighbours(vertex);
        Vertex best = kNone;
        double best_rating = 0;
        for (const Vertex other : rated_) {
            const Weight weight = cluster_of_[other] == kNone ? graph_.weight(other) : weights_[cluster_of_[other]];
            const double rating = rating_[other] * rating_[other] / static_cast<double>(std::max<Weight>(1, weight));
            rating_[other] = 0;
            if (graph_.weight(vertex) + weight > largest_) continue;
            if (rating > best_rating) best = other, best_rating = rating;
        }
        if (best == kNone) {
            open(vertex);
        } else {
            if (cluster_of_[best] == kNone) open(best);
            cluster_of_[vertex] = cluster_of_[best];
            weights_[cluster_of_[best]] += graph_.weight(vertex);
        }
    }

    /// Adds up ratings at one member of each neighbouring cluster.
    void rate_neighbours(Vertex vertex) {
        rated_.clear();
        for (const auto& each : graph_.nets_of(vertex)) {
            const auto pins = graph_.pins(each.net);
            if (pins.size() > kLargestRatedNet) continue;
            const double rating = static_cast<double>(each.weight) / static_cast<double>(pins.size() - 1);
            for (const Vertex pin : pins) {
                if (pin == vertex) continue;
                const Vertex other = cluster_of_[pin] == kNone ? pin : first_member_[cluster_of_[pin]];
                if (rating_[other] == 0) rated_.push_back(other);
                rating_[other] += rating;
            }
        }
    }

    void open(Vertex vertex) {
        cluster_of_[vertex] = static_cast<Vertex>(weights_.size());
        weights_.push_back(graph_.weight(vertex));
        first_member_.push_back(vertex);
    }

    const Hypergraph& graph_;
    Weight largest_;
    std::vector<Vertex> cluster_of_;
    std::vector<Weight> weights_;  ///< by cluster
    std::vector<Vertex> first_member_;
    std::vector<double> rating_;
    std::vector<Vertex> rated_;
};

}  // namespace

std::vector<Level> coarsen(const Hypergraph& graph, std::size_t enough, Weight largest_cluster, std::mt19937_64& generator) {
    constexpr double kLeastProgress = 0.95;
    std::vector<Level> levels;
    const Hypergraph* finest = &graph;
    while (finest->vertices() > enough) {
        Level level = Clusters(*finest, largest_cluster).merge(generator);
        if (static_cast<double>(level.graph.vertices()) > kLeastProgress * static_cast<double>(finest->vertices())) break;
        levels.push_back(std::move(level));
        finest = &levels.back().graph;
    }
    return levels;
}

std::vector<Block> projected(const std::vector<Block>& block_of_cluster, const std::vector<Vertex>& cluster_of) {
    std::vector<Block> block_of;
    block_of.reserve(cluster_of.size());
    for (const Vertex cluster : cluster_of) block_of.push_back(block_of_cluster[cluster]);
    return block_of;
}

}  // namespace tessera::partition::kway
