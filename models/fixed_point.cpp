#include "models/fixed_point.h"

#include <algorithm>
#include <cmath>
#include <regex>

namespace tessera::models {

namespace {

constexpr int kWidest = 64;

/// A bound of `format` to which values within half a step still round without saturation.
bool holds(const FixedPoint& format, double least, double most) {
    const double half = format.step() / 2;
    return least >= format.least() - half && most < format.most() + half;
}

}  // namespace

double FixedPoint::step() const { return std::ldexp(1.0, integer_bits - width); }

double FixedPoint::least() const { return is_signed ? -std::ldexp(1.0, integer_bits - 1) : 0.0; }

double FixedPoint::most() const { return std::ldexp(1.0, is_signed ? integer_bits - 1 : integer_bits) - step(); }

std::string FixedPoint::text() const {
    return std::string(is_signed ? "fixed<" : "ufixed<") + std::to_string(width) + "," + std::to_string(integer_bits) + ">";
}

FixedPoint read_fixed_point(const JsonReader& reader) {
    static const std::regex pattern(R"(\s*(u?)fixed\s*<\s*(\d{1,3})\s*,\s*(-?\d{1,3})\s*>\s*)");
    const std::string expected = "\"fixed<W,I>\" or \"ufixed<W,I>\" with W from 1 to 64 and I from -64 to 64";
    const std::string text = reader.text();
    std::smatch match;
    if (!std::regex_match(text, match, pattern)) reader.fail("found \"" + text + "\"", expected);
    const FixedPoint format{std::stoi(match[2]), std::stoi(match[3]), match[1].length() == 0};
    if (format.width < 1 || format.width > kWidest || std::abs(format.integer_bits) > kWidest)
        reader.fail("found \"" + text + "\"", expected);
    return format;
}

FixedPoint format_for_range(int width, double least, double most) {
    FixedPoint format{width, 0, least < 0};
    const double reach = std::max(std::abs(least), std::abs(most));
    if (reach == 0 || !std::isfinite(reach)) return format;
    format.integer_bits = std::ilogb(reach) - 1;  // too few for any value of this size
    while (!holds(format, least, most)) ++format.integer_bits;
    return format;
}

}  // namespace tessera::models
