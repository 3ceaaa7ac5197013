#include "models/cost_blocks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace tessera::models {

double whole_up(double x) { return std::ceil(x - 1e-9 * std::max(1.0, std::abs(x))); }

int log2_up(double n) { return n <= 1 ? 0 : static_cast<int>(std::ceil(std::log2(n))); }

double adder_tree_lut(double n, double bits, double widest) {
    if (n <= 1) return 0;
    const double mean_width = bits + std::min(2, log2_up(n));
    return (n - 1) * (widest > 0 ? std::min(mean_width, std::max(widest, bits)) : mean_width);
}

double compare_tree_lut(double n, double bits) { return n <= 1 ? 0 : (n - 1) * 1.5 * bits; }

double multiplier_lut(int a_bits, int b_bits) {
    const double a = std::max(1, a_bits);
    const double b = std::max(1, b_bits);
    return std::min((a + 1) * b, (b + 1) * a);
}

int multiplier_cycles(int a_bits, int b_bits, const CostModel& model) {
    return model.pipeline_cycles(1 + log2_up(std::max(1, std::min(a_bits, b_bits))));
}

DspMultiplier dsp_multiplier(const boards::Device& device) {
    const int narrow = static_cast<int>(coefficient::kDspNarrow);
    const int wide = static_cast<int>(coefficient::kDspWide);
    if (device.dsp == "DSP58") return {wide, static_cast<int>(coefficient::kDsp58Narrow)};
    if (device.dsp == "agilex-dsp") return {wide, static_cast<int>(coefficient::kAgilexNarrow)};
    return {wide, narrow};
}

double dsp_per_product(int a_bits, int b_bits, DspMultiplier multiplier) {
    if (std::max(a_bits, b_bits) <= 4) return 0.5;
    const auto tiles = [&](int a, int b) { return divide_up(a, multiplier.wide) * divide_up(b, multiplier.narrow); };
    return static_cast<double>(std::max<std::int64_t>(1, std::min(tiles(a_bits, b_bits), tiles(b_bits, a_bits))));
}

double table_lut(int input_bits, int output_bits) {
    const double words = std::exp2(std::max(input_bits - 5, 0));
    const double narrow = input_bits < 5 ? input_bits / 5.0 : 1.0;
    return words * std::ceil(output_bits / 2.0) * narrow;
}

double table_bram36(int input_bits, int output_bits) {
    return memory_resources(Memory::block_ram, output_bits, std::exp2(input_bits)).bram36 / 2;
}

double delay_lut(int cycles) { return std::max(1.0, std::ceil(cycles / coefficient::kShiftRegisterDepth)); }

namespace {

double block_ram_halves(double width_bits, double depth) {
    static constexpr std::array<std::array<double, 2>, 6> kShapes{{{36, 512}, {18, 1024}, {9, 2048}, {4, 4096}, {2, 8192}, {1, 16384}}};
    double fewest = std::numeric_limits<double>::infinity();
    for (const auto& [width, words] : kShapes) fewest = std::min(fewest, std::ceil(width_bits / width) * std::ceil(depth / words));
    return fewest;
}

double ultra_rams(double width_bits, double depth) {
    return depth <= 2048 ? std::ceil(width_bits / 144) : std::ceil(width_bits / 72) * std::ceil(depth / 4096);
}

}  // namespace

Resources memory_resources(Memory kind, double width_bits, double depth) {
    if (width_bits <= 0 || depth <= 0) return {};
    switch (kind) {
        case Memory::lut_rom: {
            const double columns = std::min(width_bits, std::exp2(std::min(depth, 64.0)));
            const double per_bit = 2 * depth <= coefficient::kLutRomDepth ? 0.5 : std::ceil(depth / coefficient::kLutRomDepth);
            return {.lut = columns * per_bit};
        }
        case Memory::lut_ram: {
            const double per_bit = depth <= 32 ? 0.5 : std::ceil(depth / 64);
            return {.lut = width_bits * per_bit * coefficient::kLutRamOverhead};
        }
        case Memory::block_ram:
            return {.bram36 = block_ram_halves(width_bits, depth) / 2};
        case Memory::ultra_ram:
            return {.uram = ultra_rams(width_bits, depth)};
    }
    return {};
}

}  // namespace tessera::models
