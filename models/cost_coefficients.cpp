#include "models/cost_coefficients.h"

#include <array>

namespace tessera::models {

std::span<const Coefficient* const> all_coefficients() {
    using namespace coefficient;
    static constexpr std::array kAll{
        &kAdderSharing,       &kFlipFlopsPerLut, &kRequantiseLutPerBit, &kScaleBits,      &kLevelsPerCycle,     &kDspLatency,
        &kBlockMemoryLatency, &kDspWide,         &kDspNarrow,           &kDsp58Narrow,    &kAgilexNarrow,       &kDspChain,
        &kPackingLut,         &kLutRomDepth,     &kLutRamOverhead,      &kMultiplexerLut, &kShiftRegisterDepth, &kControlLut,
        &kControlFf,          &kWidestTable,     &kSegmentBits,         &kGuardBits,      &kStatisticsBits,     &kPopcountLut,
        &kTreesLutBase,       &kTreesLutPerTree, &kTreesLutPerNode,     &kTreesFfBase,    &kTreesFfPerTree,     &kTreesFfPerNode,
        &kUnknownWidth,
    };
    return kAll;
}

}  // namespace tessera::models
