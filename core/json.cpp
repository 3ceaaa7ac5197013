#include "core/json.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"

namespace tessera {

namespace {

std::string shown(const Json& value) {
    std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() > 60) text = text.substr(0, 57) + "...";
    return text;
}

std::size_t edit_distance(const std::string& a, const std::string& b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0U);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row.back();
}

std::string range(const std::string& kind, const std::string& least, const std::string& most) {
    return kind + " from " + least + " to " + most;
}

/// A bound as it reads best: 0.7, 12, 1e+18.
std::string bound(double value) { return Json(value).dump(); }

// Far above any file of Tessera's, and far below where copying a value recursively exhausts the stack.
constexpr std::size_t kMostNested = 100;

/// Arrays and objects inside each other at the deepest place of a JSON text.
std::size_t nesting(const std::string& text) {
    std::size_t depth = 0;
    std::size_t deepest = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            deepest = std::max(deepest, ++depth);
        } else if ((c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return deepest;
}

}  // namespace

JsonReader::AskedKeys& JsonReader::AskedKeys::operator=(const AskedKeys& other) {
    auto keys = other.all();
    const std::lock_guard lock(mutex_);
    keys_ = std::move(keys);
    return *this;
}

void JsonReader::AskedKeys::insert(const std::string& key) {
    const std::lock_guard lock(mutex_);
    keys_.insert(key);
}

std::set<std::string> JsonReader::AskedKeys::all() const {
    const std::lock_guard lock(mutex_);
    return keys_;
}

JsonReader JsonReader::from_file(const std::filesystem::path& path) { return from_text(path.string(), read_file(path)); }

JsonReader JsonReader::from_text(const std::string& name, const std::string& text) {
    if (const std::size_t depth = nesting(text); depth > kMostNested) {
        throw InputError(name, "", "arrays and objects nested " + std::to_string(depth) + " deep",
                         "at most " + std::to_string(kMostNested));
    }
    try {
        return {name, "", Json::parse(text)};
    } catch (const Json::parse_error& error) {
        const auto upto = text.begin() + static_cast<std::ptrdiff_t>(std::min(text.size(), error.byte));
        const auto line = 1 + std::count(text.begin(), upto, '\n');
        throw InputError(name, "line " + std::to_string(line), "malformed JSON (byte " + std::to_string(error.byte) + ")",
                         "a JSON document");
    } catch (const Json::exception& error) {
        throw InputError(name, "", std::string("malformed JSON (") + error.what() + ")", "a JSON document");
    }
}

void JsonReader::fail(const std::string& found, const std::string& expected) const {
    throw InputError(file_, path_.empty() ? "/" : path_, found, expected);
}

bool JsonReader::has(const std::string& key) const {
    if (!value_.is_object()) fail("found " + shown(value_), "an object");
    asked_.insert(key);
    return value_.contains(key);
}

JsonReader JsonReader::at(const std::string& key) const {
    if (!has(key)) fail("key \"" + key + "\" is missing");
    return {file_, path_ + "/" + key, value_.at(key)};
}

std::vector<JsonReader> JsonReader::items() const {
    if (!value_.is_array()) fail("found " + shown(value_), "an array");
    std::vector<JsonReader> all;
    for (std::size_t i = 0; i < value_.size(); ++i) all.push_back({file_, path_ + "/" + std::to_string(i), value_[i]});
    return all;
}

std::vector<std::pair<std::string, JsonReader>> JsonReader::members() const {
    if (!value_.is_object()) fail("found " + shown(value_), "an object");
    std::vector<std::pair<std::string, JsonReader>> all;
    for (const auto& [key, value] : value_.items()) {
        asked_.insert(key);
        all.emplace_back(key, JsonReader{file_, path_ + "/" + key, value});
    }
    return all;
}

std::string JsonReader::text() const {
    if (!value_.is_string()) fail("found " + shown(value_), "a string");
    return value_.get<std::string>();
}

bool JsonReader::boolean() const {
    if (!value_.is_boolean()) fail("found " + shown(value_), "true or false");
    return value_.get<bool>();
}

double JsonReader::number(double least, double most) const {
    const double value = value_.is_number() ? value_.get<double>() : std::numeric_limits<double>::quiet_NaN();
    if (!(value >= least && value <= most)) fail("found " + shown(value_), range("a number", bound(least), bound(most)));
    return value;
}

std::int64_t JsonReader::integer(std::int64_t least, std::int64_t most) const {
    const bool fits =
        value_.is_number_unsigned() ? value_.get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX) : value_.is_number_integer();
    const std::int64_t value = fits ? value_.get<std::int64_t>() : 0;
    if (!fits || value < least || value > most) {
        fail("found " + shown(value_), range("a whole number", std::to_string(least), std::to_string(most)));
    }
    return value;
}

std::string JsonReader::one_of(const std::vector<std::string>& allowed) const {
    std::string expected = "one of";
    for (const auto& each : allowed) expected += " \"" + each + "\"";
    if (!value_.is_string()) fail("found " + shown(value_), expected);
    auto value = value_.get<std::string>();
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) fail("found " + shown(value_), expected);
    return value;
}

std::string JsonReader::text(const std::string& key, const std::string& otherwise) const { return has(key) ? at(key).text() : otherwise; }

bool JsonReader::boolean(const std::string& key, bool otherwise) const { return has(key) ? at(key).boolean() : otherwise; }

double JsonReader::number(const std::string& key, double otherwise, double least, double most) const {
    return has(key) ? at(key).number(least, most) : otherwise;
}

std::int64_t JsonReader::integer(const std::string& key, std::int64_t otherwise, std::int64_t least, std::int64_t most) const {
    return has(key) ? at(key).integer(least, most) : otherwise;
}

void JsonReader::done() const {
    if (!value_.is_object()) fail("found " + shown(value_), "an object");
    const auto asked = asked_.all();
    for (const auto& [key, value] : value_.items()) {
        if (asked.contains(key)) continue;
        std::string nearest;
        std::size_t best = 4;
        for (const auto& known : asked) {
            const std::size_t distance = edit_distance(key, known);
            if (distance < best) best = distance, nearest = known;
        }
        std::string all;
        for (const auto& known : asked) all += (all.empty() ? "" : ", ") + known;
        fail("unknown key \"" + key + "\"" + (nearest.empty() ? "" : " (did you mean \"" + nearest + "\"?)"), "one of: " + all);
    }
}

}  // namespace tessera
