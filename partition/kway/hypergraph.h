#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tessera::partition::kway {

using Vertex = std::uint32_t;
using Net = std::uint32_t;
using Block = std::uint32_t;
using Weight = std::int64_t;

/// Vertices with weights, joined by weighted nets of two or more different vertices (its pins). A
/// graph is the case where all nets have two pins. Both directions are stored, one row a vertex and
/// one row a net, end to end.
class Hypergraph {
  public:
    static constexpr Vertex kNoVertex = 0xffffffffU;

    /// One net while a hypergraph is made.
    struct Pins {
        std::vector<Vertex> vertices;
        Weight weight = 1;
    };

    Hypergraph() = default;
    /// @param nets pins sorted, no vertex twice, at least two
    Hypergraph(std::vector<Weight> vertex_weights, const std::vector<Pins>& nets);
    /// @param first_pin,pins net n has pins[first_pin[n]] .. pins[first_pin[n + 1] - 1]
    Hypergraph(std::vector<Weight> vertex_weights, std::vector<Weight> net_weights, std::vector<std::uint32_t> first_pin,
               std::vector<Vertex> pins);

    std::size_t vertices() const { return vertex_weights_.size(); }
    std::size_t nets() const { return net_weights_.size(); }
    std::size_t pins() const { return pins_.size(); }
    Weight weight(Vertex vertex) const { return vertex_weights_[vertex]; }
    Weight net_weight(Net net) const { return net_weights_[net]; }
    Weight total_weight() const { return total_weight_; }

    std::span<const Vertex> pins(Net net) const { return {pins_.data() + first_pin_[net], pins_.data() + first_pin_[net + 1]}; }
    /// A net as one of its vertices sees it, with what is asked most beside it, so that it is one look at the memory.
    struct Incidence {
        Net net = 0;
        Vertex other_end = kNoVertex;  ///< of a net of two pins
        Weight weight = 0;             ///< of the net
    };
    std::span<const Incidence> nets_of(Vertex vertex) const {
        return {incident_.data() + first_incident_[vertex], incident_.data() + first_incident_[vertex + 1]};
    }

  private:
    void join_vertices();

    std::vector<Weight> vertex_weights_;
    std::vector<Weight> net_weights_;
    std::vector<std::uint32_t> first_pin_{0};
    std::vector<Vertex> pins_;
    std::vector<std::uint32_t> first_incident_{0};
    std::vector<Incidence> incident_;
    Weight total_weight_ = 0;
};

/// The hypergraph whose vertices are the clusters of another: weights add up, nets inside a cluster
/// vanish, nets with the same pins become one.
/// @param cluster_of by vertex: 0 .. clusters - 1, each used
Hypergraph contracted(const Hypergraph& graph, const std::vector<Vertex>& cluster_of, std::size_t clusters);

/// The hypergraph of the vertices of one block, in their order, with the parts of nets that lie in it.
Hypergraph induced(const Hypergraph& graph, const std::vector<Block>& block_of, Block block);

}  // namespace tessera::partition::kway
