#include "tests/apps/command.h"

namespace tessera::tests {

namespace {

Json report_of(const Json& study, int& code) {
    const TemporaryFolder folder;
    const auto outcome = tessera("--json --quiet run " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "out"));
    code = outcome.code;
    CAPTURE(outcome.err);
    REQUIRE((code == 0 || code == 2 || code == 3));
    return Json::parse(outcome.out);
}

}  // namespace

TEST_CASE("a report says what it is worth at pessimistic costs, and the power") {
    int code = 0;
    const Json report = report_of(small_study(), code);
    REQUIRE(code == 0);
    const auto& doubt = report["uncertainty"];
    CHECK(doubt["boards"]["pessimistic"].get<int>() >= doubt["boards"]["central"].get<int>());
    CHECK(doubt["boards"]["central"] == report["boards"]["used"]);
    CHECK(doubt["latency_ns"]["pessimistic"].get<double>() >= doubt["latency_ns"]["central"].get<double>());
    CHECK(doubt["verdict_survives"] == doubt["pass_at_pessimistic_cost"]);  // it passes, so it survives where it still does
    const auto& power = report["power"];
    CHECK(
        power["total_w"].get<double>() ==
        doctest::Approx(power["static_w"].get<double>() + power["dynamic_w"].get<double>() + power["links_w"].get<double>()).epsilon(0.02));
    const double leakage_of_one_w = power["static_w"].get<double>() / report["boards"]["used"].get<double>();
    CHECK(leakage_of_one_w > 5);  // a VU13P at work
    CHECK(power["hottest_board_w"].get<double>() > leakage_of_one_w);
}

TEST_CASE("a verdict that only just holds does not survive pessimistic costs") {
    int code = 0;
    Json study = small_study();
    const double latency = report_of(study, code)["latency_ns"]["simulated"]["max"].get<double>();
    study["requirements"]["latency_ns"] = latency + 0.1;
    const Json report = report_of(study, code);
    REQUIRE(code == 0);
    CHECK_FALSE(report["uncertainty"]["verdict_survives"].get<bool>());
}

TEST_CASE("a study fixes how operators are built") {
    int code = 0;
    Json study = small_study();
    study["strategy"] = Json::parse(R"([{"operators": "dense", "strategy": "dsp", "reuse_factor": 3}])");
    const Json report = report_of(study, code);
    REQUIRE(code == 0);
    int dense = 0;
    for (const auto& op : report["operators"]) {
        if (op["type"] != "MatMul" && op["type"] != "Gemm" && op["type"] != "Dense") continue;
        CHECK(op["strategies"] == Json::array({"dsp"}));
        ++dense;
    }
    CHECK(dense == 4);
    study["strategy"][0]["reuse_factor"] = 100;  // nothing keeps up with every third crossing like that
    report_of(study, code);
    CHECK(code == 3);
}

TEST_CASE("the jet taggers of the design talk decide on one or two boards a time node, at their reuse factors" *
          doctest::test_suite("full_size")) {
    int studies = 0;
    for (const auto& entry : std::filesystem::directory_iterator(source_folder() / "apps" / "studies" / "jet_tagging_vu13p")) {
        CAPTURE(entry.path().string());
        int code = 0;
        const Json report = report_of(JsonReader::from_file(entry.path()).raw(), code);
        CHECK(code == 0);
        CHECK(report["boards"]["of_one_time_node"].get<int>() <= 2);
        ++studies;
    }
    CHECK(studies == 9);
}

}  // namespace tessera::tests
