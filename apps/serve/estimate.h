#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/study.h"
#include "models/network.h"

namespace tessera::apps::serve {

/// What can be said of a study before anything is mapped.
struct Estimate {
    struct Period {
        int tmux_period_bx = 0;
        int least_boards = 0;          ///< no layout takes fewer, over all time nodes; 0 where no implementation keeps up
        std::string constraint;        ///< what sets them, or why none keeps up
        int likely_boards = 0;         ///< that a mapping would take; 0 where that is not estimated
        double likely_latency_ns = 0;  ///< of its slowest event
        std::string note;              ///< why there is no estimate; empty where there is
    };
    std::vector<Period> periods;   ///< in the order of the study
    double least_latency_ns = 0;   ///< of the critical path, without links: at the period that allows the shortest
    std::string impossible;        ///< one sentence where no layout can pass; empty where one may
    std::optional<Period> likely;  ///< the one that the study's objective asks for
};

/// From the mapper's lower bounds and its first layout: milliseconds for small networks, half a second for large ones. `network` is
/// as imported. Compressions that the study offers are left out.
/// @throws InputError
Estimate estimate(const Study& study, models::Network network);

Json to_json(const Estimate& estimate);

}  // namespace tessera::apps::serve
