#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "partition/bounds.h"
#include "partition/mapper.h"
#include "partition/operator_options.h"

namespace tessera::partition {

/// Why there is no mapping of one time node.
struct NodeFailure {
    std::string constraint;  ///< as in NoMapping
    double needed = 0;
    double available = 0;
    std::string unit;
    std::string explanation;
    std::vector<BoardId> boards{};  ///< that run out of ports
};

/// What is known of a time node before anything is placed.
struct NodePlan {
    int tmux_period_bx = 1;
    std::int64_t cycles_per_event = 9;
    std::vector<std::vector<OperatorOption>> options;  ///< by operator
    OptionChoice choice;                               ///< at `cycle_prices`
    BoardBound bound;
    std::vector<std::uint32_t> streaming_groups;  ///< of the operators
    CyclePrices cycle_prices;                     ///< that `choice` is for; none before `price_latency`
    bool streams_as_one = false;                  ///< as `price_latency` was asked

    int least_boards() const;  ///< of the time node
};

/// Enumerates and chooses implementations, and bounds the boards. Fails where an operator has no
/// implementation that keeps up.
std::variant<NodePlan, NodeFailure> plan_node(const MappingProblem& problem, const std::vector<models::Flow>& flows, int tmux_period_bx);

/// Chooses implementations anew for a price of latency: at weight 1 a percent of the latency budget is worth a
/// percent of the boards that the bound asks for.
/// @param streams_as_one  operators that stream into each other are priced together, and by how near they are to the slowest way; else
/// each by itself, as if all were on it and a quarter of its streaming counted
void price_latency(NodePlan& plan, const MappingProblem& problem, const std::vector<models::Flow>& flows, double weight,
                   bool streams_as_one);

/// Times the boards that there are: a layout that would take more is out of reach, and given up.
inline constexpr double kWorthCounting = 1.5;

/// Which layouts of a time node are looked at.
struct LayoutKind {
    bool as_one = false;   ///< operators that stream into each other are chosen together, as `price_latency` says
    bool columns = false;  ///< boards are filled with whole columns of shards, for the fewest hops
    bool fine = false;     ///< operators are cut into smaller shards, which fill boards more evenly

    friend bool operator==(const LayoutKind&, const LayoutKind&) = default;
};

/// What the mapping of a time node has to keep to.
struct NodeLimits {
    int most_boards = 0;
    double quick_enough_ns = 0;  ///< a mapping that takes no longer is then put on fewer boards; 0: the quickest is looked for
    bool squeeze = true;         ///< what takes more boards is put on so many, as far as it goes; that takes time
    LayoutKind kind{};

    friend bool operator==(const NodeLimits&, const NodeLimits&) = default;
};

/// Cuts, places, routes and schedules one time node; gives all mappings that it found on the way, never none.
std::variant<std::vector<Mapping>, NodeFailure> map_node(const MappingProblem& problem, const std::vector<models::Flow>& flows,
                                                         const NodePlan& plan, const NodeLimits& limits, const MapperOptions& options);

/// The same layout on the same boards without the detours of its slowest paths (without_detours), as far as some hundred layouts show;
/// nothing where it is not to be laid out as it is.
/// @param mapping  made by map_node for this plan
std::optional<Mapping> shorten_paths(const MappingProblem& problem, const std::vector<models::Flow>& flows, const NodePlan& plan,
                                     const Mapping& mapping, const MapperOptions& options);

/// Maps one time node as an earlier mapping has it, as far as the boards, the links and the network allow that now: shards move
/// only where they must, and boards keep their positions of a fixed topology. What keeps its places is quick enough, or as quick as it was;
/// else not limited by the latency.
std::variant<Mapping, NodeFailure> remap_node(const MappingProblem& problem, const std::vector<models::Flow>& flows, const NodePlan& plan,
                                              const Mapping& earlier, int most_boards, const MapperOptions& options);

}  // namespace tessera::partition
