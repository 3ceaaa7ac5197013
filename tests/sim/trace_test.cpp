#include "sim/trace.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "tests/sim/mapping_builder.h"

namespace tessera::tests {

namespace {

sim::Result traced(const partition::Mapping& mapping, std::int64_t crossings, sim::Trace& trace) {
    sim::Options options;
    options.bunch_crossings = crossings;
    options.trace = &trace;
    return sim::simulate(mapping, options);
}

std::vector<Json> chrome_events(const sim::Trace& trace, const partition::Mapping& mapping, const std::string& phase) {
    std::ostringstream text;
    sim::write_chrome_trace(trace, mapping, text);
    const auto root = Json::parse(text.str());
    std::vector<Json> events;
    for (const auto& event : root["traceEvents"]) {
        if (event["ph"] == phase) events.push_back(event);
    }
    return events;
}

}  // namespace

TEST_CASE("a trace holds every chunk of the crossings that it wants, and changes nothing") {
    const auto mapping = chain(2, 4, {1, 9, 11}, 17);
    sim::Trace trace;
    trace.from_bx = 3, trace.to_bx = 6;
    const auto result = traced(mapping, 10, trace);
    CHECK(result.fingerprint == simulate(mapping, 10).fingerprint);
    const auto records = trace.records(mapping);
    CHECK(records.size() == 3 * 5);  // two shards and three links
    for (const auto& record : records) CHECK((record.bx >= 3 && record.bx < 6));
    CHECK(records.front() == sim::TraceRecord{27, 3, 6, 0, 0, 0, 0});  // event 3 comes in, 6 frames long
}

TEST_CASE("a trace of one board has its shards and its links") {
    const auto mapping = chain(3, 4, {1, 9, 11}, 17);
    sim::Trace trace;
    trace.boards = {BoardId{0}};
    traced(mapping, 1, trace);
    CHECK(trace.records(mapping).size() == 3);  // one shard, the link to it and the link from it
}

TEST_CASE("a trace of one link has nothing else") {
    const auto mapping = chain(3, 4, {1, 9, 11}, 17);
    sim::Trace trace;
    trace.links = {LinkId{1}};
    traced(mapping, 4, trace);
    const auto records = trace.records(mapping);
    REQUIRE(records.size() == 4);
    for (const auto& record : records) CHECK((record.hop == 0 && record.id == 1));
}

TEST_CASE("links mark the orbit, and packets name their crossing within it") {
    const auto mapping = chain(2, 4, {1, 9, 11}, 17);
    sim::Trace trace;
    trace.from_bx = 3563, trace.to_bx = 3566;
    traced(mapping, 4000, trace);
    const auto markers = chrome_events(trace, mapping, "i");
    REQUIRE(markers.size() == 3);  // one on each link
    for (const auto& marker : markers) {
        CHECK(marker["name"] == "orbit 1");
        CHECK(std::llround(marker["ts"].get<double>() * 1000 / mapping.tick_ns()) == 3564 * 9);
    }
    std::set<std::pair<int, int>> headers;
    for (const auto& slice : chrome_events(trace, mapping, "X"))
        headers.emplace(slice["args"]["orbit"].get<int>(), slice["args"]["bx"].get<int>());
    CHECK(headers == std::set<std::pair<int, int>>{{0, 3563}, {1, 0}, {1, 1}});
}

TEST_CASE("Chrome's format: slices at their time, arrows from cause to effect, names") {
    const auto mapping = chain(2, 4, {1, 9, 11}, 17, 2);
    sim::Trace trace;
    traced(mapping, 3, trace);
    const auto slices = chrome_events(trace, mapping, "X");
    REQUIRE(slices.size() == 3 * 5);
    std::set<std::int64_t> ticks;
    for (const auto& slice : slices) {
        if (slice["args"]["bx"] == 0) ticks.insert(std::llround(slice["ts"].get<double>() * 1000 / mapping.tick_ns()));
    }
    CHECK(ticks == std::set<std::int64_t>{0, 6, 17, 40, 51});
    const auto begins = chrome_events(trace, mapping, "s"), ends = chrome_events(trace, mapping, "f");
    CHECK(begins.size() == 3 * 4);
    REQUIRE(ends.size() == begins.size());
    for (std::size_t i = 0; i < begins.size(); ++i) {
        CHECK(begins[i]["id"] == ends[i]["id"]);
        CHECK(begins[i]["ts"] < ends[i]["ts"]);
    }
    std::set<std::string> names;
    for (const auto& name : chrome_events(trace, mapping, "M")) names.insert(name["args"]["name"].get<std::string>());
    for (const auto* name : {"time node 0, outside", "time node 1, board 1", "op1", "link 1 to board 1", "link 2 to outside"})
        CHECK(names.contains(name));
}

TEST_CASE("a value change dump in picoseconds") {
    const auto mapping = chain(1, 1, {1, 2, 3}, 0);
    sim::Trace trace;
    traced(mapping, 1, trace);
    std::ostringstream text;
    sim::write_vcd(trace, mapping, text);
    const std::string zero = "b" + std::string(32, '0'), one = "b" + std::string(31, '0') + "1";
    CHECK(text.str() ==
          "$timescale 1 ps $end\n$scope module tessera $end\n"
          "$var wire 32 \" node0_board0_shards $end\n$var wire 1 # node0_link0_busy $end\n$var wire 32 $ node0_link0_bx $end\n"
          "$var wire 1 % node0_link1_busy $end\n$var wire 32 & node0_link1_bx $end\n$upscope $end\n$enddefinitions $end\n"
          "#0\n1#\n" +
              zero + " $\n#8317\n" + one + " \"\n0#\n#13862\n" + zero + " \"\n#16634\n1%\n" + zero + " &\n#24951\n0%\n");
}

TEST_CASE("chunks that follow one another keep a link busy") {
    const auto mapping = chain(1, 7, {1, 9, 3}, 0);  // 9 frames a crossing: never idle
    sim::Trace trace;
    traced(mapping, 5, trace);
    std::ostringstream text;
    sim::write_vcd(trace, mapping, text);
    std::istringstream lines(text.str());
    std::map<std::string, int> count;
    for (std::string line; std::getline(lines, line);) ++count[line];
    CHECK(count["0#"] == 1);
    CHECK(count["1#"] == 5);
}

}  // namespace tessera::tests
