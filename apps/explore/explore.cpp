#include "apps/explore/explore.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "apps/explore/explore_report.h"
#include "apps/explore/local_executor.h"
#include "apps/explore/minimise.h"
#include "apps/explore/result_store.h"
#include "core/error.h"
#include "core/files.h"

namespace tessera::apps::explore {

namespace {

/// Answers points from the store, and runs those that it has no answer to.
class Answers {
  public:
    Answers(const Options& options, const Console& console)
        : options_(options), console_(console), store_(options.out / "explore.sqlite") {}

    std::vector<PointResult> operator()(const std::vector<Point>& points) {
        auto known = store_.all();
        std::vector<Point> missing;
        std::copy_if(points.begin(), points.end(), std::back_inserter(missing),
                     [&](const Point& point) { return !known.contains(point.id); });
        if (!console_.quiet) fmt::print(stderr, "{} points, {} to run, {} at a time\n", points.size(), missing.size(), options_.jobs);
        std::size_t ended = 0;
        const auto total = static_cast<double>(missing.size());
        run_locally(missing, options_.out, options_.jobs, [&](const PointResult& result) {
            store_.put(result);
            known.insert_or_assign(result.id, result);
            if (console_.progress) console_.progress("exploring", static_cast<double>(++ended) / total);
        });
        std::vector<PointResult> results;
        for (const auto& point : points) {
            results.push_back(known.at(point.id));
            results.back().coordinates = point.coordinates;  // an earlier exploration may have called them otherwise
        }
        return results;
    }

  private:
    const Options& options_;
    const Console& console_;
    ResultStore store_;
};

int exit_code(const std::vector<PointResult>& results) {
    const auto any = [&](Status status) {
        return std::any_of(results.begin(), results.end(), [&](const PointResult& result) { return result.status == status; });
    };
    if (any(Status::kPass)) return 0;
    if (any(Status::kFail)) return 2;
    if (any(Status::kNoMapping)) return 3;
    throw InputError(results.empty() ? "exploration" : "point " + results.front().id, "",
                     results.empty() ? "no point" : results.front().explanation);
}

/// What a user asked for by name, before any time is spent.
void check(const Options& options) {
    for (const auto& name : options.frontier) find_measure(name);
    if (!options.maximise.empty()) find_measure(options.maximise);
    if (!options.minimise.empty() && options.minimise != "boards")
        throw InputError("command line", "--minimise", "found " + options.minimise, "boards");
    if (!options.minimise.empty() && options.sensitivity)
        throw InputError("command line", "--minimise", "found beside --sensitivity", "one of the two");
}

}  // namespace

int explore(const Options& options, const Console& console) {
    check(options);
    const auto exploration = read_exploration(options.exploration, options.network);
    const auto points = options.sensitivity ? neighbours(exploration) : grid(exploration);
    std::error_code error;
    std::filesystem::create_directories(options.out, error);
    if (!std::filesystem::is_directory(options.out, error))
        throw InputError(options.out.string(), "", "cannot be made", "a folder for the results");

    Answers answers(options, console);
    const auto results = options.minimise.empty() ? answers(points) : minimise_boards(points, std::ref(answers));
    const int code = exit_code(results);
    const Json json = make_report(exploration, options, results);
    write_file(options.out / "explore.json", json.dump(1) + "\n");
    write_file(options.out / "points.csv", points_csv(results));
    write_file(options.out / "explore.html", explore_page(json));
    if (console.json) {
        fmt::print("{}\n", json.dump(1));
    } else {
        fmt::print("{}\n  page      {}\n", terminal_summary(json), (options.out / "explore.html").string());
    }
    return code;
}

}  // namespace tessera::apps::explore
