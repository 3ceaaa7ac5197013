#include "models/cost_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/json.h"
#include "models/cost_coefficients.h"

namespace tessera::models {

namespace {

EstimateRange read_range(const JsonReader& reader) {
    const EstimateRange range{reader.at("low").number(0, 1e3), reader.at("high").number(0, 1e3)};
    reader.done();
    return range;
}

EstimateRanges read_ranges(const JsonReader& reader) {
    const EstimateRanges ranges{read_range(reader.at("lut")), read_range(reader.at("ff")), read_range(reader.at("dsp")),
                                read_range(reader.at("bram")), read_range(reader.at("latency"))};
    reader.text("source", "");
    reader.done();
    return ranges;
}

double read_coefficient(const JsonReader& root, const char* name, std::vector<Assumption>& sources) {
    const JsonReader reader = root.at(name);
    const double value = reader.at("value").number(0, 1e3);
    sources.push_back({"cost model: " + reader.at("what").text(), fmt::format("{:.4g}", value), reader.at("source").text()});
    reader.done();
    return value;
}

/// Cycles of something that takes `delay_ns` without registers inside.
int cycles_of(double delay_ns, double clock_mhz) { return std::max(1, static_cast<int>(std::ceil(delay_ns * clock_mhz / 1000 - 1e-9))); }

}  // namespace

CostData read_cost_data(const std::filesystem::path& file) {
    const JsonReader root = JsonReader::from_file(file);
    CostData data;
    data.fitted.lut_per_adder_bit = read_coefficient(root, "lut_per_adder_bit", data.sources);
    data.fitted.product_sharing = read_coefficient(root, "product_sharing", data.sources);
    data.fitted.registers_per_lut = read_coefficient(root, "registers_per_lut", data.sources);
    data.fitted.level_delay_ns = read_coefficient(root, "level_delay_ns", data.sources);
    data.fitted.hls_level_delay_ns = read_coefficient(root, "hls_level_delay_ns", data.sources);
    data.ranges = read_ranges(root.at("ranges"));
    root.done();
    return data;
}

const CostData& cost_data() {
    static const CostData data = read_cost_data(data_root() / "models" / "data" / "cost_coefficients.json");
    return data;
}

int CostModel::levels_per_cycle() const {
    const double left_ns = 1000 / clock_mhz - coefficient::kRegisterDelay;
    return std::max(1, static_cast<int>(std::floor(left_ns / fitted.level_delay_ns + 1e-9)));
}

int CostModel::pipeline_cycles(int levels) const {
    const int per_cycle = levels_per_cycle();
    return (std::max(0, levels) + per_cycle - 1) / per_cycle;
}

int CostModel::dsp_cycles() const { return cycles_of(coefficient::kDspDelay, clock_mhz); }

int CostModel::memory_cycles() const { return cycles_of(coefficient::kBlockMemoryDelay, clock_mhz); }

double CostModel::registers(double lut) const { return fitted.registers_per_lut * lut / levels_per_cycle(); }

double CostModel::rounding_lut(double bits) const { return rounds ? bits * coefficient::kRequantiseLutPerBit : 0; }

double CostModel::product_adders(double nonzero, double digits, double inputs) const {
    const double constants_per_input = std::max(1.0, nonzero / std::max(1.0, inputs));
    const double sharing = shares_products ? 1 + fitted.product_sharing * (constants_per_input - 1) : 1;
    return std::max(0.0, digits - nonzero) / sharing;
}

}  // namespace tessera::models
