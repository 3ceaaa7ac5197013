#pragma once

#include <algorithm>
#include <cstdint>

#include "core/arithmetic.h"
#include "partition/mapping.h"

namespace tessera::partition {

/// Frames that a lane carries from an event to the next.
inline std::int64_t frames_per_event(const Mapping& mapping) {
    return mapping.tmux_period_bx * mapping.ticks_per_bx / mapping.link_timing.ticks_per_frame;
}

/// Frames that one chunk takes on each lane of a link (rule 4 of mapping.h).
inline std::int64_t chunk_frames(std::int64_t bits, int chunks, int chunk, int lanes, const LinkTiming& timing) {
    const std::int64_t chunk_bits = divide_up(bits, chunks);
    return divide_up(chunk_bits, std::int64_t{timing.frame_bits} * lanes) + (chunk == 0 ? timing.header_frames : 0) +
           (chunk == chunks - 1 ? timing.crc_frames : 0);
}

/// Frames that all chunks of one event of a transfer take on each lane of a link.
inline std::int64_t transfer_frames(std::int64_t bits, int chunks, int lanes, const LinkTiming& timing) {
    return chunks * divide_up(divide_up(bits, chunks), std::int64_t{timing.frame_bits} * lanes) + timing.header_frames + timing.crc_frames;
}

/// Fewest lanes on which a transfer takes no more than `frames`; 0 where no number of lanes does.
inline int lanes_for(std::int64_t bits, int chunks, std::int64_t frames, const LinkTiming& timing) {
    const std::int64_t payload_frames = (frames - timing.header_frames - timing.crc_frames) / chunks;
    if (payload_frames < (bits > 0 ? 1 : 0)) return 0;
    return bits == 0 ? 1
                     : static_cast<int>(std::max<std::int64_t>(1, divide_up(divide_up(bits, chunks), payload_frames * timing.frame_bits)));
}

/// Frames on all lanes together that a transfer takes of a cable of `lanes`, whose lanes may be shared out among links (cable_links.h): on
/// the fewest that carry it in a third of `frames`, so that others find room beside it, or on all where no number does.
inline std::int64_t shared_lane_frames(std::int64_t bits, int chunks, int lanes, std::int64_t frames, const LinkTiming& timing) {
    const int fewest = lanes_for(bits, chunks, frames / 3, timing);
    const int on = fewest == 0 ? lanes : std::min(fewest, lanes);
    return on * transfer_frames(bits, chunks, on, timing);
}

}  // namespace tessera::partition
