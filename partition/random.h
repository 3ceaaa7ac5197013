#pragma once

#include <cstdint>
#include <random>

namespace tessera::partition {

/// A number in [0, bound) from integer arithmetic alone, so that every platform draws the same
/// (Lemire, ACM TOMACS 29, 2019; the bias below 2^-32 does not matter here). bound is at least 1.
inline std::uint64_t draw(std::mt19937_64& generator, std::uint64_t bound) { return ((generator() >> 32) * bound) >> 32; }

}  // namespace tessera::partition
