#include "models/published_design.h"

#include <map>

#include "core/json.h"
#include "models/published_network.h"

namespace tessera::models {

namespace {

constexpr double kMost = 1e9;

std::optional<double> optional_number(const JsonReader& reader, const char* key) {
    if (!reader.has(key)) return std::nullopt;
    return reader.at(key).number(0, kMost);
}

Measured read_measured(const JsonReader& reader) {
    Measured measured;
    measured.lut = optional_number(reader, "lut");
    measured.ff = optional_number(reader, "ff");
    measured.dsp = optional_number(reader, "dsp");
    measured.bram36 = optional_number(reader, "bram36");
    measured.latency_cycles = optional_number(reader, "latency_cycles");
    measured.interval_cycles = optional_number(reader, "interval_cycles");
    reader.done();
    return measured;
}

DesignFlow read_flow(const JsonReader& reader) {
    static const std::map<std::string, DesignFlow> flows{{"da4ml", DesignFlow::da4ml},
                                                         {"shift_add", DesignFlow::shift_add},
                                                         {"hls4ml_latency", DesignFlow::hls4ml_latency},
                                                         {"hls4ml_resource", DesignFlow::hls4ml_resource},
                                                         {"finn", DesignFlow::finn},
                                                         {"conifer", DesignFlow::conifer}};
    std::vector<std::string> names;
    names.reserve(flows.size());
    for (const auto& [name, flow] : flows) names.push_back(name);
    return flows.at(reader.one_of(names));
}

Stage read_stage(const JsonReader& reader) {
    const std::string name = reader.one_of({"hls", "synthesised", "routed", "unspecified"});
    if (name == "hls") return Stage::hls;
    if (name == "synthesised") return Stage::synthesised;
    return name == "routed" ? Stage::routed : Stage::unspecified;
}

/// Which part each source belongs to: true for the fitting part.
std::map<std::string, bool> read_sources(const JsonReader& reader) {
    std::map<std::string, bool> parts;
    for (const auto& [key, source] : reader.members()) {
        parts[key] = source.at("part").one_of({"fit", "test"}) == "fit";
        source.at("reference").text();
        source.text("note", "");
        source.done();
    }
    return parts;
}

PublishedDesign read_design(const JsonReader& reader, const std::map<std::string, bool>& parts) {
    PublishedDesign design;
    design.name = reader.at("name").text();
    design.source = reader.at("source").text();
    const auto part = parts.find(design.source);
    if (part == parts.end()) reader.at("source").fail("found \"" + design.source + "\"", "a key of \"sources\"");
    design.fitted = part->second;
    design.family = reader.at("family").text();
    design.device = reader.at("device").text();
    design.stage = read_stage(reader.at("stage"));
    design.flow = read_flow(reader.at("flow"));
    design.clock_mhz = reader.at("clock_mhz").number(1, 2000);
    design.reuse_factor = static_cast<int>(reader.integer("reuse_factor", 1, 1, 1 << 20));
    design.parallel_tokens = reader.boolean("parallel_tokens", true);
    design.overlaps_tokens = reader.boolean("overlaps_tokens", true);
    design.overlaps_events = reader.boolean("overlaps_events", true);
    design.rewound = reader.boolean("rewound", false);
    design.hls_multipliers = reader.boolean("hls_multipliers", false);
    design.processing_elements = read_processing_elements(reader);
    design.norms_in_logic = reader.boolean("norms_in_logic", false);
    reader.text("note", "");
    design.measured = read_measured(reader.at("measured"));
    design.ebops_count_all = reader.has("hgq");
    design.network = read_published_network(reader, design.name);
    reader.done();
    return design;
}

std::vector<AdderGraph> read_adder_graphs(const JsonReader& reader) {
    reader.at("reference").text();
    std::vector<AdderGraph> graphs;
    for (const JsonReader& item : reader.at("matrices").items()) {
        graphs.push_back({item.at("inputs").number(1, kMost), item.at("outputs").number(1, kMost),
                          item.at("signed_digits").number(1, kMost), item.at("adders").number(1, kMost)});
        item.done();
    }
    reader.done();
    return graphs;
}

}  // namespace

PublishedData read_published_data(const std::filesystem::path& file) {
    const JsonReader root = JsonReader::from_file(file);
    root.at("about").text();
    const auto parts = read_sources(root.at("sources"));
    PublishedData data;
    for (const JsonReader& item : root.at("designs").items()) data.designs.push_back(read_design(item, parts));
    data.adder_graphs = read_adder_graphs(root.at("adder_graphs"));
    root.done();
    return data;
}

int reuse_factor_of(const PublishedDesign& design, const Operator& op) {
    return op.fixed.reuse_factor > 0 ? op.fixed.reuse_factor : design.reuse_factor;
}

PublishedData published_data() { return read_published_data(data_root() / "models" / "data" / "published_designs.json"); }

}  // namespace tessera::models
