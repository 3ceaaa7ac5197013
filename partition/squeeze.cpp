#include "partition/squeeze.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "partition/random.h"
#include "partition/wiring.h"

namespace tessera::partition {

namespace {

/// A type for each board, of which there are so many: its own as far as they go, the first boards of `order` before others; then the
/// first of which there is another. As large as there are types where there is none.
std::vector<std::uint32_t> types_within_stock(const BoardSpace& space, const Placement& placement,
                                              const std::vector<std::uint32_t>& order) {
    const auto none = static_cast<std::uint32_t>(space.types.size());
    std::vector<std::size_t> taken(space.types.size(), 0);
    std::vector<std::uint32_t> types(placement.boards, none);
    const auto take = [&](std::uint32_t board, std::uint32_t type) {
        if (types[board] == none && taken[type] < space.types[type].boards) types[board] = type, ++taken[type];
    };
    for (const std::uint32_t board : order) take(board, placement.type_of(board));
    for (const std::uint32_t board : order) {
        for (std::uint32_t type = 0; type < none; ++type) take(board, type);
    }
    return types;
}

/// The boards that hold most keep their shards and their order, as far as there are boards; the others' go to where most of their
/// data are.
Placement without_emptiest_boards(const ShardGraph& graph, const BoardSpace& space, Placement placement, std::size_t boards) {
    std::vector<Resources> used(placement.boards);
    for (std::uint32_t s = 0; s < graph.shards.size(); ++s) {
        if (!graph.shards[s].outside) used[placement.board[s]] += graph.variants_of(s)[placement.variant[s]].resources;
    }
    std::vector<std::uint32_t> fullest(placement.boards);
    std::iota(fullest.begin(), fullest.end(), 0U);
    const auto size = [&](std::uint32_t board) { return used[board].max_fraction(space.types.front().slr_capacity); };
    std::stable_sort(fullest.begin(), fullest.end(), [&](std::uint32_t a, std::uint32_t b) { return size(a) > size(b); });
    const auto types = types_within_stock(space, placement, fullest);
    std::erase_if(fullest, [&](std::uint32_t board) { return types[board] == space.types.size(); });
    boards = std::min(boards, fullest.size());
    fullest.resize(boards);
    std::sort(fullest.begin(), fullest.end());
    placement.types.clear();
    for (const std::uint32_t board : fullest) placement.types.push_back(types[board]);
    std::vector<std::uint32_t> number(placement.boards, Placement::kOutsideBoard);
    for (std::uint32_t b = 0; b < boards; ++b) number[fullest[b]] = b;

    std::vector<std::uint32_t> homeless;
    for (std::uint32_t s = 0; s < graph.shards.size(); ++s) {
        if (graph.shards[s].outside) continue;
        placement.board[s] = number[placement.board[s]];
        if (placement.board[s] == Placement::kOutsideBoard) homeless.push_back(s);
    }
    for (const std::uint32_t s : homeless) {
        std::map<std::uint32_t, std::int64_t> bits;
        for (const std::uint32_t n : graph.inputs[s]) bits[placement.board[graph.nets[n].from]] += graph.nets[n].bits;
        for (const std::uint32_t n : graph.outputs[s]) {
            for (const std::uint32_t to : graph.nets[n].consumers) {
                if (to != ShardGraph::kNone) bits[placement.board[to]] += graph.nets[n].bits;
            }
        }
        bits.erase(Placement::kOutsideBoard);
        const auto more = [](const auto& a, const auto& b) { return a.second < b.second; };
        placement.board[s] =
            bits.empty() ? static_cast<std::uint32_t>(s % boards) : std::max_element(bits.begin(), bits.end(), more)->first;
    }
    for (std::uint32_t s = 0; s < graph.shards.size(); ++s) {
        if (!graph.shards[s].outside) placement.slr[s] %= space.types[placement.types[placement.board[s]]].slrs;
    }
    placement.boards = boards;
    return placement;
}

class Squeezing {
  public:
    Squeezing(const ShardGraph& graph, const BoardSpace& space, const Placement& start, const RefinementSettings& settings,
              std::uint64_t seed)
        : graph_(graph),
          settings_(settings),
          placement_(start),
          wiring_(graph_, space, start, settings),
          generator_(seed),
          free_(space, start),
          overflow_(free_.slrs().size(), 0),
          members_(start.boards),
          count_(start.boards, 0),
          urgency_(graph.shards.size(), 0) {
        for (std::uint32_t s = 0; s < graph.shards.size(); ++s) {
            if (graph.shards[s].outside) continue;
            movable_.push_back(s);
            ++count_[start.board[s]];
            if (resources(s).max_fraction(free_.slrs().capacity(start.board[s])) >= kHeavy)
                heavy_.push_back(s), members_[start.board[s]].push_back(s);
            occupy(start.board[s], start.slr[s], resources(s), 1);
        }
    }

    std::optional<Placement> run() {
        constexpr int kPhases = 16;
        constexpr double kHottest = 3, kColdest = 0.03;   // in lanes, the unit of the cost
        constexpr double kCheapest = 10, kDearest = 1e5;  // lanes for an SLR's worth of overflow: in the end none pays
        constexpr double kHopeless = 0.01;                // of all SLRs, from half-way on
        for (int phase = 0; phase < kPhases; ++phase) {
            const double done = static_cast<double>(phase) / (kPhases - 1);
            temperature_ = kHottest * std::pow(kColdest / kHottest, done);
            overflow_price_ = kCheapest * std::pow(kDearest / kCheapest, done);
            weigh();
            for (std::int64_t m = 0; m < settings_.moves / kPhases; ++m) try_one();
            if (phase < kPhases / 2 || overflow() <= kHopeless * static_cast<double>(overflow_.size())) continue;
            hopeless_ = overflow() > 1;
            return std::nullopt;
        }
        if (overflow() > 1e-10) return std::nullopt;
        placement_.board = wiring_.boards();
        return placement_;
    }

    /// Missed by more than an SLR, so that another seed would miss as well.
    bool hopeless() const { return hopeless_; }

  private:
    /// Of an SLR: shards from here on decide what fits; most others are wires with little logic.
    static constexpr double kHeavy = 0.005;
    /// Of an SLR: what being overfull counts at least, so that in the end the least of it does not pay.
    static constexpr double kOverfull = 1e-3;

    double overflow() const { return std::accumulate(overflow_.begin(), overflow_.end(), 0.0); }

    /// A place on a board, and how the shard is built there.
    struct Spot {
        int slr = 0;
        std::uint32_t variant = 0;
        double cost = 0;
    };

    const Resources& resources(std::uint32_t shard) const { return placement_.resources(graph_, shard); }

    void occupy(std::uint32_t board, int slr, const Resources& amount, int sign) {
        Resources& free = free_.at(board, slr);
        free -= amount * sign;
        overflow_[free_.slrs().number(board, slr)] = overflow_of(free, free_.slrs().capacity(board));
    }

    static double overflow_of(const Resources& free, const Resources& capacity) {
        const auto left = free.values(), of = capacity.values();
        double sum = 0;
        for (std::size_t r = 0; r < left.size(); ++r) {
            if (left[r] < 0) sum += kOverfull + (of[r] > 0 ? -left[r] / of[r] : 1e6);
        }
        return sum;
    }

    /// Hops and cycles count on the paths that set the latency now.
    void weigh() {
        placement_.board = wiring_.boards();
        for (std::uint32_t s = 0; s < graph_.shards.size(); ++s) graph_.shards[s].chosen = placement_.variant[s];
        const Timing timing = analyse_timing(graph_, placement_, settings_.hop);
        wiring_.weigh_hops(timing);
        std::fill(urgency_.begin(), urgency_.end(), 0);
        for (std::size_t n = 0; n < graph_.needs.size(); ++n) {
            const double cycle = Wiring::kHopCost * std::pow(timing.criticality[n], 8) / std::max(1.0, settings_.hop.hop_cycles);
            urgency_[graph_.needs[n].from] = std::max(urgency_[graph_.needs[n].from], cycle);
        }
    }

    /// Of building a shard on an SLR that it is not on.
    double cost_of(std::uint32_t shard, std::uint32_t board, int slr, std::uint32_t variant) const {
        const ShardVariant& built = graph_.variants_of(shard)[variant];
        return overflow_price_ * (overflow_of(free_.at(board, slr) - built.resources, free_.slrs().capacity(board)) -
                                  overflow_[free_.slrs().number(board, slr)]) +
               urgency_[shard] * built.cycles(graph_.shards[shard].region.tokens.size());
    }

    /// The cheapest way to have a shard on a board; the tightest of equals.
    Spot best_spot(std::uint32_t shard, std::uint32_t board) const {
        constexpr double kAlike = 1e-12;
        Spot best;
        best.cost = std::numeric_limits<double>::infinity();
        double best_left = 0;
        const auto& variants = graph_.variants_of(shard);
        for (std::uint32_t v = 0; v < variants.size(); ++v) {
            for (int slr = 0; slr < free_.slrs().count(board); ++slr) {
                const double cost = cost_of(shard, board, slr, v);
                if (cost > best.cost + kAlike) continue;
                const double left = (free_.at(board, slr) - variants[v].resources).max_fraction(free_.slrs().capacity(board));
                if (cost < best.cost - kAlike || left < best_left) best = {slr, v, cost}, best_left = left;
            }
        }
        return best;
    }

    Spot take_off(std::uint32_t shard) {
        const std::uint32_t board = wiring_.board(shard);
        const int slr = placement_.slr[shard];
        occupy(board, slr, resources(shard), -1);
        return {slr, placement_.variant[shard], cost_of(shard, board, slr, placement_.variant[shard])};
    }

    void put_on(std::uint32_t shard, const Spot& spot) {
        placement_.slr[shard] = spot.slr;
        placement_.variant[shard] = spot.variant;
        occupy(wiring_.board(shard), spot.slr, resources(shard), 1);
    }

    void try_one() {
        const bool heavy = !heavy_.empty() && draw(generator_, 4) != 0;
        const std::uint32_t shard = heavy ? heavy_[draw(generator_, heavy_.size())] : movable_[draw(generator_, movable_.size())];
        const std::uint32_t target = some_board(shard);
        if (target == Placement::kOutsideBoard) return;
        if (!heavy || (generator_() & 1) != 0 || target == wiring_.board(shard) || members_[target].empty()) {
            try_move(shard, target);
        } else {
            try_exchange(shard, members_[target][draw(generator_, members_[target].size())]);
        }
    }

    /// Where a neighbour or its neighbour is; one time in four anywhere, as room may be far away.
    std::uint32_t some_board(std::uint32_t shard) {
        if (draw(generator_, 4) == 0) return static_cast<std::uint32_t>(draw(generator_, members_.size()));
        return wiring_.board_near(shard, generator_);
    }

    /// Also on its own board, where another SLR or another way to build it may be better.
    void try_move(std::uint32_t shard, std::uint32_t target) {
        const std::uint32_t home = wiring_.board(shard);
        if (target != home && count_[home] == 1) return;  // no board is emptied: that would leave a gap in their numbers
        const Spot before = take_off(shard);
        const Spot after = best_spot(shard, target);
        const double wires = target == home ? 0 : wiring_.move(shard, target);
        if (accept(generator_, wires + after.cost - before.cost, temperature_)) {
            put_on(shard, after);
            if (target != home) change_member(shard, home, target);
        } else {
            if (target != home) wiring_.move(shard, home);
            put_on(shard, before);
        }
    }

    void try_exchange(std::uint32_t a, std::uint32_t b) {
        const std::uint32_t board_a = wiring_.board(a), board_b = wiring_.board(b);
        const Spot a_before = take_off(a), b_before = take_off(b);
        const Spot a_after = best_spot(a, board_b), b_after = best_spot(b, board_a);
        const double wires = wiring_.move(a, board_b) + wiring_.move(b, board_a);
        if (accept(generator_, wires + a_after.cost + b_after.cost - a_before.cost - b_before.cost, temperature_)) {
            put_on(a, a_after);
            put_on(b, b_after);
            change_member(a, board_a, board_b);
            change_member(b, board_b, board_a);
            return;
        }
        wiring_.move(b, board_b);
        wiring_.move(a, board_a);
        put_on(a, a_before);
        put_on(b, b_before);
    }

    void change_member(std::uint32_t shard, std::uint32_t from, std::uint32_t to) {
        --count_[from], ++count_[to];
        auto& old = members_[from];
        const auto place = std::find(old.begin(), old.end(), shard);
        if (place == old.end()) return;  // a light one
        *place = old.back();
        old.pop_back();
        members_[to].push_back(shard);
    }

    ShardGraph graph_;  ///< a copy: the timing follows how shards are built
    const RefinementSettings& settings_;
    Placement placement_;  ///< its boards are those of the wiring's last phase
    Wiring wiring_;
    std::mt19937_64 generator_;
    FreeRoom free_;                                    ///< below 0 where it is overfull
    std::vector<double> overflow_;                     ///< by SLR: in SLRs, summed over the resources
    std::vector<std::vector<std::uint32_t>> members_;  ///< heavy shards of each board
    std::vector<std::size_t> count_;                   ///< all shards of each board
    std::vector<std::uint32_t> movable_, heavy_;
    std::vector<double> urgency_;  ///< by shard: lanes that a cycle less is worth
    double temperature_ = 1;
    double overflow_price_ = 1;
    bool hopeless_ = false;
};

}  // namespace

std::optional<Placement> relieve(const ShardGraph& graph, const BoardSpace& space, const Placement& placement,
                                 const RefinementSettings& settings) {
    return Squeezing(graph, space, placement, settings, settings.seed).run();
}

std::optional<Placement> squeeze(const ShardGraph& graph, const BoardSpace& space, const Placement& placement, std::size_t boards,
                                 const RefinementSettings& settings, int tries) {
    if (boards < 1 || boards > placement.boards) return std::nullopt;
    const Placement start = without_emptiest_boards(graph, space, placement, boards);
    for (int n = 0; n < tries; ++n) {
        Squeezing squeezing(graph, space, start, settings, settings.seed + static_cast<std::uint64_t>(n));
        auto squeezed = squeezing.run();
        if (squeezed || squeezing.hopeless()) return squeezed;
    }
    return std::nullopt;
}

}  // namespace tessera::partition
