#include "partition/stages.h"

#include <doctest/doctest.h>

#include "boards/catalogue.h"
#include "core/error.h"
#include "models/network_builder.h"
#include "models/precision.h"
#include "partition/check.h"
#include "partition/mapper.h"

using namespace tessera;
using namespace tessera::partition;

namespace {

/// Four boards read the detector, two of the next stage feed the network, and one board decides with both.
const char* const kStages = R"([
 {"name": "local", "boards": 4, "latency_ns": 100, "words": 12, "inputs": [{"from": "detector", "words": 8, "arrival_ns": 1000}]},
 {"name": "regional", "boards": 2, "latency_ns": 200, "words": 6, "inputs": [{"from": "local"}], "feeds": ["x"]},
 {"name": "global", "boards": 1, "latency_ns": 50, "words": 1, "inputs": [{"from": "regional", "whole": true}, {"from": "network"}]}
])";

std::vector<Stage> stages_of(const std::string& text) { return read_stages(JsonReader::from_text("stages", text)); }

struct System {
    models::Network network;
    MappingProblem problem;
    Mapping part;
};

/// A network of one board, alone.
const System& small_system() {
    static const System system = [] {
        System made;
        models::NetworkBuilder b("perceptron");
        b.output("y", b.dense("fc", b.input("x", {2, 4}), 3));
        made.network = b.build();
        models::apply_precision(made.network, models::read_precision(JsonReader::from_text("p", R"({"weights": 6, "activations": 8})")));
        made.problem.network = &made.network;
        made.problem.boards = {{boards::read_board(JsonReader::from_text("board", R"("Serenity-S1")"), boards::load_catalogue()), 1}};
        made.problem.boards_available = 1;
        made.problem.link = topologies::read_link_protocol(JsonReader::from_text("link", R"("25g-64b66b")"));
        made.problem.topology = JsonReader::from_text("topology", R"({"kind": "patch_panel"})");
        made.problem.tmux_periods_bx = {1};
        made.part = std::get<MappingResult>(map_network(made.problem)).mapping;
        return made;
    }();
    return system;
}

std::vector<Violation> all_violations(const Mapping& mapping, const std::vector<Stage>& stages) {
    const System& system = small_system();
    const boards::Stock stock{{system.problem.boards.front().board, 1 + boards_of(stages)}};
    auto found = check(mapping);
    if (found.empty()) found = check_against(mapping, system.network, stock);
    if (found.empty()) found = check_stages(mapping, system.network, stages);
    return found;
}

Mapping join(const std::vector<Stage>& stages) {
    return add_stages(small_system().part, small_system().network, stages, small_system().problem.link);
}

}  // namespace

TEST_CASE("stages around a network make one system that passes all checks") {
    const auto stages = stages_of(kStages);
    const Mapping system = join(stages);
    for (const auto& found : all_violations(system, stages)) FAIL_CHECK(found.rule << " at " << found.where << ": " << found.what);
    CHECK(system.boards.size() == 8);
    const double latency_ns = static_cast<double>(system.analytic_latency_ticks) * system.tick_ns();
    const double bound_ns = bound_latency_ns(stages, 0);
    CHECK(bound_ns == doctest::Approx(1000 + 100 + 200 + 50));
    CHECK(latency_ns > bound_ns);
    // Three links of a few frames, their flight, and a network of one layer: nothing else is on the way.
    CHECK(latency_ns < bound_ns + 700);
    CHECK(read_mapping(JsonReader::from_text("mapping", to_json(system).dump())) == system);
}

TEST_CASE("boards share words evenly, each reads what lies opposite") {
    const auto stages = stages_of(R"([
        {"name": "a", "boards": 3, "latency_ns": 0, "words": 6, "inputs": [{"from": "detector", "words": 3}]},
        {"name": "b", "boards": 2, "latency_ns": 0, "words": 1, "inputs": [{"from": "a"}], "feeds": ["*"]}])");
    const Mapping system = join(stages);
    std::vector<std::int64_t> bits;
    for (const auto& transfer : system.transfers) {
        const auto& from = system.shards[index(transfer.from)];
        if (from.name.starts_with("a [")) bits.push_back(transfer.bits);
    }
    CHECK(bits == std::vector<std::int64_t>{128, 64, 64, 128});
}

TEST_CASE("a stage with time nodes of its own starts later by what an event takes to reach one") {
    const std::string one = R"({"name": "a", "boards": 1, "latency_ns": 0, "words": 1, "feeds": ["*"],
                                "inputs": [{"from": "detector", "words": 1}], "tmux_period_bx": )";
    const auto latency = [&](const std::string& period) { return join(stages_of("[" + one + period + "}]")).analytic_latency_ticks; };
    CHECK(latency("6") == latency("1") + 5 * small_system().part.ticks_per_bx);
}

TEST_CASE("the check of stages finds what is not as declared") {
    const auto stages = stages_of(kStages);
    const Mapping good = join(stages);
    const auto broken = [&](const auto& change, const std::string& what) {
        Mapping mapping = good;
        for (auto& shard : mapping.shards) change(mapping, shard);
        const auto found = check_stages(mapping, small_system().network, stages);
        CAPTURE(what);
        REQUIRE(!found.empty());
        CHECK(found.front().rule == "stage");
        CHECK(found.front().what.find(what) != std::string::npos);
    };
    broken([](Mapping&, Shard& shard) { shard.latency_cycles = 0; }, "takes 0.0 ns, 100.0 ns declared");
    broken([](Mapping&, Shard& shard) { shard.chunk_interval_cycles = 0; }, "takes an event every 0.0 ns");
    broken([](Mapping&, Shard& shard) { shard.board = id_at<BoardId>(1); }, "stands on 1 boards with 4 shards, 4 boards declared");
    broken([](Mapping& mapping, Shard&) { mapping.transfers[0].bits = 1; }, "is fed 385 bits of detector an event, 512 declared");
    broken(
        [](Mapping&, Shard& shard) {
            if (shard.name.starts_with("x")) shard.inputs.clear();
        },
        "does not make");
    auto more = stages;
    more[0].inputs[0].arrival_ns = 2000;
    CHECK(check_stages(good, small_system().network, more).front().what == "is fed 0 bits of detector an event, 512 declared");
    more = stages;
    more[1].feeds = {"z"};
    CHECK(check_stages(good, small_system().network, more).front().what == "feeds \"z\", which is no input of perceptron");
    more = stages;
    more[2].words = 2;
    CHECK(check_stages(good, small_system().network, more).front().what == "64 bits of its decision leave, 128 declared");
}

TEST_CASE("a list of stages that cannot be is refused") {
    const auto refused = [](const std::string& text, const std::string& what) {
        CHECK_THROWS_WITH_AS(stages_of(text), doctest::Contains(what.c_str()), InputError);
    };
    const std::string rest = R"("latency_ns": 1, "words": 1, "boards": 1)";
    refused("[{\"name\": \"a\", " + rest + R"(, "inputs": [{"from": "b"}]}])", "a stage before this one");
    refused("[{\"name\": \"a\", " + rest + R"(, "inputs": []}])", "at least one");
    refused("[{\"name\": \"network\", " + rest + R"(, "inputs": [{"from": "network"}]}])", "a name of its own");
    refused("[{\"name\": \"a\", " + rest + R"(, "inputs": [{"from": "network"}], "feeds": ["x"]}])", "would wait for itself");
    refused("[{\"name\": \"a\", " + rest + R"(, "inputs": [{"from": "detector"}]}])", "words");
    Mapping two = small_system().part;
    two.tmux_period_bx = 2;
    CHECK_THROWS_WITH_AS(add_stages(two, small_system().network, stages_of(kStages), small_system().problem.link),
                         doctest::Contains("a multiple of the TMUX period of 2 BX"), InputError);
}
