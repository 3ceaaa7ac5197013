#include "partition/routing.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <queue>
#include <set>
#include <tuple>

#include "partition/board_mix.h"
#include "partition/cable_links.h"
#include "partition/layout.h"
#include "partition/link_frames.h"

namespace tessera::partition {

namespace {

constexpr std::uint32_t kNone = 0xffffffffU;

/// One direction of a cable, or the free ports of a board towards or from the outside.
struct Channel {
    std::uint32_t from = 0, to = 0;  ///< positions in the topology; the outside is the last
    int lanes = 1;
    double fibre_m = 0;
    std::int64_t latency_ticks = 0;
    std::int64_t load = 0;       ///< frames of an event on all lanes together, of the transfers over it
    std::int64_t most_load = 0;  ///< that its lanes carry; less than their frames where the transfers do not fill them
    double history = 0;          ///< grows while it is overloaded
};

/// Which transfer goes where, and what that loads.
struct Routing {
    std::vector<Channel> channels;
    std::vector<std::vector<std::uint32_t>> ways;  ///< channels of each transfer
    std::vector<std::size_t> arriving;             ///< by position: transfers that get there
};

class Router {
  public:
    Router(Mapping& mapping, const MappingProblem& problem, const topologies::Topology& topology, const std::vector<std::uint32_t>& places)
        : mapping_(mapping),
          problem_(problem),
          topology_(topology),
          places_(places),
          outside_(static_cast<std::uint32_t>(topology.board_count)),
          period_frames_(std::int64_t{problem.link.frames_per_bx(problem.clock)} * mapping.tmux_period_bx),
          leaving_(topology.board_count + 1),
          closed_(topology.board_count + 1, false) {
        routing_.ways.resize(mapping.transfers.size());
        routing_.arriving.resize(topology.board_count + 1, 0);
        make_channels();
        limit(period_frames_);
    }

    std::optional<LinkOverload> run(const topologies::RoutingTable& table) {
        close_what_is_not_there();
        for (std::uint32_t t = 0; t < routing_.ways.size(); ++t) {
            route(t, 0, &table);
            if (routing_.ways[t].empty()) route(t, 0);  // all ways of the fewest links are closed
        }
        settle();
        if (auto overload = worst_overload()) return overload;
        close_forwarders();
        write();
        return std::nullopt;
    }

  private:
    /// Channels that take the place of an overloaded one, at the least.
    static constexpr std::int64_t kLengthOfDetour = 2;

    /// No compute board forwards of whose type none is left.
    void close_what_is_not_there() {
        std::vector<int> left;
        for (const auto& stock : problem_.boards) left.push_back(stock.boards / mapping_.tmux_period_bx);
        for (const std::uint32_t type : mapping_.boards) --left[type];
        const std::set<std::uint32_t> in_use(places_.begin(), places_.end());
        for (std::uint32_t p = 0; p < topology_.compute_boards; ++p) closed_[p] = !in_use.contains(p) && left[topology_.type_at(p)] <= 0;
    }

    /// Negotiates until the lanes of each channel can be shared out among its transfers; a channel where they cannot takes fewer then.
    void settle() {
        constexpr int kRounds = 12;
        constexpr double kLess = 0.97;
        for (int round = 0; round < kRounds; ++round) {
            negotiate();
            if (worst_overload()) return;
            bool shared = true;
            const auto crossing = transfers_by_channel();
            for (std::size_t c = 0; c < crossing.size(); ++c) {
                Channel& channel = routing_.channels[c];
                if (crossing[c].empty() || share_lanes(mapping_, crossing[c], channel.lanes, most_frames_).front().frames <= most_frames_)
                    continue;
                channel.most_load = static_cast<std::int64_t>(kLess * static_cast<double>(channel.load));
                shared = false;
            }
            if (shared) return;
        }
    }

    std::vector<std::vector<std::uint32_t>> transfers_by_channel() const {
        std::vector<std::vector<std::uint32_t>> crossing(routing_.channels.size());
        for (std::uint32_t t = 0; t < routing_.ways.size(); ++t) {
            for (const std::uint32_t c : routing_.ways[t]) crossing[c].push_back(t);
        }
        return crossing;
    }

    /// What lanes carry of an event.
    void limit(std::int64_t frames) {
        most_frames_ = frames;
        for (Channel& channel : routing_.channels) channel.most_load = channel.lanes * frames;
    }

    /// Routes again what crosses overloaded channels, which get dearer each time.
    void negotiate() {
        constexpr int kRounds = 120, kPatience = 6, kPatienceWhereNear = 25;
        constexpr std::int64_t kNear = 20;  // of what could be taken elsewhere, a part
        std::int64_t least = excess();
        const bool hopeless = least * kLengthOfDetour > spare() || some_end_is_overloaded();
        const auto patience = [&] { return least * kNear > spare() ? kPatience : kPatienceWhereNear; };
        for (int round = 1, unchanged = 0; !hopeless && round < kRounds && unchanged < patience(); ++round) {
            const auto again = transfers_over_budget();
            if (again.empty()) break;
            for (const std::uint32_t t : again) {
                rip_up(t);
                route(t, round);
            }
            unchanged = excess() < least ? 0 : unchanged + 1;
            least = std::min(least, excess());
        }
    }

    /// What only forwards is a board too: does without those that the others can stand in for, the least busy first. Cables keep some
    /// time idle then, as events wait for each other on those that have none.
    void close_forwarders() {
        constexpr double kMostBusy = 0.85;
        limit(static_cast<std::int64_t>(kMostBusy * static_cast<double>(period_frames_)));
        std::vector<std::pair<std::size_t, std::uint32_t>> busy;
        const std::set<std::uint32_t> in_use(places_.begin(), places_.end());
        for (std::uint32_t p = 0; p < outside_; ++p) {
            if (routing_.arriving[p] > 0 && !in_use.contains(p)) busy.emplace_back(routing_.arriving[p], p);
        }
        std::sort(busy.begin(), busy.end());
        for (const auto& [arriving, position] : busy) {
            const Routing before = routing_;
            closed_[position] = true;
            for (std::uint32_t t = 0; t < routing_.ways.size(); ++t) {
                const auto& way = routing_.ways[t];
                const auto crosses = [&, p = position](std::uint32_t c) { return routing_.channels[c].to == p; };
                if (std::none_of(way.begin(), way.end(), crosses)) continue;
                rip_up(t);
                route(t, 1);
            }
            settle();
            if (!worst_overload()) continue;
            routing_ = before;
            closed_[position] = false;
        }
    }

    void add_channel(std::uint32_t from, std::uint32_t to, int lanes, double fibre_m, std::int64_t latency_ticks) {
        leaving_[from].push_back(static_cast<std::uint32_t>(routing_.channels.size()));
        routing_.channels.push_back({from, to, lanes, fibre_m, latency_ticks});
    }

    void make_channels() {
        std::vector<int> free_ports(topology_.board_count, 0);  // detectors end at compute boards
        for (std::size_t b = 0; b < topology_.compute_boards; ++b) free_ports[b] = problem_.boards[topology_.type_at(b)].board.ports;
        for (const auto& cable : topology_.cables) {
            const double metres = cable.length_m > 0 ? cable.length_m : problem_.link.fibre_m;
            const auto a = static_cast<std::uint32_t>(index(cable.a)), b = static_cast<std::uint32_t>(index(cable.b));
            const std::int64_t latency_ticks = link_latency_ticks(mapping_, problem_.link, metres);
            add_channel(a, b, cable.lanes, metres, latency_ticks);
            add_channel(b, a, cable.lanes, metres, latency_ticks);
            free_ports[a] -= cable.lanes, free_ports[b] -= cable.lanes;
        }
        for (std::uint32_t b = 0; b < topology_.compute_boards; ++b) {
            if (free_ports[b] <= 0) continue;
            if (topology_.roles.may_enter(id_at<BoardId>(b))) add_channel(outside_, b, free_ports[b], 0, 0);
            if (topology_.roles.may_leave(id_at<BoardId>(b))) add_channel(b, outside_, free_ports[b], 0, 0);
        }
    }

    std::uint32_t position(BoardId board) const { return board == kOutside ? outside_ : places_[index(board)]; }

    std::int64_t frames(std::uint32_t transfer, int lanes) const {
        const Transfer& t = mapping_.transfers[transfer];
        return transfer_frames(t.bits, mapping_.shards[index(t.from)].chunks, lanes, mapping_.link_timing);
    }

    /// What a transfer adds to the load of a channel.
    std::int64_t load_of(std::uint32_t transfer, const Channel& channel) const {
        const Transfer& t = mapping_.transfers[transfer];
        return shared_lane_frames(t.bits, mapping_.shards[index(t.from)].chunks, channel.lanes, period_frames_, mapping_.link_timing);
    }

    /// Ticks over the channel, made dearer by its load (much where that is too much) and by its history.
    double price(const Channel& channel, std::uint32_t transfer, int round) const {
        const std::int64_t mine = frames(transfer, channel.lanes);
        const double ticks = static_cast<double>(channel.latency_ticks + mine * mapping_.link_timing.ticks_per_frame +
                                                 mapping_.switch_latency_cycles * mapping_.ticks_per_cycle());
        const double load = static_cast<double>(channel.load + load_of(transfer, channel)) / static_cast<double>(channel.most_load);
        return ticks * (1 + channel.history) * (1 + load + std::max(0.0, load - 1) * 4 * round);
    }

    /// Frames beyond what channels carry, and what the others could take.
    std::int64_t excess() const {
        std::int64_t sum = 0;
        for (const Channel& channel : routing_.channels) sum += std::max<std::int64_t>(0, channel.load - channel.most_load);
        return sum;
    }
    std::int64_t spare() const {
        std::int64_t sum = 0;
        for (const Channel& channel : routing_.channels) sum += std::max<std::int64_t>(0, channel.most_load - channel.load);
        return sum;
    }

    /// Whether some board sends or gets more than all its cables carry that are open: no other ways help it.
    bool some_end_is_overloaded() const {
        std::vector<std::int64_t> leaving(leaving_.size(), 0), arriving(leaving_.size(), 0);  // room, less what needs it
        for (const Channel& channel : routing_.channels) {
            if (closed_[channel.from] || closed_[channel.to]) continue;
            leaving[channel.from] += channel.most_load, arriving[channel.to] += channel.most_load;
        }
        for (std::uint32_t t = 0; t < routing_.ways.size(); ++t) {
            if (routing_.ways[t].empty()) continue;
            const Channel &first = routing_.channels[routing_.ways[t].front()], &last = routing_.channels[routing_.ways[t].back()];
            leaving[first.from] -= load_of(t, first), arriving[last.to] -= load_of(t, last);
        }
        const auto too_much = [](std::int64_t room) { return room < 0; };
        return std::any_of(leaving.begin(), leaving.end(), too_much) || std::any_of(arriving.begin(), arriving.end(), too_much);
    }

    /// Dijkstra's cheapest way; ties by position, so that it is the same everywhere. With a table only
    /// among the ways of the fewest links, where it knows one.
    void route(std::uint32_t transfer, int round, const topologies::RoutingTable* fewest = nullptr) {
        const std::uint32_t from = position(source_board(mapping_, mapping_.transfers[transfer]));
        const std::uint32_t to = position(mapping_.transfers[transfer].to);
        const auto links_to_go = [&](std::uint32_t node) { return fewest->hops(id_at<BoardId>(node), id_at<BoardId>(to)); };
        if (fewest && (from == outside_ || to == outside_ || links_to_go(from) < 0)) fewest = nullptr;
        std::vector<double> known(leaving_.size(), std::numeric_limits<double>::infinity());
        std::vector<std::uint32_t> arrived_by(leaving_.size(), kNone);
        using Entry = std::pair<double, std::uint32_t>;
        std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
        known[from] = 0;
        open.emplace(0.0, from);
        while (!open.empty()) {
            const auto [distance, node] = open.top();
            open.pop();
            if (distance > known[node]) continue;
            if (node == to) break;
            if (node == outside_ && from != outside_) continue;  // what has left does not come back
            for (const std::uint32_t c : leaving_[node]) {
                if (closed_[routing_.channels[c].to]) continue;
                if (fewest && (routing_.channels[c].to == outside_ || links_to_go(routing_.channels[c].to) >= links_to_go(node))) continue;
                const double next = distance + price(routing_.channels[c], transfer, round);
                if (next >= known[routing_.channels[c].to]) continue;
                known[routing_.channels[c].to] = next;
                arrived_by[routing_.channels[c].to] = c;
                open.emplace(next, routing_.channels[c].to);
            }
        }
        auto& way = routing_.ways[transfer];
        for (std::uint32_t node = to; node != from && arrived_by[node] != kNone; node = routing_.channels[arrived_by[node]].from) {
            way.push_back(arrived_by[node]);
        }
        std::reverse(way.begin(), way.end());
        for (const std::uint32_t c : way)
            routing_.channels[c].load += load_of(transfer, routing_.channels[c]), ++routing_.arriving[routing_.channels[c].to];
    }

    void rip_up(std::uint32_t transfer) {
        for (const std::uint32_t c : routing_.ways[transfer])
            routing_.channels[c].load -= load_of(transfer, routing_.channels[c]), --routing_.arriving[routing_.channels[c].to];
        routing_.ways[transfer].clear();
    }

    /// Transfers over overloaded channels, whose history grows.
    std::vector<std::uint32_t> transfers_over_budget() {
        for (Channel& channel : routing_.channels) {
            if (overload(channel) > 1) channel.history += overload(channel) - 0.9;
        }
        std::vector<std::uint32_t> found;
        for (std::uint32_t t = 0; t < routing_.ways.size(); ++t) {
            const auto over = [&](std::uint32_t c) { return overload(routing_.channels[c]) > 1; };
            if (std::any_of(routing_.ways[t].begin(), routing_.ways[t].end(), over)) found.push_back(t);
        }
        return found;
    }

    std::string name_of(std::uint32_t position) const {
        return position == outside_ ? "the outside" : fmt::format("position {}", position);
    }

    static double overload(const Channel& channel) { return static_cast<double>(channel.load) / static_cast<double>(channel.most_load); }

    std::optional<LinkOverload> worst_overload() const {
        for (std::uint32_t t = 0; t < routing_.ways.size(); ++t) {
            if (!routing_.ways[t].empty()) continue;
            const std::uint32_t from = position(source_board(mapping_, mapping_.transfers[t])), to = position(mapping_.transfers[t].to);
            return LinkOverload{fmt::format("{} to {}", name_of(from), name_of(to)), static_cast<double>(frames(t, 1)), 0};
        }
        const auto worst = std::max_element(routing_.channels.begin(), routing_.channels.end(),
                                            [](const auto& a, const auto& b) { return overload(a) < overload(b); });
        if (worst == routing_.channels.end() || overload(*worst) <= 1) return std::nullopt;
        return LinkOverload{fmt::format("{} to {}", name_of(worst->from), name_of(worst->to)),
                            overload(*worst) * static_cast<double>(period_frames_), static_cast<double>(period_frames_)};
    }

    void write() {
        std::vector<BoardId> board_at(topology_.board_count + 1, kOutside);
        for (std::size_t b = 0; b < places_.size(); ++b) board_at[places_[b]] = id_at<BoardId>(b);
        mapping_.positions.clear(), mapping_.places.clear();
        for (const auto position : places_) note_place(position);
        mapping_.links.clear();
        add_forwarders(board_at);
        std::vector<std::vector<std::uint32_t>> crossing(routing_.channels.size());
        std::vector<std::uint32_t> in_use;  // channels in the order in which transfers ask for them
        for (std::uint32_t t = 0; t < routing_.ways.size(); ++t) {
            for (const std::uint32_t c : routing_.ways[t]) {
                if (crossing[c].empty()) in_use.push_back(c);
                crossing[c].push_back(t);
            }
        }
        std::map<std::pair<std::uint32_t, std::uint32_t>, LinkId> link_of;  // by channel and transfer
        for (const std::uint32_t c : in_use) {
            const Channel& channel = routing_.channels[c];
            const BoardId from = board_at[channel.from], to = board_at[channel.to];
            for (const CableLink& link : share_lanes(mapping_, crossing[c], channel.lanes, period_frames_)) {
                for (const std::uint32_t t : link.transfers) link_of[{c, t}] = id_at<LinkId>(mapping_.links.size());
                mapping_.links.push_back({from, to, link.lanes, channel.fibre_m, channel.latency_ticks, 0});
            }
        }
        for (std::uint32_t t = 0; t < routing_.ways.size(); ++t) {
            mapping_.transfers[t].route.clear();
            for (const std::uint32_t c : routing_.ways[t]) mapping_.transfers[t].route.push_back(link_of.at({c, t}));
        }
    }

    /// Boards on the way that have no shards, in the order in which transfers come by: switches, and compute boards of the type at their
    /// place. Switches are of what these leave of the last type of which there is another, then.
    void add_forwarders(std::vector<BoardId>& board_at) {
        std::vector<std::uint32_t> positions;
        for (const auto& way : routing_.ways) {
            for (const std::uint32_t c : way) {
                for (const std::uint32_t end : {routing_.channels[c].from, routing_.channels[c].to}) {
                    if (end == outside_ || board_at[end] != kOutside) continue;
                    board_at[end] = id_at<BoardId>(mapping_.boards.size() + positions.size());
                    positions.push_back(end);
                }
            }
        }
        std::vector<int> left;
        for (const auto& stock : problem_.boards) left.push_back(stock.boards / mapping_.tmux_period_bx);
        for (const std::uint32_t type : mapping_.boards) --left[type];
        for (const std::uint32_t position : positions) left[topology_.type_at(position)] -= position < topology_.compute_boards ? 1 : 0;
        for (const std::uint32_t position : positions) {
            mapping_.boards.push_back(position < topology_.compute_boards ? topology_.type_at(position) : switch_type(left));
            note_place(position);
        }
    }

    /// The board type of the next switch.
    std::uint32_t switch_type(std::vector<int>& left) {
        std::size_t of = left.size() - 1;
        while (of > 0 && left[of] <= 0) --of;
        if (left[of] <= 0) of = left.size() - 1;
        --left[of];
        const std::string name = type_name(problem_.boards[of].board, true);
        auto& types = mapping_.board_types;
        const auto known = std::find_if(types.begin(), types.end(), [&](const BoardType& type) { return type.name == name; });
        if (known != types.end()) return static_cast<std::uint32_t>(known - types.begin());
        BoardType board = types[of];
        board.name = name;
        board.is_switch = true;
        if (topology_.switch_ports > 0) board.ports = topology_.switch_ports;
        types.push_back(board);
        return static_cast<std::uint32_t>(types.size() - 1);
    }

    /// Where the next board of the mapping stands in the topology, and in a drawing of it.
    void note_place(std::uint32_t position) {
        mapping_.positions.push_back(position);
        if (!topology_.places.empty()) mapping_.places.push_back(topology_.places[position]);
    }

    Mapping& mapping_;
    const MappingProblem& problem_;
    const topologies::Topology& topology_;
    const std::vector<std::uint32_t>& places_;
    std::uint32_t outside_;
    std::int64_t period_frames_;
    std::int64_t most_frames_ = period_frames_;        ///< that a lane may carry of an event
    std::vector<std::vector<std::uint32_t>> leaving_;  ///< channels by the position they leave
    std::vector<bool> closed_;                         ///< by position: forwarders that the others stand in for
    Routing routing_;
};

}  // namespace

std::optional<LinkOverload> route_transfers(Mapping& mapping, const MappingProblem& problem, const topologies::Topology& topology,
                                            const topologies::RoutingTable& table, const std::vector<std::uint32_t>& places) {
    return Router(mapping, problem, topology, places).run(table);
}

}  // namespace tessera::partition
