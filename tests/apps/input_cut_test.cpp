#include "apps/serve/estimate.h"
#include "apps/steps.h"
#include "tests/apps/command.h"
#include "tests/models/onnx_file.h"

/// Operators cut along their input channels: by a rule of the study, where nothing fits without, and where ports do not suffice.
namespace tessera::tests {

namespace {

/// A layer with many inputs, and one that decides.
std::filesystem::path write_wide_model(const TemporaryFolder& folder, int inputs, int outputs) {
    const auto weights = [](int count) {
        Reals values;
        for (int i = 0; i < count; ++i) values.push_back(static_cast<double>(i * 7 % 31) / 16 - 1);
        return values;
    };
    OnnxFile model;
    model.input("x", {1, inputs}).constant("wide.w", float_tensor({inputs, outputs}, weights(inputs * outputs)));
    model.constant("last.w", float_tensor({outputs, 2}, weights(2 * outputs)));
    model.node("MatMul", {"x", "wide.w"}, {"hidden"}).node("Relu", {"hidden"}, {"features"});
    model.node("MatMul", {"features", "last.w"}, {"y"}).output("y");
    model.graph().mutable_node(0)->set_name("wide");
    model.graph().mutable_node(2)->set_name("last");
    write_file(folder / "wide.onnx", model.bytes());
    return folder / "wide.onnx";
}

/// A study of it on boards of which so much may be filled.
Json wide_study(const TemporaryFolder& folder, int inputs, int outputs, double usable) {
    Json study = small_study();
    study["network"] = {{"onnx", write_wide_model(folder, inputs, outputs).string()}};
    study["precision"] = {{"weights", 6}, {"activations", 8}};
    study["board"]["usable"] = usable;
    study["boards_available"] = 100;
    study["tmux_periods_bx"] = {1, 2};
    study["requirements"]["latency_ns"] = 3000;
    study["simulation"] = {{"bunch_crossings", 40}};
    return study;
}

/// Runs a study that passes, and every later step from its folder; the report.
Json passing_report(const TemporaryFolder& folder, const Json& study) {
    const auto out = quoted(folder / "out");
    const auto outcome = tessera("--quiet run " + quoted(write_study(folder, study)) + " -o " + out);
    CAPTURE(outcome.err);
    CAPTURE(outcome.out);
    REQUIRE(outcome.code == 0);
    Json report = read_json(folder / "out" / "report.json");
    check_accounts(report);
    CHECK(tessera("check " + out).code == 0);
    CHECK(tessera("--quiet simulate " + out).code == 0);
    CHECK(tessera("--quiet report " + out).code == 0);
    const Json again = read_json(folder / "out" / "report.json");
    CHECK(again["network"] == report["network"]);
    CHECK(again["latency_ns"] == report["latency_ns"]);
    return report;
}

int parts_of(const Json& report) {
    int parts = 0;
    for (const auto& op : report["operators"]) parts += op["name"].get<std::string>().starts_with("wide.part.") ? 1 : 0;
    return parts;
}

}  // namespace

TEST_CASE("a layer of which no output fits a die is cut along its inputs, laid out, checked and simulated") {
    const TemporaryFolder folder;
    Json study = wide_study(folder, 4096, 8, 0.025);
    const Json report = passing_report(folder, study);
    CHECK(report["latency_ns"]["simulated"]["max"] == report["latency_ns"]["analytic"]);
    REQUIRE(report["input_cuts"].size() == 1);
    CHECK(report["input_cuts"][0]["operator"] == "wide");
    const int parts = report["input_cuts"][0]["parts"].get<int>();
    CHECK(parts_of(report) == parts);
    CHECK(report["network"]["parameters"] == 4096 * 8 + 16);
    CHECK(report["network"]["macs"] == 4096 * 8 + 16);
    CHECK(read_json(folder / "out" / "search.json")["input_cuts"] == report["input_cuts"]);

    const auto estimate_of = [](const Json& json) {
        const auto read = apps::read_study(JsonReader::from_text("study", json.dump()));
        return apps::serve::estimate(read, apps::import_network(read, ""));
    };
    CHECK(estimate_of(study).likely.has_value());
    study["strategy"] = {{{"operators", "wide"}, {"input_parts", 1}}};
    CHECK(estimate_of(study).impossible.find("wide (MatMul)") != std::string::npos);
    const auto whole = tessera("--quiet run " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "whole"));
    CHECK(whole.code == 3);
    CHECK(whole.out.find("wide (MatMul)") != std::string::npos);

    Json changed = read_json(folder / "out" / "search.json");
    changed["input_cuts"][0]["operator"] = "narrow";
    write_file(folder / "out" / "search.json", changed.dump());
    const auto outcome = tessera("check " + quoted(folder / "out"));
    CHECK(outcome.code == 1);
    CHECK(outcome.err.find("narrow: not the operator that the search beside it has cut") != std::string::npos);
}

TEST_CASE("a study fixes into how many parts the inputs are cut") {
    const TemporaryFolder folder;
    Json study = wide_study(folder, 256, 8, 0.5);
    study["strategy"] = {{{"operators", "wide"}, {"input_parts", 4}}};
    const Json report = passing_report(folder, study);
    CHECK(parts_of(report) == 4);
    CHECK(report["latency_ns"]["simulated"]["max"] == report["latency_ns"]["analytic"]);
    CHECK(report["input_cuts"].empty());
    study["strategy"][0]["input_parts"] = 257;
    const auto outcome = tessera("run " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "none"));
    CHECK(outcome.code == 1);
    CHECK(outcome.err.find("/strategy/0/input_parts: wide has 256 input channels; expected") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder / "none"));
}

TEST_CASE("where a board has too few ports for all inputs of a layer, its boards read a part each") {
    const TemporaryFolder folder;
    Json study = wide_study(folder, 4096, 8, 0.7);
    study["tmux_periods_bx"] = {1};
    study["board"]["ports"] = 31;
    const Json report = passing_report(folder, study);
    REQUIRE(report["input_cuts"].size() == 1);
    CHECK(report["input_cuts"][0]["operator"] == "wide");
    CHECK(report["boards"]["used"] > 1);
}

TEST_CASE("boards that read very many inputs are fewer once each reads a part") {
    const TemporaryFolder folder;
    Json study = wide_study(folder, 2048, 64, 0.1);
    study["tmux_periods_bx"] = {1, 3};
    study["board"]["ports"] = 31;
    const Json cut = passing_report(folder, study);
    REQUIRE(cut["input_cuts"].size() == 1);
    CHECK(cut["input_cuts"][0]["operator"] == "wide");
    study["strategy"] = {{{"operators", "wide"}, {"input_parts", 1}}};
    const Json whole = passing_report(folder, study);
    CHECK(whole["input_cuts"].empty());
    CHECK(cut["boards"]["used"] < whole["boards"]["used"]);
}

}  // namespace tessera::tests
