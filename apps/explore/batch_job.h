#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/explore/exploration.h"

namespace tessera::apps::explore {

/// Points as batch systems take them: machines that share the folder of the exploration run `tessera point points/ID` for each
/// line of a list. What they leave there is found by whoever answers the exploration next.
struct BatchJob {
    std::filesystem::path submit_file;
    std::size_t points = 0;
};

/// Under which Slurm knows all jobs of an exploration's folder.
std::string slurm_job_name(const std::filesystem::path& exploration_folder);

/// Writes the study of each point and the files of Slurm array jobs of at most `most` points each (slurm.conf's MaxArraySize is
/// 1001 where nobody changed it).
std::vector<BatchJob> write_slurm_jobs(const std::vector<Point>& points, const std::filesystem::path& exploration_folder,
                                       std::size_t most = 1000);

/// Writes the study of each point and one submit file for HTCondor.
BatchJob write_htcondor_job(const std::vector<Point>& points, const std::filesystem::path& exploration_folder);

}  // namespace tessera::apps::explore
