#include "tests/apps/command.h"

/// Precisions that a study leaves open, and boards that it keeps in reserve.
namespace tessera::tests {

namespace {

Json study_with(const Json& precisions, double latency_ns) {
    Json study = small_study();
    study["precision"] = precisions;
    study["objective"] = "latency";
    study["simulation"] = {{"bunch_crossings", 20}};
    study["requirements"]["latency_ns"] = latency_ns;
    return study;
}

const Json kWide = {{"weights", 8}, {"activations", 12}}, kNarrow = {{"weights", 4}, {"activations", 6}};

Json run(const TemporaryFolder& folder, const Json& study, int code) {
    const auto outcome = tessera("--quiet run " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "out"));
    CAPTURE(outcome.err);
    REQUIRE(outcome.code == code);
    return read_json(folder / "out" / "report.json");
}

}  // namespace

TEST_CASE("the first precision that meets the study is taken, and every later step knows which") {
    const TemporaryFolder folder;
    const double wide_ns = run(folder, study_with(Json::array({kWide}), 12500), 0)["latency_ns"]["analytic"];
    const auto open = run(folder, study_with(Json::array({kWide, kNarrow}), 12500), 0);
    REQUIRE(open["precisions"].size() == 1);  // the second is not even tried
    CHECK(open["precisions"][0]["precision"] == kWide);

    const auto tight = run(folder, study_with(Json::array({kWide, kNarrow}), wide_ns - 1), 0);
    REQUIRE(tight["precisions"].size() == 2);
    CHECK(tight["precisions"][0]["taken"] == false);
    CHECK(tight["precisions"][0]["layout"]["latency_ns"].get<double>() == doctest::Approx(wide_ns));
    CHECK(tight["precisions"][1]["taken"] == true);
    CHECK(tight["precisions"][1]["precision"] == kNarrow);
    CHECK(tight["latency_ns"]["analytic"] < wide_ns);
    const auto alone = run(folder, study_with(kNarrow, wide_ns - 1), 0);
    CHECK(alone["operators"] == tight["operators"]);

    run(folder, study_with(Json::array({kWide, kNarrow}), wide_ns - 1), 0);
    const auto out = quoted(folder / "out");
    CHECK(tessera("check " + out).code == 0);
    CHECK(tessera("--quiet report " + out).code == 0);
    CHECK(read_json(folder / "out" / "report.json")["operators"] == tight["operators"]);
}

TEST_CASE("where no precision meets the study, what comes nearest is reported") {
    const TemporaryFolder folder;
    const auto report = run(folder, study_with(Json::array({kNarrow, kWide}), 10), 2);
    REQUIRE(report["precisions"].size() == 2);
    CHECK(report["precisions"][0]["taken"] == true);
    CHECK(report["precisions"][0]["layout"]["latency_ns"].get<double>() == doctest::Approx(report["latency_ns"]["analytic"].get<double>()));
}

TEST_CASE("an empty choice of precisions is refused") {
    const TemporaryFolder folder;
    const auto outcome = tessera("run " + quoted(write_study(folder, study_with(Json::array(), 12500))) + " -o " + quoted(folder / "out"));
    CHECK(outcome.code == 1);
    CHECK(outcome.err.find("/precision: an empty list; expected a precision, or some to choose from") != std::string::npos);
}

TEST_CASE("an exploration keeps spare boards free at every number of boards") {
    const TemporaryFolder folder;
    Json study = small_study();
    study["board"] = {{"type", "KU15P"}, {"usable", 0.02}};
    study["boards_available"] = 64;
    study["simulation"] = {{"bunch_crossings", 20}, {"faults", {{"spares", {{"boards", 2}, {"takeover_bx", 10}}}}}};
    const int used = run(folder, study, 0)["boards"]["used"];
    REQUIRE(used > 2);
    Json exploration{{"name", "spares"}, {"study", (folder / "study.json").string()}};
    exploration["axes"] = Json::array({Json{{"name", "available"}, {"path", "/boards_available"}, {"list", {used + 1, used + 2}}}});
    const auto outcome =
        tessera("--quiet explore " + quoted(write_study(folder, exploration, "explore.json")) + " -o " + quoted(folder / "explored"));
    CAPTURE(outcome.err);
    const auto points = read_json(folder / "explored" / "explore.json")["points"];
    REQUIRE(points.size() == 2);
    CHECK(points[1]["boards"] == used);
    CHECK(points[0]["boards"] != used);
}

TEST_CASE("spare boards are not laid out on") {
    const TemporaryFolder folder;
    Json study = study_with(kWide, 12500);
    const auto used = run(folder, study, 0)["boards"]["used"].get<int>();
    study["boards_available"] = used + 2;
    study["simulation"]["faults"] = {{"spares", {{"boards", 2}, {"takeover_bx", 10}}}};
    const auto report = run(folder, study, 0);
    CHECK(report["boards"]["used"] == used);
    CHECK(report["boards"]["spare"] == 2);
    study["boards_available"] = used + 1;
    CHECK(tessera("--quiet run " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "out")).code == (used == 1 ? 1 : 3));
}

}  // namespace tessera::tests
