#include "models/power.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "core/files.h"
#include "core/json.h"

namespace tessera::models {

namespace {

constexpr double kLargestAmount = 1e9;
constexpr double kWattsPerPicojouleAndMegahertz = 1e-6;
constexpr std::array kResourceKinds{&Resources::lut, &Resources::ff, &Resources::dsp, &Resources::bram36, &Resources::uram};
constexpr std::array kResourceNames{"lut", "ff", "dsp", "bram36", "uram"};

double read_power_coefficient(const JsonReader& reader, std::vector<Assumption>& sources) {
    const double value = reader.at("value").number(0, kLargestAmount);
    sources.push_back({"power: " + reader.at("what").text(), fmt::format("{:.4g}", value), reader.at("source").text()});
    reader.done();
    return value;
}

Resources read_amounts(const JsonReader& reader) {
    Resources amounts;
    for (std::size_t i = 0; i < kResourceKinds.size(); ++i)
        amounts.*kResourceKinds[i] = reader.at(kResourceNames[i]).number(0, kLargestAmount);
    reader.done();
    return amounts;
}

PublishedPower read_published(const JsonReader& reader) {
    PublishedPower design;
    design.name = reader.at("name").text();
    design.source = reader.at("source").text();
    design.measured = reader.boolean("measured", false);
    design.clock_mhz = reader.at("clock_mhz").number(1, 2000);
    design.used = read_amounts(reader.at("used"));
    if (reader.has("breakdown_w")) design.breakdown_w = read_amounts(reader.at("breakdown_w"));
    if (reader.has("static_w")) design.static_w = reader.at("static_w").number(0, kLargestAmount);
    if (reader.has("beside_w")) design.beside_w = reader.at("beside_w").number(0, kLargestAmount);
    design.published_w = reader.at("published_w").number(0, kLargestAmount);
    reader.text("note", "");
    reader.done();
    return design;
}

double dot(const Resources& a, const Resources& b) {
    double sum = 0;
    for (const auto part : kResourceKinds) sum += a.*part * b.*part;
    return sum;
}

}  // namespace

PowerData read_power_data(const std::filesystem::path& file) {
    const JsonReader root = JsonReader::from_file(file);
    root.at("about").text();
    PowerData data;
    const JsonReader energies = root.at("energy_pj");
    for (std::size_t i = 0; i < kResourceKinds.size(); ++i)
        data.energy_pj.*kResourceKinds[i] = read_power_coefficient(energies.at(kResourceNames[i]), data.sources);
    energies.done();
    data.lane_w = read_power_coefficient(root.at("lane_w"), data.sources);
    data.warm_leakage = read_power_coefficient(root.at("warm_leakage"), data.sources);
    for (const JsonReader& item : root.at("published").items()) data.published.push_back(read_published(item));
    root.done();
    return data;
}

const PowerData& power_data() {
    static const PowerData data = read_power_data(data_root() / "models" / "data" / "power.json");
    return data;
}

Resources fit_energies_pj(const std::vector<PublishedPower>& reports) {
    Resources energies;
    for (const auto part : kResourceKinds) {
        double logarithms = 0;
        int count = 0;
        for (const PublishedPower& report : reports) {
            if (report.breakdown_w.*part <= 0) continue;
            logarithms += std::log(report.breakdown_w.*part / (report.used.*part * report.clock_mhz * kWattsPerPicojouleAndMegahertz));
            ++count;
        }
        if (count > 0) energies.*part = std::exp(logarithms / count);
    }
    return energies;
}

double dynamic_power_w(const Resources& used, double clock_mhz) {
    return dot(used, power_data().energy_pj) * clock_mhz * kWattsPerPicojouleAndMegahertz;
}

double estimated_power_w(const PublishedPower& design) {
    return dynamic_power_w(design.used, design.clock_mhz) + design.static_w + design.beside_w;
}

Power board_power(const Resources& used, int lanes, const boards::Board& board, double clock_mhz) {
    const PowerData& data = power_data();
    return {board.device.static_power_w * data.warm_leakage * board.devices, dynamic_power_w(used, clock_mhz), lanes * data.lane_w};
}

std::vector<Assumption> power_assumptions() { return power_data().sources; }

}  // namespace tessera::models
