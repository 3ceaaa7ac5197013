#pragma once

#include <string>
#include <vector>

#include "apps/study.h"
#include "models/network.h"

namespace tessera::apps::serve {

/// What is known of a study before anything is mapped: no layout does better than this.
struct Estimate {
    struct Period {
        int tmux_period_bx = 0;
        int least_boards = 0;    ///< over all time nodes; 0 where no implementation keeps up
        std::string constraint;  ///< what sets them, or why none keeps up
    };
    std::vector<Period> periods;  ///< in the order of the study
    double latency_ns = 0;        ///< of the critical path, without links: at the period that allows the shortest
    std::string impossible;       ///< one sentence where no layout can pass; empty where one may
};

/// From the mapper's lower bounds: milliseconds. `network` is as imported.
/// @throws InputError
Estimate estimate(const Study& study, models::Network network);

Json to_json(const Estimate& estimate);

}  // namespace tessera::apps::serve
