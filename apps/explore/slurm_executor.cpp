#include "apps/explore/slurm_executor.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <thread>

#include "apps/explore/batch_job.h"
#include "apps/explore/point_run.h"
#include "core/error.h"

namespace tessera::apps::explore {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kLook{300};
constexpr std::chrono::seconds kAskQueue{2};
constexpr std::chrono::seconds kLag{5};  ///< that a file of another machine may take to be seen here

/// What a command of Slurm prints. @throws InputError where it fails
std::string output_of(const std::string& command) {
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) throw InputError("slurm", command, "no process can be started", "a higher limit of processes");
    std::string text;
    std::array<char, 256> part{};
    while (std::fgets(part.data(), static_cast<int>(part.size()), pipe) != nullptr) text += part.data();
    if (::pclose(pipe) != 0) throw InputError("slurm", command, text, "a Slurm that takes jobs");
    return text;
}

/// Whether a task of this name waits or runs.
bool any_queued(const std::string& name) { return !output_of("squeue --noheader --format=%A --name=" + name).empty(); }

/// The points that have not ended yet.
class Outstanding {
  public:
    Outstanding(const std::vector<Point>& points, const std::filesystem::path& folder, const PointEnded& ended)
        : points_(points), folder_(folder), ended_(ended) {}

    const std::vector<Point>& points() const { return points_; }

    /// Hands on what has ended.
    void collect() {
        std::erase_if(points_, [&](const Point& point) {
            if (!has_ended(point_folder(folder_, point.id))) return false;
            ended_(gather(point, point_folder(folder_, point.id)));
            return true;
        });
    }

    /// Until all have ended, or no job of this name is left that could end one.
    void wait_for(const std::string& name) {
        auto last_asked = Clock::now(), last_queued = last_asked;
        for (collect(); !points_.empty() && Clock::now() - last_queued < kAskQueue + kLag; collect()) {
            std::this_thread::sleep_for(kLook);
            if (Clock::now() - last_asked < kAskQueue) continue;
            last_asked = Clock::now();
            if (any_queued(name)) last_queued = last_asked;
        }
    }

  private:
    std::vector<Point> points_;
    const std::filesystem::path& folder_;
    const PointEnded& ended_;
};

}  // namespace

void run_on_slurm(const std::vector<Point>& points, const std::filesystem::path& exploration_folder, const PointEnded& ended) {
    Outstanding outstanding(points, exploration_folder, ended);
    const auto name = slurm_job_name(exploration_folder);
    if (any_queued(name)) outstanding.wait_for(name);  // of an earlier start
    const auto jobs = write_slurm_jobs(outstanding.points(), exploration_folder);
    for (const auto& job : jobs) output_of("sbatch '" + job.submit_file.string() + "'");
    if (!jobs.empty()) outstanding.wait_for(name);
    for (const auto& point : outstanding.points()) ended(failed_point(point, "ended without a report; see slurm/log.txt"));
}

}  // namespace tessera::apps::explore
