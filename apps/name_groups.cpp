#include "apps/name_groups.h"

#include <algorithm>
#include <numeric>

namespace tessera::apps {

namespace {

/// Consecutive items whose names are alike down to a depth; 0: joined for want of room.
struct Group {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t depth = 0;
    double amount = 0;
};

/// The first `depth` components of a name, separators between them included.
std::string prefix(const std::string& name, std::size_t depth) {
    std::size_t at = name.find_first_not_of("./");
    for (std::size_t d = 0; d < depth && at != std::string::npos; ++d) at = name.find_first_of("./", at + 1);
    return name.substr(0, at);
}

/// Takes items [begin, end) apart where their names differ within `depth` components.
std::vector<Group> groups_at(const std::vector<NamedAmount>& items, std::size_t begin, std::size_t end, std::size_t depth) {
    std::vector<Group> groups;
    for (std::size_t i = begin; i < end; ++i) {
        if (groups.empty() || prefix(items[i].name, depth) != prefix(items[i - 1].name, depth)) groups.push_back({i, i, depth, 0});
        groups.back().end = i + 1;
        groups.back().amount += items[i].amount;
    }
    return groups;
}

/// Joins groups [first, last] to one.
void join(std::vector<Group>& groups, std::size_t first, std::size_t last) {
    for (std::size_t g = first + 1; g <= last; ++g) groups[first].amount += groups[g].amount;
    groups[first].end = groups[last].end;
    groups[first].depth = 0;
    const auto begin = groups.begin() + static_cast<std::ptrdiff_t>(first);
    groups.erase(begin + 1, begin + static_cast<std::ptrdiff_t>(last - first) + 1);
}

/// Joins runs of groups that nobody would miss one by one.
void join_runs_of_small(std::vector<Group>& groups) {
    constexpr double kSmall = 0.02;       // of the whole
    constexpr std::size_t kShortest = 3;  // groups of a run
    const double whole =
        std::accumulate(groups.begin(), groups.end(), 0.0, [](double sum, const Group& each) { return sum + each.amount; });
    for (std::size_t g = 0; g < groups.size(); ++g) {
        std::size_t end = g;
        while (end < groups.size() && groups[end].amount < kSmall * whole) ++end;
        if (end - g >= kShortest) join(groups, g, end - 1);
    }
}

/// Joins the two neighbours that are smallest together.
void join_smallest(std::vector<Group>& groups) {
    std::size_t best = 0;
    for (std::size_t g = 1; g + 1 < groups.size(); ++g) {
        if (groups[g].amount + groups[g + 1].amount < groups[best].amount + groups[best + 1].amount) best = g;
    }
    join(groups, best, best + 1);
}

/// A finer division of a group; the group itself where all its items have one name.
std::vector<Group> divided(const std::vector<NamedAmount>& items, const Group& group) {
    const auto& first = items[group.begin].name;
    std::size_t depth = group.depth + 1;
    auto finer = groups_at(items, group.begin, group.end, depth);
    while (finer.size() == 1 && prefix(first, depth) != first) finer = groups_at(items, group.begin, group.end, ++depth);
    return finer;
}

/// Divides the largest group for which there is room. False where there is none.
bool divide_largest(const std::vector<NamedAmount>& items, std::vector<Group>& groups, std::size_t most) {
    std::vector<std::size_t> order(groups.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return groups[a].amount > groups[b].amount; });
    for (const std::size_t g : order) {
        if (groups[g].depth == 0) continue;
        const auto finer = divided(items, groups[g]);
        if (finer.size() == 1 || groups.size() - 1 + finer.size() > most) continue;
        const auto place = groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(g));
        groups.insert(place, finer.begin(), finer.end());
        return true;
    }
    return false;
}

std::string label(const std::vector<NamedAmount>& items, const Group& group) {
    const auto& first = items[group.begin].name;
    if (group.end - group.begin == 1) return first;
    return group.depth > 0 ? prefix(first, group.depth) : prefix(first, 1) + " … " + prefix(items[group.end - 1].name, 1);
}

}  // namespace

std::vector<NameGroup> group_by_name(const std::vector<NamedAmount>& items, std::size_t most) {
    auto groups = groups_at(items, 0, items.size(), 1);
    join_runs_of_small(groups);
    while (groups.size() > most) join_smallest(groups);
    while (divide_largest(items, groups, most)) {
    }
    std::vector<NameGroup> named;
    named.reserve(groups.size());
    for (const auto& group : groups) named.push_back({label(items, group), group.begin, group.end});
    return named;
}

}  // namespace tessera::apps
