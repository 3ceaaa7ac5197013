#include "apps/explore/exploration.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include "apps/explore/measures.h"
#include "apps/study.h"
#include "core/error.h"

namespace tessera::apps::explore {

namespace {

constexpr std::size_t kMostPoints = 1'000'000;

/// FNV-1a (Fowler, Noll, Vo), 64 bit.
std::uint64_t digest(const std::string& text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

std::size_t combinations(const Exploration& exploration) {
    std::size_t count = 1;
    for (const auto& axis : exploration.axes) count *= axis.values.size();
    return count;
}

/// `number` in the mixed radix of the axes' sizes, the last axis fastest.
Point grid_point(const Exploration& exploration, std::size_t number) {
    std::vector<std::size_t> digits(exploration.axes.size());
    for (std::size_t i = digits.size(); i-- > 0;) {
        digits[i] = number % exploration.axes[i].values.size();
        number /= exploration.axes[i].values.size();
    }
    Json coordinates = Json::object();
    std::vector<const Change*> changes;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const auto& value = exploration.axes[i].values[digits[i]];
        coordinates[exploration.axes[i].name] = value.label;
        changes.push_back(&value.change);
    }
    return make_point(exploration, std::move(coordinates), changes);
}

/// `wanted` of the numbers below `count`, in their order.
std::vector<std::size_t> draw(std::size_t count, std::size_t wanted, std::uint64_t seed) {
    std::vector<std::size_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), std::size_t{0});
    if (wanted == 0 || wanted >= count) return numbers;
    std::mt19937_64 random(seed);
    for (std::size_t i = 0; i < wanted; ++i) std::swap(numbers[i], numbers[i + random() % (count - i)]);
    numbers.resize(wanted);
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

void read_axes(const JsonReader& root, Exploration& exploration) {
    std::set<std::string> names;
    for (const auto& item : root.at("axes").items()) {
        exploration.axes.push_back(read_axis(item, exploration.seed + exploration.axes.size()));
        const auto& name = exploration.axes.back().name;
        if (is_column(name)) item.fail("an axis with the name of a result, \"" + name + "\"", "another \"name\"");
        if (!names.insert(name).second) item.fail("a second axis \"" + name + "\"", "another \"name\"");
    }
    if (exploration.axes.empty()) root.at("axes").fail("found no axis", "at least one");
}

}  // namespace

Exploration read_exploration(const std::filesystem::path& file, const std::filesystem::path& network) {
    const auto root = JsonReader::from_file(file);
    Exploration exploration;
    exploration.name = root.at("name").text();
    exploration.question = root.text("question", "");
    exploration.seed = static_cast<std::uint64_t>(root.integer("seed", 1, 0, INT64_MAX));
    exploration.sample = root.integer("sample", 0, 0, kMostPoints);
    exploration.study = portable_study(file.parent_path() / root.at("study").text(), network);
    if (root.has("changes")) {
        for (const auto& [path, value] : root.at("changes").members()) apply({{path, value.raw()}}, exploration.study);
    }
    read_axes(root, exploration);
    root.done();
    if (combinations(exploration) > kMostPoints) root.at("axes").fail("more than a million combinations", "fewer values");
    return exploration;
}

Point make_point(const Exploration& exploration, Json coordinates, const std::vector<const Change*>& changes) {
    Point point{.id = "", .coordinates = std::move(coordinates), .study = exploration.study};
    for (const auto* change : changes) apply(*change, point.study);
    std::string name = exploration.name;
    for (const auto& [axis, label] : point.coordinates.items())
        name += fmt::format(", {} {}", axis, label.is_string() ? label.get<std::string>() : label.dump());
    point.study["name"] = name;
    return identified(std::move(point));
}

Point identified(Point point) {
    Json nameless = point.study;
    nameless.erase("name");
    point.id = fmt::format("{:016x}", digest(nameless.dump()));
    return point;
}

std::vector<Point> neighbours(const Exploration& exploration) {
    std::vector<Point> points{make_point(exploration, Json::object(), {})};
    std::set<std::string> seen{points.front().id};
    const auto add = [&](Json coordinates, const std::vector<const Change*>& changes) {
        auto point = make_point(exploration, std::move(coordinates), changes);
        if (seen.insert(point.id).second) points.push_back(std::move(point));
    };
    const auto& axes = exploration.axes;
    for (const auto& axis : axes) {
        for (const auto& value : axis.values) add({{axis.name, value.label}}, {&value.change});
    }
    for (auto a = axes.begin(); a != axes.end(); ++a) {
        for (auto b = std::next(a); b != axes.end(); ++b) {
            for (const auto* va : {&a->values.front(), &a->values.back()}) {
                for (const auto* vb : {&b->values.front(), &b->values.back()})
                    add({{a->name, va->label}, {b->name, vb->label}}, {&va->change, &vb->change});
            }
        }
    }
    return points;
}

std::vector<Point> grid(const Exploration& exploration) {
    std::vector<Point> points;
    std::set<std::string> seen;
    for (const auto number : draw(combinations(exploration), static_cast<std::size_t>(exploration.sample), exploration.seed)) {
        auto point = grid_point(exploration, number);
        if (seen.insert(point.id).second) points.push_back(std::move(point));
    }
    return points;
}

}  // namespace tessera::apps::explore
