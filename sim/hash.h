#pragma once

#include <cstdint>

namespace tessera::sim {

/// A number that looks random and depends on every bit of `x`: splitmix64 (Steele, Lea, Flood: Fast
/// splittable pseudorandom number generators, OOPSLA 2014).
constexpr std::uint64_t mixed(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}

/// Evenly distributed in [0, 1).
constexpr double unit_interval(std::uint64_t random) { return static_cast<double>(random >> 11U) * 0x1p-53; }

}  // namespace tessera::sim
