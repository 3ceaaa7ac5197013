#include "apps/explore/local_executor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>
#include <optional>

#include "apps/explore/point_run.h"
#include "apps/study.h"
#include "core/error.h"
#include "core/files.h"
#include "models/import.h"

namespace tessera::apps::explore {

namespace {

/// Everything that a point says goes to a file of its own.
void redirect_output(const std::filesystem::path& log) {
    const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) return;
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::close(file);
}

/// The network of one point after another; imported anew only where it is another one.
class SharedNetwork {
  public:
    /// @throws InputError, for each point that names the network
    const models::Network& of(const Point& point) {
        const auto key = point.study["network"].dump();
        if (!network_ || key != key_) {
            network_.reset();
            network_ = models::read_network(JsonReader::from_text("network of the exploration", key), "");
            key_ = key;
        }
        return *network_;
    }

  private:
    std::string key_;
    std::optional<models::Network> network_;
};

/// The processes that run now.
class Processes {
  public:
    Processes(const std::filesystem::path& folder, const PointEnded& ended) : folder_(folder), ended_(ended) {}

    std::size_t running() const { return points_.size(); }

    void start(const Point& point, const models::Network& network) {
        const auto folder = point_folder(folder_, point.id);
        std::filesystem::remove_all(folder);  // what an earlier try left there
        std::filesystem::create_directories(folder);
        const pid_t parent = ::getpid();
        const pid_t process = ::fork();
        if (process < 0) throw InputError("exploration", "", "no process can be started", "fewer --jobs, or a higher limit of processes");
        if (process == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() != parent) ::_exit(1);  // it died before the line above
            redirect_output(folder / "log.txt");
            ::_exit(run_point(point, network, folder));
        }
        points_.emplace(process, point);
    }

    /// Waits until one has ended, and hands its result on.
    void wait_for_one() {
        int status = 0;
        rusage usage{};
        pid_t process = -1;
        do process = ::wait4(-1, &status, 0, &usage);
        while (process < 0 && errno == EINTR);
        const auto found = points_.find(process);
        if (found == points_.end()) return;
        const auto folder = point_folder(folder_, found->second.id);
        if (WIFSIGNALED(status)) {
            std::filesystem::remove(folder / "report.json");
            write_file(folder / "error.txt", fmt::format("ended by signal {}", WTERMSIG(status)));
        }
        auto result = gather(found->second, folder);
        const auto seconds = [](const timeval& time) {
            return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
        };
        result.seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
        points_.erase(found);
        ended_(result);
    }

  private:
    const std::filesystem::path& folder_;
    const PointEnded& ended_;
    std::map<pid_t, Point> points_;
};

}  // namespace

void run_locally(std::vector<Point> points, const std::filesystem::path& exploration_folder, int jobs, const PointEnded& ended) {
    std::stable_sort(points.begin(), points.end(),
                     [](const Point& a, const Point& b) { return a.study["network"].dump() < b.study["network"].dump(); });
    SharedNetwork shared;
    Processes processes(exploration_folder, ended);
    for (const auto& point : points) {
        try {
            const auto& network = shared.of(point);
            while (processes.running() >= static_cast<std::size_t>(jobs)) processes.wait_for_one();
            processes.start(point, network);
        } catch (const InputError& error) {
            ended(failed_point(point, error.what()));
        }
    }
    while (processes.running() > 0) processes.wait_for_one();
}

}  // namespace tessera::apps::explore
