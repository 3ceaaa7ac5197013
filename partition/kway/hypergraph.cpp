#include "partition/kway/hypergraph.h"

#include <algorithm>
#include <numeric>

namespace tessera::partition::kway {

Hypergraph::Hypergraph(std::vector<Weight> vertex_weights, const std::vector<Pins>& nets) : vertex_weights_(std::move(vertex_weights)) {
    for (const Pins& net : nets) {
        net_weights_.push_back(net.weight);
        pins_.insert(pins_.end(), net.vertices.begin(), net.vertices.end());
        first_pin_.push_back(static_cast<std::uint32_t>(pins_.size()));
    }
    join_vertices();
}

Hypergraph::Hypergraph(std::vector<Weight> vertex_weights, std::vector<Weight> net_weights, std::vector<std::uint32_t> first_pin,
                       std::vector<Vertex> pins)
    : vertex_weights_(std::move(vertex_weights)),
      net_weights_(std::move(net_weights)),
      first_pin_(std::move(first_pin)),
      pins_(std::move(pins)) {
    join_vertices();
}

void Hypergraph::join_vertices() {
    total_weight_ = std::accumulate(vertex_weights_.begin(), vertex_weights_.end(), Weight{0});
    first_incident_.assign(vertices() + 1, 0);
    for (const Vertex vertex : pins_) ++first_incident_[vertex + 1];
    std::partial_sum(first_incident_.begin(), first_incident_.end(), first_incident_.begin());
    incident_.resize(pins_.size());
    std::vector<std::uint32_t> next(first_incident_.begin(), first_incident_.end() - 1);
    for (Net net = 0; net < nets(); ++net) {
        const auto all = pins(net);
        for (const Vertex vertex : all) {
            const Vertex other = all.size() != 2 ? kNoVertex : all.front() == vertex ? all.back() : all.front();
            incident_[next[vertex]++] = {net, other, net_weight(net)};
        }
    }
}

namespace {

/// Gathers the nets of a coarser hypergraph, the same pins once.
class NetMerger {
  public:
    explicit NetMerger(std::size_t vertices) : pairs_(vertices) {}

    /// @param pins sorted, no vertex twice
    void add(std::span<const Vertex> pins, Weight weight) {
        if (pins.size() < 2) return;
        if (pins.size() == 2) {
            pairs_[pins[0]].push_back({pins[1], weight});
            return;
        }
        std::uint64_t hash = pins.size();
        for (const Vertex pin : pins) hash = (hash ^ pin) * 0x9e3779b97f4a7c15ULL;
        large_.push_back({hash, static_cast<std::uint32_t>(pins_.size()), static_cast<std::uint32_t>(pins.size()), weight});
        pins_.insert(pins_.end(), pins.begin(), pins.end());
    }

    Hypergraph result(std::vector<Weight> vertex_weights) {
        merge_pairs();
        merge_large();
        return {std::move(vertex_weights), std::move(net_weights_), std::move(first_pin_), std::move(net_pins_)};
    }

  private:
    struct Half {
        Vertex other;
        Weight weight;
    };
    struct Large {
        std::uint64_t hash;
        std::uint32_t begin;  ///< in pins_
        std::uint32_t size;
        Weight weight;
    };

    void merge_pairs() {
        for (Vertex vertex = 0; vertex < pairs_.size(); ++vertex) {
            auto& halves = pairs_[vertex];
            std::sort(halves.begin(), halves.end(), [](const Half& a, const Half& b) { return a.other < b.other; });
            for (std::size_t i = 0; i < halves.size(); ++i) {
                if (i > 0 && halves[i].other == halves[i - 1].other) {
                    net_weights_.back() += halves[i].weight;
                    continue;
                }
                net_pins_.insert(net_pins_.end(), {vertex, halves[i].other});
                close(halves[i].weight);
            }
        }
    }

    std::span<const Vertex> pins_of(const Large& net) const { return {pins_.data() + net.begin, net.size}; }

    void merge_large() {
        const auto before = [&](const Large& a, const Large& b) {
            if (a.hash != b.hash) return a.hash < b.hash;
            const auto left = pins_of(a), right = pins_of(b);
            return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end());
        };
        std::stable_sort(large_.begin(), large_.end(), before);
        for (std::size_t i = 0; i < large_.size(); ++i) {
            if (i > 0 && !before(large_[i - 1], large_[i])) {
                net_weights_.back() += large_[i].weight;
                continue;
            }
            const auto pins = pins_of(large_[i]);
            net_pins_.insert(net_pins_.end(), pins.begin(), pins.end());
            close(large_[i].weight);
        }
    }

    void close(Weight weight) {
        net_weights_.push_back(weight);
        first_pin_.push_back(static_cast<std::uint32_t>(net_pins_.size()));
    }

    std::vector<std::vector<Half>> pairs_;  ///< nets of two pins, at the lower one
    std::vector<Large> large_;
    std::vector<Vertex> pins_;
    std::vector<Weight> net_weights_;
    std::vector<std::uint32_t> first_pin_{0};
    std::vector<Vertex> net_pins_;
};

}  // namespace

Hypergraph contracted(const Hypergraph& graph, const std::vector<Vertex>& cluster_of, std::size_t clusters) {
    std::vector<Weight> weights(clusters, 0);
    for (Vertex vertex = 0; vertex < graph.vertices(); ++vertex) weights[cluster_of[vertex]] += graph.weight(vertex);
    NetMerger merger(clusters);
    std::vector<Vertex> mapped;
    for (Net net = 0; net < graph.nets(); ++net) {
        mapped.clear();
        for (const Vertex pin : graph.pins(net)) mapped.push_back(cluster_of[pin]);
        std::sort(mapped.begin(), mapped.end());
        mapped.erase(std::unique(mapped.begin(), mapped.end()), mapped.end());
        merger.add(mapped, graph.net_weight(net));
    }
    return merger.result(std::move(weights));
}

Hypergraph induced(const Hypergraph& graph, const std::vector<Block>& block_of, Block block) {
    std::vector<Vertex> position(graph.vertices(), 0);
    std::vector<Weight> weights;
    for (Vertex vertex = 0; vertex < graph.vertices(); ++vertex) {
        if (block_of[vertex] != block) continue;
        position[vertex] = static_cast<Vertex>(weights.size());
        weights.push_back(graph.weight(vertex));
    }
    std::vector<Hypergraph::Pins> nets;
    for (Net net = 0; net < graph.nets(); ++net) {
        Hypergraph::Pins part{{}, graph.net_weight(net)};
        for (const Vertex pin : graph.pins(net)) {
            if (block_of[pin] == block) part.vertices.push_back(position[pin]);
        }
        if (part.vertices.size() > 1) nets.push_back(std::move(part));
    }
    return {std::move(weights), nets};
}

}  // namespace tessera::partition::kway
