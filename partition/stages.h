#pragma once

#include <string>
#include <vector>

#include "core/assumption.h"
#include "core/json.h"
#include "models/network.h"
#include "partition/mapping.h"
#include "topologies/link_protocol.h"

namespace tessera::partition {

/// What an external stage reads.
struct StageInput {
    std::string from;        ///< an earlier stage, kFromDetector, or kFromNetwork: all outputs of the mapped network
    bool whole = false;      ///< every board reads all of it; else each the part that lies opposite (regional)
    std::int64_t words = 0;  ///< of the detector: of one event, to all boards together
    double arrival_ns = 0;   ///< of the detector: when they are there, after the crossing
};
inline constexpr const char* kFromDetector = "detector";
inline constexpr const char* kFromNetwork = "network";

/// A stage of a system that others build: a black box on so many boards, of which only what it does to an event in
/// time and to links in words is known. Its boards share what enters and what leaves evenly.
///
/// A stage whose result nobody reads makes a decision.
struct Stage {
    std::string name;
    int boards = 1;
    double latency_ns = 0;   ///< from the last word that a board reads to its result
    double interval_bx = 1;  ///< it takes an event this often
    int tmux_period_bx = 1;  ///< its boards take turns: the words of an event reach one over so many crossings
    std::int64_t words = 0;  ///< that leave all boards together, of one event
    std::vector<StageInput> inputs;
    std::vector<std::string> feeds;  ///< name patterns of the inputs of the mapped network that it makes
    std::string source;              ///< of these figures; "assumed"
};

/// The list `"stages"` of a study. @throws InputError
std::vector<Stage> read_stages(const JsonReader& list);

int boards_of(const std::vector<Stage>& stages);
std::vector<Assumption> assumptions_of(const std::vector<Stage>& stages);

/// The system around the mapping of a network: every stage's boards with one shard each (kind kExternal), the fibres between
/// stages, and the schedule. Inputs of the network that a stage feeds move onto its boards, evenly; what a stage reads of
/// the network goes there and no longer out.
///
/// Shards of stage i belong to operator (operators of the network) + 2 i, what it reads of the detector to the one after.
/// A time node holds a stage's boards divided by the TMUX period, which must divide them. A stage with a longer TMUX
/// period of its own stands as boards that each take their share of every event, and start as many crossings later as
/// the words of an event take longer to reach one board: load, boards and latency are right, not which board has which event.
/// @throws InputError where the period does not divide the boards, or a stage feeds no input
Mapping add_stages(const Mapping& network_mapping, const models::Network& network, const std::vector<Stage>& stages,
                   const topologies::LinkProtocol& link);

/// Latency of the slowest way through the stages when links take no time; the network on the way takes `network_ns`.
double bound_latency_ns(const std::vector<Stage>& stages, double network_ns);

}  // namespace tessera::partition
