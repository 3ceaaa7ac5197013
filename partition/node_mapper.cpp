#include "partition/node_mapper.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "partition/baselines.h"
#include "partition/board_mix.h"
#include "partition/detours.h"
#include "partition/entrances.h"
#include "partition/kept_places.h"
#include "partition/layout.h"
#include "partition/node_failures.h"
#include "partition/node_terms.h"
#include "partition/patch_panel.h"
#include "partition/placement.h"
#include "partition/quicken.h"
#include "partition/refinement.h"
#include "partition/reuse.h"
#include "partition/routing.h"
#include "partition/schedule.h"
#include "partition/sharding.h"
#include "partition/squeeze.h"
#include "partition/topology_placement.h"

namespace tessera::partition {

namespace {

constexpr std::int64_t kMovesPerShard = 100;
constexpr std::int64_t kMostMoves = 1000000;
/// Fewer boards take more patience, and more of their ports.
constexpr std::int64_t kSqueezeMoves = 8;
constexpr std::int64_t kLeastSqueezeMoves = 50000, kMostSqueezeMoves = 2000000;
constexpr double kSqueezePorts = 0.9;
/// Of a board, that refinement may fill before they cost.
constexpr double kRefinedPorts = 0.8;
/// Of a board: what is larger finds no room on its dies.
constexpr double kLargestColumn = 0.95;
/// Times what is there: finer rounding or other ways to build shards make up for that; what misses by more needs another layout.
constexpr double kNear = 1.5;
/// On cables, whose loads finer chunks make much larger: what shards move by, and layouts are given up.
constexpr int kCoarseChunks = 8;
/// What it costs a shard to leave its board of an earlier mapping: less, as more does not do.
constexpr std::array kStayLanes{5.0, 0.5, 0.05};

class NodeMapper {
  public:
    NodeMapper(const MappingProblem& problem, const std::vector<models::Flow>& flows, const NodePlan& plan, const NodeLimits& limits,
               const MapperOptions& options)
        : problem_(problem),
          plan_(plan),
          options_(options),
          limits_(limits),
          terms_(node_terms(problem, flows, plan, limits.most_boards)) {}

    std::variant<std::vector<Mapping>, NodeFailure> run() {
        const auto grids = cut_operators(problem_, plan_, terms_, limits_.kind.fine);
        return place(make_shard_graph(terms_.context, plan_.options, plan_.choice.chosen, grids));
    }

    std::variant<Mapping, NodeFailure> run_again(const Mapping& earlier) {
        auto [graph, before] = as_it_was(earlier);
        if (auto mapping = run_in_place(graph, before, earlier)) return *std::move(mapping);
        NodeFailure failure = too_many_boards(plan_, problem_.boards, before.boards, terms_.most_boards);
        for (const double stay_lanes : kStayLanes) {
            auto placement = fitted(graph, before, stay_lanes, terms_.most_boards);
            if (!placement) continue;
            build_as(graph, *placement);
            auto result = connect(graph, *placement, {});
            if (std::holds_alternative<NodeFailure>(result)) result = connect_placed(graph, *placement, kRefinedPorts);
            if (std::holds_alternative<Mapping>(result)) return result;
            failure = std::get<NodeFailure>(std::move(result));
        }
        return failure;
    }

    /// An earlier mapping without its detours; nothing where it cannot be laid out as it was.
    std::optional<Mapping> run_shorter(const Mapping& earlier) {
        auto [graph, placement] = as_it_was(earlier);
        auto shorter = shortened(graph, {std::move(placement), earlier});
        return shorter ? std::optional(std::move(shorter->mapping)) : std::nullopt;
    }

  private:
    /// A layout without its detours, on the same boards at the same places; nothing where it is not laid out again as it was.
    std::optional<LaidOut> shortened(ShardGraph& graph, const LaidOut& layout) const {
        // Of all layouts together; routes take longer than fibres.
        constexpr std::int64_t kTriedShards = 150'000, kTriedOnCables = 10'000;
        std::optional<KeptPlaces> kept;
        if (!terms_.patch_panel) {
            auto stands = standing(layout.mapping, topologies::room_for_boards(problem_.topology),
                                   [this](std::size_t boards) { return topology_of(problem_, plan_, boards); });
            if (!stands) return std::nullopt;
            kept = KeptPlaces{std::move(stands->topology), std::move(stands->places), 0, 0};
        }
        const LayOut lay_out = [&](const Placement& moved) -> std::optional<LaidOut> {
            if (stopped()) return std::nullopt;
            build_as(graph, moved);
            Placement ordered = moved;
            order_slrs(graph, terms_.space, analyse_timing(graph, ordered, hop_timing(problem_)), ordered);
            auto result = kept ? connect(graph, ordered, kept->places, &*kept) : connect(graph, ordered, {});
            auto* mapping = std::get_if<Mapping>(&result);
            if (mapping == nullptr) return std::nullopt;
            return LaidOut{std::move(ordered), std::move(*mapping)};
        };
        auto first = lay_out(layout.placement);
        if (!first) return std::nullopt;
        const auto shards = std::max<std::int64_t>(1, static_cast<std::int64_t>(graph.shards.size()));
        const auto tries = static_cast<int>((kept ? kTriedOnCables : kTriedShards) / shards);
        return without_detours(graph, terms_.space, hop_timing(problem_), *std::move(first), lay_out, tries);
    }

    /// The shards of an earlier mapping and where they are.
    std::pair<ShardGraph, Placement> as_it_was(const Mapping& earlier) {
        terms_.context.about_the_same = std::numeric_limits<double>::infinity();  // whatever was worth it then
        const auto grids = earlier_grids(*problem_.network, earlier, cut_operators(problem_, plan_, terms_));
        ShardGraph graph = make_shard_graph(terms_.context, plan_.options, plan_.choice.chosen, grids);
        auto placement = earlier_placement(graph, *problem_.network, terms_.space, earlier, static_cast<std::size_t>(terms_.most_boards));
        return {std::move(graph), std::move(placement)};
    }

    /// Boards that stand on a fixed topology, where shards may leave them at a price.
    struct KeptPlaces {
        topologies::Topology topology;
        std::vector<std::uint32_t> places;  ///< by board; kNoPlace: any that is free
        double stay_lanes = 0;
        double quick_enough_ns = 0;  ///< a layout that takes longer does not do
    };

    /// The earlier mapping on the fixed topology that it stands on, or a larger one where its boards find no place in that: each board
    /// that is still there keeps its place. Nothing where this does not do.
    std::optional<Mapping> run_in_place(ShardGraph& graph, const Placement& before, const Mapping& earlier) const {
        if (terms_.patch_panel) return std::nullopt;
        auto stands = standing(earlier, topologies::room_for_boards(problem_.topology),
                               [this](std::size_t boards) { return topology_of(problem_, plan_, boards); });
        if (!stands) return std::nullopt;
        const double quick_enough_ns = std::max(problem_.latency_budget_ns, earlier.analytic_latency_ns());
        const int most = terms_.most_boards - (stands->switches > 0 ? 1 : 0);
        KeptPlaces kept{std::move(stands->topology), std::move(stands->places), 0, quick_enough_ns};
        const auto working = kept.topology.working_boards();
        for (std::uint32_t& place : kept.places) {
            if (!std::binary_search(working.begin(), working.end(), place)) place = kNoPlace;
        }
        std::optional<Mapping> found;
        if (before.boards <= kept.topology.compute_boards) found = run_on(graph, before, kept, most);
        if (found || before.boards <= working.size() || before.boards > terms_.room_for_boards) return found;
        kept.topology = make_topology(before);
        return run_on(graph, before, kept, most);
    }

    /// @param kept by board of the earlier placement
    std::optional<Mapping> run_on(ShardGraph& graph, const Placement& before, const KeptPlaces& kept, int most) const {
        most = std::min(most, static_cast<int>(kept.topology.working_boards().size()));
        for (const double stay_lanes : kStayLanes) {
            while (most >= plan_.least_boards()) {
                const auto placement = fitted(graph, before, stay_lanes, most);
                if (!placement) break;
                KeptPlaces places = kept;
                if (places_missing(kept.topology, *placement) > 0) break;
                places.places = places_after(before, kept.places, *placement), places.stay_lanes = stay_lanes;
                for (std::size_t b = 0; b < placement->boards; ++b) {
                    std::uint32_t& place = places.places[b];
                    if (place != kNoPlace && kept.topology.type_at(place) != placement->type_of(b)) place = kNoPlace;
                }
                auto result = connect_in_place(graph, *placement, places);
                if (in_place(result, kept.quick_enough_ns)) return std::get<Mapping>(std::move(result));
                const auto* failure = std::get_if<NodeFailure>(&result);
                if (failure == nullptr || failure->constraint != kBoardCount) break;
                // With those that only forward there are too many; fewer that compute may also do with fewer of them.
                const auto over = static_cast<int>(failure->needed - failure->available) / plan_.tmux_period_bx;
                most = std::min(most, static_cast<int>(placement->boards)) - std::max(1, over / 2);
            }
        }
        return std::nullopt;
    }

    static bool in_place(const std::variant<Mapping, NodeFailure>& result, double quick_enough_ns) {
        const auto* mapping = std::get_if<Mapping>(&result);
        return mapping != nullptr && mapping->analytic_latency_ns() <= quick_enough_ns;
    }

    /// Routes anew between boards that stay; where cables do not suffice, or take too many switches or too long, shards move to load
    /// them less.
    std::variant<Mapping, NodeFailure> connect_in_place(ShardGraph& graph, const Placement& placement, const KeptPlaces& kept) const {
        build_as(graph, placement);
        const auto places = place_boards(graph, placement, &kept);
        auto result = connect(graph, placement, places, &kept);
        const auto misses = [&] { return !in_place(result, kept.quick_enough_ns); };
        constexpr std::array kEfforts{std::pair(Effort::cables, 1.0), std::pair(Effort::all, 1.0), std::pair(Effort::all, 0.6)};
        for (const auto& [effort, less] : kEfforts) {
            Placement settled = placement;
            if (misses()) result = settle_on_topology(graph, settled, less * kRefinedPorts, effort, &kept);
        }
        return result;
    }

    /// A placement within so many boards and their SLRs, at a price for every shard that leaves its board.
    std::optional<Placement> fitted(const ShardGraph& graph, const Placement& placement, double stay_lanes, int most_boards) const {
        auto settings = patient_settings(graph);
        settings.stay_lanes = stay_lanes;
        const auto most = static_cast<std::size_t>(most_boards);
        if (placement.boards > most || !within_stock(terms_.space, placement))
            return squeeze(graph, terms_.space, placement, std::min(most, placement.boards), settings, 1);
        const BoardSlrs slrs(terms_.space, placement);
        std::vector<Resources> used(slrs.room().size());
        bool fits = true;
        for (std::uint32_t s = 0; s < graph.shards.size(); ++s) {
            if (graph.shards[s].outside) continue;
            Resources& slr = used[slrs.number(placement.board[s], placement.slr[s])];
            slr += graph.variants_of(s)[placement.variant[s]].resources;
            fits = fits && slr.fits(slrs.capacity(placement.board[s]));
        }
        return fits ? placement : relieve(graph, terms_.space, placement, settings);
    }

    bool too_many(const Placement& placement) const {
        return placement.boards > static_cast<std::size_t>(terms_.most_boards) || !within_stock(terms_.space, placement);
    }

    /// Grows boards until their ports suffice: each attempt knows from the one before how many
    /// boards every net reaches, and leaves more ports free. The first layout that is quick enough is the one with the fewest
    /// boards, and is put on fewer still.
    std::variant<std::vector<Mapping>, NodeFailure> place(ShardGraph graph) const {
        constexpr int kMostFound = 3;
        // Routes take longer to find than fibres, and what misses, misses by more. A baseline has its boards to run out of.
        const bool first_kind = limits_.kind == LayoutKind{};  // others are tried beside it
        const int attempts = !ours() ? 12 : !first_kind ? 3 : terms_.patch_panel ? 8 : 6;
        const double tightening = terms_.patch_panel ? 0.88 : 0.8;
        GrowthLimits limits;
        limits.most_boards = static_cast<std::size_t>((ours() ? kWorthCounting : 1) * terms_.most_boards);
        if (limits_.kind.columns) limits.largest_column = kLargestColumn;
        constexpr double kFar = 2;  // more boards have thinner cables: what misses by so much, and by more each time, never fits
        double refined_ports = kRefinedPorts, missed_by = std::numeric_limits<double>::infinity();
        std::size_t boards_before = 0;
        int squeezes_left = first_kind ? attempts : 1;  // they take long
        std::vector<Mapping> found;
        std::optional<NodeFailure> failure;
        for (int attempt = 0; attempt < attempts && found.size() < kMostFound; ++attempt) {
            if ((!found.empty() || failure) && stopped()) break;
            const auto growth = divide(graph, limits);
            if (const auto* unfit = std::get_if<UnfitShard>(&growth)) {
                if (failure || !found.empty()) break;  // it fits a full board, so that is not what binds
                const auto& op = problem_.network->operators[graph.shards[unfit->shard].op];
                return too_large(plan_, op, graph.variants_of(unfit->shard), problem_.boards);
            }
            auto placement = std::get<Placement>(growth);
            if (too_many(placement)) {
                std::optional<Placement> squeezed;
                const auto most = std::min(placement.boards, static_cast<std::size_t>(terms_.most_boards));
                if (limits_.squeeze && squeezes_left-- > 0) squeezed = squeezed_to(graph, placement, most);
                if (!squeezed) {
                    if (!failure) failure = too_many_boards(plan_, problem_.boards, placement.boards, terms_.most_boards);
                    break;
                }
                placement = *squeezed;
            }
            build_as(graph, placement);
            auto result = connect_placed(graph, placement, refined_ports);
            if (auto* mapping = std::get_if<Mapping>(&result)) {
                found.push_back(std::move(*mapping));
                if (quick_enough(found.back())) {
                    if (ours()) put_under_fewer_switches(graph, placement, refined_ports, found);
                    if (ours()) put_on_fewer_boards(graph, placement, refined_ports, found);
                    return found;
                }
            } else {
                auto& next = std::get<NodeFailure>(result);
                const double misses_by = next.needed / next.available;
                const bool hopeless = !terms_.patch_panel && misses_by > kFar && misses_by >= missed_by && placement.boards > boards_before;
                missed_by = misses_by, boards_before = placement.boards;
                if (!failure || next.needed * failure->available < failure->needed * next.available) failure = std::move(next);
                if (hopeless) break;
            }
            limits.fanout = net_fanout(graph, placement);
            if (ours()) {
                limits.ports *= tightening;
            } else {  // it knows no ports: it gets emptier boards, by as much as they miss
                const auto* missed = std::get_if<NodeFailure>(&result);
                limits.fill *= missed == nullptr ? tightening : std::clamp(missed->available / missed->needed, 0.5, tightening);
            }
            refined_ports *= 0.94;
        }
        if (!found.empty()) return found;
        return *failure;
    }

    /// Refines a placement, a baseline's only where that is asked for, and joins its boards.
    std::variant<Mapping, NodeFailure> connect_placed(ShardGraph& graph, Placement& placement, double ports) const {
        const bool refines = ours() || options_.refine_baseline;
        if (refines) {
            placement = refined(graph, placement, refinement_settings(graph, ports));
            build_as(graph, placement);
        } else {
            order_slrs(graph, terms_.space, analyse_timing(graph, placement, hop_timing(problem_)), placement);
        }
        if (terms_.patch_panel) return connect(graph, placement, {});
        if (!refines) return connect(graph, placement, place_boards(graph, placement));
        const auto missed_by = [](const std::variant<Mapping, NodeFailure>& result) {
            const auto* failure = std::get_if<NodeFailure>(&result);
            return failure == nullptr ? 0 : failure->needed / failure->available;
        };
        Placement settled = placement;
        auto result = settle_on_topology(graph, settled, ports, Effort::hops);
        if (missed_by(result) > 0) result = settle_on_topology(graph, settled = placement, ports, Effort::cables);
        if (missed_by(result) > 0 && missed_by(result) < kNear) result = settle_on_topology(graph, settled = placement, ports, Effort::all);
        placement = std::move(settled);
        return result;
    }

    /// What loads its cables less may do with fewer switches, which are boards as well.
    void put_under_fewer_switches(ShardGraph& graph, const Placement& placement, double ports, std::vector<Mapping>& found) const {
        if (terms_.patch_panel) return;
        const auto topology = make_topology(placement);
        if (topologies::twin_switches(topology) > 0) {
            put_under_fewer_twins(graph, placement, ports, topology, found);
        } else {
            constexpr std::array kLess{0.7, 0.5, 0.35};
            for (const double less : kLess) {
                if (found.back().boards.size() == placement.boards || stopped()) break;
                Placement trial = placement;
                auto result = settle_on_topology(graph, trial, less * ports, Effort::all);
                auto* mapping = std::get_if<Mapping>(&result);
                if (mapping == nullptr || !quick_enough(*mapping)) continue;
                if (mapping->boards.size() < found.back().boards.size()) found.push_back(std::move(*mapping));
            }
        }
        build_as(graph, placement);
    }

    /// The same where any number of the switches join all boards: one by one they lose their cables, and shards move to suit the rest.
    void put_under_fewer_twins(ShardGraph& graph, const Placement& placement, double ports, const topologies::Topology& topology,
                               std::vector<Mapping>& found) const {
        const auto switches = [&](const Mapping& mapping) {
            return static_cast<std::size_t>(std::count_if(mapping.positions.begin(), mapping.positions.end(),
                                                          [&](std::uint32_t place) { return place >= topology.compute_boards; }));
        };
        Placement latest = placement;
        while (switches(found.back()) > 1 && !stopped()) {
            const std::vector<std::uint32_t> any_place(placement.boards, kNoPlace);
            const auto fewer = topologies::under_switches(topology, switches(found.back()) - 1);
            const KeptPlaces below{fewer, any_place, 0, limits_.quick_enough_ns};
            Placement trial = latest;
            auto result = settle_on_topology(graph, trial, ports, Effort::cables, &below);
            if (!in_place(result, below.quick_enough_ns)) result = settle_on_topology(graph, trial = latest, ports, Effort::all, &below);
            if (!in_place(result, below.quick_enough_ns)) break;
            if (std::get<Mapping>(result).boards.size() >= found.back().boards.size()) break;  // another board forwards instead
            found.push_back(std::get<Mapping>(std::move(result)));
            latest = std::move(trial);
        }
    }

    /// Squeezes a placement that is quick enough onto fewer boards, as far as ports, links and time allow: bisection between
    /// what the resources ask for and what is known to do.
    void put_on_fewer_boards(ShardGraph& graph, Placement placement, double ports, std::vector<Mapping>& found) const {
        std::size_t too_few = static_cast<std::size_t>(plan_.least_boards()) - 1;
        while (too_few + 1 < placement.boards && !stopped()) {
            const std::size_t boards = (too_few + placement.boards) / 2;
            auto squeezed = squeezed_to(graph, placement, boards);
            if (squeezed) {
                build_as(graph, *squeezed);
                auto result = connect_placed(graph, *squeezed, ports);
                auto* mapping = std::get_if<Mapping>(&result);
                if (mapping != nullptr && quick_enough(*mapping)) {
                    found.push_back(std::move(*mapping));
                    placement = std::move(*squeezed);
                    put_under_fewer_switches(graph, placement, ports, found);
                    continue;
                }
            }
            too_few = boards;
        }
    }

    std::optional<Placement> squeezed_to(const ShardGraph& graph, const Placement& placement, std::size_t boards) const {
        constexpr double kMostAtOnce = 1.3;  // what is further off has never worked
        const bool hopeless =
            static_cast<double>(placement.boards) > std::max(static_cast<double>(boards + 1), kMostAtOnce * static_cast<double>(boards));
        if (!ours() || hopeless || boards < static_cast<std::size_t>(plan_.least_boards())) return std::nullopt;
        constexpr int kTries = 3;
        return squeeze(graph, terms_.space, placement, boards, patient_settings(graph), kTries);
    }

    RefinementSettings patient_settings(const ShardGraph& graph) const {
        auto settings = refinement_settings(graph, kSqueezePorts);
        settings.moves = std::clamp(kSqueezeMoves * settings.moves, kLeastSqueezeMoves, kMostSqueezeMoves);
        return settings;
    }

    void build_as(ShardGraph& graph, const Placement& placement) const { partition::build_as(graph, placement, terms_); }

    /// The same in chunks that load cables little.
    void build_coarsely(ShardGraph& graph, const Placement& placement) const {
        build_as(graph, placement);
        stream(graph, placement, terms_, std::vector<int>(placement.boards, std::min(kCoarseChunks, terms_.most_sent_chunks)));
    }

    bool quick_enough(const Mapping& mapping) const { return mapping.analytic_latency_ns() <= limits_.quick_enough_ns; }

    bool stopped() const { return options_.should_stop && options_.should_stop(); }

    bool ours() const { return options_.partitioner == Partitioner::tessera; }

    std::variant<Placement, UnfitShard> divide(const ShardGraph& graph, const GrowthLimits& limits) const {
        if (ours()) return grow_boards(graph, terms_.space, limits);
        const auto topology_of = [this](std::size_t boards) { return make_topology({}, boards); };
        return divide_by_baseline(options_.partitioner, graph, terms_.space, limits, topology_of, options_.seed);
    }

    /// By static mapping they have their places, and so they may from an earlier mapping.
    std::vector<std::uint32_t> place_boards(const ShardGraph& graph, const Placement& placement, const KeptPlaces* kept = nullptr) const {
        if (kept != nullptr) {
            const Mapping mapping = lay_out(problem_, plan_.tmux_period_bx, graph, placement, kept->topology);
            return place_beside(mapping, kept->topology, topologies::RoutingTable(kept->topology), kept->places);
        }
        if (options_.partitioner == Partitioner::scotch_map) {
            const auto topology = make_topology(placement);
            std::vector<std::vector<std::uint32_t>> places(terms_.space.types.size());
            for (const std::uint32_t place : topology.working_boards()) places[topology.type_at(place)].push_back(place);
            std::vector<std::uint32_t> same;
            std::vector<std::size_t> next(places.size(), 0);
            for (std::size_t b = 0; b < placement.boards; ++b) {
                const std::uint32_t type = topology.types.empty() ? 0 : placement.type_of(b);
                same.push_back(places[type][next[type]++]);
            }
            return same;
        }
        const auto topology = make_topology(placement);
        const Mapping mapping = lay_out(problem_, plan_.tmux_period_bx, graph, placement, topology);
        return place_on_topology(mapping, topology, topologies::RoutingTable(topology), options_.seed);
    }

    /// What is done for the links of a fixed topology: shards move so that less crosses many of them; so that no cable carries too
    /// much; and they are also built in ways that make room for that.
    enum class Effort { hops, cables, all };

    /// Places the boards on a fixed topology, moves shards for its links, and joins the boards.
    std::variant<Mapping, NodeFailure> settle_on_topology(ShardGraph& graph, Placement& placement, double ports, Effort effort,
                                                          const KeptPlaces* kept = nullptr) const {
        const auto topology = kept != nullptr ? kept->topology : make_topology(placement);
        const topologies::RoutingTable table(topology);
        build_coarsely(graph, placement);
        const auto places = place_boards(graph, placement, kept);
        CableWays cables(topology, table, places);
        auto settings = refinement_settings(graph, ports);
        settings.cables = &cables, settings.cable_fill = effort == Effort::hops ? 0 : ports;
        if (kept != nullptr) settings.stay_lanes = kept->stay_lanes;
        if (effort == Effort::all) {
            auto patient = settings;
            patient.moves = patient_settings(graph).moves;
            placement = relieve(graph, terms_.space, placement, patient).value_or(placement);
            build_coarsely(graph, placement);
        }
        placement = refined(graph, placement, settings);
        build_as(graph, placement);
        return connect(graph, placement, places, kept);
    }

    Placement refined(const ShardGraph& graph, const Placement& placement, const RefinementSettings& settings) const {
        return settled(graph, refine(graph, terms_.space, placement, settings));
    }

    /// What is left to do on each board alone.
    Placement settled(const ShardGraph& graph, const Placement& placement) const {
        Placement result = quicken(graph, terms_.space, placement, hop_timing(problem_));
        order_slrs(graph, terms_.space, analyse_timing(graph, result, hop_timing(problem_)), result);
        return result;
    }

    RefinementSettings refinement_settings(const ShardGraph& graph, double ports) const {
        RefinementSettings settings;
        settings.seed = options_.seed;
        settings.moves = std::min<std::int64_t>(kMovesPerShard * static_cast<std::int64_t>(graph.shards.size()), kMostMoves);
        settings.hop = hop_timing(problem_);
        settings.ports = ports;
        return settings;
    }

    /// Joins the boards and plays the schedule. Many chunks stream sooner, but each is rounded up to whole frames: boards whose
    /// ports do not suffice, and all where links do not, get fewer.
    std::variant<Mapping, NodeFailure> connect(ShardGraph& graph, const Placement& placement, const std::vector<std::uint32_t>& places,
                                               const KeptPlaces* kept = nullptr) const {
        std::vector<int> most_sent(placement.boards, terms_.most_sent_chunks);
        for (;;) {
            stream(graph, placement, terms_, most_sent);
            auto result = connect_streams(graph, placement, places, kept);
            const auto* failure = std::get_if<NodeFailure>(&result);
            const bool fine = !terms_.patch_panel && *std::max_element(most_sent.begin(), most_sent.end()) > kCoarseChunks;
            const bool near = failure != nullptr && failure->needed <= kNear * failure->available;
            if (failure == nullptr || failure->available == 0 || !(near || fine) || !send_fewer(failure->boards, most_sent)) return result;
        }
    }

    /// Halves the chunks to and from these boards, or all where none is named; false where there is but one.
    static bool send_fewer(const std::vector<BoardId>& boards, std::vector<int>& most_sent) {
        bool any = false;
        const auto halve = [&](int& most) {
            any = any || most > 1;
            most = std::max(1, most / 2);
        };
        for (const BoardId board : boards) halve(most_sent[index(board)]);
        if (boards.empty()) std::for_each(most_sent.begin(), most_sent.end(), halve);
        return any;
    }

    /// A topology of just so many boards may leave some of them without a way to another (stages of
    /// one board); then a larger one is tried.
    std::variant<Mapping, NodeFailure> connect_streams(const ShardGraph& graph, const Placement& placement,
                                                       const std::vector<std::uint32_t>& places, const KeptPlaces* kept) const {
        constexpr int kAttempts = 4;
        const std::vector<std::uint32_t> anew;
        std::size_t boards = placement.boards;
        for (int attempt = 1;; ++attempt, boards = std::min(boards + (boards + 1) / 2, terms_.room_for_boards)) {
            const auto topology = kept != nullptr ? kept->topology : make_topology(placement, boards);
            Mapping mapping = lay_out(problem_, plan_.tmux_period_bx, graph, placement, topology);
            if (auto overfull = too_full(plan_, mapping)) return *overfull;
            const auto failure = topology.patch_panel ? plug(mapping, topology)
                                 : kept != nullptr    ? route(mapping, topology, places)
                                                      : place_and_route(mapping, topology, attempt == 1 ? places : anew);
            const bool may_grow = kept == nullptr && attempt < kAttempts && boards < terms_.room_for_boards;
            if (failure && failure->constraint == kNoWay && may_grow) continue;
            if (failure) return *failure;
            size_buffers(mapping);
            apply(expected_schedule(mapping), mapping);
            return mapping;
        }
    }

    /// With so many boards that work, and of several types with a place for each that the placement takes.
    topologies::Topology make_topology(const Placement& placement, std::size_t boards) const {
        for (std::size_t size = boards;;) {
            auto topology = topology_of(problem_, plan_, size);
            const std::size_t working = topology.working_boards().size();
            const std::size_t missing = std::max(boards - std::min(boards, working), places_missing(topology, placement));
            if (missing == 0) return topology;
            size = topology.compute_boards + missing;
        }
    }
    topologies::Topology make_topology(const Placement& placement) const { return make_topology(placement, placement.boards); }

    /// Boards of the placement for whose type a fixed topology has no more places.
    std::size_t places_missing(const topologies::Topology& topology, const Placement& placement) const {
        if (topology.types.empty()) return 0;
        std::vector<std::size_t> places(terms_.space.types.size(), 0);
        for (const std::uint32_t place : topology.working_boards()) ++places[topology.type_at(place)];
        std::size_t missing = 0;
        for (std::size_t b = 0; b < placement.boards; ++b) {
            std::size_t& left = places[placement.type_of(b)];
            left > 0 ? --left : ++missing;
        }
        return missing;
    }

    std::optional<NodeFailure> plug(Mapping& mapping, const topologies::Topology& topology) const {
        if (!topology.roles.bind_outside()) return plug_by(mapping, topology, {});
        const Mapping unplugged = mapping;
        auto failure = plug_bound(mapping, topology, false);
        if (!failure) return failure;
        mapping = unplugged;
        return plug_bound(mapping, topology, true) ? failure : std::nullopt;
    }

    std::optional<NodeFailure> plug_by(Mapping& mapping, const topologies::Topology& topology, const std::vector<BoardId>& via) const {
        const double fibre_m = topology.default_length_m > 0 ? topology.default_length_m : problem_.link.fibre_m;
        const auto latency_ticks = link_latency_ticks(mapping, problem_.link, fibre_m);
        const int frames_per_bx = problem_.link.frames_per_bx(problem_.clock);
        const auto shortage = allocate_patch_panel(mapping, frames_per_bx, fibre_m, latency_ticks, via);
        if (!shortage) return std::nullopt;
        return too_few_ports(plan_, *shortage);
    }

    /// Lanes from and to the outside are at the boards that the study names.
    std::optional<NodeFailure> plug_bound(Mapping& mapping, const topologies::Topology& topology, bool of_their_own) const {
        const std::size_t boards = mapping.boards.size();
        auto entrances = choose_entrances(mapping, topology.roles, of_their_own);
        mapping.positions = std::move(entrances.positions);
        mapping.boards.insert(mapping.boards.end(), entrances.added, mapping.boards.back());
        if (auto missing = too_many_boards(plan_, problem_, mapping, limits_.most_boards)) return missing;
        auto failure = plug_by(mapping, topology, entrances.via);
        if (failure) std::erase_if(failure->boards, [&](BoardId board) { return index(board) >= boards; });
        return failure;
    }

    std::optional<NodeFailure> place_and_route(Mapping& mapping, const topologies::Topology& topology,
                                               const std::vector<std::uint32_t>& before) const {
        const topologies::RoutingTable table(topology);
        return route(mapping, topology, place_on_topology(mapping, topology, table, options_.seed, before));
    }

    std::optional<NodeFailure> route(Mapping& mapping, const topologies::Topology& topology,
                                     const std::vector<std::uint32_t>& places) const {
        const topologies::RoutingTable table(topology);
        if (const auto overload = route_transfers(mapping, problem_, topology, table, places))
            return too_little_bandwidth(plan_, *overload);
        return too_many_boards(plan_, problem_, mapping, limits_.most_boards);
    }

    const MappingProblem& problem_;
    const NodePlan& plan_;
    const MapperOptions& options_;
    NodeLimits limits_;
    NodeTerms terms_;
};

}  // namespace

std::variant<std::vector<Mapping>, NodeFailure> map_node(const MappingProblem& problem, const std::vector<models::Flow>& flows,
                                                         const NodePlan& plan, const NodeLimits& limits, const MapperOptions& options) {
    return NodeMapper(problem, flows, plan, limits, options).run();
}

std::optional<Mapping> shorten_paths(const MappingProblem& problem, const std::vector<models::Flow>& flows, const NodePlan& plan,
                                     const Mapping& mapping, const MapperOptions& options) {
    return NodeMapper(problem, flows, plan, {static_cast<int>(mapping.boards.size()), 0}, options).run_shorter(mapping);
}

std::variant<Mapping, NodeFailure> remap_node(const MappingProblem& problem, const std::vector<models::Flow>& flows, const NodePlan& plan,
                                              const Mapping& earlier, int most_boards, const MapperOptions& options) {
    return NodeMapper(problem, flows, plan, {most_boards, 0}, options).run_again(earlier);
}

}  // namespace tessera::partition
