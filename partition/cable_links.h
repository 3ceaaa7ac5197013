#pragma once

#include <cstdint>
#include <vector>

#include "partition/mapping.h"

namespace tessera::partition {

/// Lanes of a cable that carry the same transfers together.
struct CableLink {
    int lanes = 1;
    std::vector<std::uint32_t> transfers;
    std::int64_t frames = 0;  ///< of an event, on each lane

    friend bool operator==(const CableLink&, const CableLink&) = default;
};

/// Shares the lanes of one direction of a cable out among links side by side.
///
/// On a link of many lanes a chunk takes little time, but is rounded up to whole frames on all of them, and each has its header and CRC:
/// small transfers waste most of a wide link. So there are as few links as leave each some time idle, as what shares a link waits for each
/// other; where no number of them does, as many as are least busy.
/// @param transfers that cross the cable
/// @param most_frames of an event that a lane may carry; the first of the result, which is the busiest, has more where nothing helps
std::vector<CableLink> share_lanes(const Mapping& mapping, std::vector<std::uint32_t> transfers, int lanes, std::int64_t most_frames);

}  // namespace tessera::partition
