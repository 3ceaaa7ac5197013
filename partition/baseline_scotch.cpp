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
    ScotchArchitecture(ScotchContext& context, const topologies::Topology& topology, std::size_t boards) {
        SCOTCH_archInit(&architecture_);
        if (topology.patch_panel) {
            SCOTCH_archCmplt(&architecture_, static_cast<SCOTCH_Num>(boards));
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
        ScotchGraph graph(context, std::move(first), std::move(ends), {}, {});
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

/// What the scarcest resource makes of each vertex, and by how much blocks may be off the mean.
struct Load {
    Numbers weights;
    double imbalance = 0;

    Load(const WeightedGraph& graph, std::size_t blocks) {
        constexpr double kUnitsOfBoard = 10000;  // Scotch takes whole numbers
        double total = 0;
        for (const auto& fractions : graph.board_fractions) {
            const double scarcest = *std::max_element(fractions.begin(), fractions.end());
            weights.push_back(std::max<SCOTCH_Num>(1, static_cast<SCOTCH_Num>(std::ceil(scarcest * kUnitsOfBoard))));
            total += scarcest;
        }
        imbalance = std::max(0.01, static_cast<double>(blocks) / total - 1);
    }
};

/// Lets `divide` give each vertex of the graph a block.
template <typename Divide>
std::vector<std::uint32_t> blocks_by(const WeightedGraph& graph, std::size_t blocks, ScotchContext& context, const Divide& divide) {
    if (blocks < 2) return std::vector<std::uint32_t>(graph.vertices(), 0);
    const Load load(graph, blocks);
    ScotchGraph bound(context, {graph.first_edge.begin(), graph.first_edge.end()}, {graph.ends.begin(), graph.ends.end()}, load.weights,
                      {graph.frames.begin(), graph.frames.end()});
    ScotchStrategy strategy;
    SCOTCH_stratGraphMapBuild(strategy.get(), SCOTCH_STRATQUALITY, static_cast<SCOTCH_Num>(blocks), load.imbalance);
    Numbers block_of(graph.vertices());
    if (divide(bound.get(), strategy.get(), block_of.data()) != 0) return {};
    return {block_of.begin(), block_of.end()};
}

}  // namespace

std::vector<std::uint32_t> scotch_blocks(const WeightedGraph& graph, std::size_t blocks, std::uint64_t seed) {
    ScotchContext context(seed);
    return blocks_by(graph, blocks, context, [&](SCOTCH_Graph* vertices, SCOTCH_Strat* strategy, SCOTCH_Num* block_of) {
        return SCOTCH_graphPart(vertices, static_cast<SCOTCH_Num>(blocks), strategy, block_of);
    });
}

std::vector<std::uint32_t> scotch_boards(const WeightedGraph& graph, const topologies::Topology& topology, std::size_t boards,
                                         std::uint64_t seed) {
    ScotchContext context(seed);
    ScotchArchitecture architecture(context, topology, boards);
    return blocks_by(graph, boards, context, [&](SCOTCH_Graph* vertices, SCOTCH_Strat* strategy, SCOTCH_Num* board_of) {
        return SCOTCH_graphMap(vertices, architecture.get(), strategy, board_of);
    });
}

}  // namespace tessera::partition
