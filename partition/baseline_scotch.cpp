#include <algorithm>
#include <cmath>
#include <cstdio>

// Scotch's header takes FILE for granted.
#include <scotch.h>

#include "partition/baselines.h"

namespace tessera::partition {

namespace {

using Numbers = std::vector<SCOTCH_Num>;

/// A seed, and the same result for any number of threads.
class ScotchContext {
  public:
    explicit ScotchContext(std::uint64_t seed) {
        SCOTCH_contextInit(&context_);
        SCOTCH_contextOptionSetNum(&context_, SCOTCH_OPTIONNUMDETERMINISTIC, 1);
        SCOTCH_contextRandomSeed(&context_, static_cast<SCOTCH_Num>(seed % 0x7fffffff));
        SCOTCH_contextThreadSpawn(&context_, 1, nullptr);
    }
    ScotchContext(const ScotchContext&) = delete;
    ScotchContext& operator=(const ScotchContext&) = delete;
    ~ScotchContext() { SCOTCH_contextExit(&context_); }
    SCOTCH_Context* get() { return &context_; }

  private:
    SCOTCH_Context context_{};
};

/// A graph within a context; empty weights: all 1.
class ScotchGraph {
  public:
    ScotchGraph(ScotchContext& context, Numbers first, Numbers ends, Numbers vertex_weights, Numbers edge_weights)
        : first_(std::move(first)),
          ends_(std::move(ends)),
          vertex_weights_(std::move(vertex_weights)),
          edge_weights_(std::move(edge_weights)) {
        const auto or_none = [](Numbers& weights) { return weights.empty() ? nullptr : weights.data(); };
        SCOTCH_graphInit(&plain_);
        SCOTCH_graphBuild(&plain_, 0, static_cast<SCOTCH_Num>(first_.size()) - 1, first_.data(), first_.data() + 1,
                          or_none(vertex_weights_), nullptr, static_cast<SCOTCH_Num>(ends_.size()), ends_.data(), or_none(edge_weights_));
        SCOTCH_graphInit(&bound_);
        SCOTCH_contextBindGraph(context.get(), &plain_, &bound_);
    }
    ScotchGraph(const ScotchGraph&) = delete;
    ScotchGraph& operator=(const ScotchGraph&) = delete;
    ~ScotchGraph() {
        SCOTCH_graphExit(&bound_);
        SCOTCH_graphExit(&plain_);
    }
    SCOTCH_Graph* get() { return &bound_; }

  private:
    Numbers first_, ends_, vertex_weights_, edge_weights_;
    SCOTCH_Graph plain_{}, bound_{};
};

class ScotchStrategy {
  public:
    ScotchStrategy() { SCOTCH_stratInit(&strategy_); }
    ScotchStrategy(const ScotchStrategy&) = delete;
    ScotchStrategy& operator=(const ScotchStrategy&) = delete;
    ~ScotchStrategy() { SCOTCH_stratExit(&strategy_); }
    SCOTCH_Strat* get() { return &strategy_; }

  private:
    SCOTCH_Strat strategy_{};
};

/// The boards that shards are mapped onto: any to any on a patch panel; else as far apart as the cables between them are many, which
/// Scotch finds by dividing the topology again and again.
class ScotchArchitecture {
  public:
    /// Boards that are joined any to any, of these sizes.
    explicit ScotchArchitecture(const Numbers& sizes) {
        SCOTCH_archInit(&architecture_);
        SCOTCH_archCmpltw(&architecture_, static_cast<SCOTCH_Num>(sizes.size()), sizes.data());
    }
    /// @param sizes of the boards; empty: all are alike
    ScotchArchitecture(ScotchContext& context, const topologies::Topology& topology, std::size_t boards, const Numbers& sizes) {
        SCOTCH_archInit(&architecture_);
        if (topology.patch_panel) {
            if (sizes.empty()) SCOTCH_archCmplt(&architecture_, static_cast<SCOTCH_Num>(boards));
            if (!sizes.empty()) SCOTCH_archCmpltw(&architecture_, static_cast<SCOTCH_Num>(boards), sizes.data());
            return;
        }
        std::vector<Numbers> neighbours(topology.board_count);
        for (const auto& cable : topology.cables) {
            neighbours[index(cable.a)].push_back(static_cast<SCOTCH_Num>(index(cable.b)));
            neighbours[index(cable.b)].push_back(static_cast<SCOTCH_Num>(index(cable.a)));
        }
        Numbers first{0}, ends;
        for (const Numbers& of_board : neighbours) {
            ends.insert(ends.end(), of_board.begin(), of_board.end());
            first.push_back(static_cast<SCOTCH_Num>(ends.size()));
        }
        const auto working = topology.working_boards();
        const Numbers usable(working.begin(), working.begin() + static_cast<std::ptrdiff_t>(boards));
        Numbers size_at(sizes.empty() ? 0 : topology.board_count, 1);
        for (std::size_t b = 0; b < sizes.size(); ++b) size_at[working[b]] = sizes[b];
        ScotchGraph graph(context, std::move(first), std::move(ends), std::move(size_at), {});
        ScotchStrategy halving;
        SCOTCH_archBuild(&architecture_, graph.get(), static_cast<SCOTCH_Num>(boards), usable.data(), halving.get());
    }
    ScotchArchitecture(const ScotchArchitecture&) = delete;
    ScotchArchitecture& operator=(const ScotchArchitecture&) = delete;
    ~ScotchArchitecture() { SCOTCH_archExit(&architecture_); }
    SCOTCH_Arch* get() { return &architecture_; }

  private:
    SCOTCH_Arch architecture_{};
};

/// What the scarcest resource makes of each vertex, and by how much blocks may be off the mean, or off their part where boards differ.
struct Load {
    Numbers weights;
    Numbers sizes;  ///< of the blocks; empty: all are alike
    double imbalance = 0;

    Load(const WeightedGraph& graph, const BlockTypes& types) {
        constexpr double kUnitsOfBoard = 10000;  // Scotch takes whole numbers
        double total = 0, room = 0;
        const std::size_t scarce = scarcest_resource(graph);
        for (const std::uint32_t type : types) {
            const double size = graph.type_sizes[type][scarce];
            room += size;
            if (graph.type_sizes.size() > 1) sizes.push_back(std::max<SCOTCH_Num>(1, std::lround(size * kUnitsOfSize)));
        }
        for (const auto& fractions : graph.board_fractions) {
            const double scarcest = *std::max_element(fractions.begin(), fractions.end());
            weights.push_back(std::max<SCOTCH_Num>(1, static_cast<SCOTCH_Num>(std::ceil(scarcest * kUnitsOfBoard))));
            total += scarcest;
        }
        imbalance = std::max(0.01, room / total - 1);
    }

  private:
    static constexpr double kUnitsOfSize = 100;

    /// That of which all vertices together take most boards.
    static std::size_t scarcest_resource(const WeightedGraph& graph) {
        std::vector<double> totals(graph.board_fractions.front().size(), 0);
        for (const auto& fractions : graph.board_fractions) {
            for (std::size_t r = 0; r < totals.size(); ++r) totals[r] += fractions[r];
        }
        return static_cast<std::size_t>(std::max_element(totals.begin(), totals.end()) - totals.begin());
    }
};

/// Lets `divide` give each vertex of the graph a block.
template <typename Divide>
std::vector<std::uint32_t> blocks_by(const WeightedGraph& graph, const Load& load, std::size_t blocks, ScotchContext& context,
                                     const Divide& divide) {
    ScotchGraph bound(context, {graph.first_edge.begin(), graph.first_edge.end()}, {graph.ends.begin(), graph.ends.end()}, load.weights,
                      {graph.frames.begin(), graph.frames.end()});
    ScotchStrategy strategy;
    SCOTCH_stratGraphMapBuild(strategy.get(), SCOTCH_STRATQUALITY, static_cast<SCOTCH_Num>(blocks), load.imbalance);
    Numbers block_of(graph.vertices());
    if (divide(bound.get(), strategy.get(), block_of.data()) != 0) return {};
    return {block_of.begin(), block_of.end()};
}

std::vector<std::uint32_t> all_in_one(const WeightedGraph& graph) { return std::vector<std::uint32_t>(graph.vertices(), 0); }

}  // namespace

std::vector<std::uint32_t> scotch_blocks(const WeightedGraph& graph, const BlockTypes& types, std::uint64_t seed) {
    if (types.size() < 2) return all_in_one(graph);
    ScotchContext context(seed);
    const Load load(graph, types);
    return blocks_by(graph, load, types.size(), context, [&](SCOTCH_Graph* vertices, SCOTCH_Strat* strategy, SCOTCH_Num* block_of) {
        if (load.sizes.empty()) return SCOTCH_graphPart(vertices, static_cast<SCOTCH_Num>(types.size()), strategy, block_of);
        ScotchArchitecture boards(load.sizes);
        return SCOTCH_graphMap(vertices, boards.get(), strategy, block_of);
    });
}

std::vector<std::uint32_t> scotch_boards(const WeightedGraph& graph, const topologies::Topology& topology, const BlockTypes& types,
                                         std::uint64_t seed) {
    if (types.size() < 2) return all_in_one(graph);
    ScotchContext context(seed);
    const Load load(graph, types);
    ScotchArchitecture architecture(context, topology, types.size(), load.sizes);
    auto boards = blocks_by(graph, load, types.size(), context, [&](SCOTCH_Graph* vertices, SCOTCH_Strat* strategy, SCOTCH_Num* board_of) {
        return SCOTCH_graphMap(vertices, architecture.get(), strategy, board_of);
    });
    if (topology.patch_panel) return boards;
    const auto working = topology.working_boards();  // Scotch gives the number of each in the whole topology
    for (std::uint32_t& board : boards)
        board = static_cast<std::uint32_t>(std::lower_bound(working.begin(), working.end(), board) - working.begin());
    return boards;
}

}  // namespace tessera::partition
