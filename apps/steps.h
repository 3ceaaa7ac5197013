#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "apps/study.h"
#include "models/input_split.h"
#include "models/network.h"
#include "partition/check.h"
#include "partition/mapper.h"
#include "partition/reuse.h"
#include "sim/simulation.h"

namespace tessera::apps {

/// Called now and then by long steps, with the part that is done; may be empty.
using Progress = std::function<void(const std::string& stage, double fraction)>;

/// What it takes to lay a network out.
struct LayoutFigures {
    int boards = 0;  ///< over all time nodes; 0: there is no mapping
    double latency_ns = 0;
    std::int64_t lanes = 0;  ///< of all links, over all time nodes
};

/// One of the precisions that the study leaves open.
struct PrecisionTrial {
    std::size_t position = 0;  ///< in the study's list
    bool taken = false;
    LayoutFigures layout;
};

/// A compression that the study offers: what it was tried against, and whether the better layout is the one with it.
struct CompressionTrial {
    std::string tensor;
    bool taken = false;
    LayoutFigures without;
    LayoutFigures with;
};

/// An operator whose input channels the search has cut.
struct InputCutTaken {
    std::string name;  ///< of the operator
    models::InputCut cut;
};

/// What the search for a mapping found, beside the mapping itself: `search.json` of a run.
struct Search {
    partition::Bounds bounds;
    std::vector<partition::MappingResult::Candidate> candidates;
    std::vector<partition::MappingResult::Candidate> front;  ///< of a Pareto search: boards and latency with the stages around
    std::string no_mapping_constraint;                       ///< empty where there is a mapping
    double needed = 0;
    double available = 0;
    std::string unit;
    std::string explanation;
    std::vector<PrecisionTrial> precisions;      ///< those tried, in order; none where the study leaves no choice
    std::vector<CompressionTrial> compressions;  ///< those that the study offers, in order
    std::vector<InputCutTaken> input_cuts;       ///< beside those that the study fixes, in the order of models::split_inputs
    std::optional<partition::Reuse> reuse;       ///< what became of an earlier mapping, where the search began with one

    bool found() const { return no_mapping_constraint.empty(); }
    std::size_t precision() const;  ///< that was taken: its position in the study
};
Json to_json(const Search& search);
Search read_search(const JsonReader& reader);

/// The imported network with the compressions that a search took.
models::Network with_compressions(models::Network imported, const Study& study, const Search& search);

/// The network, with all that the study says of it, as the search has cut it along input channels.
/// @throws InputError where the search was for another network
models::Network with_input_cuts(models::Network network, const Search& search);

/// Imports the study's network; its precision is not applied yet.
models::Network import_network(const Study& study, const std::filesystem::path& replacement);

/// Gives an imported network what the study says of it: one of its precisions, clock, strategies (operators are cut along their
/// input channels where these say so) and arrivals.
void apply_study(const Study& study, models::Network& network, std::size_t precision = 0);

/// The problem that a study puts to the mapper; `network` must outlive it.
partition::MappingProblem mapping_problem(const Study& study, const models::Network& network);

/// What was found, each mapping joined with the stages around the network.
struct FoundMapping {
    Search search;
    partition::Mapping mapping;             ///< empty where none was found
    std::vector<partition::Mapping> front;  ///< the layouts of `search.front`
};

/// Runs the mapper with the study's seed and objective, whatever `options` say of these. Operators without any piece that fits an
/// SLR are cut along their input channels first: the mapping is one of `with_input_cuts(network, search)`.
FoundMapping find_mapping(const Study& study, const models::Network& network, const partition::MapperOptions& options = {});

/// What a search found, in short.
LayoutFigures figures_of(const Search& search, const partition::Mapping& mapping);

/// Whether the study asks for a layout rather than for another, as the mapper judges; any rather than none (0 boards).
bool better(const LayoutFigures& layout, const LayoutFigures& other, const Study& study);

/// Whether a layout exists and is within the latency budget.
bool meets(const LayoutFigures& layout, const Study& study);

/// All checks of a mapping: on its own, against the network that it lays out and against the stages around it.
std::vector<partition::Violation> check_mapping(const Study& study, const models::Network& network, const partition::Mapping& mapping);

/// Runs the simulation that the study asks for; `trace` may be nullptr.
sim::Result simulate_mapping(const Study& study, const partition::Mapping& mapping, sim::Trace* trace, const Progress& progress);

}  // namespace tessera::apps
