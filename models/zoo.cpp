#include <algorithm>

#include "core/error.h"
#include "models/import.h"
#include "models/zoo_blocks.h"

namespace tessera::models {

namespace {

void read_inputs(zoo::Assembly& assembly, const JsonReader& inputs) {
    bool first = true;
    for (const auto& [name, input] : inputs.members()) {
        const std::int64_t tokens = input.at("tokens").integer(1, 1 << 20);
        const TensorId made = assembly.network.input(name, {tokens, input.at("channels").integer(1, 1 << 20)});
        input.done();
        assembly.inputs.emplace(name, made);
        if (first) assembly.current = made;
        first = false;
    }
    if (first) inputs.fail("found no input", "the first block's input, then others");
}

/// What stands for the weights and whatever the source does not give.
void read_assumed(Network& network, const JsonReader& assumed) {
    const double zero_fraction = assumed.at("zero_fraction").number(0, 1);
    const std::string distribution = assumed.at("distribution").one_of({"normal"});
    for (Operator& op : network.operators) op.weights.assumed_zero_fraction = zero_fraction;
    network.assumptions.push_back({"weights of " + network.name,
                                   "not trained: " + distribution +
                                       " distribution, four standard deviations fill the format of the study's width; " +
                                       Json(100 * zero_fraction).dump() + " % pruned before quantisation",
                                   "assumed"});
    if (!assumed.has("architecture")) return;
    for (const JsonReader& item : assumed.at("architecture").items()) {
        network.assumptions.push_back({"architecture of " + network.name, item.text(), "assumed"});
    }
}

}  // namespace

Network build_zoo_network(const JsonReader& description) {
    const std::string name = description.at("name").text();
    const std::string source = description.at("source").text();
    description.at("description").text();
    zoo::Assembly assembly{.network = NetworkBuilder(name, "zoo: " + source),
                           .inputs = {},
                           .current = {},
                           .pair_bias = std::nullopt,
                           .has_output = false,
                           .names = {}};
    read_inputs(assembly, description.at("inputs"));
    for (const JsonReader& block : description.at("blocks").items()) zoo::add_block(assembly, block);
    if (!assembly.has_output) assembly.network.output("output", assembly.current);
    Network network = assembly.network.build();
    const JsonReader assumed = description.at("assumed");
    read_assumed(network, assumed);
    assumed.done();
    description.done();
    return network;
}

std::vector<ZooEntry> list_zoo() {
    std::vector<ZooEntry> entries;
    const std::filesystem::path folder = data_root() / "models" / "zoo";
    if (!std::filesystem::is_directory(folder)) throw InputError(folder.string(), "", "no such folder", "the zoo's descriptions");
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        if (file.path().extension() != ".json") continue;
        const JsonReader reader = JsonReader::from_file(file.path());
        entries.push_back({reader.at("name").text(), reader.at("description").text(), reader.at("source").text(), file.path()});
        if (entries.back().name != file.path().stem()) reader.at("name").fail("found \"" + entries.back().name + "\"", "the file's name");
    }
    std::sort(entries.begin(), entries.end(), [](const ZooEntry& a, const ZooEntry& b) { return a.name < b.name; });
    return entries;
}

}  // namespace tessera::models
