#include "apps/explore/axis.h"

#include <cmath>
#include <random>

#include "core/error.h"

namespace tessera::apps::explore {

namespace {

constexpr double kMost = 1e15;
constexpr std::int64_t kMostValues = 10'000;

/// The ends of a range, and whether its values are whole numbers.
struct Ends {
    double from = 0;
    double to = 0;
    bool whole = false;

    explicit Ends(const JsonReader& range)
        : from(range.at("from").number(-kMost, kMost)),
          to(range.at("to").number(from, kMost)),
          whole(range.raw()["from"].is_number_integer() && range.raw()["to"].is_number_integer()) {}

    Json value(double real) const { return whole ? Json(std::llround(real)) : Json(real); }
};

/// Appends what differs from the last value: whole numbers of a narrow range may coincide.
void append(std::vector<Json>& values, Json value) {
    if (values.empty() || values.back() != value) values.push_back(std::move(value));
}

std::vector<Json> steps(const JsonReader& range) {
    Ends ends(range);
    const double step = range.at("step").number(1e-12, kMost);
    ends.whole = ends.whole && range.raw()["step"].is_number_integer();
    range.done();
    const double count = std::floor((ends.to - ends.from) / step * (1 + 1e-12)) + 1;
    if (count > kMostValues) range.fail("more values than " + std::to_string(kMostValues), "a larger step");
    std::vector<Json> values;
    for (int i = 0; i < static_cast<int>(count); ++i) append(values, ends.value(ends.from + i * step));
    return values;
}

std::vector<Json> equal_ratios(const JsonReader& range) {
    const Ends ends(range);
    const auto points = range.at("points").integer(2, kMostValues);
    range.done();
    if (ends.from <= 0) range.at("from").fail("found " + range.raw()["from"].dump(), "a number above 0");
    std::vector<Json> values;
    for (std::int64_t i = 0; i < points; ++i) {
        const double fraction = static_cast<double>(i) / static_cast<double>(points - 1);
        append(values, ends.value(ends.from * std::pow(ends.to / ends.from, fraction)));
    }
    return values;
}

std::vector<Json> random_values(const JsonReader& range, std::uint64_t seed) {
    const Ends ends(range);
    const auto points = range.at("points").integer(1, kMostValues);
    range.done();
    std::mt19937_64 random(seed);
    std::vector<Json> values;
    for (std::int64_t i = 0; i < points; ++i) {
        const double fraction = static_cast<double>(random() >> 11U) * 0x1.0p-53;  // the same on every platform
        append(values, ends.value(ends.from + fraction * (ends.to - ends.from)));
    }
    return values;
}

std::vector<Json> read_values(const JsonReader& axis, std::uint64_t seed) {
    if (axis.has("range")) return steps(axis.at("range"));
    if (axis.has("log_range")) return equal_ratios(axis.at("log_range"));
    if (axis.has("random")) return random_values(axis.at("random"), seed);
    if (!axis.has("list")) axis.fail("no values", "one of \"list\", \"range\", \"log_range\" and \"random\"");
    std::vector<Json> values;
    for (const auto& item : axis.at("list").items()) values.push_back(item.raw());
    return values;
}

std::string pointer(const JsonReader& where, const std::string& text) {
    if (!text.starts_with('/')) where.fail("found \"" + text + "\"", "a JSON pointer such as \"/boards_available\"");
    return text;
}

std::vector<std::string> read_pointers(const JsonReader& path) {
    if (path.raw().is_string()) return {pointer(path, path.text())};
    std::vector<std::string> all;
    for (const auto& item : path.items()) all.push_back(pointer(item, item.text()));
    if (all.empty()) path.fail("found no pointer", "at least one");
    return all;
}

Axis read_choices(const JsonReader& reader) {
    Axis axis{.name = reader.at("name").text(), .values = {}};
    for (const auto& [label, settings] : reader.at("choices").members()) {
        Change change;
        for (const auto& [path, value] : settings.members()) change.emplace_back(pointer(settings, path), value.raw());
        axis.values.push_back({label, std::move(change)});
    }
    return axis;
}

Axis read_path_axis(const JsonReader& reader, std::uint64_t seed) {
    const auto pointers = read_pointers(reader.at("path"));
    Axis axis{.name = reader.text("name", pointers.front().substr(pointers.front().rfind('/') + 1)), .values = {}};
    for (const auto& value : read_values(reader, seed)) {
        Change change;
        for (const auto& path : pointers) change.emplace_back(path, value);
        axis.values.push_back({value, std::move(change)});
    }
    return axis;
}

}  // namespace

Axis read_axis(const JsonReader& reader, std::uint64_t seed) {
    Axis axis = reader.has("choices") ? read_choices(reader) : read_path_axis(reader, seed);
    reader.done();
    if (axis.values.empty()) reader.fail("axis \"" + axis.name + "\" has no value", "at least one");
    return axis;
}

void apply(const Change& change, Json& study) {
    for (const auto& [path, value] : change) {
        try {
            study[Json::json_pointer(path)] = value;
        } catch (const Json::exception&) {
            throw InputError("exploration", path, "leads to nothing that has a value", "a JSON pointer into the study");
        }
    }
}

}  // namespace tessera::apps::explore
