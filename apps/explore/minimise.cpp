#include "apps/explore/minimise.h"

#include <cmath>

namespace tessera::apps::explore {

namespace {

/// The search for one point: `best` passes with `enough` boards, and fewer than `least` are out of reach.
struct Bisection {
    const Point* point = nullptr;
    PointResult best;
    std::int64_t least = 0;
    std::int64_t enough = 0;

    bool done() const { return least >= enough; }
    std::int64_t next() const { return least + (enough - least) / 2; }

    /// The first answer, without a limit beside the study's own.
    void begin(const PointResult& result, std::size_t boards, std::size_t bound) {
        best = result;
        if (result.status != Status::kPass) return;
        least = std::llround(result.measures[bound].value_or(1));
        enough = std::llround(result.measures[boards].value_or(0));
    }

    /// The answer with no more than next() boards.
    void narrow(const PointResult& result, std::size_t boards) {
        if (result.status == Status::kPass) {
            best = result;
            enough = std::min<std::int64_t>(next(), std::llround(result.measures[boards].value_or(0)));
        } else {
            least = next() + 1;
        }
    }
};

Point limited(const Point& point, std::int64_t boards) {
    Point changed = point;
    changed.study["boards_available"] = boards;
    return identified(std::move(changed));
}

}  // namespace

std::vector<PointResult> minimise_boards(const std::vector<Point>& points, const Answer& answer) {
    const auto boards = find_measure("boards");
    const auto bound = find_measure("boards_bound");
    std::vector<Bisection> searches(points.size());
    const auto first = answer(points);
    for (std::size_t i = 0; i < points.size(); ++i) {
        searches[i].point = &points[i];
        searches[i].begin(first[i], boards, bound);
    }
    while (true) {
        std::vector<Point> questions;
        std::vector<Bisection*> asked;
        for (auto& search : searches) {
            if (search.done()) continue;
            questions.push_back(limited(*search.point, search.next()));
            asked.push_back(&search);
        }
        if (asked.empty()) break;
        const auto answers = answer(questions);
        for (std::size_t i = 0; i < asked.size(); ++i) asked[i]->narrow(answers[i], boards);
    }
    std::vector<PointResult> best;
    best.reserve(searches.size());
    for (auto& search : searches) best.push_back(std::move(search.best));
    return best;
}

}  // namespace tessera::apps::explore
