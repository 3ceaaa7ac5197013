#include <fmt/format.h>

#include "apps/commands.h"
#include "boards/catalogue.h"
#include "models/import.h"
#include "topologies/link_protocol.h"
#include "topologies/topology.h"

namespace tessera::apps {

namespace {

Json boards_list() {
    Json all = Json::array();
    for (const auto& board : boards::load_catalogue().boards) {
        const auto total = board.device.total * board.devices;
        all.push_back({{"name", board.name},
                       {"device", board.device.name},
                       {"devices", board.devices},
                       {"slrs", board.slrs()},
                       {"ports", board.ports},
                       {"lut", total.lut},
                       {"ff", total.ff},
                       {"dsp", total.dsp},
                       {"bram", total.bram36},
                       {"uram", total.uram}});
    }
    return all;
}

Json links_list() {
    Json all = Json::array();
    const LhcClock clock;
    for (const auto& link : topologies::load_link_protocols()) {
        all.push_back({{"name", link.name},
                       {"line_rate_gbps", link.line_rate_gbps},
                       {"frames_per_bx", link.frames_per_bx(clock)},
                       {"payload_bits_per_bx", link.payload_bits(clock, 1)},
                       {"transceiver_latency_ns", link.transceiver_latency_ns},
                       {"fibre_ns_per_m", link.fibre_ns_per_m},
                       {"alignment_frames", link.alignment_frames}});
    }
    return all;
}

Json topologies_list() {
    Json all = Json::array();
    for (const auto& kind : topologies::topology_kinds()) {
        Json parameters = Json::object();
        for (const auto& [name, meaning] : kind.parameters) parameters[name] = meaning;
        all.push_back({{"name", kind.name}, {"explanation", kind.explanation}, {"parameters", parameters}});
    }
    return all;
}

Json networks_list() {
    Json all = Json::array();
    for (const auto& entry : models::list_zoo()) {
        all.push_back({{"name", entry.name}, {"description", entry.description}, {"source", entry.source}});
    }
    return all;
}

std::string shown(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// One block an entry: its name, then what there is to know of it.
void print_entries(const Json& entries) {
    for (const auto& entry : entries) {
        fmt::print("{}\n", entry["name"].get<std::string>());
        for (const auto& [key, value] : entry.items()) {
            if (key == "name") continue;
            if (!value.is_object()) {
                fmt::print("  {:<22} {}\n", key, shown(value));
                continue;
            }
            for (const auto& [name, meaning] : value.items()) fmt::print("  {:<22} {}\n", name, shown(meaning));
        }
    }
}

}  // namespace

int list(const std::string& what, const Console& console) {
    Json entries;
    if (what == "boards") entries = boards_list();
    if (what == "links") entries = links_list();
    if (what == "topologies") entries = topologies_list();
    if (what == "networks") entries = networks_list();
    if (console.json) {
        fmt::print("{}\n", entries.dump(1));
    } else {
        print_entries(entries);
    }
    return 0;
}

}  // namespace tessera::apps
