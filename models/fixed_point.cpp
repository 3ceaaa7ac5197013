#include "models/fixed_point.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>

namespace tessera::models {

namespace {

/// A bound of `format` to which values within half a step still round without saturation.
bool holds(const FixedPoint& format, double least, double most) {
    const double half = format.step() / 2;
    return least >= format.least() - half && most < format.most() + half;
}

bool consume(std::string_view& text, std::string_view start) {
    if (!text.starts_with(start)) return false;
    text.remove_prefix(start.size());
    return true;
}

bool consume(std::string_view& text, int& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return error == std::errc();
}

}  // namespace

double FixedPoint::step() const { return std::ldexp(1.0, integer_bits - width); }

double FixedPoint::least() const { return is_signed ? -std::ldexp(1.0, integer_bits - 1) : 0.0; }

double FixedPoint::most() const { return std::ldexp(1.0, is_signed ? integer_bits - 1 : integer_bits) - step(); }

std::string FixedPoint::text() const {
    return std::string(is_signed ? "fixed<" : "ufixed<") + std::to_string(width) + "," + std::to_string(integer_bits) + ">";
}

std::optional<FixedPoint> parse_fixed_point(std::string_view text, std::string_view prefix) {
    std::string plain;
    std::copy_if(text.begin(), text.end(), std::back_inserter(plain), [](char c) { return c != ' '; });
    std::string_view rest = plain;
    if (!consume(rest, prefix)) return std::nullopt;
    FixedPoint format;
    format.is_signed = !consume(rest, "u");
    if (!consume(rest, "fixed<") || !consume(rest, format.width) || !consume(rest, ",") || !consume(rest, format.integer_bits)) {
        return std::nullopt;
    }
    if (!prefix.empty() && rest.starts_with(",")) rest.remove_prefix(std::min(rest.size(), rest.find('>')));
    const bool in_range =
        format.width >= 1 && format.width <= kWidestFormat && format.integer_bits >= -kWidestFormat && format.integer_bits <= kWidestFormat;
    if (rest != ">" || !in_range) return std::nullopt;
    return format;
}

FixedPoint read_fixed_point(const JsonReader& reader) {
    const std::string text = reader.text();
    const std::optional<FixedPoint> format = parse_fixed_point(text);
    if (!format) reader.fail("found \"" + text + "\"", "\"fixed<W,I>\" or \"ufixed<W,I>\" with W from 1 to 64 and I from -64 to 64");
    return *format;
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
