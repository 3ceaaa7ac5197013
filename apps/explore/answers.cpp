#include "apps/explore/answers.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.h"

namespace tessera::apps::explore {

namespace {

/// With the sign that makes less better.
double cost(const PointResult& result, std::size_t measure) {
    return kMeasures[measure].more_is_better ? -*result.measures[measure] : *result.measures[measure];
}

bool has_all(const PointResult& result, const std::vector<std::size_t>& measures) {
    return result.status == Status::kPass &&
           std::all_of(measures.begin(), measures.end(), [&](std::size_t measure) { return result.measures[measure].has_value(); });
}

bool beats(const PointResult& a, const PointResult& b, const std::vector<std::size_t>& measures) {
    bool better = false;
    for (const auto measure : measures) {
        if (cost(a, measure) > cost(b, measure)) return false;
        better = better || cost(a, measure) < cost(b, measure);
    }
    return better;
}

/// The change of a measure from one point to another; 0 where either lacks it.
double change(const PointResult& from, const PointResult& to, std::size_t measure) {
    const auto& before = from.measures[measure];
    const auto& after = to.measures[measure];
    return before && after ? *after - *before : 0;
}

}  // namespace

std::vector<const PointResult*> frontier(const std::vector<PointResult>& results, const std::vector<std::size_t>& measures) {
    std::vector<const PointResult*> passing;
    for (const auto& result : results) {
        if (has_all(result, measures)) passing.push_back(&result);
    }
    std::vector<const PointResult*> best;
    for (const auto* candidate : passing) {
        const auto beaten =
            std::any_of(passing.begin(), passing.end(), [&](const auto* other) { return beats(*other, *candidate, measures); });
        if (!beaten) best.push_back(candidate);
    }
    return best;
}

std::vector<Best> best_of_each(const std::vector<PointResult>& results, std::size_t measure) {
    std::vector<Best> best;
    if (results.empty()) return best;
    for (const auto& [axis, unused] : results.front().coordinates.items()) {
        const auto first_of_axis = best.size();
        for (const auto& result : results) {
            const auto& label = result.coordinates[axis];
            const auto from = best.begin() + static_cast<std::ptrdiff_t>(first_of_axis);
            auto entry = std::find_if(from, best.end(), [&](const Best& each) { return each.label == label; });
            if (entry == best.end()) entry = best.insert(best.end(), {axis, label, nullptr});
            if (!has_all(result, {measure})) continue;
            if (entry->result == nullptr || cost(result, measure) < cost(*entry->result, measure)) entry->result = &result;
        }
    }
    return best;
}

std::vector<Effect> effects(const std::vector<PointResult>& results) {
    const auto boards = find_measure("boards");
    const auto latency = find_measure("latency");
    const auto base = std::find_if(results.begin(), results.end(), [](const PointResult& result) { return result.coordinates.empty(); });
    if (base == results.end()) throw InputError("exploration", "", "no result of the unchanged study", "one among the points");
    std::map<std::string, double> alone_ns;
    for (const auto& result : results) {
        if (result.coordinates.size() == 1) alone_ns[result.coordinates.dump()] = change(*base, result, latency);
    }
    std::vector<Effect> all;
    for (const auto& result : results) {
        if (result.coordinates.empty()) continue;
        Effect effect{.coordinates = result.coordinates,
                      .status = result.status,
                      .boards = change(*base, result, boards),
                      .latency_ns = change(*base, result, latency),
                      .changes_verdict = result.status != base->status};
        if (result.coordinates.size() > 1) {
            effect.interaction_ns = effect.latency_ns;
            for (const auto& [axis, label] : result.coordinates.items()) effect.interaction_ns -= alone_ns[Json{{axis, label}}.dump()];
        }
        all.push_back(std::move(effect));
    }
    std::stable_sort(all.begin(), all.end(), [](const Effect& a, const Effect& b) {
        if (a.changes_verdict != b.changes_verdict) return a.changes_verdict;
        return std::abs(a.latency_ns) > std::abs(b.latency_ns);
    });
    return all;
}

}  // namespace tessera::apps::explore
