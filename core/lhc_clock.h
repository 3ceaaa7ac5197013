#pragma once

#include <cstdint>

namespace tessera {

/// Bunch crossings of one LHC orbit, filled or not (LHC design report, CERN-2004-003, chapter 2).
inline constexpr int kBunchCrossingsPerOrbit = 3564;

/// The LHC's clock and the processing clock that is locked to it.
///
/// All times of a system are whole numbers of ticks; a tick is the longest time of which both a
/// processing cycle and the frame time of every link are multiples, so nothing drifts.
struct LhcClock {
    double bunch_frequency_mhz = 40.0789;  ///< CERN-2004-003
    int cycles_per_bx = 9;                 ///< processing clock as a multiple: 9 is 360.71 MHz

    double bx_ns() const { return 1e3 / bunch_frequency_mhz; }
    double cycle_ns() const { return bx_ns() / cycles_per_bx; }
    double processing_mhz() const { return bunch_frequency_mhz * cycles_per_bx; }

    friend bool operator==(const LhcClock&, const LhcClock&) = default;
};

}  // namespace tessera
