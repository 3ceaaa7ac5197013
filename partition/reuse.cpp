#include "partition/reuse.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <tuple>

#include "partition/board_fill.h"

namespace tessera::partition {

namespace {

/// A shard by what it makes: the name of its operator, its tokens and its channels.
using ShardKey = std::tuple<std::string, std::int64_t, std::int64_t, std::int64_t, std::int64_t>;

std::string operator_name(const Shard& shard) { return shard.name.substr(0, shard.name.rfind(" [")); }

ShardKey key_of(const Shard& shard) {
    return {operator_name(shard), shard.token_begin, shard.token_end, shard.channel_begin, shard.channel_end};
}

ShardKey key_of(const PlannedShard& shard, const models::Network& network) {
    const auto& [tokens, channels] = shard.region;
    return {network.operators[shard.op].name, tokens.begin, tokens.end, channels.begin, channels.end};
}

/// A shard of the network that takes a board: neither a source nor another's black box.
bool is_placed(const Shard& shard) { return shard.board != kOutside && shard.kind != kExternal; }

/// Whether two boards of a fixed topology are the same.
bool stands_alike(const Mapping& one, BoardId board, const Mapping& other, BoardId same) {
    const bool known = index(board) < one.positions.size() && index(same) < other.positions.size();
    return known && one.positions[index(board)] == other.positions[index(same)];
}

/// Whether the grid's shards are those that an operator has.
bool makes(const ShardGrid& grid, const std::set<ShardKey>& shards, const std::string& name) {
    if (shards.size() != static_cast<std::size_t>(grid.split.slices * grid.split.parts)) return false;
    for (std::int64_t slice = 0; slice < grid.split.slices; ++slice) {
        for (std::int64_t part = 0; part < grid.split.parts; ++part) {
            const auto tokens = grid.slice(slice), channels = grid.part(part);
            if (!shards.contains({name, tokens.begin, tokens.end, channels.begin, channels.end})) return false;
        }
    }
    return true;
}

/// Of the ways to build a shard the one that an earlier shard is built as; of several, or where there is none, the nearest in resources.
std::uint32_t nearest_variant(const std::vector<ShardVariant>& variants, const Shard& earlier, const Resources& slr) {
    constexpr double kOtherwise = 1e6;
    std::uint32_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::uint32_t v = 0; v < variants.size(); ++v) {
        const auto& variant = variants[v];
        const bool alike = models::name_of(variant.strategy) == earlier.strategy && variant.engines == earlier.engines &&
                           variant.reuse_factor == earlier.reuse_factor;
        double distance = alike ? 0 : kOtherwise;
        for (std::size_t r = 0; r < Resources::names.size(); ++r) {
            const double of = slr.values()[r];
            if (of > 0) distance += std::abs(variant.resources.values()[r] - earlier.resources.values()[r]) / of;
        }
        if (distance < least) best = v, least = distance;
    }
    return best;
}

/// Finds boards for shards that have none.
class Housing {
  public:
    Housing(const ShardGraph& graph, const BoardSpace& space, Placement placement, std::size_t most_boards)
        : graph_(graph), space_(space), placement_(std::move(placement)), most_boards_(most_boards) {
        for (std::size_t b = 0; b < placement_.boards; ++b) fills_.emplace_back(graph, space.types[placement_.type_of(b)], 1);
        for (std::uint32_t s = 0; s < graph.shards.size(); ++s) {
            if (homeless(s)) continue;
            if (!graph.shards[s].outside) fills_[placement_.board[s]].add({{s, placement_.slr[s], placement_.variant[s]}});
        }
    }

    Placement run() {
        for (std::uint32_t s = 0; s < graph_.shards.size(); ++s) {
            if (homeless(s)) house(s);
        }
        return placement_;
    }

  private:
    bool homeless(std::uint32_t shard) const {
        return !graph_.shards[shard].outside && placement_.board[shard] == Placement::kOutsideBoard;
    }

    /// Boards by the data that a shard shares with them, most first; all others after.
    std::vector<std::uint32_t> boards_by_data(std::uint32_t shard) const {
        std::vector<std::int64_t> bits(placement_.boards, 0);
        const auto share = [&](std::uint32_t other, std::int64_t amount) {
            if (other == ShardGraph::kNone) return;
            const std::uint32_t board = placement_.board[other];
            if (board != Placement::kOutsideBoard) bits[board] += amount;
        };
        for (const std::uint32_t n : graph_.inputs[shard]) share(graph_.nets[n].from, graph_.nets[n].bits);
        for (const std::uint32_t n : graph_.outputs[shard]) {
            for (const std::uint32_t to : graph_.nets[n].consumers) share(to, graph_.nets[n].bits);
        }
        std::vector<std::uint32_t> order(placement_.boards);
        for (std::uint32_t b = 0; b < order.size(); ++b) order[b] = b;
        std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return bits[a] > bits[b]; });
        return order;
    }

    void house(std::uint32_t shard) {
        const auto order = boards_by_data(shard);
        for (const std::uint32_t board : order) {
            if (put(shard, board)) return;
        }
        if (!on_new_board(shard)) placement_.board[shard] = order.empty() ? 0 : order.front();
    }

    /// On one of the first type of which there is another, and which takes it.
    bool on_new_board(std::uint32_t shard) {
        if (placement_.boards >= most_boards_) return false;
        const auto board = static_cast<std::uint32_t>(placement_.boards++);
        for (std::uint32_t type = 0; type < space_.types.size(); ++type) {
            placement_.types.push_back(type);
            fills_.emplace_back(graph_, space_.types[type], 1);
            if (within_stock(space_, placement_) && put(shard, board)) return true;
            placement_.types.pop_back();
            fills_.pop_back();
        }
        --placement_.boards;
        return false;
    }

    bool put(std::uint32_t shard, std::uint32_t board) {
        const auto fits = fills_[board].fit({shard});
        if (!fits) return false;
        fills_[board].add(*fits);
        placement_.board[shard] = board;
        placement_.slr[shard] = fits->front().slr;
        placement_.variant[shard] = fits->front().variant;
        return true;
    }

    const ShardGraph& graph_;
    const BoardSpace& space_;
    Placement placement_;
    std::size_t most_boards_;
    std::vector<BoardFill> fills_;
};

/// Takes a board that an earlier mapping names into a placement; its number. Of several types only where there is another of its own;
/// else it is not there any more (kOutsideBoard).
std::uint32_t add_earlier_board(const BoardSpace& space, const std::string& name, Placement& placement) {
    const auto named = [&](const BoardOffer& offer) { return offer.name == name || space.types.size() == 1; };
    const auto type = std::find_if(space.types.begin(), space.types.end(), named);
    if (type == space.types.end()) return Placement::kOutsideBoard;
    placement.types.push_back(static_cast<std::uint32_t>(type - space.types.begin()));
    ++placement.boards;
    if (space.types.size() == 1 || within_stock(space, placement)) return static_cast<std::uint32_t>(placement.boards - 1);
    placement.types.pop_back();
    --placement.boards;
    return Placement::kOutsideBoard;
}

}  // namespace

std::vector<ShardGrid> earlier_grids(const models::Network& network, const Mapping& earlier, std::vector<ShardGrid> grids) {
    std::map<std::string, std::set<ShardKey>> shards;  // by operator
    for (const auto& shard : earlier.shards) {
        if (shard.kind != kExternal) shards[operator_name(shard)].insert(key_of(shard));
    }
    for (const auto& op : network.operators) {
        const auto known = shards.find(op.name);
        if (known == shards.end()) continue;
        std::set<std::int64_t> slices, parts;
        for (const auto& [name, token_begin, token_end, channel_begin, channel_end] : known->second)
            slices.insert(token_begin), parts.insert(channel_begin);
        ShardGrid grid = grids[index(op.id)];
        grid.split = {static_cast<std::int64_t>(slices.size()), static_cast<std::int64_t>(parts.size())};
        const std::int64_t heads = std::max(1, op.heads);
        std::int64_t steps = grid.tokens;  // between which all its slices begin
        for (const std::int64_t begin : slices) steps = std::gcd(steps, begin);
        for (const std::int64_t unit : {grid.unit, std::int64_t{1}, grid.channels / heads}) {
            if (unit < 1 || grid.channels % unit != 0) continue;
            grid.unit = unit;
            for (const std::int64_t token_unit : {std::int64_t{1}, steps}) {
                grid.token_unit = token_unit;
                if (makes(grid, known->second, op.name)) grids[index(op.id)] = grid;
            }
        }
    }
    return grids;
}

Placement earlier_placement(const ShardGraph& graph, const models::Network& network, const BoardSpace& space, const Mapping& earlier,
                            std::size_t most_boards) {
    std::map<ShardKey, const Shard*> known;
    std::map<BoardId, std::uint32_t> number;  // boards of stages, switches and boards that only forward are not the network's
    for (const auto& shard : earlier.shards) {
        if (!is_placed(shard)) continue;
        known[key_of(shard)] = &shard;
        number.emplace(shard.board, 0);
    }
    Placement placement;
    for (auto& [board, position] : number) {
        position = add_earlier_board(space, earlier.board_types[earlier.boards[index(board)]].name, placement);
    }
    placement.board.assign(graph.shards.size(), Placement::kOutsideBoard);
    placement.slr.assign(graph.shards.size(), 0);
    placement.variant.assign(graph.shards.size(), 0);
    for (std::uint32_t s = 0; s < graph.shards.size(); ++s) {
        const auto found = known.find(key_of(graph.shards[s], network));
        if (graph.shards[s].outside || found == known.end()) continue;
        placement.board[s] = number.at(found->second->board);
        if (placement.board[s] == Placement::kOutsideBoard) continue;
        const BoardOffer& offer = space.types[placement.type_of(placement.board[s])];
        placement.slr[s] = std::min(found->second->slr, offer.slrs - 1);
        placement.variant[s] = nearest_variant(graph.variants_of(s), *found->second, offer.slr_capacity);
    }
    return Housing(graph, space, std::move(placement), most_boards).run();
}

Reuse compare(const Mapping& earlier, const Mapping& now) {
    std::map<ShardKey, BoardId> before;
    for (const auto& shard : earlier.shards) {
        if (is_placed(shard)) before.emplace(key_of(shard), shard.board);
    }
    Reuse reuse;
    std::map<BoardId, std::map<BoardId, std::size_t>> came;  // shards, by the board now and the one before
    for (const auto& shard : now.shards) {
        if (!is_placed(shard)) continue;
        const auto known = before.find(key_of(shard));
        if (known == before.end()) {
            ++reuse.fresh;
        } else {
            ++came[shard.board][known->second];
        }
    }
    const bool fixed = !earlier.positions.empty() && !now.positions.empty();
    for (const auto& [board, from] : came) {
        std::size_t most = 0, same = 0, all = 0;
        for (const auto& [earlier_board, shards] : from) {
            most = std::max(most, shards), all += shards;
            if (stands_alike(earlier, earlier_board, now, board)) same += shards;
        }
        const std::size_t stay = fixed ? same : most;
        reuse.stay += stay, reuse.move += all - stay;
    }
    return reuse;
}

}  // namespace tessera::partition
