#include "apps/explore/explore.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "apps/explore/batch_job.h"
#include "apps/explore/board_series.h"
#include "apps/explore/explore_report.h"
#include "apps/explore/local_executor.h"
#include "apps/explore/minimise.h"
#include "apps/explore/point_run.h"
#include "apps/explore/result_store.h"
#include "apps/explore/slurm_executor.h"
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
        const auto missing = unanswered(points);
        if (!console_.quiet) fmt::print(stderr, "{} points, {} to run\n", points.size(), missing.size());
        std::size_t ended = 0;
        const auto total = static_cast<double>(missing.size());
        const PointEnded note = [&](const PointResult& result) {
            store_.put(result);
            if (console_.progress) console_.progress("exploring", static_cast<double>(++ended) / total);
        };
        if (options_.executor == "slurm") {
            run_on_slurm(missing, options_.out, note);
        } else {
            run_locally(missing, options_.out, options_.jobs, note);
        }
        const auto known = store_.all();
        std::vector<PointResult> results;
        for (const auto& point : points) {
            results.push_back(known.at(point.id));
            results.back().coordinates = point.coordinates;  // an earlier exploration may have called them otherwise
        }
        return results;
    }

    /// The points that nobody has answered; what a batch system has answered meanwhile is stored.
    std::vector<Point> unanswered(const std::vector<Point>& points) {
        const auto known = store_.all();
        std::vector<Point> missing;
        for (const auto& point : points) {
            const auto folder = point_folder(options_.out, point.id);
            if (known.contains(point.id)) continue;
            if (has_ended(folder)) {
                store_.put(gather(point, folder));
            } else {
                missing.push_back(point);
            }
        }
        return missing;
    }

  private:
    const Options& options_;
    const Console& console_;
    ResultStore store_;
};

/// The files for a batch system, which a person submits; the exploration started again then gathers what has ended.
int write_batch(const Options& options, const std::vector<Point>& points) {
    const auto jobs =
        options.executor == "slurm" ? write_slurm_jobs(points, options.out) : std::vector{write_htcondor_job(points, options.out)};
    for (const auto& job : jobs)
        fmt::print("{} '{}'\n", options.executor == "slurm" ? "sbatch" : "condor_submit", job.submit_file.string());
    return 0;
}

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
    if (options.dry_run && options.executor == "local")
        throw InputError("command line", "--dry-run", "found with --executor local", "--executor slurm or htcondor");
    if (options.executor == "htcondor" && !options.dry_run)
        throw InputError("command line", "--executor", "found htcondor", "htcondor with --dry-run: submit the file, then explore again");
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
    if (options.dry_run) return write_batch(options, answers.unanswered(points));
    const auto results =
        options.minimise.empty() ? answer_by_boards(points, std::ref(answers)) : minimise_boards(points, std::ref(answers));
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
