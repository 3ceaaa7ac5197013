#include "apps/serve/estimate.h"

#include "apps/steps.h"
#include "tests/apps/command.h"

namespace tessera::tests {

namespace {

/// The jet tagger on boards of which so little is usable that it takes several.
Json several_boards() {
    Json study = small_study();
    study["board"] = {{"type", "KU15P"}, {"usable", 0.02}};
    study["boards_available"] = 64;
    return study;
}

apps::serve::Estimate estimate_of(const Json& json) {
    const auto study = apps::read_study(JsonReader::from_text("study", json.dump()));
    return apps::serve::estimate(study, apps::import_network(study, ""));
}

}  // namespace

TEST_CASE("an estimate is a bound of what a run finds") {
    const TemporaryFolder folder;
    REQUIRE(tessera("--quiet run " + quoted(write_study(folder, several_boards())) + " -o " + quoted(folder / "out")).code == 0);
    const auto report = read_json(folder / "out" / "report.json");
    const auto estimate = estimate_of(several_boards());
    CHECK(estimate.impossible.empty());
    CHECK(estimate.latency_ns <= report["latency_ns"]["simulated"]["max"].get<double>());
    for (const auto& period : estimate.periods) {
        if (period.tmux_period_bx != report["boards"]["tmux_period"].get<int>()) continue;
        CHECK(period.least_boards == report["boards"]["lower_bound"].get<int>());
        CHECK(period.least_boards <= report["boards"]["used"].get<int>());
    }
}

TEST_CASE("an estimate says what makes a study impossible") {
    Json study = several_boards();
    study["boards_available"] = 1;
    CHECK(estimate_of(study).impossible.find("boards are needed, 1 are there") != std::string::npos);
    study = several_boards();
    study["requirements"]["latency_ns"] = 10;
    CHECK(estimate_of(study).impossible.starts_with("latency: at least"));
    study = several_boards();
    study["strategy"] = {{{"operators", "dense"}, {"strategy", "table"}}};
    CHECK_FALSE(estimate_of(study).impossible.empty());
}

}  // namespace tessera::tests
