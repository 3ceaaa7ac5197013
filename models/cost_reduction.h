#pragma once

namespace tessera::models {

/// LUTs of the division of a sum of `n` values of `bits` bits by n: wiring for a power of two, else
/// a constant multiplication by 1/n (a third of the digits of the sum's width set).
double mean_lut(double n, int bits);

}  // namespace tessera::models
