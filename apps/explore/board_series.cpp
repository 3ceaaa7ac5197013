#include "apps/explore/board_series.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "apps/study.h"

namespace tessera::apps::explore {

namespace {

/// Of a study that need not be one that can be read.
int available(const Point& point) {
    const auto given = [](const Json& json, const char* path, int otherwise) {
        const Json::json_pointer place(path);
        return json.contains(place) && json[place].is_number_integer() ? json[place].get<int>() : otherwise;
    };
    int all = Study{}.boards_available, types = 1;
    if (point.study.contains("board") && point.study["board"].is_array()) {
        all = 0, types = static_cast<int>(point.study["board"].size());
        for (const Json& type : point.study["board"]) all += given(type, "/boards", 0);
    }
    return given(point.study, "/boards_available", all) - types * given(point.study, "/simulation/faults/spares/boards", 0);
}

/// All that is asked but the number of boards.
std::string series_of(const Point& point) {
    Json study = point.study;
    study.erase("name");
    study.erase("boards_available");
    return study.dump();
}

/// Whether the answer of a series' point holds with fewer boards too.
bool holds_for(const PointResult& result, int boards) {
    static const std::size_t kUsed = find_measure("boards");
    if (result.status == Status::kNoMapping) return true;
    return result.status != Status::kError && result.measures[kUsed].value_or(INT32_MAX) <= boards;
}

PointResult taken_over(PointResult result, const Point& point) {
    result.run = result.id;
    result.id = point.id;
    result.coordinates = point.coordinates;
    result.seconds = 0;
    if (result.status == Status::kNoMapping) result.explanation = fmt::format("nor with more boards: {}", result.explanation);
    return result;
}

}  // namespace

std::vector<PointResult> answer_by_boards(const std::vector<Point>& points, const Answer& answer) {
    std::map<std::string, std::vector<std::size_t>> all_series;  // positions, those with the fewest boards first
    for (std::size_t p = 0; p < points.size(); ++p) all_series[series_of(points[p])].push_back(p);
    for (auto& [key, series] : all_series) {
        std::stable_sort(series.begin(), series.end(),
                         [&](std::size_t a, std::size_t b) { return available(points[a]) < available(points[b]); });
    }
    std::vector<PointResult> results(points.size());
    while (true) {
        std::vector<Point> questions;
        std::vector<std::vector<std::size_t>*> asked;
        for (auto& [key, series] : all_series) {
            if (series.empty()) continue;
            questions.push_back(points[series.back()]);
            asked.push_back(&series);
        }
        if (asked.empty()) return results;
        const auto answers = answer(questions);
        for (std::size_t i = 0; i < asked.size(); ++i) {
            auto& series = *asked[i];
            results[series.back()] = answers[i];
            series.pop_back();
            for (; !series.empty() && holds_for(answers[i], available(points[series.back()])); series.pop_back())
                results[series.back()] = taken_over(answers[i], points[series.back()]);
        }
    }
}

}  // namespace tessera::apps::explore
