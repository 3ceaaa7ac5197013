#include "partition/check_rectangles.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace tessera::partition {

using models::Range;
using models::Region;

Range common_part(const Range& a, const Range& b) {
    const Range both{std::max(a.begin, b.begin), std::min(a.end, b.end)};
    return both.empty() ? Range{} : both;
}

Region common_part(const Region& a, const Region& b) { return {common_part(a.tokens, b.tokens), common_part(a.channels, b.channels)}; }

std::int64_t area(const Region& region) {
    return region.tokens.empty() || region.channels.empty() ? 0 : region.tokens.size() * region.channels.size();
}

namespace {

auto order(const Region& region) { return std::tuple(region.channels.begin, region.channels.end, region.tokens.begin, region.tokens.end); }

/// Length of the union of ranges that are sorted by their begin.
std::int64_t union_length(const std::vector<Range>& sorted) {
    std::int64_t length = 0;
    std::int64_t reached = 0;
    bool first = true;
    for (const Range& range : sorted) {
        const std::int64_t from = first ? range.begin : std::max(reached, range.begin);
        length += std::max<std::int64_t>(0, range.end - from);
        reached = first ? range.end : std::max(reached, range.end);
        first = false;
    }
    return length;
}

}  // namespace

std::int64_t union_area(std::vector<Region> regions) {
    std::erase_if(regions, [](const Region& region) { return area(region) == 0; });
    std::sort(regions.begin(), regions.end(), [](const Region& a, const Region& b) { return order(a) < order(b); });
    regions.erase(std::unique(regions.begin(), regions.end()), regions.end());
    if (regions.size() == 1) return area(regions.front());
    std::vector<std::int64_t> cuts;
    for (const Region& region : regions) cuts.insert(cuts.end(), {region.tokens.begin, region.tokens.end});
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    std::int64_t total = 0;
    for (std::size_t cut = 0; cut + 1 < cuts.size(); ++cut) {
        std::vector<Range> channels;
        for (const Region& region : regions) {
            if (region.tokens.begin <= cuts[cut] && region.tokens.end >= cuts[cut + 1]) channels.push_back(region.channels);
        }
        total += (cuts[cut + 1] - cuts[cut]) * union_length(channels);
    }
    return total;
}

std::optional<std::pair<std::size_t, std::size_t>> find_overlap(const std::vector<Region>& regions) {
    // A line sweeps over the tokens; the channel ranges under it are disjoint, so that a newcomer
    // need only be held against its two neighbours.
    struct Event {
        std::int64_t token;
        bool enters;
        std::size_t region;
    };
    std::vector<Event> events;
    for (std::size_t i = 0; i < regions.size(); ++i) {
        if (area(regions[i]) == 0) continue;
        events.push_back({regions[i].tokens.begin, true, i});
        events.push_back({regions[i].tokens.end, false, i});
    }
    std::sort(events.begin(), events.end(),
              [](const Event& a, const Event& b) { return std::tie(a.token, a.enters, a.region) < std::tie(b.token, b.enters, b.region); });
    std::map<std::int64_t, std::size_t> under;  ///< begin of the channels -> region
    for (const Event& event : events) {
        const Range channels = regions[event.region].channels;
        if (!event.enters) {
            under.erase(channels.begin);
            continue;
        }
        const auto next = under.lower_bound(channels.begin);
        if (next != under.end() && next->first < channels.end) return std::pair(next->second, event.region);
        if (next != under.begin()) {
            const auto before = std::prev(next);
            if (regions[before->second].channels.end > channels.begin) return std::pair(before->second, event.region);
        }
        under.emplace_hint(next, channels.begin, event.region);
    }
    return std::nullopt;
}

}  // namespace tessera::partition
