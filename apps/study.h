#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/published.h"
#include "boards/board.h"
#include "core/json.h"
#include "core/lhc_clock.h"
#include "models/arrival.h"
#include "models/compression.h"
#include "models/precision.h"
#include "models/strategy_rules.h"
#include "partition/objective.h"
#include "partition/stages.h"
#include "sim/faults.h"
#include "sim/traffic.h"
#include "topologies/link_protocol.h"

namespace tessera::apps {

/// A question put to Tessera: a network, the boards and links to lay it out on, and what must hold.
///
/// The grammar, key by key with units and defaults, stands in apps/studies/README.md; unknown keys
/// are errors.
struct Study {
    std::string name;
    std::string question;
    JsonReader network;                             ///< as models::read_network takes it
    std::vector<models::Precision> precisions{1};   ///< in the order of preference: the first that meets the study is taken
    std::vector<partition::Stage> stages;           ///< of the system around the network
    std::vector<models::ArrivalRule> arrivals;      ///< of inputs that are not there at once
    std::vector<models::StrategyRule> strategies;   ///< how operators have to be built
    std::vector<models::Compression> compressions;  ///< to take where they pay
    boards::Stock boards;                           ///< over all time nodes
    int boards_available = 1000;                    ///< of all types together
    topologies::LinkProtocol link;
    JsonReader topology;  ///< as topologies::make_topology takes it
    LhcClock clock;
    std::vector<int> tmux_periods_bx;
    int input_bits = 16;  ///< of network inputs that no precision rule names
    partition::Objective objective = partition::Objective::boards;
    double latency_budget_ns = 12500;
    double interval_bx = 1;  ///< the system must be able to take an event this often; below 1 asks for a margin
    std::int64_t bunch_crossings = kBunchCrossingsPerOrbit;  ///< to simulate
    std::string filling = "all";
    sim::Faults faults;
    sim::Traffic traffic;
    std::uint64_t seed = 1;
    std::vector<PublishedFigure> published;  ///< to set beside Tessera's own

    /// Boards of `boards_available` that stand by, and carry nothing until one dies; as many of each type, as any of them may die.
    int spare_boards() const { return static_cast<int>(faults.spares.boards) * static_cast<int>(boards.size()); }
    /// Those that a layout and the stages around it may take, and of each type.
    int layout_boards() const { return boards_available - spare_boards(); }
    boards::Stock layout_stock() const;
    /// Position in `boards` of what a mapping calls a board type; a switch board is of the type that it is named after.
    std::size_t type_named(const std::string& type) const;

    /// Time between two events that the system must sustain.
    double required_interval_ns() const { return interval_bx * clock.bx_ns(); }
};

/// @throws InputError for a missing file, malformed JSON, an unknown key or a value out of range
Study read_study(const JsonReader& root);
Study read_study(const std::filesystem::path& file);

/// The study as it can be read again from any folder: paths of network and topology files made
/// absolute, and `network` in the place of the network's file where it is not empty.
Json portable_study(const std::filesystem::path& file, const std::filesystem::path& network);

}  // namespace tessera::apps
