#include "models/joined.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/error.h"
#include "models/dataflow.h"
#include "models/import.h"
#include "models/network_builder.h"

using namespace tessera;
using namespace tessera::models;

namespace {

Network layer(const std::string& name, std::int64_t inputs, std::int64_t outputs) {
    NetworkBuilder b(name, "test");
    b.output("y", b.dense("fc", b.input("x", {4, inputs}), outputs));
    return b.build();
}

Network two_inputs() {
    NetworkBuilder b("both", "test");
    b.output("sum", b.elementwise("add", "Add", {b.input("left", {4, 3}), b.input("right", {4, 3})}));
    return b.build();
}

std::vector<std::string> names(const Network& network, OperatorKind kind) {
    std::vector<std::string> all;
    for (const auto& op : network.operators)
        if (op.kind == kind) all.push_back(op.name);
    return all;
}

Network read_joined(const std::string& text) { return read_network(JsonReader::from_text("study", text), ""); }

}  // namespace

TEST_CASE("networks that make inputs of another are one, with the ends that no join takes") {
    const Network whole =
        joined({{"a", layer("first", 2, 3)}, {"b", layer("second", 5, 3)}, {"c", two_inputs()}, {"d", layer("spare", 3, 1)}},
               {{"c.left", "a.y", "", ""}, {"c.right", "b.y", "", ""}});
    CHECK(names(whole, OperatorKind::input) == std::vector<std::string>{"a.x", "b.x", "d.x"});
    CHECK(names(whole, OperatorKind::output) == std::vector<std::string>{"c.sum", "d.y"});
    CHECK(whole.parameters == (2 * 3 + 3) + (5 * 3 + 3) + (3 + 1));
    CHECK(whole.macs() == 4 * (2 * 3 + 5 * 3 + 3));
    const auto flows = dataflow(whole);
    const auto flows_between = [&](const std::string& from, const std::string& to) {
        return std::count_if(flows.begin(), flows.end(),
                             [&](const Flow& flow) { return whole.op(flow.producer).name == from && whole.op(flow.consumer).name == to; });
    };
    CHECK(flows_between("a.fc", "c.add") == 1);
    CHECK(flows_between("b.fc", "c.add") == 1);
}

TEST_CASE("an output may feed several networks, and a network of several may be a part again") {
    const Network pair =
        joined({{"a", layer("first", 2, 3)}, {"b", two_inputs()}}, {{"b.left", "a.y", "", ""}, {"b.right", "a.y", "", ""}});
    const Network whole = joined({{"pair", pair}, {"last", layer("last", 3, 1)}}, {{"last.x", "pair.b.sum", "", ""}});
    CHECK(names(whole, OperatorKind::input) == std::vector<std::string>{"pair.a.x"});
    CHECK(names(whole, OperatorKind::output) == std::vector<std::string>{"last.y"});
}

TEST_CASE("networks and their joins are read from a study, and what does not fit is refused at its place") {
    const std::string networks = R"({"networks": {"tagger": {"zoo": "jet_mlp"}, "other": {"zoo": "jet_mlp"}})";
    const Network two = read_joined(networks + "}");
    CHECK(names(two, OperatorKind::input) == std::vector<std::string>{"tagger.features", "other.features"});
    CHECK(two.parameters == 2 * 4389);
    const auto refused = [](const std::string& text, const std::string& what) {
        CAPTURE(text);
        CHECK_THROWS_WITH_AS(read_joined(text), doctest::Contains(what.c_str()), InputError);
    };
    refused(networks + R"(, "joins": {"other.cells": "tagger.output"}})", "/joins/other.cells: found \"other.cells\"; expected an input");
    refused(networks + R"(, "joins": {"third.features": "tagger.output"}})", "found \"third.features\"");
    refused(networks + R"(, "joins": {"tagger.features": "other.output"}})", "an output of a network before tagger");
    refused(networks + R"(, "joins": {"other.features": "tagger.output"}})", "1 tokens of 5 channels; expected 1 tokens of 16 channels");
    refused(R"({"networks": {"a.b": {"zoo": "jet_mlp"}}})", "a name without dots");
    refused(R"({"networks": {}})", "one and more");
    refused(R"({"networks": {"a": {"zoo": "jet_mlp"}}, "join": {}})", "join");
    CHECK_THROWS_WITH_AS(read_network(JsonReader::from_text("study", networks + "}"), "other.onnx"), doctest::Contains("no one file"),
                         InputError);
}
