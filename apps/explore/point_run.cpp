#include "apps/explore/point_run.h"

#include <sys/resource.h>

#include <exception>

#include "apps/commands.h"
#include "core/error.h"
#include "core/files.h"
#include "models/import.h"

namespace tessera::apps::explore {

namespace {

constexpr int kBadInput = 1;
constexpr const char* kSecondsFile = "seconds.txt";

/// Of this process, so far.
double processor_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec); };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Records why a run failed; files are named as they are within its folder, so that the same error reads the same everywhere.
int failed(const std::filesystem::path& folder, std::string what) {
    const auto prefix = folder.string() + "/";
    for (auto at = what.find(prefix); at != std::string::npos; at = what.find(prefix)) what.erase(at, prefix.size());
    write_file(folder / "error.txt", what);
    return kBadInput;
}

}  // namespace

std::filesystem::path point_folder(const std::filesystem::path& exploration_folder, const std::string& id) {
    return exploration_folder / "points" / id;
}

int run_point(const Point& point, const models::Network& network, const std::filesystem::path& folder) {
    try {
        write_file(folder / "study.json", point.study.dump(1));
        Console console;
        console.quiet = true;
        const int code = run_imported(folder / "study.json", folder, network, console);
        for (const auto* name : {"mapping.json", "simulation.json", "search.json"}) std::filesystem::remove(folder / name);
        return code;
    } catch (const std::bad_alloc&) {
        return failed(folder, "out of memory");
    } catch (const std::exception& error) {
        return failed(folder, error.what());
    }
}

int run_stored_point(const std::filesystem::path& folder) {
    int code = kBadInput;
    try {
        const Point point{.id = "", .coordinates = Json::object(), .study = JsonReader::from_file(folder / "study.json").raw()};
        const auto network = models::read_network(JsonReader::from_text("network of the point", point.study["network"].dump()), "");
        code = run_point(point, network, folder);
    } catch (const std::exception& error) {
        code = failed(folder, error.what());
    }
    write_file(folder / kSecondsFile, std::to_string(processor_seconds()));
    return code;
}

bool has_ended(const std::filesystem::path& folder) { return std::filesystem::exists(folder / kSecondsFile); }

PointResult failed_point(const Point& point, const std::string& why) {
    PointResult result;
    result.id = point.id;
    result.coordinates = point.coordinates;
    result.binding = to_text(result.status);
    result.explanation = why;
    return result;
}

PointResult gather(const Point& point, const std::filesystem::path& folder) {
    const auto why = std::filesystem::exists(folder / "error.txt") ? read_file(folder / "error.txt") : "ended without a report";
    auto result = std::filesystem::exists(folder / "report.json")
                      ? from_report(point.id, point.coordinates, JsonReader::from_file(folder / "report.json").raw())
                      : failed_point(point, why);
    if (has_ended(folder)) result.seconds = std::stod(read_file(folder / kSecondsFile));
    return result;
}

}  // namespace tessera::apps::explore
