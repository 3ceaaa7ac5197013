#pragma once

#include <string>
#include <vector>

#include "apps/explore/exploration.h"
#include "apps/explore/explore.h"
#include "apps/explore/measures.h"

namespace tessera::apps::explore {

/// `explore.json`, schema tessera.explore/1: the axes, the measures with their units, a row for each
/// point, and the answers: `summary`, `frontier`, and where asked for `best` and `sensitivity`.
Json make_report(const Exploration& exploration, const Options& options, const std::vector<PointResult>& results);

/// One line a point: its id, a column for each axis, status, what binds, the measures, seconds.
std::string points_csv(const std::vector<PointResult>& results);

/// explore.json for a terminal.
std::string terminal_summary(const Json& report);

/// explore.json as one HTML page that needs no network.
std::string explore_page(const Json& report);

}  // namespace tessera::apps::explore
