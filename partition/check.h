#pragma once

#include <string>
#include <vector>

#include "boards/board.h"
#include "models/network.h"
#include "partition/mapping.h"

namespace tessera::partition {

/// A rule that a mapping breaks.
struct Violation {
    std::string rule;   ///< "capacity", "route", "coverage", "ports", "bandwidth", "interval", ...
    std::string where;  ///< "board 12 SLR 1", "shard 34 (layer1.fc1)"
    std::string what;   ///< found and allowed, with units
};

/// Checks a mapping on its own, from first principles; shares no code with the mapper.
///
/// Every shard on a board that exists; resources within each SLR; lanes within each board's ports;
/// every input fed by a local shard or by a transfer whose route is a chain of links from the
/// producer's board to the consumer's; link load within tmux_period_bx; every shard's interval
/// within cycles_per_event; no cycle among shards; no two shards over the same part of an operator.
std::vector<Violation> check(const Mapping& mapping);

/// Checks a mapping against the network it claims to lay out: every operator with hardware covered
/// exactly once, every flow's needed region fed to every shard, bits of each transfer no fewer than
/// what is needed, resources of each shard no less than the cost model's for its region.
std::vector<Violation> check_against(const Mapping& mapping, const models::Network& network, const boards::Board& board);

}  // namespace tessera::partition
