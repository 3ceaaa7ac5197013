#include <fmt/format.h>

#include <set>
#include <sstream>

#include "apps/explore/exploration.h"
#include "apps/explore/result_store.h"
#include "apps/serve/estimate.h"
#include "apps/steps.h"
#include "tests/apps/command.h"

namespace tessera::tests {

namespace {

/// The jet tagger over bits and latency budgets: some points pass, some fail, some are errors.
Json small_exploration() {
    return {{"name", "jets"},
            {"study", shipped_study("jet_mlp").string()},
            {"axes",
             {{{"name", "bits"}, {"path", {"/precision/weights", "/precision/activations"}}, {"list", {4, 8, 99}}},
              {{"name", "budget"}, {"path", "/requirements/latency_ns"}, {"log_range", {{"from", 1}, {"to", 1000}, {"points", 3}}}}}}};
}

Outcome explore(const TemporaryFolder& folder, const Json& exploration, const std::string& options = "") {
    return tessera("explore " + quoted(write_study(folder, exploration, "exploration.json")) + " -o " + quoted(folder / "out") + " " +
                   options);
}

Json read_report(const TemporaryFolder& folder) { return read_json(folder / "out" / "explore.json"); }

std::vector<std::string> lines_of(const std::filesystem::path& file) {
    std::vector<std::string> lines;
    std::istringstream text(read_file(file));
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
}

Json without_seconds(Json report) {
    for (auto& point : report["points"]) point.erase("seconds");
    report["summary"].erase("processor_s");
    return report;
}

}  // namespace

TEST_CASE("an exploration answers every combination, and records those that fail") {
    const TemporaryFolder folder;
    const auto outcome = explore(folder, small_exploration());
    CAPTURE(outcome.err);
    CHECK(outcome.code == 0);
    const auto report = read_report(folder);
    REQUIRE(report["points"].size() == 9);
    CHECK(report["summary"]["status"]["error"] == 3);
    for (const auto& point : report["points"]) {
        const auto status = point["status"].get<std::string>();
        CAPTURE(point.dump());
        if (point["coordinates"]["bits"] == 99) {
            CHECK(status == "error");
            CHECK(point["explanation"].get<std::string>().find("/precision/weights") != std::string::npos);
            continue;
        }
        CHECK(status == (point["coordinates"]["budget"] == 1000 ? "pass" : "fail"));
        // Each point is what a run of its study gives.
        const auto run = read_json(folder / "out" / "points" / point["id"].get<std::string>() / "report.json");
        CHECK(run["latency_ns"]["simulated"]["max"] == point["latency_ns"]);
        CHECK(run["boards"]["used"] == point["boards"]);
    }
    CHECK(lines_of(folder / "out" / "points.csv").size() == 10);
    CHECK(lines_of(folder / "out" / "points.csv").front().starts_with("id,run,bits,budget,status,"));
}

TEST_CASE("every parameter that architects ask about can be an axis") {
    const Json axes{{{"path", "/link/line_rate_gbps"}, {"log_range", {{"from", 10}, {"to", 112}, {"points", 3}}}},
                    {{"path", "/boards_available"}, {"list", {10, 1000}}},
                    {{"path", "/board/type"}, {"list", {"VU13P", "VU9P"}}},
                    {{"path", "/topology"}, {"list", {{{"kind", "torus3d"}}, {{"kind", "fat_tree"}}}}},
                    {{"path", "/clock/cycles_per_bx"}, {"range", {{"from", 3}, {"to", 9}, {"step", 3}}}},
                    {{"path", "/tmux_periods_bx"}, {"list", {{1}, {6, 18}}}},
                    {{"path", "/precision/weights"}, {"list", {2, 6}}},
                    {{"path", "/precision/activations"}, {"list", {4, 6}}},
                    {{"path", "/precision/zero_fraction"}, {"list", {0, 0.9}}},
                    {{"path", "/network/tokens/particles"}, {"list", {32, 64}}},
                    {{"path", "/network/zoo"}, {"list", {"masked_particle_1m_1_layer", "masked_particle_1m_2_layers"}}},
                    {{"path", "/requirements/latency_ns"}, {"name", "budget"}, {"list", {5000, 12500}}}};
    const TemporaryFolder folder;
    for (const auto& axis : axes) {
        CAPTURE(axis.dump());
        const Json exploration{{"name", "one axis"}, {"study", shipped_study("million_parameters").string()}, {"axes", {axis}}};
        const auto points = apps::explore::grid(apps::explore::read_exploration(write_study(folder, exploration), ""));
        CHECK(points.size() >= 2);
        for (const auto& point : points) {
            const auto study = apps::read_study(JsonReader::from_text("point", point.study.dump()));
            const auto estimate = apps::serve::estimate(study, apps::import_network(study, ""));
            CHECK(estimate.least_latency_ns > 0);
        }
    }
}

TEST_CASE("the table names the run that answered a point, also where it answered for other numbers of boards") {
    const Json exploration{
        {"name", "boards"}, {"study", shipped_study("jet_mlp").string()}, {"axes", {{{"path", "/boards_available"}, {"list", {1, 2, 4}}}}}};
    const TemporaryFolder folder;
    REQUIRE(explore(folder, exploration).code == 0);
    const auto lines = lines_of(folder / "out" / "points.csv");
    REQUIRE(lines.size() == 4);
    CHECK(lines.front().starts_with("id,run,boards_available,status,"));
    const auto run_of = [](const std::string& line) { return line.substr(line.find(',') + 1, 16); };
    for (std::size_t i = 1; i < lines.size(); ++i) {
        CHECK(run_of(lines[i]) == lines.back().substr(0, 16));
        CHECK(std::filesystem::exists(folder / "out" / "points" / run_of(lines[i]) / "report.html"));
    }
}

TEST_CASE("an exploration that has ended runs nothing again, also under other names") {
    const TemporaryFolder folder;
    REQUIRE(explore(folder, small_exploration()).code == 0);
    const auto first = without_seconds(read_report(folder));
    std::filesystem::remove_all(folder / "out" / "points");
    const auto again = explore(folder, small_exploration());
    CHECK(again.code == 0);
    CHECK(again.err.find("9 points, 0 to run") != std::string::npos);
    CHECK(without_seconds(read_report(folder)) == first);
    Json renamed = small_exploration();
    renamed["axes"][1]["name"] = "limit";
    CHECK(explore(folder, renamed).err.find("9 points, 0 to run") != std::string::npos);
    CHECK(read_report(folder)["points"][0]["coordinates"].contains("limit"));
}

TEST_CASE("killed at any moment, an exploration resumes: no point lost, none doubled") {
    const TemporaryFolder whole;
    REQUIRE(explore(whole, small_exploration()).code == 0);
    const auto expected = without_seconds(read_report(whole));

    const TemporaryFolder folder;
    const auto file = write_study(folder, small_exploration(), "exploration.json");
    std::size_t kept = 0;
    for (int kill = 0; kill < 20; ++kill) {
        const auto line =
            fmt::format("timeout -s KILL {} tessera explore {} -o {}", 0.01 + 0.013 * kill, quoted(file), quoted(folder / "out"));
        shell(line, source_folder());
        if (!std::filesystem::exists(folder / "out" / "explore.sqlite")) continue;
        const auto results = apps::explore::ResultStore(folder / "out" / "explore.sqlite").all();
        CHECK(results.size() >= kept);
        kept = results.size();
    }
    CHECK(explore(folder, small_exploration()).code == 0);
    CHECK(without_seconds(read_report(folder)) == expected);
    CHECK(apps::explore::ResultStore(folder / "out" / "explore.sqlite").all().size() == 9);
}

TEST_CASE("Slurm gives what this machine does; killed and started again, no point is lost and none is run twice") {
    const TemporaryFolder folder, local;
    const auto with_slurm = quoted(source_folder() / "tests" / "apps" / "with_slurm.sh");
    const auto file = quoted(write_study(folder, small_exploration(), "exploration.json"));
    const auto command = "tessera explore " + file + " -o " + quoted(folder / "out") + " --executor slurm";
    write_file(folder / "twice.sh", "timeout -s KILL 2 " + command + "\n" + command + "\n");
    const auto outcome = shell(with_slurm + " sh twice.sh", folder.path);
    if (outcome.code == 77) {
        MESSAGE("skipped: " << outcome.out);
        return;
    }
    CAPTURE(outcome.err);
    CHECK(outcome.code == 0);
    REQUIRE(explore(local, small_exploration()).code == 0);
    CHECK(without_seconds(read_report(folder)) == without_seconds(read_report(local)));
    int runs = 0;
    for (const auto& line : lines_of(folder / "out" / "slurm" / "log.txt")) runs += line.starts_with("  report ") ? 1 : 0;
    CHECK(runs == 6);  // the other three are errors
}

TEST_CASE("HTCondor gets a submit file; what its machines leave is gathered") {
    const TemporaryFolder folder;
    const auto written = explore(folder, small_exploration(), "--executor htcondor --dry-run");
    CHECK(written.code == 0);
    CHECK(written.out == "condor_submit '" + (folder / "out/htcondor/tessera.sub").string() + "'\n");
    const auto submit = read_file(folder / "out" / "htcondor" / "tessera.sub");
    CHECK(submit.find("queue folder from " + (folder / "out/htcondor/points.txt").string()) != std::string::npos);
    const auto points = lines_of(folder / "out" / "htcondor" / "points.txt");
    REQUIRE(points.size() == 9);
    for (const auto& point : points) tessera("--quiet point '" + point + "'");  // as the submit file says
    CHECK(explore(folder, small_exploration()).err.find("9 points, 0 to run") != std::string::npos);
    CHECK(read_report(folder)["summary"]["status"]["error"] == 3);
    CHECK(explore(folder, small_exploration(), "--executor htcondor").code == 1);
}

TEST_CASE("the fewest boards: no more than the mapper takes, no fewer than the bound") {
    const TemporaryFolder folder;
    REQUIRE(explore(folder, small_exploration(), "--minimise boards").code == 0);
    const auto report = read_report(folder);
    for (const auto& point : report["points"]) {
        if (point["status"] != "pass") continue;
        CHECK(point["boards"].get<double>() >= point["boards_bound"].get<double>());
        CHECK(point["boards"].get<double>() == 1);
    }
}

TEST_CASE("sensitivity: the unchanged study and its neighbours, verdict changes first") {
    const TemporaryFolder folder;
    Json exploration = small_exploration();
    exploration["axes"][0]["list"] = {4, 8};
    REQUIRE(explore(folder, exploration, "--sensitivity").code == 0);
    const auto report = read_report(folder);
    CHECK(report["points"][0]["coordinates"].empty());
    const auto& effects = report["sensitivity"];
    REQUIRE(effects.size() == report["points"].size() - 1);
    CHECK(effects[0]["changes_verdict"] == true);
    CHECK(effects[0]["coordinates"].contains("budget"));
}

TEST_CASE("an exploration as a page: complete, and without a reference to the network") {
    const TemporaryFolder folder;
    REQUIRE(explore(folder, small_exploration(), "--maximise parameters").code == 0);
    const auto page = read_file(folder / "out" / "explore.html");
    CHECK(page.find("\"REPORT\"") == std::string::npos);
    CHECK(page.find(read_report(folder)["points"][0]["id"].get<std::string>()) != std::string::npos);
    for (const auto* reference : {"src=\"http", "href=\"http", "@import", "src=\"//"}) CHECK(page.find(reference) == std::string::npos);
}

TEST_CASE("explorations that ask for nothing possible: 1 with one message") {
    const TemporaryFolder folder;
    const auto fails = [&](const Json& exploration, const std::string& message, const std::string& options = "") {
        const auto outcome = explore(folder, exploration, options);
        CAPTURE(outcome.err);
        CHECK(outcome.code == 1);
        CHECK(outcome.err.find(message) != std::string::npos);
    };
    Json exploration = small_exploration();
    exploration["axes"][0]["path"] = "boards_available";
    fails(exploration, "a JSON pointer");
    exploration = small_exploration();
    exploration["axes"][1]["name"] = "bits";
    fails(exploration, "a second axis");
    exploration["axes"][1]["name"] = "boards";
    fails(exploration, "the name of a result");
    exploration = small_exploration();
    exploration["axes"][0]["list"] = {98, 99};
    fails(exploration, "/precision/weights");  // every point is an error
    exploration = small_exploration();
    exploration["axes"][0]["path"] = "/name/x";
    fails(exploration, "/name/x");
    exploration = small_exploration();
    exploration["sapmle"] = 3;
    fails(exploration, "sample");
    fails(small_exploration(), "no measure \"size\"", "--frontier boards,size");
    write_file(folder / "out" / "explore.sqlite", "not a database, but long enough to be taken for one");
    fails(small_exploration(), "explore.sqlite");
}

}  // namespace tessera::tests
