#include <fmt/format.h>

#include "tests/apps/command.h"
#include "tests/models/onnx_file.h"
#include "tests/shared_files.h"

namespace tessera::tests {

namespace {

/// Runs a study into folder/out.
Outcome run_study(const TemporaryFolder& folder, const Json& study, const std::string& options = "") {
    return tessera("run " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "out") + " " + options);
}

/// Bad input: exit code 1, one line on stderr that holds `expected`, nothing on stdout, no results.
void check_bad_input(const Outcome& outcome, const std::string& expected, const TemporaryFolder& folder) {
    CAPTURE(outcome.err);
    CHECK(outcome.code == 1);
    CHECK(outcome.out.empty());
    const auto message = outcome.err.substr(outcome.err.find("tessera: "));
    CHECK(message.find(expected) != std::string::npos);
    CHECK(message.find('\n') == message.size() - 1);
    CHECK_FALSE(std::filesystem::exists(folder / "out"));
}

Json onnx_study(const std::filesystem::path& file) {
    Json study = small_study();
    study["network"] = {{"onnx", file.string()}};
    return study;
}

/// One dense layer of 4 x 4, and what the caller adds.
OnnxFile small_model() {
    OnnxFile model;
    model.input("x", {1, 4}).constant("w", float_tensor({4, 4}, Reals(16, 0.5))).node("MatMul", {"x", "w"}, {"y"});
    return model;
}

}  // namespace

TEST_CASE("a study that meets all requirements: 0") {
    const TemporaryFolder folder;
    const auto outcome = run_study(folder, small_study());
    CAPTURE(outcome.err);
    CHECK(outcome.code == 0);
    CHECK(outcome.out.starts_with("PASS  jet tagger on a few boards\n"));
    for (const auto* name : {"study.json", "search.json", "mapping.json", "simulation.json", "report.json", "report.md", "report.html"}) {
        CHECK(std::filesystem::exists(folder / "out" / name));
    }
}

TEST_CASE("a violated latency: 2") {
    const TemporaryFolder folder;
    Json study = small_study();
    study["requirements"]["latency_ns"] = 50;
    const auto outcome = run_study(folder, study);
    CHECK(outcome.code == 2);
    const auto report = read_json(folder / "out" / "report.json");
    const double latency = report["latency_ns"]["simulated"]["max"].get<double>();
    CHECK(latency > 50);
    CHECK_FALSE(report["verdict"]["pass"].get<bool>());
    CHECK_FALSE(report["verdict"]["latency"].get<bool>());
    CHECK(report["verdict"]["interval"].get<bool>());
    CHECK(report["verdict"]["resources"].get<bool>());
    CHECK(report["verdict"]["links"].get<bool>());
    CHECK(outcome.out.find(fmt::format("latency: {:.1f} ns, {:.1f} ns over the budget of 50.0 ns", latency, latency - 50)) !=
          std::string::npos);
}

TEST_CASE("a violated interval, asked for by the study: 2") {
    const TemporaryFolder folder;
    Json study = small_study();
    study["requirements"]["interval_bx"] = 0.5;
    const auto outcome = run_study(folder, study);
    CHECK(outcome.code == 2);
    const auto report = read_json(folder / "out" / "report.json");
    CHECK_FALSE(report["verdict"]["interval"].get<bool>());
    CHECK(report["verdict"]["latency"].get<bool>());
    CHECK(outcome.out.find("12.48 ns more than the 12.48 ns required") != std::string::npos);
}

TEST_CASE("a violated interval, by a stage that does not keep up: 2") {
    const TemporaryFolder folder;
    REQUIRE(run_study(folder, small_study()).code == 0);
    Json mapping = read_json(folder / "out" / "mapping.json");
    auto& shards = mapping["shards"];
    for (auto& shard : shards) {
        if (shard["chunk_interval_cycles"].get<int>() > 0) shard["chunk_interval_cycles"] = 12;
    }
    write_file(folder / "out" / "mapping.json", mapping.dump());
    const auto simulated = tessera("simulate " + quoted(folder / "out"));
    CHECK(simulated.code == 2);
    const auto reported = tessera("report " + quoted(folder / "out"));
    CHECK(reported.code == 2);
    const auto report = read_json(folder / "out" / "report.json");
    CHECK_FALSE(report["verdict"]["interval"].get<bool>());
    CHECK(report["interval_ns"]["simulated_max"].get<double>() == doctest::Approx(12 * 24.9508 / 9).epsilon(1e-4));
}

TEST_CASE("no mapping for too few boards: 3, with what binds and by how much") {
    const TemporaryFolder folder;
    Json study = JsonReader::from_file(shipped_study("default")).raw();
    study["boards_available"] = 2;
    const auto outcome = run_study(folder, study);
    CAPTURE(outcome.err);
    CHECK(outcome.code == 3);
    CHECK(outcome.out.starts_with("NO MAPPING"));
    const auto report = read_json(folder / "out" / "report.json");
    CHECK_FALSE(report["verdict"]["pass"].get<bool>());
    CHECK(report["no_mapping"]["available"].get<double>() == 2);
    CHECK(report["no_mapping"]["needed"].get<double>() > 2);
    CHECK_FALSE(report["no_mapping"]["constraint"].get<std::string>().empty());
    CHECK(report["boards"]["used"].get<int>() == 0);
    CHECK(std::filesystem::exists(folder / "out" / "report.html"));
    CHECK(std::filesystem::exists(folder / "out" / "report.md"));
    CHECK_FALSE(std::filesystem::exists(folder / "out" / "mapping.json"));
}

TEST_CASE("malformed JSON: 1") {
    const TemporaryFolder folder;
    write_file(folder / "bad.json", "{\"name\": \"x\",\n \"network\": }");
    check_bad_input(tessera("run " + quoted(folder / "bad.json") + " -o " + quoted(folder / "out")), "line 2: malformed JSON", folder);
}

TEST_CASE("an unknown key in a study: 1, with the key that was meant") {
    const TemporaryFolder folder;
    Json study = small_study();
    study["boards_avialable"] = 4;
    check_bad_input(run_study(folder, study), "boards_available", folder);
}

TEST_CASE("a missing ONNX file: 1, with where anyone gets it") {
    const TemporaryFolder folder;
    Json study = onnx_study(folder / "none.onnx");
    study["network"]["source"] = "example.org, models/none.onnx";
    study["network"]["sha256"] = "0123";
    const auto outcome = run_study(folder, study);
    check_bad_input(outcome, "no such file", folder);
    CHECK(outcome.err.find("get it from example.org, models/none.onnx (SHA-256 0123), or give another with --network FILE") !=
          std::string::npos);
}

TEST_CASE("a truncated ONNX file: 1") {
    const TemporaryFolder folder;
    const auto bytes = small_model().output("y").bytes();
    write_file(folder / "cut.onnx", bytes.substr(0, bytes.size() / 2));
    check_bad_input(run_study(folder, onnx_study(folder / "cut.onnx")), "cut.onnx", folder);
}

TEST_CASE("a truncated real ONNX file: 1") {
    const auto file = shared_file("models/qzoo_qkeras_jettagging.onnx");
    if (!file) return;
    const TemporaryFolder folder;
    const auto bytes = read_file(*file);
    write_file(folder / "cut.onnx", bytes.substr(0, bytes.size() * 2 / 3));
    check_bad_input(run_study(folder, onnx_study(folder / "cut.onnx")), "cut.onnx", folder);
}

TEST_CASE("an unsupported operator: 1, with node and count") {
    const TemporaryFolder folder;
    auto model = small_model();
    model.node("FancyOperator", {"y"}, {"z"}).node("FancyOperator", {"z"}, {"v"}).output("v");
    write_file(folder / "fancy.onnx", model.bytes());
    const auto outcome = run_study(folder, onnx_study(folder / "fancy.onnx"));
    check_bad_input(outcome, "FancyOperator", folder);
    CHECK(outcome.err.find('2') != std::string::npos);
}

TEST_CASE("a network on the command line takes the place of the study's") {
    const TemporaryFolder folder;
    write_file(folder / "model.onnx", small_model().output("y").bytes());
    const auto outcome = run_study(folder, onnx_study(folder / "none.onnx"), "--network " + quoted(folder / "model.onnx"));
    CAPTURE(outcome.err);
    CHECK(outcome.code == 0);
    CHECK(read_json(folder / "out" / "study.json")["network"]["onnx"] == (folder / "model.onnx").string());
    // Later steps find it without being told again.
    CHECK(tessera("check " + quoted(folder / "out")).code == 0);
}

TEST_CASE("usage errors: 1 with one message") {
    const TemporaryFolder folder;
    check_bad_input(tessera("run"), "STUDY", folder);
    check_bad_input(tessera("run " + quoted(shipped_study("jet_mlp"))), "--out", folder);
    check_bad_input(tessera("frobnicate"), "tessera --help", folder);
    check_bad_input(tessera("list stars"), "stars", folder);
    check_bad_input(tessera("inspect x.onnx --bind N=none"), "NAME=VALUE", folder);
    check_bad_input(tessera("check " + quoted(folder / "nowhere")), "no such file", folder);
    CHECK(tessera("--help").code == 0);
    CHECK(tessera("run --help").out.find("--network") != std::string::npos);
}

TEST_CASE("results that cannot be written: 1, nothing left behind") {
    const TemporaryFolder folder;
    write_file(folder / "file", "");
    const auto outcome = tessera("run " + quoted(shipped_study("jet_mlp")) + " -o " + quoted(folder / "file"));
    CHECK(outcome.code == 1);
    CHECK(outcome.err.find("a folder for the results") != std::string::npos);
    CHECK(read_file(folder / "file").empty());
    check_bad_input(tessera("--quiet run " + quoted(shipped_study("jet_mlp")) + " -o /proc/tessera"), "/proc/tessera", folder);
    check_bad_input(tessera("--quiet map " + quoted(shipped_study("jet_mlp")) + " -o /proc/tessera/out"), "/proc/tessera/out", folder);
}

TEST_CASE("every command explains itself") {
    for (const auto* command : {"run", "map", "check", "simulate", "report", "explore", "partition", "inspect", "list"}) {
        CAPTURE(command);
        const auto outcome = tessera(std::string(command) + " --help");
        CHECK(outcome.code == 0);
        CHECK(outcome.err.empty());
        CHECK(outcome.out.find("Usage: tessera " + std::string(command)) != std::string::npos);
    }
}

TEST_CASE("--json leaves JSON alone on stdout, whatever the command") {
    const TemporaryFolder folder;
    const auto out = quoted(folder / "out");
    const auto study = quoted(shipped_study("jet_mlp"));
    Json exploration = read_json(shipped_study("jet_mlp_exploration"));
    exploration["study"] = shipped_study("jet_mlp").string();
    exploration["sample"] = 2;
    const auto two_points = quoted(write_study(folder, exploration, "exploration.json"));
    for (const auto& line :
         {"run " + study + " -o " + out, "map " + study + " -o " + out, "check " + out, "simulate " + out, "report " + out,
          "explore " + two_points + " -o " + quoted(folder / "explored"), std::string("inspect jet_mlp"), std::string("list boards"),
          std::string("list links"), std::string("list topologies"), std::string("list networks")}) {
        const auto outcome = tessera("--json " + line);
        CAPTURE(line);
        CAPTURE(outcome.err);
        CHECK(outcome.code == 0);
        CHECK(Json::accept(outcome.out));
    }
}

TEST_CASE("inputs at a board that the topology has not, or that has failed: 1, before anything is mapped") {
    const TemporaryFolder folder;
    Json study = small_study();
    study["topology"] = {{"kind", "torus2d"}, {"shape", {2, 2}}, {"failed", {1}}, {"inputs_at", {0, 4}}};
    check_bad_input(run_study(folder, study), "/topology/inputs_at/1: found 4; expected one of the 4 boards", folder);
    study["topology"]["inputs_at"] = {1};
    check_bad_input(run_study(folder, study), "/topology/inputs_at/0: board 1, which has failed", folder);
    study["topology"].erase("inputs_at");
    study["topology"]["decision_at"] = 1;
    check_bad_input(run_study(folder, study), "/topology/decision_at: board 1, which has failed", folder);
}

TEST_CASE("inputs and decision at given boards are kept, checked and reported") {
    const TemporaryFolder folder;
    for (const char* kind : {"patch_panel", "ring"}) {
        CAPTURE(kind);
        Json study = small_study();
        study["topology"] = {{"kind", kind}, {"inputs_at", {2}}, {"decision_at", 0}};
        study["simulation"] = {{"bunch_crossings", 50}};
        const auto outcome = run_study(folder, study);
        CAPTURE(outcome.err);
        REQUIRE(outcome.code == 0);
        const auto mapping = read_json(folder / "out" / "mapping.json");
        for (const auto& link : mapping["links"]) {
            if (link["from"] == "outside") CHECK(mapping["positions"][link["to"].get<std::size_t>()] == 2);
            if (link["to"] == "outside") CHECK(mapping["positions"][link["from"].get<std::size_t>()] == 0);
        }
        CHECK(read_file(folder / "out" / "report.md").find("inputs at board 2, decision at board 0") != std::string::npos);
        auto asked = read_json(folder / "out" / "study.json");
        asked["topology"]["decision_at"] = 1;
        write_file(folder / "out" / "study.json", asked.dump(1));
        const auto checked = tessera("check " + quoted(folder / "out"));
        CHECK(checked.code == 2);
        CHECK(checked.out.find("exit: ") != std::string::npos);
    }
}

TEST_CASE("a search that has no time finds nothing, and says so") {
    const TemporaryFolder folder;
    const auto outcome = tessera("map " + quoted(shipped_study("default")) + " --time-limit 0.001 -o " + quoted(folder / "out"));
    CHECK(outcome.code == 3);
    CHECK(outcome.out.find("stopped before any mapping was found") != std::string::npos);
}

TEST_CASE("Ctrl-C: 130 and what is there is whole") {
    const TemporaryFolder folder;
    Json study = Json::parse(read_file(shipped_study("hl_lhc_level1")));
    study["simulation"] = {{"orbits", 1000}};  // minutes on 718 boards
    write_file(folder / "study.json", study.dump());
    const auto log = quoted(folder / "log");
    const auto line = "tessera run " + quoted(folder / "study.json") + " -o " + quoted(folder / "out") + " 2>" + log +
                      " & until grep -q simulating " + log + "; do sleep 0.05; done; kill -INT $!; wait $!; code=$?; cat " + log +
                      " >&2; exit $code";
    const auto outcome = shell(line, source_folder());
    CAPTURE(outcome.err);
    CHECK(outcome.code == 130);
    CHECK(outcome.err.find("interrupted; nothing was left half-written") != std::string::npos);
    if (!std::filesystem::exists(folder / "out")) return;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "out")) {
        CAPTURE(entry.path().string());
        if (entry.path().extension() == ".json") CHECK(Json::accept(read_file(entry.path())));
    }
}

TEST_CASE("Ctrl-C after a mapping was found takes the best so far") {
    const TemporaryFolder folder;
    // A first mapping takes less than a second, the whole search much more.
    const auto line = "timeout -s INT 1 tessera map " + quoted(shipped_study("default")) + " -o " + quoted(folder / "out");
    const auto outcome = shell(line, source_folder());
    CAPTURE(outcome.err);
    if (!std::filesystem::exists(folder / "out" / "mapping.json")) {
        MESSAGE("skipped: no mapping was found within a second here");
        return;
    }
    CHECK(outcome.err.find("this is the best mapping found by then") != std::string::npos);
    CHECK(tessera("check " + quoted(folder / "out")).code == 0);
}

}  // namespace tessera::tests
