#include "tests/apps/command.h"

/// Compressions that a study offers: tried, taken where they pay, and the same in every step that works from the folder.
namespace tessera::tests {

namespace {

Json lhcb_study() {
    Json study = read_json(shipped_study("lhcb_compression"));
    study["simulation"] = {{"bunch_crossings", 20}};
    return study;
}

}  // namespace

TEST_CASE("an autoencoder before the links is taken for the boards that it saves, and is laid out, checked and simulated") {
    const TemporaryFolder folder;
    Json study = lhcb_study();
    study["compression"].erase(1);
    study["board"]["ports"] = 80;  // on boards of more ports it saves lanes and time alone
    const auto out = quoted(folder / "out");
    const auto outcome = tessera("--quiet run " + quoted(write_study(folder, study)) + " -o " + out);
    CAPTURE(outcome.err);
    REQUIRE(outcome.code == 0);
    const auto report = read_json(folder / "out" / "report.json");
    check_accounts(report);
    const auto& trial = report["compressions"][0];
    CHECK(trial["taken"] == true);
    CHECK(trial["with"]["boards"] < trial["without"]["boards"]);
    CHECK(trial["with"]["lanes"] < trial["without"]["lanes"]);
    CHECK(trial["with"]["boards"] == report["boards"]["used"]);
    CHECK(trial["with"]["lanes"] == report["links"]["used"]);
    CHECK(outcome.out.find("compress  dense_stack.2.activation: taken; ") != std::string::npos);
    int coders = 0;
    for (const auto& op : report["operators"]) coders += op["name"].get<std::string>().find("coder.") != std::string::npos ? 1 : 0;
    CHECK(coders == 3);  // two dense layers and one activation

    CHECK(tessera("check " + out).code == 0);
    CHECK(tessera("--quiet report " + out).code == 0);
    CHECK(read_json(folder / "out" / "report.json")["network"] == report["network"]);

    study.erase("compression");
    study.erase("published");
    REQUIRE(tessera("--quiet map " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "plain")).code == 0);
    CHECK(read_json(folder / "plain" / "search.json")["candidates"][0]["boards"] == trial["without"]["boards"]);
}

TEST_CASE("an autoencoder that saves nothing is left out") {
    const TemporaryFolder folder;
    Json study = small_study();
    study["compression"] = {{{"tensor", "dense_stack.0.activation"}, {"encoder", {{"layers", {16}}}}, {"decoder", {{"layers", {64}}}}}};
    study["simulation"] = {{"bunch_crossings", 20}};
    REQUIRE(tessera("--quiet run " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "out")).code == 0);
    const auto report = read_json(folder / "out" / "report.json");
    CHECK(report["compressions"][0]["taken"] == false);
    CHECK(report["compressions"][0]["with"]["latency_ns"] > report["compressions"][0]["without"]["latency_ns"]);
    CHECK(report["network"]["parameters"] == 4389);
    CHECK(tessera("check " + quoted(folder / "out")).code == 0);
}

TEST_CASE("a compression of nothing is refused before any search") {
    const TemporaryFolder folder;
    Json study = small_study();
    study["compression"] = {{{"tensor", "layer9"}, {"encoder", {{"layers", {16}}}}, {"decoder", {{"layers", {64}}}}}};
    const auto outcome = tessera("run " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "out"));
    CHECK(outcome.code == 1);
    CHECK(outcome.err.find("/compression/0/tensor: \"layer9\" matches no operator of jet_mlp") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder / "out"));
}

}  // namespace tessera::tests
