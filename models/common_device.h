#pragma once

#include "boards/board.h"

namespace tessera::models {

/// The device that operators cost on where they may stand on any type of a stock: with the multipliers, products of a DSP slice, kinds of
/// memory and clock that all of the types have. What is built of these can be built on each of them, for so much or for less: a wider DSP
/// slice stands in for a narrower one, and goes unused beyond it. Of one type, its own device. Its totals are no more than any device has;
/// of dies, power and sources it says nothing, which are of each type.
boards::Device common_device(const boards::Stock& stock);

}  // namespace tessera::models
