#pragma once

#include <filesystem>

#include "apps/explore/exploration.h"
#include "apps/explore/measures.h"
#include "models/network.h"

namespace tessera::apps::explore {

/// Where a point's run lies within the folder of its exploration: study.json, report.{json,md,html} and log.txt.
std::filesystem::path point_folder(const std::filesystem::path& exploration_folder, const std::string& id);

/// Runs a point into its folder, in this process, and returns the exit code of `tessera run`. The
/// mapping and the simulation's result are not kept: study.json makes them again.
int run_point(const Point& point, const models::Network& network, const std::filesystem::path& folder);

/// Runs the point whose study.json lies in a folder, as a batch system or a server starts it (`tessera point FOLDER`), and leaves
/// its processor time beside the report: that is there once the point has ended.
int run_stored_point(const std::filesystem::path& folder);

/// Whether run_stored_point has ended there.
bool has_ended(const std::filesystem::path& folder);

/// The result of a point that gave none.
PointResult failed_point(const Point& point, const std::string& why);

/// What a run that has ended left in its folder, with its processor time where it noted that; an error where it left no report.
PointResult gather(const Point& point, const std::filesystem::path& folder);

}  // namespace tessera::apps::explore
