#include "apps/validate_talk.h"

#include <fmt/format.h>

#include <array>

#include "boards/catalogue.h"
#include "models/device_capability.h"

namespace tessera::apps {

namespace {

/// What the talk says of one large device.
struct TalkRow {
    int bits;
    double giga_operations_per_s;
    double mega_weights;
};
constexpr std::array<TalkRow, 4> kTalk{{{1, 64000, 64}, {4, 16000, 16}, {8, 4000, 8}, {32, 300, 2}}};

constexpr double kClockMhz = 200;
constexpr double kUsable = 0.7;

boards::Device vu13p() {
    for (const auto& device : boards::load_catalogue().devices)
        if (device.name == "VU13P") return device;
    return {};
}

Json pair(double theirs, double ours) { return {{"theirs", theirs}, {"ours", ours}}; }

std::string beside(const Json& cell) { return fmt::format("{:>8.0f} {:>8.0f}", cell["theirs"].get<double>(), cell["ours"].get<double>()); }

}  // namespace

Json jet_tagger_table(const std::vector<models::PublishedDesign>& designs, const models::Estimates& estimates) {
    Json rows = Json::array();
    for (std::size_t i = 0; i < designs.size(); ++i) {
        const auto& design = designs[i];
        if (design.source != "odagiu") continue;
        const auto& m = design.measured;
        const auto& ours = estimates[i];
        rows.push_back({{"network", design.name},
                        {"reuse_factor", design.reuse_factor},
                        {"latency_cycles", pair(m.latency_cycles.value_or(0), ours.latency_cycles)},
                        {"interval_cycles", pair(m.interval_cycles.value_or(0), ours.interval_cycles)},
                        {"lut", pair(m.lut.value_or(0), ours.resources.lut)},
                        {"dsp", pair(m.dsp.value_or(0), ours.resources.dsp)}});
    }
    return rows;
}

Json on_chip_table() {
    const boards::Device device = vu13p();
    Json rows = Json::array();
    for (const TalkRow& talk : kTalk) {
        const auto ours = models::device_capability(device, talk.bits, kClockMhz, kUsable);
        rows.push_back({{"bits", talk.bits},
                        {"giga_operations_per_s", pair(talk.giga_operations_per_s, ours.giga_operations_per_s)},
                        {"mega_weights_in_block_ram", pair(talk.mega_weights, ours.weights_in_block_ram / 1e6)},
                        {"mega_weights_with_ultra_ram", ours.weights_on_chip / 1e6}});
    }
    return rows;
}

void print_talk(const Json& jet_taggers, const Json& on_chip) {
    fmt::print("\nJet taggers of the design talk on a VU13P at 200 MHz, 8 bits: theirs and ours\n\n");
    fmt::print("{:<30} {:>3} {:>17} {:>17} {:>17} {:>17}\n", "", "RF", "latency, cycles", "II, cycles", "LUT", "DSP");
    for (const auto& row : jet_taggers) {
        fmt::print("{:<30} {:>3} {:>17} {:>17} {:>17} {:>17}\n", row["network"].get<std::string>(), row["reuse_factor"].get<int>(),
                   beside(row["latency_cycles"]), beside(row["interval_cycles"]), beside(row["lut"]), beside(row["dsp"]));
    }
    fmt::print("\nOne large device by weight width: theirs and ours (VU13P, 200 MHz, 70 % filled)\n\n");
    fmt::print("{:>4} {:>19} {:>27} {:>24}\n", "bits", "GOPS", "M weights in block RAM", "and UltraRAM, ours");
    for (const auto& row : on_chip) {
        fmt::print("{:>4} {:>19} {:>27} {:>24.1f}\n", row["bits"].get<int>(), beside(row["giga_operations_per_s"]),
                   beside(row["mega_weights_in_block_ram"]), row["mega_weights_with_ultra_ram"].get<double>());
    }
}

}  // namespace tessera::apps
