#include "apps/explore/batch_job.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/explore/point_run.h"
#include "core/files.h"

namespace tessera::apps::explore {

namespace {

std::string this_program() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

/// Studies of the points, and the folders to run them in, one a line.
void write_points(std::vector<Point>::const_iterator begin, std::vector<Point>::const_iterator end, const std::filesystem::path& folder,
                  const std::filesystem::path& list) {
    std::string lines;
    for (auto point = begin; point != end; ++point) {
        const auto own = point_folder(folder, point->id);
        write_file(own / "study.json", point->study.dump(1));
        lines += own.string() + "\n";
    }
    write_file(list, lines);
}

}  // namespace

std::string slurm_job_name(const std::filesystem::path& exploration_folder) {
    return fmt::format("tessera-{:016x}", std::filesystem::hash_value(std::filesystem::absolute(exploration_folder).lexically_normal()));
}

std::vector<BatchJob> write_slurm_jobs(const std::vector<Point>& points, const std::filesystem::path& exploration_folder,
                                       std::size_t most) {
    const auto folder = std::filesystem::absolute(exploration_folder).lexically_normal();
    std::vector<BatchJob> jobs;
    for (std::size_t begin = 0; begin < points.size(); begin += most) {
        const std::size_t count = std::min(most, points.size() - begin);
        const auto list = folder / "slurm" / fmt::format("points_{}.txt", jobs.size());
        const auto first = points.begin() + static_cast<std::ptrdiff_t>(begin);
        write_points(first, first + static_cast<std::ptrdiff_t>(count), folder, list);
        const auto script = folder / "slurm" / fmt::format("job_{}.sh", jobs.size());
        write_file(script,
                   fmt::format("#!/bin/sh\n"
                               "#SBATCH --job-name={}\n"
                               "#SBATCH --array=1-{}\n"
                               "#SBATCH --cpus-per-task=1\n"
                               "#SBATCH --open-mode=append\n"
                               "#SBATCH --output=\"{}\"\n"
                               "exec '{}' --quiet point \"$(sed -n \"${{SLURM_ARRAY_TASK_ID}}p\" '{}')\"\n",
                               slurm_job_name(folder), count, (folder / "slurm" / "log.txt").string(), this_program(), list.string()));
        jobs.push_back({script, count});
    }
    return jobs;
}

BatchJob write_htcondor_job(const std::vector<Point>& points, const std::filesystem::path& exploration_folder) {
    const auto folder = std::filesystem::absolute(exploration_folder).lexically_normal();
    const auto list = folder / "htcondor" / "points.txt";
    const auto submit = folder / "htcondor" / "tessera.sub";
    write_points(points.begin(), points.end(), folder, list);
    write_file(submit, fmt::format("executable = {}\n"
                                   "arguments = \"--quiet point '$(folder)'\"\n"
                                   "initialdir = {}\n"
                                   "log = {}\n"
                                   "request_cpus = 1\n"
                                   "should_transfer_files = NO\n"
                                   "queue folder from {}\n",
                                   this_program(), folder.string(), (folder / "htcondor" / "log.txt").string(), list.string()));
    return {submit, points.size()};
}

}  // namespace tessera::apps::explore
