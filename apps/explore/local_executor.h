#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "apps/explore/exploration.h"
#include "apps/explore/measures.h"

namespace tessera::apps::explore {

/// Called in this process as each point ends, in the order in which they end.
using PointEnded = std::function<void(const PointResult&)>;

/// Runs points into their folders, `jobs` at a time, each in a process of its own (SystemC allows one
/// simulation a process). Points that share a network follow each other, and it is imported once for
/// all of them. A point that fails, also by a crash, is reported as an error and stops nothing else.
/// When this process dies, however it does, its points die too.
void run_locally(std::vector<Point> points, const std::filesystem::path& exploration_folder, int jobs, const PointEnded& ended);

}  // namespace tessera::apps::explore
