#pragma once

#include <cstdint>

#include "partition/mapping.h"

namespace tessera::sim {

/// What the line of one lane carries in a stretch of time that begins with an orbit, word by word.
///
/// Frames follow the LHC clock, the line a standard rate of its own that is a little higher (as in Hermes, JINST 17
/// (2022) C06002). The sender puts a filler, a control block of the line code, wherever a word of the line finds no frame;
/// the receiver drops it. The orbit's marker is a control block of its own right before the first frame of the orbit, by which
/// the receiver checks that its links are aligned: frames behind it wait for one word of the line, and catch up where
/// fillers would be. So does the EMP framework, CMS's firmware of the CMS standard protocol: a frame with `start_of_orbit` makes
/// det_filler_gen.vhd hold the frames for a word, which control_words_gen.vhd (2020) fills with a tag.
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
