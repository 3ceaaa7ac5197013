#include <algorithm>

#include "apps/study.h"
#include "tests/apps/command.h"
#include "tests/shared_files.h"

/// Studies of the trigger's own systems and of other fields. Those that name published figures run whole, for their table
/// (published_test.cpp).
namespace tessera::tests {

namespace {

/// Networks that stand beside the checkout; a study without its file is skipped, and the test says so.
bool network_is_there(const Json& study) {
    for (const char* kind : {"onnx", "conifer"}) {
        if (!study["network"].contains(kind)) continue;
        const std::filesystem::path file = study["network"][kind].get<std::string>();
        if (std::filesystem::exists(file)) continue;
        MESSAGE("skipped: " << file.lexically_normal().string() << " is not there");
        return false;
    }
    return true;
}

}  // namespace

TEST_CASE("studies end as their page says, with every event accounted for" * doctest::test_suite("full_size")) {
    struct Expected {
        std::string study;
        int most_boards;
        int code = 0;
    };
    for (const auto& [study, most_boards, code] : {
             Expected{"conifer_egamma_id", 1},
             Expected{"conifer_track_quality", 1},
             Expected{"qkeras_jet_tagger", 1},
             Expected{"mlperf_tiny_keywords", 1},
             Expected{"econ_t", 1},
             Expected{"dune_data_selection", 1},
             Expected{"magnet_quench", 1},
             Expected{"axol1tl", 1, 2},
             Expected{"cms_interaction_network", 100},
             Expected{"cms_deepdoublex", 300},
             Expected{"masked_particle_torus", 1000},
         }) {
        CAPTURE(study);
        if (!network_is_there(apps::portable_study(shipped_study(study), ""))) continue;
        const auto& [out, outcome] = shipped_run(study);
        CAPTURE(outcome.err);
        REQUIRE(outcome.code == code);
        const auto report = read_json(out / "report.json");
        check_accounts(report);
        CHECK(report["boards"]["used"].get<int>() <= most_boards);
    }
}

TEST_CASE("10 M and 60 M parameters at 8 bits fit no 1000 boards, and the run says by how much") {
    for (const std::string study : {"masked_particle_10m", "masked_particle_60m"}) {
        CAPTURE(study);
        const auto& [out, outcome] = shipped_run(study);
        CHECK(outcome.code == 3);
        CHECK(outcome.out.find("needs at least ") != std::string::npos);
    }
}

TEST_CASE("fewer bits of the Particle Transformer take fewer boards, as its page says" * doctest::test_suite("full_size")) {
    for (const auto& [study, boards] :
         std::map<std::string, int>{{"cms_particle_transformer_6bit", 120}, {"cms_particle_transformer_4bit", 60}}) {
        CAPTURE(study);
        Json asked = apps::portable_study(shipped_study(study), "");
        if (!network_is_there(asked)) continue;
        asked["simulation"] = {{"bunch_crossings", 100}};
        const TemporaryFolder folder;
        REQUIRE(tessera("--quiet run " + quoted(write_study(folder, asked)) + " -o " + quoted(folder / "out")).code == 0);
        CHECK(read_json(folder / "out" / "report.json")["boards"]["used"].get<int>() <= boards);
    }
}

TEST_CASE("a fat tree carries the backbone at 4 bits within its budget, on more boards than a torus: some only switch" *
          doctest::test_suite("full_size")) {
    const TemporaryFolder folder;
    Json study = read_json(shipped_study("masked_particle_fat_tree"));
    study["tmux_periods_bx"] = {18};
    study["simulation"] = {{"bunch_crossings", 36}};
    REQUIRE(tessera("--quiet run " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "out")).code == 0);
    const auto report = read_json(folder / "out" / "report.json");
    check_accounts(report);
    const auto mapping = read_json(folder / "out" / "mapping.json");
    const auto switches = std::count_if(mapping["boards"].begin(), mapping["boards"].end(), [&](const Json& type) {
        return mapping["board_types"][type.get<std::size_t>()].value("is_switch", false);
    });
    CHECK(switches >= 1);
    CHECK(report["boards"]["used"].get<int>() <= 300);
}

TEST_CASE("four networks and the trigger's black boxes are one system") {
    const TemporaryFolder folder;
    Json study = read_json(shipped_study("hl_lhc_networks"));
    study["simulation"] = {{"bunch_crossings", 100}};
    REQUIRE(tessera("--quiet run " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "out")).code == 0);
    const auto report = read_json(folder / "out" / "report.json");
    check_accounts(report);
    CHECK(report["boards"]["used"].get<int>() > 652);  // the stages' own: networks stand on boards beside them
    for (const std::string network : {"barrel.", "endcap.", "tracking.", "correlator."}) {
        CAPTURE(network);
        double lut = 0;
        for (const auto& op : report["operators"])
            if (op["name"].get<std::string>().starts_with(network)) lut += op.value("lut", 0.0);
        CHECK(lut > 0);
    }
    // The decision is the global trigger's, which waits for the global network, which waits for the tracks.
    const auto& stages = report["stages"];
    const double tracks_ns = stages[2]["ready_ns"].get<double>();
    const double global_ns = stages[4]["starts_ns"].get<double>();
    CHECK(tracks_ns + 1000 < global_ns);
    CHECK(global_ns + 1000 < report["latency_ns"]["simulated"]["max"].get<double>());
}

TEST_CASE("techniques on the ladder buy boards, and smaller networks take fewer still" * doctest::test_suite("full_size")) {
    const TemporaryFolder folder;
    Json exploration = read_json(shipped_study("technique_ladder"));
    exploration["study"] = shipped_study("default").string();
    Json& steps = exploration["axes"][0]["choices"];
    Json some = Json::object();
    for (const char* step : {"quantised to 8 bits", "quantised to 4 bits", "and nine tenths pruned", "Deep Sets instead"})
        some[step] = steps.at(step);
    steps = some;
    const auto outcome = tessera("--quiet explore " + quoted(write_study(folder, exploration)) + " -o " + quoted(folder / "out"));
    CAPTURE(outcome.err);
    REQUIRE(outcome.code == 0);
    const auto results = read_json(folder / "out" / "explore.json");
    std::vector<std::int64_t> boards;  // in the order of the steps
    for (const auto& point : results["points"]) {
        REQUIRE(point["status"] == "pass");
        boards.push_back(point["boards"].get<std::int64_t>());
    }
    REQUIRE(boards.size() == 4);
    CHECK(std::is_sorted(boards.rbegin(), boards.rend()));
    CHECK(boards.back() < boards.front() / 4);
}

TEST_CASE("a model of 100 M parameters says what it would take") {
    const TemporaryFolder folder;
    Json exploration = read_json(shipped_study("large_models"));
    exploration["study"] = shipped_study("default").string();
    exploration["changes"]["/network/zoo"] = "masked_particle_100m";
    exploration["changes"]["/precision/weights"] = 8;
    exploration["axes"] = Json::array({exploration["axes"].back()});
    auto& links = exploration["axes"][0]["list"];
    links.erase(links.begin());
    const auto file = write_study(folder, exploration);
    const auto outcome = tessera("--quiet explore " + quoted(file) + " -o " + quoted(folder / "out"));
    CHECK(outcome.code == 3);
    const auto points = read_json(folder / "out" / "explore.json")["points"];
    REQUIRE(points.size() == 1);
    CHECK(points[0]["binding"] == "lut");
    CHECK(points[0]["explanation"].get<std::string>().find("needs at least") != std::string::npos);
}

TEST_CASE("the default study passes" * doctest::test_suite("full_size")) {
    const auto& [out, outcome] = shipped_run("default");
    CAPTURE(outcome.out);
    REQUIRE(outcome.code == 0);
    const auto report = read_json(out / "report.json");
    check_accounts(report);
    CHECK(report["boards"]["used"].get<int>() <= 320);
    CHECK(report["events"]["late"] == 0);
}

TEST_CASE("a pretrained transformer for speech fits the boards, but not the budget" * doctest::test_suite("full_size")) {
    const auto network = shared_file("models/moonshine_tiny_encoder_q8.onnx");
    if (!network) return;
    const TemporaryFolder folder;
    Json study = apps::portable_study(shipped_study("moonshine_encoder"), *network);
    study["simulation"] = {{"bunch_crossings", 180}};
    CHECK(tessera("--quiet run " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "out")).code == 2);
    const auto report = read_json(folder / "out" / "report.json");
    check_accounts(report);
    CHECK(report["verdict"]["resources"] == true);
    CHECK(report["verdict"]["latency"] == false);
}

TEST_CASE("the ends of the explorations of boards, links and model size answer as their pages say" * doctest::test_suite("full_size")) {
    struct Expected {
        std::string exploration;
        std::vector<std::vector<std::string>> kept;  ///< of each axis, by its choices or positions in its list
        std::vector<std::string> status;             ///< of the points in order
    };
    for (const auto& [name, kept, status] : {
             Expected{"board_count", {{"0", "7"}}, {"no mapping", "pass"}},
             Expected{"link_rate", {{"0"}}, {"pass"}},
             Expected{"foundation_model_frontier", {{"1.6 M", "100 M"}, {"4"}, {"5"}}, {"pass", "no mapping"}},
         }) {
        CAPTURE(name);
        const TemporaryFolder folder;
        Json exploration = read_json(shipped_study(name));
        exploration["study"] = shipped_study("default").string();
        exploration["changes"]["/tmux_periods_bx"] = {18};
        for (std::size_t a = 0; a < kept.size(); ++a) {
            Json& axis = exploration["axes"][a];
            const bool choices = axis.contains("choices");
            Json some = choices ? Json::object() : Json::array();
            for (const auto& each : kept[a]) {
                if (choices) some[each] = axis["choices"].at(each);
                if (!choices) some.push_back(axis["list"].at(static_cast<std::size_t>(std::stoi(each))));
            }
            axis[choices ? "choices" : "list"] = some;
        }
        tessera("--quiet explore " + quoted(write_study(folder, exploration)) + " -o " + quoted(folder / "out"));
        const auto points = read_json(folder / "out" / "explore.json")["points"];
        REQUIRE(points.size() == status.size());
        for (std::size_t p = 0; p < status.size(); ++p) CHECK(points[p]["status"] == status[p]);
    }
}

}  // namespace tessera::tests
