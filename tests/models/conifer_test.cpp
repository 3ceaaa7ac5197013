#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "core/error.h"
#include "core/files.h"
#include "models/import.h"
#include "models/precision.h"
#include "tests/shared_files.h"

using namespace tessera;
using namespace tessera::models;

namespace {

/// A tree of two comparisons: feature 1 < 0.5 ? -1 : (feature 0 < 0.25 ? 0.5 : 0.75).
const std::string kTree = R"({"feature": [1, -2, 0, -2, -2], "threshold": [0.5, 0, 0.25, 0, 0], "value": [0, -1, 0, 0.5, 0.75],
    "children_left": [1, -1, 3, -1, -1], "children_right": [2, -1, 4, -1, -1]})";

Network import_text(const std::string& text) {
    const auto file = std::filesystem::temp_directory_path() / "tessera_conifer_test" / "trees.json";
    write_file(file, text);
    const Network network = import_conifer(file);
    std::filesystem::remove_all(file.parent_path());
    return network;
}

std::string ensemble(const std::string& trees, const std::string& more = "") {
    return R"({"n_features": 2, "n_classes": 2, "trees": [)" + trees + "]" + more + "}";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("a small ensemble is read") {
    const Network network =
        import_text(ensemble("[" + kTree + "],[" + kTree + "]", R"(, "config": {"Precision": "ap_fixed<6,2>", "backend": "vhdl"})"));
    REQUIRE(network.operators.size() == 3);
    const Operator& trees = network.operators[1];
    CHECK(trees.kind == OperatorKind::tree_ensemble);
    CHECK(trees.trees == 2);
    CHECK(trees.tree_nodes == 4);
    CHECK(trees.tree_depth == 2);
    CHECK(network.parameters == 10);
    CHECK(network.tensors[0].stream() == StreamShape{1, 2});
    CHECK(network.tensors[1].stream() == StreamShape{1, 1});
    CHECK(network.tensors[0].format == FixedPoint{6, 2, true});
    CHECK(trees.weights.values == std::vector<float>{0.5F, -1, 0.25F, 0.5F, 0.75F, 0.5F, -1, 0.25F, 0.5F, 0.75F});
    Network quantised = network;
    apply_precision(quantised, {});  // the file says it all
    CHECK(quantised.operators[1].weights.channels.size() == 1);
}

TEST_CASE("precision of inputs, thresholds and scores") {
    const Network network = import_text(ensemble("[" + kTree + "]", R"(, "config": {"input_precision": "ap_fixed<8,1,AP_RND_CONV,AP_SAT>",
        "threshold_precision": "ap_fixed<8,1>", "score_precision": "ap_fixed<11,4>"})"));
    CHECK(network.tensors[0].format == FixedPoint{8, 1, true});
    CHECK(network.tensors[1].format == FixedPoint{11, 4, true});
    CHECK(network.operators[1].weights.format == FixedPoint{11, 4, true});
    Network without = import_text(ensemble("[" + kTree + "]"));
    CHECK(without.tensors[0].format.width == 0);
    CHECK_THROWS_AS(apply_precision(without, {}), InputError);
    apply_precision(without, read_precision(JsonReader::from_text("study", R"({"weights": 8, "activations": 8})")));
    CHECK(without.tensors[1].format.width == 8);
}

TEST_CASE("nodes that pad a tree to full depth are no hardware") {
    const std::string padded = R"({"feature": [0, -2, 1, -2, -2, -2, -2], "threshold": [0.5, 0, 0.25, -2, -2, 0, 0],
        "value": [0, 3, 0, 3, 3, 1, 2], "children_left": [1, 3, 5, -1, -1, -1, -1], "children_right": [2, 4, 6, -1, -1, -1, -1]})";
    const Network network = import_text(ensemble("[" + padded + "]"));
    CHECK(network.operators[1].tree_nodes == 2);
    CHECK(network.operators[1].weights.values == std::vector<float>{0.5F, 3, 0.25F, 1, 2});
}

TEST_CASE("more than two classes have a score each") {
    const std::string two = "[" + kTree + "," + kTree + "," + kTree + "]";
    const Network network = import_text(R"({"n_features": 2, "n_classes": 3, "trees": [)" + two + "," + two + "]}");
    CHECK(network.operators[1].trees == 6);
    CHECK(network.tensors[1].stream().channels == 3);
}

TEST_CASE("malformed ensembles are refused") {
    const std::string good = ensemble("[" + kTree + "]");
    CHECK_NOTHROW(import_text(good));
    for (const auto& [from, to] : {std::pair<std::string, std::string>{"\"n_features\": 2", "\"n_features\": 1"},
                                   {"\"n_features\": 2", "\"features\": 2"},
                                   {"\"n_classes\": 2", "\"n_classes\": 3"},
                                   {"[1, -2, 0, -2, -2]", "[1, -2, 0, -2]"},
                                   {"[1, -2, 0, -2, -2]", "[-1, -2, 0, -2, -2]"},
                                   {"[1, -2, 0, -2, -2]", "[\"1\", -2, 0, -2, -2]"},
                                   {"[1, -2, 0, -2, -2]", "3"},
                                   {"[1, -1, 3, -1, -1]", "[1, -1, 9, -1, -1]"},
                                   {"[1, -1, 3, -1, -1]", "[1, -1, 0, -1, -1]"},
                                   {"[1, -1, 3, -1, -1]", "[1, -1, 2.5, -1, -1]"},
                                   {"[1, -1, 3, -1, -1]", "[1, -1, 1e300, -1, -1]"},
                                   {"0.75]", "1e300]"},
                                   {"[1, -1, 3, -1, -1]", "[1, -1, 4, -1, -1]"},
                                   {"[1, -1, 3, -1, -1]", "[1, -1, -1, -1, -1]"},
                                   {"[1, -1, 3, -1, -1]", "[-1, -1, 3, -1, -1]"},
                                   {"\"threshold\"", "\"thresholds\""}}) {
        CAPTURE(to);
        CHECK_THROWS_AS(import_text(replaced(good, from, to)), InputError);
    }
    CHECK_THROWS_AS(import_text(ensemble("")), InputError);
    CHECK_THROWS_AS(import_text(ensemble("[" + kTree + "]", R"(, "config": {"Precision": "half"})")), InputError);
    CHECK_THROWS_AS(import_text("[]"), InputError);
    CHECK_THROWS_AS(import_conifer("/nowhere/trees.json"), InputError);
}

TEST_CASE("real ensembles of the CMS trigger") {
    if (const auto file = tests::shared_file("models/conifer_L1_TrackQuality_GBDT.json")) {
        Network network = import_conifer(*file);
        CHECK(network.operators[1].trees == 60);
        CHECK(network.operators[1].tree_nodes == 420 - 26);
        CHECK(network.operators[1].tree_depth == 3);
        CHECK(network.parameters == 900 - 3 * 26 + 26);
        apply_precision(network, {});
        CHECK(network.tensors[0].format == FixedPoint{10, 5, true});
    }
    if (const auto file = tests::shared_file("models/conifer_L1EG_compositeID_EB_v1.json")) {
        Network network = import_conifer(*file);
        CHECK(network.operators[1].trees == 14);
        CHECK(network.operators[1].tree_nodes == 1038);
        CHECK(network.tensors[0].stream().channels == 11);
        apply_precision(network, {});
        CHECK(network.tensors[0].format == FixedPoint{8, 1, true});
        CHECK(network.tensors[1].format == FixedPoint{11, 4, true});
    }
}
