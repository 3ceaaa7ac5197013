#include <doctest/doctest.h>

#include "apps/explore/answers.h"
#include "apps/explore/board_series.h"
#include "apps/explore/exploration.h"
#include "apps/explore/minimise.h"

namespace tessera::tests {

using namespace apps::explore;

namespace {

PointResult result(Json coordinates, Status status, double boards, double latency_ns) {
    PointResult made;
    made.id = coordinates.dump();
    made.coordinates = std::move(coordinates);
    made.status = status;
    made.measures[find_measure("boards")] = boards;
    made.measures[find_measure("boards_bound")] = 1;
    made.measures[find_measure("latency")] = latency_ns;
    return made;
}

Axis axis_of(const Json& json) { return read_axis(JsonReader::from_text("axis", json.dump()), 1); }

std::vector<Json> labels(const Axis& axis) {
    std::vector<Json> all;
    for (const auto& value : axis.values) all.push_back(value.label);
    return all;
}

}  // namespace

TEST_CASE("axes: lists, ranges, equal ratios, random values and choices") {
    CHECK(labels(axis_of({{"path", "/a"}, {"list", {"x", 2}}})) == std::vector<Json>{"x", 2});
    CHECK(labels(axis_of({{"path", "/a"}, {"range", {{"from", 1}, {"to", 7}, {"step", 3}}}})) == std::vector<Json>{1, 4, 7});
    CHECK(labels(axis_of({{"path", "/a"}, {"range", {{"from", 0.1}, {"to", 0.3}, {"step", 0.1}}}})).size() == 3);
    CHECK(labels(axis_of({{"path", "/a"}, {"log_range", {{"from", 1}, {"to", 100}, {"points", 3}}}})) == std::vector<Json>{1, 10, 100});
    const Json random{{"path", "/a"}, {"random", {{"from", 0.0}, {"to", 1.0}, {"points", 50}}}};
    CHECK(labels(axis_of(random)) == labels(axis_of(random)));
    for (const auto& label : labels(axis_of(random))) CHECK((label.get<double>() >= 0 && label.get<double>() < 1));
    const auto choices = axis_of({{"name", "size"}, {"choices", {{"small", {{"/a", 1}, {"/b/c", 2}}}}}});
    Json study = Json::object();
    apply(choices.values.front().change, study);
    CHECK(study == Json{{"a", 1}, {"b", {{"c", 2}}}});
}

TEST_CASE("the frontier holds what no passing point beats") {
    const std::vector<PointResult> results{result({{"x", 1}}, Status::kPass, 10, 50), result({{"x", 2}}, Status::kPass, 20, 40),
                                           result({{"x", 3}}, Status::kPass, 20, 45), result({{"x", 4}}, Status::kFail, 1, 1)};
    const auto best = frontier(results, {find_measure("boards"), find_measure("latency")});
    REQUIRE(best.size() == 2);
    CHECK(best[0] == &results[0]);
    CHECK(best[1] == &results[1]);
}

TEST_CASE("the best of each value; where none passes, none") {
    const std::vector<PointResult> results{result({{"x", 1}}, Status::kPass, 10, 50), result({{"x", 1}}, Status::kPass, 7, 50),
                                           result({{"x", 2}}, Status::kFail, 1, 50)};
    const auto best = best_of_each(results, find_measure("boards"));
    REQUIRE(best.size() == 2);
    CHECK(best[0].result == &results[1]);
    CHECK(best[1].result == nullptr);
}

TEST_CASE("effects: verdict changes first, interaction beyond the sum") {
    const std::vector<PointResult> results{result(Json::object(), Status::kPass, 10, 100), result({{"x", 1}}, Status::kPass, 10, 130),
                                           result({{"y", 1}}, Status::kFail, 12, 110),
                                           result({{"x", 1}, {"y", 1}}, Status::kPass, 10, 145)};
    const auto all = effects(results);
    REQUIRE(all.size() == 3);
    CHECK(all[0].coordinates == Json{{"y", 1}});
    CHECK(all[0].boards == 2);
    CHECK(all[1].interaction_ns == doctest::Approx(5));
    CHECK(all[2].latency_ns == doctest::Approx(30));
}

TEST_CASE("a layout answers for every number of boards that it fits, and none for every smaller one") {
    Exploration exploration;
    exploration.study = {{"name", "x"}};
    // Of the easy network a layout takes 40 boards, or 25 where there are no more than 39; the hard one takes 500 and has none on fewer.
    std::vector<Point> points;
    for (const char* network : {"easy", "hard"}) {
        for (const int available : {20, 100, 30, 39, 1000}) {
            const Change which{{"/network", network}}, how_many{{"/boards_available", available}};
            points.push_back(make_point(exploration, {{"network", network}, {"available", available}}, {&which, &how_many}));
        }
    }
    std::vector<Json> run;
    const auto answer = [&](const std::vector<Point>& asked) {
        std::vector<PointResult> answers;
        for (const auto& point : asked) {
            run.push_back(point.coordinates);
            const int available = point.study["boards_available"].get<int>();
            const int taken = point.study["network"] == "hard" ? 500 : available < 40 ? 25 : 40;
            answers.push_back(result(point.coordinates, taken <= available ? Status::kPass : Status::kNoMapping, taken, 1));
            answers.back().id = point.id;
        }
        return answers;
    };
    const auto results = answer_by_boards(points, answer);
    REQUIRE(results.size() == points.size());
    for (std::size_t i = 0; i < points.size(); ++i) {
        CAPTURE(points[i].coordinates.dump());
        const int available = points[i].study["boards_available"].get<int>();
        const bool easy = points[i].study["network"] == "easy";
        CHECK(results[i].id == points[i].id);
        CHECK(results[i].coordinates == points[i].coordinates);
        CHECK((results[i].status == Status::kPass) == (available >= (easy ? 25 : 500)));
        if (easy && available >= 25) CHECK(*results[i].measures[find_measure("boards")] == (available >= 40 ? 40 : 25));
    }
    // Of each series the most boards, then what that leaves open.
    CHECK(run == std::vector<Json>{{{"network", "easy"}, {"available", 1000}},
                                   {{"network", "hard"}, {"available", 1000}},
                                   {{"network", "easy"}, {"available", 39}},
                                   {{"network", "hard"}, {"available", 100}},
                                   {{"network", "easy"}, {"available", 20}}});
    CHECK(results[1].run == points[4].id);
    CHECK(results[4].run.empty());
}

TEST_CASE("bisection finds the fewest boards that pass, point by point") {
    Exploration exploration;
    exploration.name = "fewest";
    exploration.study = {{"name", "x"}, {"boards_available", 1000}};
    std::vector<Point> points;
    for (const int fewest : {1, 2, 37, 100}) {
        const Change change{{"/fewest", fewest}};
        points.push_back(make_point(exploration, {{"fewest", fewest}}, {&change}));
    }
    int rounds = 0;
    const auto answer = [&](const std::vector<Point>& asked) {
        ++rounds;
        std::vector<PointResult> answers;
        for (const auto& point : asked) {
            const int available = std::min(100, point.study["boards_available"].get<int>());
            const bool enough = available >= point.study["fewest"].get<int>();
            answers.push_back(result(point.coordinates, enough ? Status::kPass : Status::kNoMapping, available, 1));
        }
        return answers;
    };
    for (const auto& best : minimise_boards(points, answer)) {
        CHECK(best.status == Status::kPass);
        CHECK(*best.measures[find_measure("boards")] == best.coordinates["fewest"].get<int>());
    }
    CHECK(rounds <= 8);  // the first, then log2(100) rounded up
}

}  // namespace tessera::tests
