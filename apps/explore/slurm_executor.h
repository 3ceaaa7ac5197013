#pragma once

#include <filesystem>
#include <vector>

#include "apps/explore/exploration.h"
#include "apps/explore/local_executor.h"

namespace tessera::apps::explore {

/// Runs points as array jobs of Slurm, on machines that share the exploration's folder, and waits for them. When this process dies,
/// its jobs go on; who starts the exploration again waits for them before it submits what is missing.
/// @throws InputError where Slurm is not there or does not take a job
void run_on_slurm(const std::vector<Point>& points, const std::filesystem::path& exploration_folder, const PointEnded& ended);

}  // namespace tessera::apps::explore
