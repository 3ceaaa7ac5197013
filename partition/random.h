#pragma once

#include <cmath>
#include <cstdint>
#include <random>

namespace tessera::partition {

/// A number in [0, bound) from integer arithmetic alone, so that every platform draws the same
/// (Lemire, ACM TOMACS 29, 2019; the bias below 2^-32 does not matter here). bound is at least 1.
inline std::uint64_t draw(std::mt19937_64& generator, std::uint64_t bound) { return ((generator() >> 32) * bound) >> 32; }

/// Metropolis' criterion of simulated annealing (J. Chem. Phys. 21 (1953) 1087): what is no worse always, what costs `worse`
/// more with probability exp(-worse / temperature).
inline bool accept(std::mt19937_64& generator, double worse, double temperature) {
    if (worse <= 0) return true;
    return static_cast<double>(generator() >> 11) * 0x1p-53 < std::exp(-worse / temperature);
}

}  // namespace tessera::partition
