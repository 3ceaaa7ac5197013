#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"

namespace tessera::models {

inline constexpr int kWidestFormat = 64;  ///< bits

/// A fixed-point number as in HLS tools: `fixed<W,I>` has W bits, I of them left of the point
/// (the sign among them); `ufixed<W,I>` is unsigned. One step is 2^(I-W).
struct FixedPoint {
    int width = 0;         ///< 1..64 bits
    int integer_bits = 0;  ///< may be negative or above the width
    bool is_signed = true;

    double step() const;
    double least() const;
    double most() const;
    std::string text() const;  ///< "fixed<8,3>"

    friend bool operator==(const FixedPoint&, const FixedPoint&) = default;
};

/// The format that `text` writes: "fixed<W,I>" or "ufixed<W,I>" after `prefix` ("ap_" in HLS tools, which may
/// add rounding and overflow modes: those are not kept). Nothing where it is malformed or W is not 1..64.
std::optional<FixedPoint> parse_fixed_point(std::string_view text, std::string_view prefix = "");

/// Reads "fixed<8,3>" or "ufixed<8,0>". @throws InputError
FixedPoint read_fixed_point(const JsonReader& reader);

/// The format of `width` bits with the fewest integer bits that holds every value from `least` to
/// `most`: each rounds to the nearest step without saturation. Unsigned where `least` is not negative.
/// @pre width is at least 2 where `least` is negative: one signed bit has no positive value
FixedPoint format_for_range(int width, double least, double most);

}  // namespace tessera::models
