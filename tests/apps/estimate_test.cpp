#include "apps/serve/estimate.h"

#include <cmath>

#include "apps/steps.h"
#include "tests/apps/command.h"
#include "tests/shared_files.h"

namespace tessera::tests {

namespace {

/// The jet tagger on boards of which so little is usable that it takes several.
Json several_boards() {
    Json study = small_study();
    study["board"] = {{"type", "KU15P"}, {"usable", 0.02}};
    study["boards_available"] = 64;
    return study;
}

/// The same on one that is larger and on more of these.
Json boards_of_two_types() {
    Json study = several_boards();
    study["board"] =
        Json::array({{{"type", "VU9P"}, {"boards", 1}, {"usable", 0.01}}, {{"type", "KU15P"}, {"boards", 40}, {"usable", 0.02}}});
    study["tmux_periods_bx"] = {1};
    return study;
}

apps::serve::Estimate estimate_of(const Json& json) {
    const auto study = apps::read_study(JsonReader::from_text("study", json.dump()));
    return apps::serve::estimate(study, apps::import_network(study, ""));
}

/// The estimate of a study with one value changed.
apps::serve::Estimate estimate_with(Json json, const std::string& pointer, const Json& value) {
    json[Json::json_pointer(pointer)] = value;
    return estimate_of(json);
}

/// Ratio of two figures, the larger to the smaller.
double apart(double a, double b) { return std::exp(std::abs(std::log(a / b))); }

/// Holds the estimate of a study against what the mapper finds.
void check_near(const Json& json, double boards_within, double latency_within) {
    const auto study = apps::read_study(JsonReader::from_text("study", json.dump()));
    auto network = apps::import_network(study, "");
    const auto likely = apps::serve::estimate(study, network).likely;
    apps::apply_study(study, network);
    const auto found = apps::find_mapping(study, network);
    const auto mapped = apps::figures_of(found.search, found.mapping);
    REQUIRE(likely.has_value());
    REQUIRE(mapped.boards > 0);
    CAPTURE(likely->likely_boards);
    CAPTURE(mapped.boards);
    CAPTURE(likely->likely_latency_ns);
    CAPTURE(mapped.latency_ns);
    CHECK(apart(likely->likely_boards, mapped.boards) <= boards_within);
    CHECK(apart(likely->likely_latency_ns, mapped.latency_ns) <= latency_within);
}

}  // namespace

TEST_CASE("the bounds of an estimate hold for what a run finds") {
    const TemporaryFolder folder;
    for (const Json& study : {several_boards(), boards_of_two_types()}) {
        CAPTURE(study["board"].dump());
        REQUIRE(tessera("--quiet run " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "out")).code == 0);
        const auto report = read_json(folder / "out" / "report.json");
        const auto estimate = estimate_of(study);
        CHECK(estimate.impossible.empty());
        CHECK(estimate.likely.has_value());
        CHECK(estimate.least_latency_ns <= report["latency_ns"]["simulated"]["max"].get<double>());
        for (const auto& period : estimate.periods) {
            if (period.tmux_period_bx != report["boards"]["tmux_period"].get<int>()) continue;
            CHECK(period.least_boards == report["boards"]["lower_bound"].get<int>());
            CHECK(period.least_boards <= report["boards"]["used"].get<int>());
        }
    }
}

TEST_CASE("an estimate is near what the mapper finds for studies of moderate size" * doctest::test_suite("full_size")) {
    check_near(read_json(shipped_study("jet_mlp")), 1, 1.05);
    check_near(read_json(shipped_study("axol1tl")), 1, 1.1);
    check_near(read_json(shipped_study("dune_data_selection")), 1, 1.1);
    check_near(read_json(shipped_study("million_parameters")), 1.1, 1.25);
    check_near(read_json(shipped_study("masked_particle_torus")), 1.1, 1.25);
}

TEST_CASE("an estimate is near what the mapper finds for the real Particle Transformer" * doctest::test_suite("full_size")) {
    const auto file = shared_file("models/cms_particletransformer_AK4.onnx");
    if (!file) return;
    Json study = apps::portable_study(shipped_study("cms_particle_transformer_4bit"), *file);
    study["tmux_periods_bx"] = {18};
    check_near(study, 1.15, 1.5);
}

TEST_CASE("every slider moves the estimate as it moves the answer") {
    const auto study = read_json(shipped_study("default"));
    const auto likely = [&](const char* pointer, const Json& value) {
        const auto estimate = estimate_with(study, pointer, value);
        REQUIRE(estimate.likely.has_value());
        return *estimate.likely;
    };
    const auto slow = likely("/link/line_rate_gbps", 10), quick = likely("/link/line_rate_gbps", 28);
    CHECK(slow.likely_latency_ns > quick.likely_latency_ns);
    CHECK(slow.likely_boards > quick.likely_boards);
    const auto bits = [&](int width) { return likely("/precision", {{"weights", width}, {"activations", width}}); };
    CHECK(bits(3).likely_boards < bits(6).likely_boards);
    CHECK(bits(6).likely_boards < bits(8).likely_boards);
    for (const int period : {6, 18}) CHECK(likely("/tmux_periods_bx", Json::array({period})).tmux_period_bx == period);
    // A board carries what enters and leaves it in one crossing through the ports that it has.
    const auto full_rate = estimate_with(study, "/tmux_periods_bx", {1});
    CHECK_FALSE(full_rate.likely.has_value());
    CHECK(full_rate.periods.front().note.starts_with("hardly laid out"));
    const auto few = estimate_with(study, "/boards_available", 100);
    CHECK(few.impossible.find("boards are needed, 100 are there") != std::string::npos);
    CHECK_FALSE(few.likely.has_value());
    CHECK(likely("/boards_available", 300).likely_boards > 300);
}

TEST_CASE("what is too large to be estimated at once says so, and keeps its bounds") {
    auto study = read_json(shipped_study("masked_particle_60m"));
    study["boards_available"] = 100'000;
    const auto estimate = estimate_with(study, "/tmux_periods_bx", {1});
    REQUIRE(estimate.periods.size() == 1);
    CHECK(estimate.periods.front().least_boards > 0);
    CHECK(estimate.periods.front().note == "too large to be estimated at once");
    CHECK_FALSE(estimate.likely.has_value());
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
