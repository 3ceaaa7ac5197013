#include "apps/waterfall.h"

#include <algorithm>

namespace tessera::apps {

namespace {

/// Steps that are never taken apart: an operator and the transfer that brought its data.
struct Unit {
    std::string name;
    std::size_t begin = 0;  ///< of its steps
    std::size_t end = 0;
    double ns = 0;
};

/// Consecutive units whose names are alike down to a depth.
struct Group {
    std::size_t begin = 0;  ///< of its units
    std::size_t end = 0;
    std::size_t depth = 0;
    double ns = 0;
};

bool is_transfer(const sim::BreakdownStep& step) { return step.stage.find(" -> ") != std::string::npos; }

std::vector<Unit> units_of(const std::vector<sim::BreakdownStep>& breakdown) {
    std::vector<Unit> units;
    std::size_t begin = 0;
    double ns = 0;
    for (std::size_t i = 0; i < breakdown.size(); ++i) {
        ns += breakdown[i].ns;
        if (is_transfer(breakdown[i]) && i + 1 < breakdown.size()) continue;
        units.push_back({breakdown[i].stage, begin, i + 1, ns});
        begin = i + 1;
        ns = 0;
    }
    return units;
}

/// The first `depth` components of a name, separators between them included.
std::string prefix(const std::string& name, std::size_t depth) {
    std::size_t at = name.find_first_not_of("./");
    for (std::size_t d = 0; d < depth && at != std::string::npos; ++d) at = name.find_first_of("./", at + 1);
    return name.substr(0, at);
}

/// Takes units [begin, end) apart where their names differ within `depth` components.
std::vector<Group> groups_at(const std::vector<Unit>& units, std::size_t begin, std::size_t end, std::size_t depth) {
    std::vector<Group> groups;
    for (std::size_t u = begin; u < end; ++u) {
        if (groups.empty() || prefix(units[u].name, depth) != prefix(units[u - 1].name, depth)) groups.push_back({u, u, depth, 0});
        groups.back().end = u + 1;
        groups.back().ns += units[u].ns;
    }
    return groups;
}

/// Joins the two neighbours that are shortest together.
void join_shortest(std::vector<Group>& groups) {
    std::size_t best = 0;
    for (std::size_t g = 1; g + 1 < groups.size(); ++g) {
        if (groups[g].ns + groups[g + 1].ns < groups[best].ns + groups[best + 1].ns) best = g;
    }
    groups[best].end = groups[best + 1].end;
    groups[best].ns += groups[best + 1].ns;
    groups[best].depth = 0;
    groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(best) + 1);
}

/// A finer division of a group of more than one unit; the group itself where its units all have one name.
std::vector<Group> divided(const std::vector<Unit>& units, const Group& group) {
    const auto& first = units[group.begin].name;
    std::size_t depth = group.depth + 1;
    auto finer = groups_at(units, group.begin, group.end, depth);
    while (finer.size() == 1 && prefix(first, depth) != first) finer = groups_at(units, group.begin, group.end, ++depth);
    return finer;
}

/// Divides the longest group for which there is room. False where there is none.
bool divide_longest(const std::vector<Unit>& units, std::vector<Group>& groups, std::size_t most) {
    std::vector<std::size_t> order(groups.size());
    for (std::size_t g = 0; g < order.size(); ++g) order[g] = g;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return groups[a].ns > groups[b].ns; });
    for (const std::size_t g : order) {
        if (groups[g].depth == 0) continue;  // joined before, for want of room
        const auto finer = divided(units, groups[g]);
        if (finer.size() == 1 || groups.size() - 1 + finer.size() > most) continue;
        const auto place = groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(g));
        groups.insert(place, finer.begin(), finer.end());
        return true;
    }
    return false;
}

std::string label(const std::vector<Unit>& units, const Group& group) {
    const auto& first = units[group.begin].name;
    const auto& last = units[group.end - 1].name;
    if (group.end - group.begin == 1) return first;
    return group.depth > 0 ? prefix(first, group.depth) : prefix(first, 1) + " … " + prefix(last, 1);
}

}  // namespace

std::vector<WaterfallRow> waterfall(const std::vector<sim::BreakdownStep>& breakdown, std::size_t most_rows) {
    const auto units = units_of(breakdown);
    auto groups = groups_at(units, 0, units.size(), 1);
    while (groups.size() > most_rows) join_shortest(groups);
    while (divide_longest(units, groups, most_rows)) {
    }
    std::vector<WaterfallRow> rows;
    double at = 0;
    for (const auto& group : groups) {
        WaterfallRow row{label(units, group), units[group.begin].begin, units[group.end - 1].end, at, 0, {}};
        for (std::size_t i = row.first_step; i < row.end_step; ++i) {
            row.ns += breakdown[i].ns;
            row.kinds[breakdown[i].kind] += breakdown[i].ns;
        }
        at += row.ns;
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace tessera::apps
