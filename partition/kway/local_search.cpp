#include "partition/kway/local_search.h"

#include <algorithm>
#include <queue>
#include <tuple>

#include "partition/random.h"

namespace tessera::partition::kway {

void rebalance(Partitioned& partition, const std::vector<Weight>& most) {
    const Hypergraph& graph = partition.graph();
    const auto overweight = [&](Block block) { return partition.block_weight(block) > most[block]; };
    const auto fits = [&](Block block, Weight weight) { return weight <= most[block]; };
    using Entry = std::pair<Weight, Vertex>;  // loss, vertex
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> cheapest;
    for (Vertex vertex = 0; vertex < graph.vertices(); ++vertex) {
        if (!overweight(partition.block(vertex))) continue;
        const auto move = partition.best_move(vertex, fits);
        cheapest.emplace(move.found ? -move.gain : graph.total_weight(), vertex);
    }
    while (!cheapest.empty()) {
        const Vertex vertex = cheapest.top().second;
        cheapest.pop();
        if (!overweight(partition.block(vertex))) continue;
        auto move = partition.best_move(vertex, fits);
        for (Block block = 0; !move.found && block < partition.blocks(); ++block) {
            if (fits(block, partition.block_weight(block) + graph.weight(vertex))) move = {block, 0, true};
        }
        if (move.found) partition.move(vertex, move.to);
    }
}

namespace {

class LocalSearch {
  public:
    LocalSearch(Partitioned& partition, const std::vector<Weight>& most, std::mt19937_64& generator)
        : partition_(partition), graph_(partition.graph()), most_(most), generator_(generator), state_(graph_.vertices()) {}

    /// One round: the boundary vertices start searches, a few each, and every vertex moves at most once.
    Weight round() {
        ++round_;
        std::vector<Vertex> seeds;
        for (Vertex vertex = 0; vertex < graph_.vertices(); ++vertex) {
            if (partition_.is_boundary(vertex)) seeds.push_back(vertex);
        }
        for (std::size_t i = seeds.size(); i > 1; --i) std::swap(seeds[i - 1], seeds[draw(generator_, i)]);
        Weight gained = 0;
        // Few boundary vertices each get a search of their own; of many, several share one.
        const std::size_t together = std::clamp<std::size_t>(seeds.size() / 100, 1, 20);
        for (std::size_t first = 0; first < seeds.size(); first += together) {
            const std::size_t last = std::min(first + together, seeds.size());
            gained += search_from({seeds.data() + first, seeds.data() + last});
        }
        return gained;
    }

  private:
    struct State {
        std::uint32_t moved_in = 0;  ///< round
        std::uint32_t entry = 0;     ///< the latest in the queue; others are stale
        Block to = 0;                ///< of that entry
        bool near = false;           ///< in near_
    };
    using Entry = std::tuple<Weight, std::uint64_t, Vertex, std::uint32_t>;  // gain, tie-break, vertex, entry

    auto fits() const {
        return [this](Block block, Weight weight) { return weight <= most_[block]; };
    }

    void offer(Vertex vertex) {
        const auto move = partition_.best_move(vertex, fits());
        ++state_[vertex].entry;
        state_[vertex].to = move.to;
        if (move.found) queue_.emplace(move.gain, generator_() >> 40, vertex, state_[vertex].entry);
    }

    /// The moves of a search since its best state.
    struct Outlook {
        double moves = 0, sum = 0, squares = 0;  ///< of gains

        void add(double gain) { ++moves, sum += gain, squares += gain * gain; }
        /// A walk with these steps is not likely to climb back (Osipov, Sanders, n-Level Graph
        /// Partitioning, ESA 2010, section 4); on a plateau it may go on for a while.
        bool hopeless() const {
            constexpr double kMostMoves = 50, kPatience = 14;
            if (moves < 2) return false;
            const double mean = sum / moves, variance = squares / moves - mean * mean;
            return moves > kMostMoves || (mean < 0 && moves * mean * mean > variance + kPatience);
        }
    };

    Weight search_from(std::span<const Vertex> seeds) {
        queue_ = {};
        trail_.clear();
        for (const Vertex seed : seeds) {
            if (state_[seed].moved_in != round_) offer(seed);
        }
        Weight gained = 0, best = 0;
        std::size_t kept = 0;
        Outlook outlook;
        while (!queue_.empty() && !outlook.hopeless()) {
            const auto [gain, tie, vertex, entry] = queue_.top();
            queue_.pop();
            if (state_[vertex].moved_in == round_ || entry != state_[vertex].entry) continue;
            // Whatever moved beside it has offered it again, so only the room may have changed.
            const Block to = state_[vertex].to;
            if (!fits()(to, partition_.block_weight(to) + graph_.weight(vertex))) {
                offer(vertex);
                continue;
            }
            const Block home = partition_.block(vertex);
            trail_.emplace_back(vertex, home);
            partition_.move(vertex, to);
            state_[vertex].moved_in = round_;
            gained += gain;
            outlook.add(static_cast<double>(gain));
            if (gained > best) best = gained, kept = trail_.size(), outlook = {};
            follow(vertex, home);
        }
        while (trail_.size() > kept) {
            const auto [vertex, home] = trail_.back();
            partition_.move(vertex, home);
            state_[vertex].moved_in = 0;
            trail_.pop_back();
        }
        return best;
    }

    /// Offers the neighbours again for whom the move may have changed something.
    void follow(Vertex vertex, Block from) {
        near_.clear();
        const auto note = [&](Vertex pin) {
            State& state = state_[pin];
            if (state.moved_in == round_ || state.near) return;
            state.near = true;
            near_.push_back(pin);
        };
        for (const auto& each : graph_.nets_of(vertex)) {
            if (each.other_end != Hypergraph::kNoVertex) {
                note(each.other_end);
            } else if (partition_.may_change_gains(each.net, from, partition_.block(vertex))) {
                for (const Vertex pin : graph_.pins(each.net)) note(pin);
            }
        }
        for (const Vertex pin : near_) {
            state_[pin].near = false;
            offer(pin);
        }
    }

    Partitioned& partition_;
    const Hypergraph& graph_;
    const std::vector<Weight>& most_;
    std::mt19937_64& generator_;
    std::vector<State> state_;
    std::priority_queue<Entry> queue_;
    std::vector<std::pair<Vertex, Block>> trail_;  ///< vertices moved, with the block that each left
    std::vector<Vertex> near_;
    std::uint32_t round_ = 0;
};

}  // namespace

void search_locally(Partitioned& partition, const std::vector<Weight>& most, std::mt19937_64& generator) {
    constexpr int kMostRounds = 5;
    constexpr double kWorthAnother = 5e-3;  // of the connectivity
    LocalSearch search(partition, most, generator);
    Weight connectivity = partition.connectivity();
    for (int round = 0; round < kMostRounds; ++round) {
        const Weight gained = search.round();
        if (static_cast<double>(gained) <= kWorthAnother * static_cast<double>(connectivity)) break;
        connectivity -= gained;
    }
}

}  // namespace tessera::partition::kway
