#include "tests/apps/command.h"
#include "tests/shared_files.h"

namespace tessera::tests {

namespace {

/// A folder with the mapping of the small study.
struct Mapped {
    TemporaryFolder folder;
    std::filesystem::path out = folder / "out";

    Mapped() { REQUIRE(tessera("map " + quoted(shipped_study("jet_mlp")) + " -o " + quoted(out)).code == 0); }

    /// Writes the mapping back after a change.
    template <typename Change>
    void tamper(const Change& change) const {
        Json mapping = read_json(out / "mapping.json");
        change(mapping);
        write_file(out / "mapping.json", mapping.dump());
    }
};

/// The first shard that sits on a board.
Json& placed_shard(Json& mapping) {
    for (auto& shard : mapping["shards"]) {
        if (shard["chunk_interval_cycles"].get<int>() > 0) return shard;
    }
    FAIL("no shard on a board");
    return mapping["shards"][0];
}

}  // namespace

TEST_CASE("each step works from the folder alone, and together they make what run makes") {
    const Mapped mapped;
    const auto out = quoted(mapped.out);
    CHECK(tessera("check " + out).code == 0);
    CHECK(tessera("simulate " + out).code == 0);
    CHECK(tessera("report " + out).code == 0);
    const TemporaryFolder other;
    REQUIRE(tessera("run " + quoted(shipped_study("jet_mlp")) + " -o " + quoted(other / "out")).code == 0);
    for (const auto* name : {"study.json", "search.json", "mapping.json", "simulation.json", "report.html", "report.md"}) {
        CAPTURE(name);
        CHECK(read_file(mapped.out / name) == read_file(other / "out" / name));
    }
}

TEST_CASE("a report without a simulation says that nothing was simulated") {
    const Mapped mapped;
    const auto outcome = tessera("report " + quoted(mapped.out));
    CHECK(outcome.code == 2);
    CHECK(outcome.out.find("nothing was simulated") != std::string::npos);
}

TEST_CASE("a board over capacity: the checker catches it, the report fails") {
    const Mapped mapped;
    mapped.tamper([](Json& mapping) { placed_shard(mapping)["resources"]["lut"] = 1e9; });
    const auto checked = tessera("check " + quoted(mapped.out));
    CHECK(checked.code == 2);
    CHECK(checked.out.find("capacity") != std::string::npos);
    tessera("simulate " + quoted(mapped.out));
    CHECK(tessera("report " + quoted(mapped.out)).code == 2);
    CHECK_FALSE(read_json(mapped.out / "report.json")["verdict"]["resources"].get<bool>());
}

TEST_CASE("a slower stage: the checker catches it, and the simulation disagrees with the prediction") {
    const Mapped mapped;
    mapped.tamper([](Json& mapping) { placed_shard(mapping)["latency_cycles"] = 500; });
    CHECK(tessera("check " + quoted(mapped.out)).code == 2);
    tessera("simulate " + quoted(mapped.out));
    tessera("report " + quoted(mapped.out));
    const auto report = read_json(mapped.out / "report.json");
    CHECK(report["latency_ns"]["simulated"]["max"].get<double>() > report["latency_ns"]["analytic"].get<double>() + 1000);
}

TEST_CASE("faults of the study: the report counts what they cost and says where") {
    const TemporaryFolder folder;
    Json study = small_study();
    study["simulation"] = {{"bunch_crossings", 200},
                           {"faults", {{"list", {{{"kind", "board_dead"}, {"board", 0}, {"from_bx", 100}, {"for_bx", 10}}}}}}};
    CHECK(tessera("run " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "out")).code == 2);
    const auto report = read_json(folder / "out" / "report.json");
    const auto& events = report["events"];
    CHECK(events["injected"] == 200);
    CHECK(events["lost"] >= 10);
    CHECK(events["completed"].get<int>() + events["lost"].get<int>() == 200);
    CHECK_FALSE(report["verdict"]["events"].get<bool>());
    CHECK(report["losses"][0].get<std::string>().find("board 0: dead in BX ") == 0);
    REQUIRE(report["faults"].size() == 1);
    CHECK(report["faults"][0]["what"] == "board 0 of time node 0 dead from BX 100 for 10 BX");
    CHECK(report["faults"][0]["lost"] == events["lost"]);
}

TEST_CASE("a spare takes over: every rendering of the report says when, and what was lost before") {
    const TemporaryFolder folder;
    Json study = small_study();
    study["simulation"] = {
        {"bunch_crossings", 200},
        {"faults",
         {{"list", {{{"kind", "board_dead"}, {"board", 0}, {"from_bx", 100}}}}, {"spares", {{"boards", 1}, {"takeover_bx", 10}}}}}};
    const auto outcome = tessera("run " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "out"));
    CHECK(outcome.code == 2);
    const auto fault = read_json(folder / "out" / "report.json")["faults"][0];
    CHECK(fault["takeover_bx"] == 110);
    const int lost = fault["lost"].get<int>();
    CHECK(lost >= 10);
    CHECK(lost < 100);
    const auto what = "board 0 of time node 0 dead from BX 100 on: " + std::to_string(lost) + " events lost";
    CHECK(outcome.out.find(what) != std::string::npos);
    for (const auto* rendering : {"report.md", "report.html"}) {
        CAPTURE(rendering);
        const auto text = read_file(folder / "out" / rendering);
        CHECK(text.find("board 0 of time node 0 dead from BX 100 on") != std::string::npos);
        CHECK(text.find("a spare from BX ") != std::string::npos);
    }
}

TEST_CASE("a simulation is traced on request, for boards that are there") {
    const Mapped mapped;
    const auto command = "simulate " + quoted(mapped.out) + " --trace " + quoted(mapped.folder / "trace.json") + " --crossings 3";
    CHECK(tessera(command).code == 0);
    CHECK(read_json(mapped.folder / "trace.json")["traceEvents"].size() > 3);
    const auto outcome = tessera(command + " --boards 7");
    CHECK(outcome.code == 1);
    CHECK(outcome.err == "tessera: command line: --boards: board 7; expected one of 1\n");
}

TEST_CASE("a mapping that was written by hand is simulated to the tick that its page says") {
    const TemporaryFolder folder;
    std::filesystem::copy(source_folder() / "apps" / "studies" / "by_hand", folder / "by_hand", std::filesystem::copy_options::recursive);
    const auto outcome = tessera("--json --quiet simulate " + quoted(folder / "by_hand") + " --vcd " + quoted(folder / "waves.vcd"));
    CHECK(outcome.code == 0);
    const auto result = read_json(folder / "by_hand" / "simulation.json");
    CHECK(result["events"]["completed"] == 100);
    CHECK(result["max_latency_ticks"] == 6 + 4 + 2 + 1 + 2 + 45 + 5 + 2 + 45 + 6 + 3);
    CHECK(read_file(source_folder() / "apps" / "README.md").find("after 121 ticks") != std::string::npos);
    CHECK(read_file(folder / "waves.vcd").find("$enddefinitions") != std::string::npos);
}

TEST_CASE("a mapping that is no mapping: 1 with one message") {
    const Mapped mapped;
    mapped.tamper([](Json& mapping) { mapping.erase("shards"); });
    const auto outcome = tessera("simulate " + quoted(mapped.out));
    CHECK(outcome.code == 1);
    CHECK(outcome.err.find("shards") != std::string::npos);
}

TEST_CASE("a new mapping takes away the results of the old one") {
    const Mapped mapped;
    REQUIRE(tessera("simulate " + quoted(mapped.out)).code == 0);
    REQUIRE(tessera("report " + quoted(mapped.out)).code == 0);
    REQUIRE(tessera("map " + quoted(shipped_study("jet_mlp")) + " -o " + quoted(mapped.out)).code == 0);
    for (const auto* name : {"simulation.json", "report.json", "report.md", "report.html"})
        CHECK_FALSE(std::filesystem::exists(mapped.out / name));
}

TEST_CASE("inspect counts what a network has") {
    const auto outcome = tessera("inspect jet_mlp --json");
    CHECK(outcome.code == 0);
    const auto json = Json::parse(outcome.out);
    CHECK(json["parameters"] == 4389);
    CHECK(json["macs"] == 4256);  // 16 x 64 + 64 x 32 + 32 x 32 + 32 x 5
    CHECK(json["ebops"].get<double>() > 0);
    CHECK(json["operators"].is_object());
}

TEST_CASE("inspect binds symbolic dimensions, and asks for those that are missing") {
    const auto file = shared_file("models/cms_HLT_ParticleNetAK4.onnx");
    if (!file) return;
    const auto missing = tessera("inspect " + quoted(*file));
    CHECK(missing.code == 1);
    CHECK(missing.err.find("n_pf, n_sv") != std::string::npos);
    const auto bound = tessera("inspect " + quoted(*file) + " --bind n_pf=15 --bind n_sv=5 --json");
    CAPTURE(bound.err);
    CHECK(bound.code == 0);
    CHECK(Json::parse(bound.out)["parameters"].get<double>() == doctest::Approx(166561).epsilon(0.01));
}

}  // namespace tessera::tests
