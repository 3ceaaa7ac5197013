#include "apps/study.h"

#include <set>

#include "apps/explore/exploration.h"
#include "core/error.h"
#include "models/import.h"
#include "tests/apps/command.h"

namespace tessera::tests {

namespace {

/// The files of apps/studies: studies, or the explorations, which have axes.
std::vector<std::filesystem::path> shipped(bool explorations) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(source_folder() / "apps" / "studies")) {
        if (entry.path().extension() == ".json" && read_json(entry.path()).contains("axes") == explorations) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

apps::Study read_changed(const Json& change) {
    const TemporaryFolder folder;
    Json study = small_study();
    study.merge_patch(change);
    return apps::read_study(write_study(folder, study));
}

void check_rejected(const Json& change, const std::string& path) {
    CAPTURE(change.dump());
    try {
        read_changed(change);
        FAIL_CHECK("was accepted");
    } catch (const InputError& error) {
        CAPTURE(error.what());
        CHECK(std::string(error.what()).find(path) != std::string::npos);
    }
}

}  // namespace

TEST_CASE("every shipped study can be read") {
    const auto files = shipped(false);
    CHECK(files.size() >= 20);
    std::set<std::string> names;
    for (const auto& file : files) {
        CAPTURE(file.string());
        const auto study = apps::read_study(file);
        CHECK(names.insert(study.name).second);
        CHECK_FALSE(study.question.empty());
        if (study.network.has("zoo")) CHECK_NOTHROW(models::read_network(study.network, ""));
        // A network that is not shipped says where anyone gets it.
        if (study.network.has("onnx") || study.network.has("conifer")) {
            CHECK(study.network.has("source"));
            CHECK(study.network.at("sha256").text().size() == 64);
        }
    }
}

TEST_CASE("every shipped exploration can be read, and so can the study of each of its points") {
    const auto files = shipped(true);
    CHECK(files.size() >= 2);
    const TemporaryFolder folder;
    for (const auto& file : files) {
        CAPTURE(file.string());
        const auto exploration = apps::explore::read_exploration(file, "");
        CHECK_FALSE(exploration.question.empty());
        const auto points = apps::explore::grid(exploration);
        CHECK(points.size() > 1);
        for (const auto& point : points) CHECK_NOTHROW(apps::read_study(write_study(folder, point.study)));
    }
}

TEST_CASE("what a study leaves out has the documented defaults") {
    const TemporaryFolder folder;
    const Json least{{"name", "least"}, {"network", {{"zoo", "jet_mlp"}}}, {"board", "Serenity-S1"}};
    const auto study = apps::read_study(write_study(folder, least));
    CHECK(study.boards_available == 1000);
    CHECK(study.link.name == "25g-64b66b");
    CHECK(study.topology.at("kind").text() == "patch_panel");
    CHECK(study.clock == LhcClock{});
    CHECK(study.tmux_periods_bx == std::vector<int>{1, 2, 3, 6, 9, 18});
    CHECK(study.input_bits == 16);
    CHECK(study.latency_budget_ns == 12500);
    CHECK(study.interval_bx == 1);
    CHECK(study.bunch_crossings == 3564);
    CHECK(study.filling == "all");
    CHECK(study.seed == 1);
}

TEST_CASE("a study's values arrive") {
    const auto study = read_changed(
        {{"boards_available", 7},
         {"clock", {{"cycles_per_bx", 6}}},
         {"tmux_periods_bx", {4}},
         {"requirements", {{"latency_ns", 500.5}, {"interval_bx", 2}}},
         {"simulation", {{"orbits", nullptr}, {"bunch_crossings", 100}, {"filling", "nominal_2808"}, {"traffic", {{"pile_up", 60}}}}},
         {"input_bits", 12},
         {"seed", 9}});
    CHECK(study.boards_available == 7);
    CHECK(study.clock.cycles_per_bx == 6);
    CHECK(study.tmux_periods_bx == std::vector<int>{4});
    CHECK(study.latency_budget_ns == 500.5);
    CHECK(study.required_interval_ns() == doctest::Approx(2 * 24.9508));
    CHECK(study.bunch_crossings == 100);
    CHECK(study.filling == "nominal_2808");
    CHECK(study.traffic.pile_up == 60);
    CHECK(study.input_bits == 12);
    CHECK(study.seed == 9);
}

TEST_CASE("several types of board arrive in their order, with all of them available or as many as are asked for") {
    const Json two = Json::array({{{"type", "VU9P"}, {"boards", 5}, {"usable", 0.5}}, {{"type", "KU15P"}, {"boards", 20}}});
    const auto all = read_changed({{"board", two}, {"boards_available", nullptr}});
    REQUIRE(all.boards.size() == 2);
    CHECK(all.boards[0].board.name == "VU9P");
    CHECK(all.boards[0].board.usable.lut == 0.5);
    CHECK(all.boards[1].boards == 20);
    CHECK(all.boards_available == 25);
    CHECK(read_changed({{"board", two}, {"boards_available", 7}}).boards_available == 7);
    CHECK(read_changed({{"board", two}, {"boards_available", 700}}).boards_available == 25);
    const Json families = Json::array({{{"type", "VU9P"}, {"boards", 5}}, {{"type", "VP1902"}, {"boards", 20}}});
    CHECK(read_changed({{"board", families}, {"boards_available", nullptr}}).boards.size() == 2);
    const auto spared = read_changed(
        {{"board", two}, {"boards_available", 15}, {"simulation", {{"faults", {{"spares", {{"boards", 2}, {"takeover_bx", 10}}}}}}}});
    CHECK(spared.spare_boards() == 4);
    CHECK(spared.layout_boards() == 11);
    CHECK(spared.layout_stock()[0].boards == 3);
    CHECK(spared.layout_stock()[1].boards == 18);
}

TEST_CASE("types of board that make no system are rejected at their place") {
    const auto boards = [](const Json& first, const Json& second) {
        return Json{{"board", Json::array({first, second})}, {"boards_available", nullptr}};
    };
    const Json serenity{{"type", "Serenity-S1"}, {"boards", 10}};
    check_rejected({{"board", Json::array()}}, "/board: an empty list");
    check_rejected(boards(serenity, "KU15P"), "/board/1");
    check_rejected(boards(serenity, {{"type", "KU15P"}}), "/board/1");
    check_rejected(boards(serenity, {{"type", "KU15P"}, {"boards", 0}}), "/board/1/boards");
    check_rejected(boards(serenity, {{"type", "KU15P"}, {"boards", 1}, {"usble", 0.5}}), "usble");
    check_rejected(boards(serenity, serenity), "/board/1/type: a second \"Serenity-S1\"");
    auto torus = boards(serenity, {{"type", "KU15P"}, {"boards", 10}});
    torus["topology"] = {{"kind", "torus3d"}, {"types", {"KU15P", "Serenity"}}};
    check_rejected(torus, "/topology/types/1: found Serenity; expected the name of a type of \"board\"");
    auto spares = boards(serenity, {{"type", "KU15P"}, {"boards", 2}});
    spares["simulation"] = {{"faults", {{"spares", {{"boards", 3}, {"takeover_bx", 10}}}}}};
    check_rejected(spares, "/simulation: 3 spare boards");
    auto staged = boards(serenity, {{"type", "KU15P"}, {"boards", 100}});
    staged["stages"] = Json::array({{{"name", "before"},
                                     {"boards", 18},
                                     {"latency_ns", 100},
                                     {"words", 10},
                                     {"inputs", Json::array({{{"from", "detector"}, {"words", 10}, {"arrival_ns", 0}}})}}});
    check_rejected(staged, "/stages: 18 boards in stages; expected at most the 10 of the first type, Serenity-S1");
}

TEST_CASE("a topology that is made to measure has no more boards to name than are available") {
    const auto named = [](Json topology) { return Json{{"boards_available", 30}, {"topology", std::move(topology)}}; };
    check_rejected(named({{"kind", "torus3d"}, {"inputs_at", {0, 30}}}),
                   "/topology: board 30 named; expected numbers below that of the 30");
    check_rejected(named({{"kind", "patch_panel"}, {"decision_at", 31}}), "/topology: board 31 named");
    CHECK(read_changed(named({{"kind", "torus3d"}, {"inputs_at", {0, 29}}})).boards_available == 30);
    CHECK(read_changed(named({{"kind", "torus2d"}, {"shape", {6, 6}}, {"decision_at", 35}})).boards_available == 30);
}

TEST_CASE("stages and boards of the topology do not both bring the inputs") {
    const Json stage{{"name", "before"}, {"boards", 18}, {"latency_ns", 100}, {"words", 10}};
    Json changes{{"stages", Json::array({stage})}, {"topology", {{"kind", "patch_panel"}, {"inputs_at", {0}}}}};
    changes["stages"][0]["inputs"] = Json::array({{{"from", "detector"}, {"words", 10}, {"arrival_ns", 0}}});
    check_rejected(changes, "/stages: stages beside \"inputs at board 0\" of the topology");
}

TEST_CASE("what a study cannot mean is rejected at its place") {
    check_rejected({{"name", 3}}, "/name");
    check_rejected({{"network", nullptr}}, "network");
    check_rejected({{"boards_available", 0}}, "/boards_available");
    check_rejected({{"boards_available", "many"}}, "/boards_available");
    check_rejected({{"board", {{"type", "Serenity-S9"}}}}, "/board");
    check_rejected({{"board", {{"usable", 1.5}}}}, "/board/usable");
    check_rejected({{"link", {{"type", "1g"}}}}, "/link");
    check_rejected({{"clock", {{"cycles_per_bx", 0}}}}, "/clock/cycles_per_bx");
    check_rejected({{"clock", {{"cycle_per_bx", 9}}}}, "cycle_per_bx");
    check_rejected({{"clock", {{"bunch_frequency_mhz", 0.0004}, {"cycles_per_bx", 500000}}}}, "/clock");  // against 976 562 frames
    check_rejected({{"tmux_periods_bx", Json::array()}}, "/tmux_periods_bx");
    check_rejected({{"tmux_periods_bx", {0}}}, "/tmux_periods_bx/0");
    check_rejected({{"requirements", {{"latency_ns", -1}}}}, "/requirements/latency_ns");
    check_rejected({{"requirements", {{"latency", 1}}}}, "latency");
    check_rejected({{"simulation", {{"orbits", 1}, {"bunch_crossings", 5}}}}, "bunch_crossings");
    check_rejected({{"simulation", {{"filling", "empty"}}}}, "filling");
    check_rejected({{"simulation", {{"traffic", {{"pile_up", -1}}}}}}, "/simulation/traffic/pile_up");
    check_rejected({{"simulation", {{"faults", {{"bit_error_rate", -1}}}}}}, "/simulation/faults/bit_error_rate");
    check_rejected({{"simulation", {{"faults", {{"list", {{{"kind", "board_dead"}, {"link", 0}}}}}}}}}, "/simulation/faults/list/0");
    check_rejected({{"clock", {{"cycles_per_bx", 14}}}}, "closes timing");  // 561 MHz
    check_rejected({{"precision", {{"weights", 0}}}}, "/precision/weights");
    check_rejected({{"precision", {{"activations", 1}}}}, "/precision/activations");
    check_rejected({{"seed", -1}}, "/seed");
    check_rejected({{"sed", 1}}, "sed");
}

TEST_CASE("a study can be read again from another folder") {
    const TemporaryFolder folder;
    Json study = small_study();
    study["network"] = {{"onnx", "nets/../model.onnx"}};
    study["topology"] = {{"file", "graph.json"}};
    const auto file = write_study(folder, study);
    const auto portable = apps::portable_study(file, "");
    CHECK(portable["network"]["onnx"] == (folder / "model.onnx").string());
    CHECK(portable["topology"]["file"] == (folder / "graph.json").string());
    CHECK(apps::portable_study(file, "/elsewhere/other.onnx")["network"]["onnx"] == "/elsewhere/other.onnx");
    study["network"] = {{"networks", {{"tagger", {{"onnx", "model.onnx"}}}, {"trees", {{"conifer", "trees.json"}}}}}};
    const auto parts = apps::portable_study(write_study(folder, study), "")["network"]["networks"];
    CHECK(parts["tagger"]["onnx"] == (folder / "model.onnx").string());
    CHECK(parts["trees"]["conifer"] == (folder / "trees.json").string());
}

}  // namespace tessera::tests
