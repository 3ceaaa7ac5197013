#include "models/cost_coefficients.h"

#include <array>

namespace tessera::models {

std::span<const Coefficient* const> all_coefficients() {
    using namespace coefficient;
    static constexpr std::array kAll{
        &kRequantiseLutPerBit, &kScaleBits,      &kRegisterDelay,      &kDspDelay,        &kBlockMemoryDelay, &kDspWide,
        &kDspNarrow,           &kDsp58Narrow,    &kAgilexNarrow,       &kDspChain,        &kPackingLut,       &kLutRomDepth,
        &kLutRamOverhead,      &kMultiplexerLut, &kShiftRegisterDepth, &kControlLut,      &kControlFf,        &kWidestTable,
        &kSegmentBits,         &kGuardBits,      &kStatisticsBits,     &kConstantDspBits, &kPopcountLut,      &kTreesFfBase,
        &kTreesFfPerTree,      &kTreesFfPerNode, &kUnknownWidth,       &kDspClock,        &kBlockMemoryClock,
    };
    return kAll;
}

}  // namespace tessera::models
