#include <algorithm>
#include <set>

#include "partition/stages.h"

namespace tessera::partition {

namespace {

constexpr std::int64_t kMostWords = 1'000'000'000;
constexpr double kMostNs = 1e9;

StageInput read_stage_input(const JsonReader& reader, const std::set<std::string>& known) {
    StageInput input;
    input.from = reader.at("from").text();
    if (input.from == kFromDetector) {
        input.words = reader.at("words").integer(1, kMostWords);
        input.arrival_ns = reader.number("arrival_ns", 0, 0, kMostNs);
    } else {
        if (!known.contains(input.from))
            reader.at("from").fail("found \"" + input.from + "\"", "\"detector\", \"network\" or a stage before this one");
        input.whole = input.from == kFromNetwork || reader.boolean("whole", false);
    }
    reader.done();
    return input;
}

Stage read_stage(const JsonReader& reader, const std::set<std::string>& known) {
    Stage stage;
    stage.name = reader.at("name").text();
    if (stage.name == kFromDetector || known.contains(stage.name))
        reader.at("name").fail("found \"" + stage.name + "\"", "a name of its own, and not \"detector\" or \"network\"");
    stage.boards = static_cast<int>(reader.at("boards").integer(1, 100'000));
    stage.latency_ns = reader.at("latency_ns").number(0, kMostNs);
    stage.interval_bx = reader.number("interval_bx", 1, 0.01, 3564);
    stage.tmux_period_bx = static_cast<int>(reader.integer("tmux_period_bx", 1, 1, 3564));
    stage.words = reader.at("words").integer(1, kMostWords);
    stage.source = reader.text("source", "assumed");
    for (const auto& item : reader.at("inputs").items()) stage.inputs.push_back(read_stage_input(item, known));
    if (stage.inputs.empty()) reader.at("inputs").fail("found no input", "at least one");
    if (reader.has("feeds")) {
        for (const auto& item : reader.at("feeds").items()) stage.feeds.push_back(item.text());
    }
    reader.done();
    return stage;
}

}  // namespace

std::vector<Stage> read_stages(const JsonReader& list) {
    std::vector<Stage> stages;
    std::set<std::string> known{kFromNetwork};
    std::set<std::string> behind;  // the network
    for (const auto& item : list.items()) {
        stages.push_back(read_stage(item, known));
        const Stage& stage = stages.back();
        const auto waits = [&](const StageInput& input) { return input.from == kFromNetwork || behind.contains(input.from); };
        if (std::any_of(stage.inputs.begin(), stage.inputs.end(), waits)) behind.insert(stage.name);
        if (!stage.feeds.empty() && behind.contains(stage.name))
            item.at("feeds").fail("found a stage that waits for the network", "none, as the network would wait for itself");
        known.insert(stage.name);
    }
    return stages;
}

}  // namespace tessera::partition
