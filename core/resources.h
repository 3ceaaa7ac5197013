#pragma once

#include <algorithm>
#include <array>

namespace tessera {

/// What an FPGA offers and a design takes, in the units of AMD's reports: 6-input look-up tables,
/// flip-flops, DSP slices, 36-kbit block RAMs and UltraRAM blocks. Fractions are allowed: a
/// shard may take half of a block RAM pair that it shares.
struct Resources {
    double lut = 0;
    double ff = 0;
    double dsp = 0;
    double bram36 = 0;
    double uram = 0;

    static constexpr std::array<const char*, 5> names{"lut", "ff", "dsp", "bram", "uram"};

    /// The five amounts in the order of `names`.
    constexpr std::array<double, 5> values() const { return {lut, ff, dsp, bram36, uram}; }

    constexpr Resources& operator+=(const Resources& other) {
        lut += other.lut, ff += other.ff, dsp += other.dsp, bram36 += other.bram36, uram += other.uram;
        return *this;
    }
    constexpr Resources& operator-=(const Resources& other) { return *this += other * -1.0; }
    friend constexpr Resources operator+(Resources a, const Resources& b) { return a += b; }
    friend constexpr Resources operator-(Resources a, const Resources& b) { return a -= b; }
    constexpr Resources operator*(double factor) const { return {lut * factor, ff * factor, dsp * factor, bram36 * factor, uram * factor}; }
    /// Amount by amount, as a usable fraction is applied to a device.
    constexpr Resources scaled(const Resources& f) const { return {lut * f.lut, ff * f.ff, dsp * f.dsp, bram36 * f.bram36, uram * f.uram}; }
    friend constexpr bool operator==(const Resources&, const Resources&) = default;

    /// True where no amount exceeds that of `capacity`.
    constexpr bool fits(const Resources& capacity) const {
        return lut <= capacity.lut && ff <= capacity.ff && dsp <= capacity.dsp && bram36 <= capacity.bram36 && uram <= capacity.uram;
    }

    /// Amount by amount the smaller and the larger of two.
    friend constexpr Resources smaller(const Resources& a, const Resources& b) {
        return {std::min(a.lut, b.lut), std::min(a.ff, b.ff), std::min(a.dsp, b.dsp), std::min(a.bram36, b.bram36),
                std::min(a.uram, b.uram)};
    }
    friend constexpr Resources larger(const Resources& a, const Resources& b) {
        return {std::max(a.lut, b.lut), std::max(a.ff, b.ff), std::max(a.dsp, b.dsp), std::max(a.bram36, b.bram36),
                std::max(a.uram, b.uram)};
    }

    /// The largest of the five fractions of `capacity`; infinite where something is needed of
    /// which there is none.
    double max_fraction(const Resources& capacity) const;
};

}  // namespace tessera
