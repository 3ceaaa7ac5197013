#include <map>

#include "tests/apps/command.h"
#include "tests/models/onnx_file.h"

/// `map --from`: heads are added to a backbone that stands, and trained again, and nothing of it moves.
namespace tessera::tests {

namespace {

/// Boards of the shards of a mapping, by their names; those of one of its `heads` left out.
std::map<std::string, std::string> backbone_boards(const std::filesystem::path& out, const std::vector<std::string>& heads) {
    std::map<std::string, std::string> boards;
    const Json mapping = read_json(out / "mapping.json");
    for (const auto& shard : mapping["shards"]) {
        const auto name = shard["name"].get<std::string>();
        const bool of_head = std::any_of(heads.begin(), heads.end(), [&](const auto& head) { return name.starts_with(head); });
        if (!of_head) boards[name] = shard["board"].dump();
    }
    return boards;
}

std::string map_from(const std::filesystem::path& study, const std::filesystem::path& from, const std::filesystem::path& out,
                     const std::string& options = "") {
    const auto outcome =
        tessera("--quiet map " + quoted(study) + " --from " + quoted(from) + " -o " + quoted(out) + (options.empty() ? "" : " " + options));
    CAPTURE(outcome.err);
    REQUIRE(outcome.code == 0);
    return outcome.out;
}

/// Integers that any of these are, for weights that differ from one training to the next.
Reals some_weights(std::size_t count, std::size_t training) {
    Reals weights;
    for (std::size_t i = 0; i < count; ++i) weights.push_back(static_cast<double>((i * (7 + training) + training) % 31) / 16 - 1);
    return weights;
}

/// Two heads on one layer; the second is trained now and then.
std::string two_heads(std::size_t training) {
    OnnxFile file;
    file.input("x", {1, 16}).constant("w", float_tensor({16, 32}, some_weights(512, 1)));
    file.constant("first.w", float_tensor({32, 4}, some_weights(128, 2)));
    file.constant("second.w", float_tensor({32, 4}, some_weights(128, training)));
    file.node("MatMul", {"x", "w"}, {"hidden"}).node("Relu", {"hidden"}, {"features"});
    file.node("MatMul", {"features", "first.w"}, {"first"}).node("MatMul", {"features", "second.w"}, {"second"});
    file.output("first").output("second");
    return file.bytes();
}

}  // namespace

TEST_CASE("a seventh head is added to the foundation-model trigger and moves nothing, nor does a head that is trained again" *
          doctest::test_suite("full_size")) {
    const TemporaryFolder folder;
    const auto seven = folder / "seven_heads", pruned = folder / "pruned";
    const auto& [six, run] = shipped_run("foundation_model_trigger");
    REQUIRE(run.code == 0);
    const auto backbone = backbone_boards(six, {"jet."});
    CHECK(backbone.size() > 200);

    const auto said = map_from(shipped_study("foundation_model_seventh_head"), six, seven);
    const auto reuse = read_json(seven / "search.json")["reuse"];
    CHECK(said.find(std::to_string(reuse["stay"].get<int>()) + " stay where an earlier mapping has them, 0 move, ") != std::string::npos);
    CHECK(reuse["stay"] > 200);
    CHECK(reuse["move"] == 0);
    CHECK(reuse["new"] >= 2);
    CHECK(backbone_boards(seven, {"jet.", "tau"}) == backbone);
    CHECK(tessera("check " + quoted(seven)).code == 0);
    CHECK(tessera("--quiet simulate " + quoted(seven)).code == 0);
    CHECK(tessera("--quiet report " + quoted(seven)).out.find("  earlier   of the shards ") != std::string::npos);
    const auto report = read_json(seven / "report.json");
    check_accounts(report);
    CHECK(report["verdict"]["pass"] == true);
    CHECK(report["reuse"] == reuse);
    CHECK(read_file(seven / "report.md").find("Incremental mapping: of the shards ") != std::string::npos);

    Json study = read_json(shipped_study("foundation_model_trigger"));
    study["precision"]["rules"] = {{{"operators", "jet.*"}, {"zero_fraction", 0.5}}};
    map_from(write_study(folder, study), six, pruned);
    CHECK(read_json(pruned / "search.json")["reuse"]["move"] == 0);
    CHECK(read_json(pruned / "search.json")["reuse"]["new"] == 0);
    CHECK(backbone_boards(pruned, {"jet."}) == backbone);
}

TEST_CASE("other weights of one head in the file of a network leave all other shards as they are") {
    const TemporaryFolder folder;
    write_file(folder / "first.onnx", two_heads(3));
    write_file(folder / "again.onnx", two_heads(10));
    Json study = small_study();
    study["network"] = {{"onnx", (folder / "first.onnx").string()}};
    study["precision"] = {{"weights", 8}, {"activations", 8}};
    const auto file = write_study(folder, study);
    REQUIRE(tessera("--quiet map " + quoted(file) + " -o " + quoted(folder / "first")).code == 0);
    const auto said = map_from(file, folder / "first", folder / "again", "--network " + quoted(folder / "again.onnx"));
    CHECK(said.find("of the shards 4 stay where an earlier mapping has them, 0 move, 0 are new") != std::string::npos);

    const auto before = read_json(folder / "first" / "mapping.json")["shards"];
    const auto after = read_json(folder / "again" / "mapping.json")["shards"];
    REQUIRE(before.size() == after.size());
    int changed = 0;
    for (std::size_t s = 0; s < before.size(); ++s) {
        CHECK(before[s]["board"] == after[s]["board"]);
        changed += before[s]["resources"] == after[s]["resources"] ? 0 : 1;
    }
    CHECK(changed == 1);
}

TEST_CASE("on a fixed topology shards keep the positions of their boards; what stood on one that has failed goes elsewhere") {
    const TemporaryFolder folder;
    std::string cables;  // everyone to everyone
    for (int a = 0; a < 8; ++a) {
        for (int b = a + 1; b < 8; ++b)
            cables += std::string(cables.empty() ? "" : ", ") + R"({"a": )" + std::to_string(a) + R"(, "b": )" + std::to_string(b) +
                      R"(, "lanes": 8})";
    }
    write_file(folder / "graph.json", R"({"schema": "tessera.topology/1", "compute_boards": 8, "cables": [)" + cables + "]}");
    const auto position_of_shards = [](const std::filesystem::path& out) {
        const Json mapping = read_json(out / "mapping.json");
        std::map<std::string, int> positions;
        for (const auto& shard : mapping["shards"]) {
            if (shard["board"].is_number()) positions[shard["name"]] = mapping["positions"][shard["board"].get<std::size_t>()];
        }
        return positions;
    };
    for (const Json& topology : {Json{{"kind", "torus3d"}, {"shape", {2, 2, 2}}}, Json{{"file", (folder / "graph.json").string()}}}) {
        CAPTURE(topology.dump());
        Json study = small_study();
        study["topology"] = topology;
        study["tmux_periods_bx"] = {1};
        study["board"] = {{"type", "Serenity-S1"}, {"usable", 0.012}};
        study["boards_available"] = 20;
        study["requirements"]["latency_ns"] = 4000;
        const auto first = folder / "first", quicker = folder / "quicker", again = folder / "again", failed = folder / "failed";
        const auto outcome = tessera("--quiet map " + quoted(write_study(folder, study)) + " -o " + quoted(first));
        CAPTURE(outcome.err);
        REQUIRE(outcome.code == 0);
        const auto before = position_of_shards(first);

        study["link"] = {{"type", "25g-64b66b"}, {"line_rate_gbps", 28.0}};
        CHECK(map_from(write_study(folder, study), first, quicker).find(" 0 move, 0 are new") != std::string::npos);
        CHECK(position_of_shards(quicker) == before);
        CHECK(tessera("check " + quoted(quicker)).code == 0);
        map_from(folder / "study.json", first, again);
        CHECK(read_file(quicker / "mapping.json") == read_file(again / "mapping.json"));

        if (topology.contains("shape")) continue;  // its cables are full: there is no way round a board
        const int gone = before.begin()->second;
        study["topology"]["failed"] = Json::array({gone});
        map_from(write_study(folder, study), first, failed);
        CHECK(tessera("check " + quoted(failed)).code == 0);
        for (const auto& [shard, position] : position_of_shards(failed))
            CHECK((position == before.at(shard)) == (before.at(shard) != gone));
    }
}

TEST_CASE("a head that a study adds must be new, whole, and to a network that has heads") {
    const TemporaryFolder folder;
    const Json head{{"on", "pooled"}, {"layers", {8, 1}}};
    const auto refused = [&](const std::string& network, const Json& heads) {
        Json study = small_study();
        study["network"] = {{"zoo", network}, {"heads", heads}};
        const auto outcome = tessera("map " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "out"));
        CHECK(outcome.code == 1);
        return outcome.err;
    };
    CHECK(refused("masked_particle_backbone", {{"jet", head}}).find("/network/heads/jet: the network of the zoo has a head of this name") !=
          std::string::npos);
    CHECK(refused("jet_mlp", {{"tau", head}}).find("/network/heads: the network of the zoo has no heads") != std::string::npos);
    CHECK(refused("masked_particle_backbone", {{"tau", {{"on", "events"}, {"layers", {8}}}}}).find("study.json: /network/heads/tau/on") !=
          std::string::npos);
}

}  // namespace tessera::tests
