#include "tests/apps/command.h"

/// Systems of several types of board, as whole commands see them.
namespace tessera::tests {

namespace {

/// The small study on one rather larger board of each of several time nodes, and more of a small one.
Json mixed_study() {
    Json study = small_study();
    study.erase("boards_available");
    study["board"] =
        Json::array({{{"type", "VU9P"}, {"boards", 1}, {"usable", 0.01}}, {{"type", "KU15P"}, {"boards", 40}, {"usable", 0.015}}});
    study["tmux_periods_bx"] = {1};
    study["requirements"]["latency_ns"] = 12500;
    study["simulation"] = {{"bunch_crossings", 20}};
    return study;
}

Outcome command(const std::string& name, const TemporaryFolder& folder, const Json& study, const std::string& options = "") {
    return tessera("--quiet " + name + " " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "out") + options);
}

}  // namespace

TEST_CASE("a system of two types of board is laid out, checked, simulated and reported by type") {
    const TemporaryFolder folder;
    const auto outcome = command("run", folder, mixed_study());
    CAPTURE(outcome.err);
    REQUIRE(outcome.code == 0);
    const auto report = read_json(folder / "out" / "report.json");
    check_accounts(report);
    const auto& boards = report["boards"];
    CHECK(boards["type"] == "VU9P and KU15P");
    CHECK(boards["available"] == 41);
    REQUIRE(boards["types"].size() == 2);
    CHECK(boards["types"][0]["used"] == 1);
    const int small = boards["types"][1]["used"];
    CHECK(small >= 1);
    CHECK(boards["used"] == 1 + small);
    int of_type = 0;
    for (const auto& board : report["board_utilisation"]) of_type += board["type"] == "KU15P" ? 1 : 0;
    CHECK(of_type == small);
    const auto& power = report["power"];
    CHECK(power["types"][0]["total_w"].get<double>() + power["types"][1]["total_w"].get<double>() ==
          doctest::Approx(power["total_w"].get<double>()).epsilon(0.01));
    CHECK(read_file(folder / "out" / "report.md").find("Boards by type: 1 of 1 VU9P") != std::string::npos);
    CHECK(outcome.out.find("types     1 of 1 VU9P") != std::string::npos);

    // A mapping on boards that are not there is found by the check.
    auto asked = read_json(folder / "out" / "study.json");
    asked["board"][1]["boards"] = small - 1 > 0 ? small - 1 : 1;
    asked["boards_available"] = small;
    write_file(folder / "out" / "study.json", asked.dump(1));
    const auto checked = tessera("check " + quoted(folder / "out"));
    CHECK(checked.code == 2);
    CHECK(checked.out.find("board_type: ") != std::string::npos);
    CHECK(checked.out.find(" are there") != std::string::npos);
}

TEST_CASE("stages stand on boards of the first type, and of each type as many boards are spare") {
    const TemporaryFolder folder;
    Json study = mixed_study();
    study["board"][0]["boards"] = 4;
    const Json input{{"from", "detector"}, {"words", 32}, {"arrival_ns", 0}};
    study["stages"] = Json::array({{{"name", "before"}, {"boards", 1}, {"latency_ns", 100}, {"words", 32}, {"feeds", {"*"}}}});
    study["stages"][0]["inputs"] = Json::array({input});
    study["simulation"]["faults"] = {{"spares", {{"boards", 1}, {"takeover_bx", 5}}}};
    const auto outcome = command("run", folder, study);
    CAPTURE(outcome.err);
    REQUIRE(outcome.code == 0);
    const auto report = read_json(folder / "out" / "report.json");
    const auto& boards = report["boards"];
    CHECK(boards["spare"] == 2);
    CHECK(boards["types"][0]["used"] == 3);  // two of the network, one of the stage: the fourth is spare
    CHECK(boards["types"][1]["used"].get<int>() >= 1);
    CHECK(tessera("check " + quoted(folder / "out")).code == 0);
}

TEST_CASE("where boards of two types do not suffice, the explanation names both") {
    const TemporaryFolder folder;
    Json study = mixed_study();
    study["board"][1]["boards"] = 1;
    const auto outcome = command("run", folder, study);
    CHECK(outcome.code == 3);
    CHECK(outcome.out.find("VU9P (1) and KU15P (1)") != std::string::npos);
}

TEST_CASE("other partitioners fill boards of two types") {
    const TemporaryFolder folder;
    Json study = mixed_study();
    study["board"][0]["usable"] = 0.015;
    for (const std::string partitioner : {"metis", "scotch", "greedy"}) {
        CAPTURE(partitioner);
        const auto outcome = command("map", folder, study, " --partitioner " + partitioner);
        CAPTURE(outcome.out);
        REQUIRE(outcome.code == 0);
        CHECK(tessera("check " + quoted(folder / "out")).code == 0);
        const auto mapping = read_json(folder / "out" / "mapping.json");
        std::map<std::string, int> used;
        for (const auto& type : mapping["boards"]) ++used[mapping["board_types"][type.get<std::size_t>()]["name"]];
        CHECK(used["VU9P"] == 1);
        CHECK(used["KU15P"] > 0);
    }
}

TEST_CASE("devices of other families, on which operators cost less, take what all have in common") {
    for (const std::string other : {"VP1802", "AGI027"}) {
        CAPTURE(other);
        const TemporaryFolder folder;
        Json study = mixed_study();
        study["board"][1]["type"] = other;
        const auto outcome = command("run", folder, study);
        CAPTURE(outcome.err);
        REQUIRE(outcome.code == 0);
        const auto report = read_json(folder / "out" / "report.json");
        CHECK(report["boards"]["used"].get<int>() > 0);  // that both are is for the shipped study to show
        CHECK(read_file(folder / "out" / "report.md").find("have in common") != std::string::npos);
        CHECK(tessera("check " + quoted(folder / "out")).code == 0);
        Json slow = study;
        slow["clock"]["cycles_per_bx"] = 14;  // 561 MHz: within what the other closes timing at, beyond the first
        const auto refused = command("run", folder, slow);
        CHECK(refused.code == 1);
        CHECK(refused.err.find("VU9P and " + other) != std::string::npos);
    }
}

TEST_CASE("an exploration asks for fewer boards of all types together, and for another number of one") {
    const TemporaryFolder folder;
    Json exploration{{"name", "mixed"}, {"study", write_study(folder, mixed_study()).string()}};
    exploration["axes"] = Json::array({Json{{"name", "available"}, {"path", "/boards_available"}, {"list", {1, 40}}},
                                       Json{{"name", "large"}, {"path", "/board/0/boards"}, {"list", {1, 30}}}});
    const auto outcome =
        tessera("--quiet explore " + quoted(write_study(folder, exploration, "explore.json")) + " -o " + quoted(folder / "explored"));
    CAPTURE(outcome.err);
    CHECK(outcome.code == 0);
    const auto points = read_json(folder / "explored" / "explore.json")["points"];
    REQUIRE(points.size() == 4);
    for (const auto& point : points) {
        CAPTURE(point.dump());
        CHECK(point["status"] == (point["coordinates"]["available"] == 1 ? "no mapping" : "pass"));
    }
}

TEST_CASE("the shipped studies of two types, also of different families, pass on both" * doctest::test_suite("full_size")) {
    for (const std::string study : {"mixed_boards", "mixed_families"}) {
        CAPTURE(study);
        const auto& [out, outcome] = shipped_run(study);
        CAPTURE(outcome.err);
        REQUIRE(outcome.code == 0);
        const auto report = read_json(out / "report.json");
        check_accounts(report);
        for (const auto& type : report["boards"]["types"]) CHECK(type["used"].get<int>() > 0);
        CHECK(report["boards"]["types"][0]["used"] == report["boards"]["types"][0]["available"]);
    }
}

TEST_CASE("the shipped study of two types on a torus keeps types, inputs and decision at their places" * doctest::test_suite("full_size")) {
    const auto& [out, outcome] = shipped_run("mixed_boards_torus");
    CAPTURE(outcome.err);
    REQUIRE(outcome.code == 0);
    const auto report = read_json(out / "report.json");
    check_accounts(report);
    for (const auto& type : report["boards"]["types"]) CHECK(type["used"].get<int>() > 0);
    const auto mapping = read_json(out / "mapping.json");
    for (std::size_t b = 0; b < mapping["boards"].size(); ++b) {
        const auto& type = mapping["board_types"][mapping["boards"][b].get<std::size_t>()];
        CHECK(type["name"] == (mapping["positions"][b].get<int>() % 4 == 0 ? "Apollo" : "Serenity-S1"));
    }
    for (const auto& link : mapping["links"]) {
        if (link["from"] == "outside") CHECK(mapping["positions"][link["to"].get<std::size_t>()].get<int>() % 4 == 0);
        if (link["to"] == "outside") CHECK(mapping["positions"][link["from"].get<std::size_t>()] == 2);
    }
}

}  // namespace tessera::tests
