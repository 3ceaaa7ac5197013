#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "boards/board.h"
#include "core/json.h"
#include "core/lhc_clock.h"
#include "models/common_device.h"
#include "models/network.h"
#include "partition/mapping.h"
#include "partition/objective.h"
#include "partition/partitioner.h"
#include "topologies/link_protocol.h"

namespace tessera::partition {

/// What is to be mapped, onto what, within what.
struct MappingProblem {
    const models::Network* network = nullptr;  ///< with its precision applied
    boards::Stock boards;                      ///< operators cost on each type what they cost on `device()`
    int boards_available = 0;                  ///< of all types together, over all time nodes, switch boards included
    topologies::LinkProtocol link;
    JsonReader topology;  ///< as topologies::make_topology takes it
    LhcClock clock;
    double latency_budget_ns = 12500;
    std::vector<int> tmux_periods_bx{1, 2, 3, 6, 9, 18};  ///< to choose from
    int input_bits = 16;                                  ///< width of network inputs that no rule gives

    /// What operators cost on: what boards of all types have in common (models::common_device). Bounds hold for what is built of that.
    boards::Device device() const { return models::common_device(boards); }
};

/// No system within these limits can beat these figures, built of what its types of board have in common (proved from resource sums and the
/// critical path, not from any mapping).
struct Bounds {
    int boards = 0;                ///< over all time nodes, at the chosen TMUX period, with a switch board in each where one is needed
    std::string binding_resource;  ///< "lut", "dsp", "ports", ...: what sets `boards`
    double latency_ns = 0;         ///< compute-only critical path, at the TMUX period that allows the shortest
    double with_hops_ns = 0;       ///< at the chosen TMUX period, with the hops that boards force which are too small to go without
    double on_boards_ns = 0;       ///< the same on as many boards as the mapping takes, where tokens wait for engines
};

/// A mapping was found.
struct MappingResult {
    Mapping mapping;
    Bounds bounds;
    struct Candidate {  ///< one line per TMUX period tried
        int tmux_period_bx = 0;
        int boards = 0;  ///< 0: none found
        double latency_ns = 0;
        std::string note;  ///< why it was not chosen
    };
    std::vector<Candidate> candidates;
    std::vector<Mapping> front;  ///< of Objective::pareto: from the fewest boards to the lowest latency, whatever the budget
};

/// None exists within the limits, as far as the mapper can tell.
struct NoMapping {
    std::string constraint;  ///< what binds: "lut", "dsp", "ports", "board count", ...
    double needed = 0;       ///< in the unit that `unit` says
    double available = 0;
    std::string unit;         ///< "boards", "lanes of one board", ...
    std::string explanation;  ///< one sentence for people
    std::vector<MappingResult::Candidate> candidates;
};

/// Stage and fraction done, for a progress line.
using Progress = std::function<void(const std::string& stage, double fraction)>;

/// How a mapping is looked for.
struct MapperOptions {
    std::uint64_t seed = 1;
    Partitioner partitioner = Partitioner::tessera;
    bool refine_baseline = false;      ///< what another partitioner divides is refined as our own is
    const Mapping* earlier = nullptr;  ///< of the same or a similar network: what still holds of it is kept, if that is quick enough
    Objective objective = Objective::boards;
    int threads = 1;  ///< that look at several layouts at once; what is found does not depend on it
    Progress progress{};
    std::function<bool()> should_stop{};  ///< asked every few seconds or more often; true ends the search with the best found so far
};

/// Finds the mapping that the objective asks for, as far as a heuristic can.
///
/// Pure: same problem, seed, partitioner and objective, same bytes, on any number of threads, unless it is stopped. The result always
/// passes `check`.
std::variant<MappingResult, NoMapping> map_network(const MappingProblem& problem, const MapperOptions& options = {});

}  // namespace tessera::partition
