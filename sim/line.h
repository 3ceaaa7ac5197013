#pragma once

#include <cstdint>

#include "partition/mapping.h"

namespace tessera::sim {

/// What the line of one lane carries in a stretch of time that begins with an orbit, word by word.
///
/// Frames follow the LHC clock, the line a standard rate of its own that is a little higher (as in Hermes, JINST 17
/// (2022) C06002). The sender puts a filler, a control block of the line code, wherever a word of the line finds no frame;
/// the receiver drops it. In the place of the first filler of an orbit goes the orbit's marker (assumed: such
/// protocols mark orbits, but how is not published), by which the receiver checks that its links are aligned.
struct LineWords {
    std::int64_t words = 0;    ///< of the line, in all
    std::int64_t frames = 0;   ///< of the LHC-synchronous clock, whether packets use them or not
    std::int64_t markers = 0;  ///< of orbits
    std::int64_t fillers = 0;  ///< the rest

    friend bool operator==(const LineWords&, const LineWords&) = default;
};

/// words = floor(time * line rate / bits of a word), frames = floor(time / frame time). A line whose rate the mapping does
/// not give, or that has no room beside its frames, carries these alone; orbits are then told by headers.
LineWords line_words(const partition::Mapping& mapping, std::int64_t ticks);

/// Whether the line carries its frames for ever: not fewer words than frames in an orbit, but for rounding.
bool line_keeps_up(const partition::Mapping& mapping);

}  // namespace tessera::sim
