#include "models/import.h"

#include "core/error.h"
#include "core/files.h"
#include "models/joined.h"
#include "models/lowering.h"
#include "models/zoo_blocks.h"

namespace tessera::models {

namespace {

onnx::Bindings read_bindings(const JsonReader& reader) {
    onnx::Bindings bindings;
    if (!reader.has("bind")) return bindings;
    for (const auto& [name, value] : reader.at("bind").members()) bindings[name] = value.integer(1, 1'000'000'000);
    return bindings;
}

/// The file that a study names under `key`, or what takes its place. For a missing file the message
/// says where anyone gets it.
std::filesystem::path network_file(const JsonReader& reader, const std::string& key, const std::filesystem::path& replacement) {
    const auto named = std::filesystem::path(reader.file()).parent_path() / reader.at(key).text();
    const std::string source = reader.text("source", "");
    const std::string digest = reader.text("sha256", "");
    if (!replacement.empty()) return replacement;
    std::error_code error;
    if (std::filesystem::exists(named, error)) return named.lexically_normal();
    const std::string where_from =
        source.empty() ? "" : "get it from " + source + (digest.empty() ? "" : " (SHA-256 " + digest + ")") + ", ";
    throw InputError(reader.file(), reader.path() + "/" + key, "no such file: " + named.lexically_normal().string(),
                     where_from + "or give another with --network FILE");
}

const ZooEntry& zoo_entry(const std::vector<ZooEntry>& zoo, const JsonReader& name) {
    std::string all;
    for (const auto& entry : zoo) {
        if (entry.name == name.text()) return entry;
        all += (all.empty() ? "" : ", ") + entry.name;
    }
    name.fail("no network \"" + name.text() + "\" in the zoo", "one of: " + all);
}

/// What a study changes in a network of the zoo: tokens of its inputs, heads that it has beside its own.
struct ZooChanges {
    JsonReader tokens;
    JsonReader heads;
};

void add_heads(Json& description, const JsonReader& heads) {
    Json& last = description["blocks"].back();
    for (const auto& [name, head] : heads.members()) {
        if (last["block"] != "heads") heads.fail("the network of the zoo has no heads", "a network that ends with the block \"heads\"");
        if (last["heads"].contains(name)) head.fail("the network of the zoo has a head of this name", "another name");
        zoo::read_head(head);  // what is wrong with it is said of the study
        last["heads"][name] = head.raw();
    }
}

Network build_changed(const JsonReader& description, const ZooChanges& changes) {
    Json changed = description.raw();
    for (const auto& [input, count] : changes.tokens.members()) {
        if (!changed["inputs"].contains(input)) changes.tokens.fail("no input \"" + input + "\"", "inputs of the network of the zoo");
        changed["inputs"][input]["tokens"] = count.integer(1, 1 << 20);
    }
    add_heads(changed, changes.heads);
    auto network = build_zoo_network(JsonReader::from_text(description.file(), changed.dump()));
    for (const auto& [input, count] : changes.tokens.members())
        network.assumptions.push_back({"tokens of " + input, std::to_string(count.integer(1, 1 << 20)), "asked for by the study"});
    for (const auto& [name, head] : changes.heads.members())
        network.assumptions.push_back({"head " + name, head.raw().dump(), "asked for by the study"});
    return network;
}

/// Several networks that make inputs of each other.
Network read_networks(const JsonReader& reader, const std::filesystem::path& replacement) {
    if (!replacement.empty()) reader.fail("several networks have no one file that another could replace");
    std::vector<std::pair<std::string, Network>> parts;
    for (const auto& [name, network] : reader.at("networks").members()) {
        if (name.empty() || name.find('.') != std::string::npos)
            network.fail("a network is called \"" + name + "\"", "a name without dots");
        parts.emplace_back(name, read_network(network, ""));
    }
    if (parts.empty()) reader.at("networks").fail("found no network", "one and more");
    std::vector<Join> joins;
    if (reader.has("joins")) {
        for (const auto& [input, output] : reader.at("joins").members())
            joins.push_back({input, output.text(), output.file(), output.path()});
    }
    reader.done();
    return joined(parts, joins);
}

}  // namespace

Network import_onnx(const std::filesystem::path& file, const onnx::Bindings& bindings) {
    return lower(onnx::read_onnx(file, bindings, is_lowered));
}

Network read_network(const JsonReader& reader, const std::filesystem::path& replacement) {
    if (reader.has("onnx")) {
        const auto file = network_file(reader, "onnx", replacement);
        const auto bindings = read_bindings(reader);
        reader.done();
        return import_onnx(file, bindings);
    }
    if (reader.has("conifer")) {
        const auto file = network_file(reader, "conifer", replacement);
        reader.done();
        return import_conifer(file);
    }
    if (reader.has("networks")) return read_networks(reader, replacement);
    if (!reader.has("zoo")) reader.fail("names no network", "one of the keys \"onnx\", \"conifer\", \"zoo\" and \"networks\"");
    const auto optional = [&](const char* key) { return reader.has(key) ? reader.at(key) : JsonReader::from_text(reader.file(), "{}"); };
    const ZooChanges changes{optional("tokens"), optional("heads")};
    reader.done();
    if (!replacement.empty()) reader.fail("a network of the zoo has no file that another could replace");
    const auto zoo = list_zoo();
    return build_changed(JsonReader::from_file(zoo_entry(zoo, reader.at("zoo")).file), changes);
}

}  // namespace tessera::models
