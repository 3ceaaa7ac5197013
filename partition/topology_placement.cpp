#include "partition/topology_placement.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "partition/cable_loads.h"
#include "partition/layout.h"
#include "partition/random.h"

namespace tessera::partition {

namespace {

/// Traffic between the boards of the mapping, both directions together, seen from each of the two.
struct Traffic {
    struct Partner {
        std::uint32_t board;
        std::int64_t kilobits;  ///< rounded up
    };
    std::vector<std::vector<Partner>> of_board;

    explicit Traffic(const Mapping& mapping) : of_board(mapping.boards.size()) {
        std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> both_ways;
        for (const auto& [ends, bits] : bits_between_boards(mapping)) both_ways[std::minmax(ends.first, ends.second)] += bits;
        for (const auto& [ends, sum] : both_ways) {
            of_board[ends.first].push_back({ends.second, sum / 1024 + 1});
            of_board[ends.second].push_back({ends.first, sum / 1024 + 1});
        }
    }
};

std::int64_t links_between(const topologies::RoutingTable& routes, std::uint32_t a, std::uint32_t b) {
    const int hops = routes.hops(id_at<BoardId>(a), id_at<BoardId>(b));
    return hops < 0 ? 1000 : hops;
}

/// What boards get from the outside and send there, where the topology binds that to boards; and the links from there to every place.
struct OutsideTraffic {
    std::vector<std::int64_t> in_kilobits, out_kilobits;  ///< by board
    std::vector<std::int64_t> links_in, links_out;        ///< by place; 0 where any board will do

    OutsideTraffic(const Mapping& mapping, const topologies::Topology& topology, const topologies::RoutingTable& routes)
        : in_kilobits(mapping.boards.size(), 0),
          out_kilobits(mapping.boards.size(), 0),
          links_in(topology.compute_boards, 0),
          links_out(topology.compute_boards, 0) {
        for (const Transfer& transfer : mapping.transfers) {
            const BoardId from = source_board(mapping, transfer);
            if (from == kOutside && transfer.to != kOutside) in_kilobits[index(transfer.to)] += transfer.bits / 1024 + 1;
            if (from != kOutside && transfer.to == kOutside) out_kilobits[index(from)] += transfer.bits / 1024 + 1;
        }
        const auto& roles = topology.roles;
        for (std::uint32_t place = 0; place < topology.compute_boards; ++place) {
            if (roles.decision_at) links_out[place] = links_between(routes, place, static_cast<std::uint32_t>(index(*roles.decision_at)));
            for (std::size_t b = 0; b < roles.inputs_at.size(); ++b) {
                const auto links = links_between(routes, static_cast<std::uint32_t>(index(roles.inputs_at[b])), place);
                links_in[place] = b == 0 ? links : std::min(links_in[place], links);
            }
        }
    }

    std::int64_t cost(std::uint32_t board, std::uint32_t place) const {
        return in_kilobits[board] * links_in[place] + out_kilobits[board] * links_out[place];
    }
};

/// Places that work, by the type of the board there.
std::vector<std::vector<std::uint32_t>> places_by_type(const Mapping& mapping, const topologies::Topology& topology) {
    std::vector<std::vector<std::uint32_t>> places(mapping.board_types.size());
    for (const std::uint32_t place : topology.working_boards()) places[topology.type_at(place)].push_back(place);
    return places;
}

class Annealing {
  public:
    Annealing(const Mapping& mapping, const topologies::Topology& topology, const topologies::RoutingTable& routes, std::uint64_t seed,
              const std::vector<std::uint32_t>& before)
        : traffic_(mapping),
          outside_(mapping, topology, routes),
          routes_(routes),
          generator_(seed),
          nodes_(places_by_type(mapping, topology)),
          types_(mapping.boards),
          heat_(before.empty() ? 0.3 : 0.03) {
        constexpr std::size_t kFewBoards = 100;  // more take long
        place_.resize(mapping.boards.size());
        occupant_.assign(topology.compute_boards, kNobody);
        std::vector<std::size_t> next(nodes_.size(), 0);
        for (std::uint32_t b = 0; b < place_.size(); ++b) {
            place_[b] = before.empty() ? nodes_[types_[b]][next[types_[b]]++] : before[b];
            occupant_[place_[b]] = b;
        }
        if (place_.size() > kFewBoards) return;
        loads_.emplace(mapping, topology, routes);
        loads_->put_on_all(place_);
    }

    std::vector<std::uint32_t> run() {
        if (place_.size() < 2) return place_;
        const std::size_t moves = std::min<std::size_t>(400 * place_.size(), 200000);
        double temperature = starting_temperature();
        const double cooling = std::pow(1e-3, 1.0 / static_cast<double>(moves));
        for (std::size_t m = 0; m < moves; ++m, temperature *= cooling) {
            const auto a = static_cast<std::uint32_t>(draw(generator_, place_.size()));
            const auto& nodes = nodes_[types_[a]];
            const std::uint32_t node = nodes[draw(generator_, nodes.size())];
            if (node != place_[a]) try_exchange(a, node, temperature);
        }
        return place_;
    }

  private:
    static constexpr std::uint32_t kNobody = CableLoads::kNobody;
    static constexpr double kLinksOfExcess = 4;  ///< that what is too much for a cable costs as if it crossed so many more

    std::int64_t cost(std::uint32_t board) const {
        std::int64_t sum = outside_.cost(board, place_[board]);
        for (const auto& partner : traffic_.of_board[board])
            sum += partner.kilobits * links_between(routes_, place_[board], place_[partner.board]);
        return sum;
    }

    double starting_temperature() const {
        std::int64_t sum = 0;
        for (std::uint32_t b = 0; b < place_.size(); ++b) sum += cost(b);
        return heat_ * static_cast<double>(sum) / static_cast<double>(place_.size()) + 1;
    }

    void exchange(std::uint32_t a, std::uint32_t node) {
        const std::uint32_t other = occupant_[node];
        if (loads_) {
            loads_->take_off(a, place_);
            if (other != kNobody) loads_->take_off(other, place_, a);
        }
        occupant_[place_[a]] = other;
        if (other != kNobody) place_[other] = place_[a];
        occupant_[node] = a;
        place_[a] = node;
        if (loads_) {
            loads_->put_on(a, place_);
            if (other != kNobody) loads_->put_on(other, place_, a);
        }
    }

    double excess() const { return loads_ ? kLinksOfExcess * loads_->excess_kilobits() : 0; }

    void try_exchange(std::uint32_t a, std::uint32_t node, double temperature) {
        const std::uint32_t other = occupant_[node], home = place_[a];
        const auto both = [&] { return cost(a) + (other == kNobody ? 0 : cost(other)); };  // what they share counts twice, before and after
        const std::int64_t before = both();
        const double excess_before = excess();
        exchange(a, node);
        const double worse = static_cast<double>(both() - before) + excess() - excess_before;
        if (!accept(generator_, worse, temperature)) exchange(a, home);
    }

    Traffic traffic_;
    OutsideTraffic outside_;
    const topologies::RoutingTable& routes_;
    std::mt19937_64 generator_;
    std::vector<std::vector<std::uint32_t>> nodes_;  ///< that a board may be at, by its type
    std::vector<std::uint32_t> types_;               ///< by board
    double heat_;                                    ///< of the start, in the mean cost of a board
    std::optional<CableLoads> loads_;                ///< none of many boards
    std::vector<std::uint32_t> place_, occupant_;
};

}  // namespace

std::vector<std::uint32_t> place_on_topology(const Mapping& mapping, const topologies::Topology& topology,
                                             const topologies::RoutingTable& routes, std::uint64_t seed,
                                             const std::vector<std::uint32_t>& before) {
    return Annealing(mapping, topology, routes, seed, before).run();
}

std::vector<std::uint32_t> place_beside(const Mapping& mapping, const topologies::Topology& topology,
                                        const topologies::RoutingTable& routes, std::vector<std::uint32_t> places) {
    const Traffic traffic(mapping);
    const OutsideTraffic outside(mapping, topology, routes);
    const auto working = places_by_type(mapping, topology);
    std::vector<bool> taken(topology.compute_boards, false);
    for (const std::uint32_t place : places) {
        if (place != kNoPlace) taken[place] = true;
    }
    for (std::size_t board = 0; board < places.size(); ++board) {
        if (places[board] != kNoPlace) continue;
        std::int64_t least = std::numeric_limits<std::int64_t>::max();
        for (const std::uint32_t place : working[mapping.boards[board]]) {
            if (taken[place]) continue;
            std::int64_t cost = outside.cost(static_cast<std::uint32_t>(board), place);
            for (const auto& partner : traffic.of_board[board]) {
                if (places[partner.board] != kNoPlace && partner.board != board)
                    cost += partner.kilobits * links_between(routes, place, places[partner.board]);
            }
            if (cost < least) least = cost, places[board] = place;
        }
        taken[places[board]] = true;
    }
    return places;
}

}  // namespace tessera::partition
