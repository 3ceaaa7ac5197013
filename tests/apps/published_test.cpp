#include "apps/published.h"

#include <map>
#include <set>
#include <sstream>

#include "tests/apps/command.h"

namespace tessera::tests {

namespace {

std::vector<std::filesystem::path> studies_with_published_figures() {
    std::set<std::filesystem::path> sorted;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(source_folder() / "apps" / "studies")) {
        if (entry.path().extension() == ".json" && read_json(entry.path()).contains("published")) sorted.insert(entry.path());
    }
    return {sorted.begin(), sorted.end()};
}

}  // namespace

TEST_CASE("the tables of published figures are what the command writes" * doctest::test_suite("full_size")) {
    const TemporaryFolder folder;
    std::map<std::string, std::string> outs;  // folders of runs, by the page that shows them
    bool all_ran = true;
    for (const auto& study : studies_with_published_figures()) {
        const auto name = std::filesystem::relative(study, source_folder() / "apps/studies").replace_extension("").string();
        const auto& [out, outcome] = shipped_run(name);
        CAPTURE(study.string());
        CAPTURE(outcome.err);
        if (outcome.code == 1 && outcome.err.find("no such file") != std::string::npos) {
            MESSAGE("skipped: " << outcome.err);
            all_ran = false;
            continue;
        }
        // 50 ns are not met, as links and registers take their time, and 100 M parameters at 8 bits fit no 1000 boards.
        const std::map<std::string, int> missed{{"axol1tl", 2}, {"masked_particle_100m", 3}};
        const auto code = missed.find(study.stem().string());
        REQUIRE(outcome.code == (code == missed.end() ? 0 : code->second));
        if (outcome.code != 3) check_accounts(read_json(out / "report.json"));
        outs[study.stem() == "alternatives" ? "ALTERNATIVES.md" : "README.md"] += " " + quoted(out);
    }
    CHECK(outs.size() == 2);
    for (const auto& [name, runs] : outs) {
        CAPTURE(name);
        const auto page = read_file(source_folder() / "apps/studies" / name);
        write_file(folder / name, page);
        const auto outcome = tessera("compare" + runs + " --into " + quoted(folder / name));
        REQUIRE(outcome.code == 0);
        std::istringstream rows(outcome.out);
        for (std::string row; std::getline(rows, row);) {
            CAPTURE(row);
            CHECK(page.find(row + "\n") != std::string::npos);
        }
        const bool same = read_file(folder / name) == page;
        if (all_ran) CHECK_MESSAGE(same, "scripts/compare_studies.sh writes another table");
    }
}

TEST_CASE("a published figure stands in the report beside Tessera's own") {
    const TemporaryFolder folder;
    Json study = small_study();
    study["simulation"] = {{"bunch_crossings", 10}};
    study["published"] = {
        {{"what", "boards"}, {"figure", "/boards/used"}, {"value", 4}, {"unit", ""}, {"source", "a test"}, {"why", "none"}}};
    const auto run = [&] { return tessera("--quiet run " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "out")); };
    REQUIRE(run().code == 0);
    const auto entry = read_json(folder / "out" / "report.json")["published"][0];
    CHECK(entry["tessera"] == 1);
    CHECK(entry["ratio"] == 0.25);
    CHECK(read_file(folder / "out" / "report.md").find("| boards | 4 | 1 | 0.25 | none | a test |") != std::string::npos);

    study["published"][0]["figure"] = "/boards/type";
    CHECK(run().code == 1);
    CHECK(run().err.find("figure /boards/type leads to no number") != std::string::npos);
    study["published"][0]["figure"] = "boards";
    CHECK(run().err.find("a JSON pointer into report.json") != std::string::npos);
    study["published"][0].erase("source");
    CHECK(run().code == 1);
}

TEST_CASE("what was not mapped has no figure, and the page must have a place for the table") {
    const Json report{{"study", "s"}, {"no_mapping", Json::object()}, {"boards", {{"used", 0}}}};
    const auto section = apps::published_section({{"boards", "/boards/used", 4, "", "a test", "none"}}, report);
    CHECK(section[0]["tessera"].is_null());
    CHECK(apps::comparison_table({{{"study", "s"}, {"published", section}}}).find("| s | boards | 4 | no mapping |  | none | a test |") !=
          std::string::npos);
    CHECK_THROWS(apps::with_comparison("no marks", "table", "page.md"));
}

}  // namespace tessera::tests
