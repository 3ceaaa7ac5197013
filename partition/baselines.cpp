#include "partition/baselines.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace tessera::partition {

namespace {

/// The shards that take a board, as vertices, and back.
struct Vertices {
    std::vector<std::uint32_t> shard_of;  ///< by vertex
    std::vector<std::int32_t> of_shard;   ///< by shard; -1 of sources

    explicit Vertices(const ShardGraph& graph) : of_shard(graph.shards.size(), -1) {
        for (std::uint32_t s = 0; s < graph.shards.size(); ++s) {
            if (graph.shards[s].outside) continue;
            of_shard[s] = static_cast<std::int32_t>(shard_of.size());
            shard_of.push_back(s);
        }
    }
};

/// An edge from each producer to each of its consumers that weighs the frames between them.
WeightedGraph weighted_graph(const ShardGraph& graph, const BoardSpace& space, double fill, const Vertices& vertices) {
    WeightedGraph result;
    std::vector<std::map<std::int32_t, std::int64_t>> edges(vertices.shard_of.size());
    for (const Net& net : graph.nets) {
        const std::int32_t from = vertices.of_shard[net.from];
        for (const std::uint32_t consumer : net.consumers) {
            const std::int32_t to = consumer == ShardGraph::kNone ? -1 : vertices.of_shard[consumer];
            if (from < 0 || to < 0) continue;
            edges[static_cast<std::size_t>(from)][to] += net.frames;
            edges[static_cast<std::size_t>(to)][from] += net.frames;
        }
    }
    result.first_edge.push_back(0);
    for (const auto& of_vertex : edges) {
        for (const auto& [to, frames] : of_vertex) {
            result.ends.push_back(to);
            result.frames.push_back(static_cast<std::int32_t>(std::min<std::int64_t>(frames, 1 << 20)));
        }
        result.first_edge.push_back(static_cast<std::int32_t>(result.ends.size()));
    }
    Resources total;
    for (const std::uint32_t s : vertices.shard_of) total += graph.resources(s);
    const auto filled = [fill](const BoardOffer& type) { return type.slr_capacity * (fill * type.slrs); };
    Resources largest = filled(space.types.front());
    for (const BoardOffer& type : space.types) largest = larger(largest, filled(type));
    const auto room = largest.values();
    for (const BoardOffer& type : space.types) {
        auto& sizes = result.type_sizes.emplace_back();
        for (std::size_t r = 0; r < room.size(); ++r) {
            if (total.values()[r] > 0) sizes.push_back(filled(type).values()[r] / room[r]);
        }
        if (sizes.empty()) sizes.push_back(1);
    }
    for (const std::uint32_t s : vertices.shard_of) {
        auto& fractions = result.board_fractions.emplace_back();
        for (std::size_t r = 0; r < room.size(); ++r) {
            if (total.values()[r] > 0) fractions.push_back(graph.resources(s).values()[r] / room[r]);
        }
        if (fractions.empty()) fractions.push_back(0);
    }
    return result;
}

/// What a shard that has an SLR of its own may take of it.
Resources whole_slr(const BoardOffer& type) { return type.slr_capacity * (1 - 1e-9); }

/// The type of so many boards: as many of the first as there are, then of the next; what is beyond is of the last.
BlockTypes types_in_order(const BoardSpace& space, std::size_t boards) {
    BlockTypes types;
    std::uint32_t type = 0;
    for (std::size_t of_type = 0; types.size() < boards; ++of_type) {
        while (type + 1 < space.types.size() && of_type >= space.types[type].boards) ++type, of_type = 0;
        types.push_back(type);
    }
    return types;
}

/// Boards with shards on them, built as the sharder has chosen. An SLR is filled up to `fill`, or holds one shard alone.
class Boards {
  public:
    Boards(const ShardGraph& graph, const BoardSpace& space, double fill) : graph_(graph), space_(space), fill_(fill) {
        placement_.board.assign(graph.shards.size(), Placement::kOutsideBoard);
        placement_.slr.assign(graph.shards.size(), 0);
        for (const auto& shard : graph.shards) placement_.variant.push_back(shard.chosen);
    }

    void open(std::uint32_t type) {
        free_.emplace_back(static_cast<std::size_t>(space_.types[type].slrs), whole_slr(space_.types[type]) * fill_);
        placement_.types.push_back(type);
        ++placement_.boards;
    }
    std::size_t count() const { return placement_.boards; }

    /// Puts a shard on the first SLR of a board that has room.
    bool add(std::uint32_t shard, std::size_t board) {
        const Resources whole = whole_slr(space_.types[placement_.types[board]]);
        const Resources room = whole * fill_;
        for (std::size_t slr = 0; slr < free_[board].size(); ++slr) {
            Resources& free = free_[board][slr];
            const bool untouched = free == room;
            if (!graph_.resources(shard).fits(untouched ? free + whole * (1 - fill_) : free)) continue;
            free -= graph_.resources(shard);
            placement_.board[shard] = static_cast<std::uint32_t>(board);
            placement_.slr[shard] = static_cast<int>(slr);
            return true;
        }
        return false;
    }

    const Placement& placement() const { return placement_; }

  private:
    const ShardGraph& graph_;
    const BoardSpace& space_;
    double fill_;
    std::vector<std::vector<Resources>> free_;  ///< by board and SLR; below zero where a shard alone takes more than the fill
    Placement placement_;
};

/// Where no board of the type that is next takes a shard, that type is done with.
Placement fill_layer_by_layer(const ShardGraph& graph, const BoardSpace& space, double fill, const Vertices& vertices) {
    Boards boards(graph, space, fill);
    std::uint32_t type = 0;
    std::size_t of_type = 0;
    for (const std::uint32_t shard : vertices.shard_of) {
        if (boards.count() > 0 && boards.add(shard, boards.count() - 1)) continue;
        const auto fits = [&] { return graph.resources(shard).fits(whole_slr(space.types[type])); };
        while (type + 1 < space.types.size() && (of_type >= space.types[type].boards || !fits())) ++type, of_type = 0;
        boards.open(type);
        ++of_type;
        boards.add(shard, boards.count() - 1);
    }
    return boards.placement();
}

/// The order of the boards that blocks become.
enum class Numbering { by_first_shard, by_block };

/// A board for each block. What does not fit there, as no k-way partitioner knows SLRs, goes to the board with room that
/// most of its neighbours' frames are on. Nothing where that is not enough.
class BlockPlacer {
  public:
    BlockPlacer(const ShardGraph& graph, const BoardSpace& space, double fill, const Vertices& vertices, const WeightedGraph& weighted)
        : graph_(graph), space_(space), vertices_(vertices), weighted_(weighted), boards_(graph, space, fill) {}

    std::optional<Placement> place(const std::vector<std::uint32_t>& block_of, const BlockTypes& types, Numbering numbering) {
        for (const std::uint32_t type : types) boards_.open(type);
        std::vector<std::uint32_t> order(block_of.size()), left;
        for (std::uint32_t v = 0; v < order.size(); ++v) order[v] = v;
        const auto size = [&](std::uint32_t v) {
            return graph_.resources(vertices_.shard_of[v]).max_fraction(space_.types.front().slr_capacity);
        };
        std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return size(a) > size(b); });
        for (const std::uint32_t v : order) {
            if (!boards_.add(vertices_.shard_of[v], block_of[v])) left.push_back(v);
        }
        for (const std::uint32_t v : left) {
            if (!add_near(v)) return std::nullopt;
        }
        return without_empty_boards(numbering);
    }

  private:
    bool add_near(std::uint32_t vertex) {
        std::vector<std::int64_t> frames(boards_.count(), 0);
        for (auto e = static_cast<std::size_t>(weighted_.first_edge[vertex]);
             e < static_cast<std::size_t>(weighted_.first_edge[vertex + 1]); ++e) {
            const std::uint32_t board = boards_.placement().board[vertices_.shard_of[static_cast<std::size_t>(weighted_.ends[e])]];
            if (board != Placement::kOutsideBoard) frames[board] += weighted_.frames[e];
        }
        std::vector<std::size_t> order(frames.size());
        for (std::size_t b = 0; b < order.size(); ++b) order[b] = b;
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return frames[a] > frames[b]; });
        return std::any_of(order.begin(), order.end(), [&](std::size_t board) { return boards_.add(vertices_.shard_of[vertex], board); });
    }

    Placement without_empty_boards(Numbering numbering) const {
        Placement result = boards_.placement();
        std::vector<std::uint32_t> order;
        order.reserve(vertices_.shard_of.size());
        for (const std::uint32_t shard : vertices_.shard_of) order.push_back(result.board[shard]);
        if (numbering == Numbering::by_block) std::sort(order.begin(), order.end());
        std::vector<std::uint32_t> number(result.boards, Placement::kOutsideBoard);
        result.boards = 0;
        result.types.clear();
        for (const std::uint32_t board : order) {
            if (number[board] != Placement::kOutsideBoard) continue;
            number[board] = static_cast<std::uint32_t>(result.boards++);
            result.types.push_back(boards_.placement().types[board]);
        }
        for (const std::uint32_t shard : vertices_.shard_of) result.board[shard] = number[result.board[shard]];
        return result;
    }

    const ShardGraph& graph_;
    const BoardSpace& space_;
    const Vertices& vertices_;
    const WeightedGraph& weighted_;
    Boards boards_;
};

/// Blocks that hold all resources if nothing is lost; more than there are of the last type where all do not.
std::size_t least_blocks(const WeightedGraph& graph, const BoardSpace& space) {
    std::vector<double> totals(graph.board_fractions.front().size(), 0);
    for (const auto& fractions : graph.board_fractions) {
        for (std::size_t r = 0; r < totals.size(); ++r) totals[r] += fractions[r];
    }
    if (graph.type_sizes.size() == 1)
        return std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(*std::max_element(totals.begin(), totals.end()))));
    std::size_t blocks = 1;
    const auto short_of = [&](const BlockTypes& types) {
        for (std::size_t r = 0; r < totals.size(); ++r) {
            double room = 0;
            for (const std::uint32_t type : types) room += graph.type_sizes[type][r];
            if (room < totals[r]) return true;
        }
        return false;
    };
    while (blocks < graph.vertices() && short_of(types_in_order(space, blocks))) ++blocks;
    return blocks;
}

}  // namespace

std::variant<Placement, UnfitShard> divide_by_baseline(Partitioner partitioner, const ShardGraph& graph, const BoardSpace& space,
                                                       const GrowthLimits& limits, const TopologyOf& topology_of, std::uint64_t seed) {
    const Vertices vertices(graph);
    for (const std::uint32_t shard : vertices.shard_of) {
        const auto fits = [&](const BoardOffer& type) { return graph.resources(shard).fits(whole_slr(type)); };
        if (std::none_of(space.types.begin(), space.types.end(), fits)) return UnfitShard{shard};
    }
    if (vertices.shard_of.empty()) return Boards(graph, space, limits.fill).placement();
    if (partitioner == Partitioner::greedy) return fill_layer_by_layer(graph, space, limits.fill, vertices);
    const WeightedGraph weighted = weighted_graph(graph, space, limits.fill, vertices);
    const bool at_places = partitioner == Partitioner::scotch_map;
    // Two per cent more blocks at a time, until each fits its board.
    std::size_t blocks = least_blocks(weighted, space);
    for (; blocks <= std::min(limits.most_boards, weighted.vertices()); blocks += 1 + blocks / 50) {
        auto types = types_in_order(space, blocks);
        std::vector<std::uint32_t> block_of;
        if (at_places) {
            const auto topology = topology_of(blocks);
            const auto working = topology.working_boards();
            for (std::size_t b = 0; b < blocks && !topology.types.empty(); ++b) types[b] = topology.type_at(working[b]);
            block_of = scotch_boards(weighted, topology, types, seed);
        } else {
            block_of = partitioner == Partitioner::metis ? metis_blocks(weighted, types, seed) : scotch_blocks(weighted, types, seed);
        }
        if (block_of.empty()) continue;
        BlockPlacer placer(graph, space, limits.fill, vertices, weighted);
        if (const auto placed = placer.place(block_of, types, at_places ? Numbering::by_block : Numbering::by_first_shard)) return *placed;
    }
    Placement given_up;
    given_up.boards = blocks;
    return given_up;
}

}  // namespace tessera::partition
