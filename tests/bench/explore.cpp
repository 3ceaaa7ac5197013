// How well an exploration on this machine keeps its cores busy: processor time of the points over what the cores could give until the
// last one ended. The limit is 85 % on 2 cores that do nothing else; on others, how long a point was there to be run says as much.
//
//   cmake --build --preset release --target bench_explore && build/release/tests/bench_explore
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "apps/explore/exploration.h"
#include "apps/explore/local_executor.h"
#include "core/files.h"

namespace {

using namespace tessera;

/// A network of 1 M parameters at several link rates and widths: seconds a point.
constexpr const char* kExploration = R"({{"name": "bench", "study": "{}", "axes": [
    {{"name": "bits", "path": ["/precision/weights", "/precision/activations"], "list": [3, 4]}},
    {{"name": "rate", "path": "/link/line_rate_gbps", "list": [16, 20, 25.78125, 28, 40, 56]}}]}})";

}  // namespace

int main() {
    using Clock = std::chrono::steady_clock;
    const auto jobs = std::max(1U, std::thread::hardware_concurrency());
    const auto out = std::filesystem::temp_directory_path() / "tessera_bench_explore";
    write_file(out / "exploration.json", fmt::format(kExploration, TESSERA_SOURCE_DIR "/apps/studies/million_parameters.json"));
    const auto points = apps::explore::grid(apps::explore::read_exploration(out / "exploration.json", ""));
    const auto begin = Clock::now();
    double processor_s = 0;
    std::vector<double> ends_s;
    apps::explore::run_locally(points, out, static_cast<int>(jobs), [&](const apps::explore::PointResult& result) {
        processor_s += result.seconds;
        ends_s.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
    });
    const double wall_s = ends_s.back();
    double idle_s = 0;  // of the places that nothing was left for
    for (std::size_t k = 1; k <= jobs && k <= ends_s.size(); ++k) idle_s += wall_s - ends_s[ends_s.size() - k];
    fmt::print("{} points, {} at a time: {:.1f} s of processor time in {:.1f} s, {:.0f} % of {} cores (limit: 85 %)\n", points.size(), jobs,
               processor_s, wall_s, 100 * processor_s / (wall_s * jobs), jobs);
    fmt::print("{:.0f} % of the time a point ran or waited for a core in each of the {} places\n", 100 - 100 * idle_s / (wall_s * jobs),
               jobs);
    std::filesystem::remove_all(out);
}
