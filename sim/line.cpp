#include "sim/line.h"

#include <algorithm>
#include <cmath>

#include "core/lhc_clock.h"

namespace tessera::sim {

namespace {

std::int64_t frames_in(const partition::Mapping& mapping, std::int64_t ticks) { return ticks / mapping.link_timing.ticks_per_frame; }

std::int64_t words_in(const partition::Mapping& mapping, std::int64_t ticks) {
    const auto& timing = mapping.link_timing;
    if (timing.line_rate_gbps == 0) return frames_in(mapping, ticks);
    return std::llround(std::floor(static_cast<double>(ticks) * mapping.tick_ns() * timing.line_rate_gbps / timing.line_bits_per_frame));
}

std::int64_t orbit_ticks(const partition::Mapping& mapping) { return kBunchCrossingsPerOrbit * mapping.ticks_per_bx; }

}  // namespace

LineWords line_words(const partition::Mapping& mapping, std::int64_t ticks) {
    LineWords line;
    line.frames = frames_in(mapping, ticks);
    line.words = std::max(line.frames, words_in(mapping, ticks));
    const std::int64_t orbits = (ticks + orbit_ticks(mapping) - 1) / orbit_ticks(mapping);
    line.markers = std::min(orbits, line.words - line.frames);
    line.fillers = line.words - line.frames - line.markers;
    return line;
}

bool line_keeps_up(const partition::Mapping& mapping) {
    return words_in(mapping, orbit_ticks(mapping)) + 1 >= frames_in(mapping, orbit_ticks(mapping));
}

}  // namespace tessera::sim
