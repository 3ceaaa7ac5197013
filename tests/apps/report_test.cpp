#include <fmt/format.h>

#include <regex>
#include <set>

#include "tests/apps/command.h"

namespace tessera::tests {

namespace {

/// The results of a shipped study, made once for all tests of this file.
const std::filesystem::path& jet_results() {
    static const TemporaryFolder folder;
    static const std::filesystem::path out = [] {
        const auto outcome = tessera("run " + quoted(shipped_study("jet_mlp")) + " -o " + quoted(folder / "out"));
        CAPTURE(outcome.err);
        REQUIRE(outcome.code == 0);
        return folder / "out";
    }();
    return out;
}

/// All lines of a file but those whose figures differ from run to run.
std::string without_measurements(const std::string& text) {
    return std::regex_replace(text, std::regex(R"("timing_s": \{[^}]*\},\s*"peak_rss_mib": [0-9.]+)"), "");
}

}  // namespace

TEST_CASE("report.json holds what its schema promises") {
    const auto report = read_json(jet_results() / "report.json");
    CHECK(report["schema"] == "tessera.report/1");
    for (const auto* key : {"pass", "latency", "interval", "resources", "links", "events"}) CHECK(report["verdict"][key].is_boolean());
    for (const auto* key : {"min", "p50", "p99", "max"}) CHECK(report["latency_ns"]["simulated"][key].get<double>() > 0);
    for (const auto* key : {"budget", "analytic", "lower_bound", "lower_bound_on_boards", "lower_bound_with_hops"})
        CHECK(report["latency_ns"][key].get<double>() > 0);
    CHECK(report["interval_ns"]["required"].get<double>() == doctest::Approx(24.9508));
    CHECK(report["interval_ns"]["simulated_max"].get<double>() <= report["interval_ns"]["required"].get<double>());
    for (const auto* key : {"available", "used", "lower_bound", "tmux_period"}) CHECK(report["boards"][key].get<int>() >= 1);
    for (const auto* key : {"used", "max_utilisation", "total_gbps"}) CHECK(report["links"][key].get<double>() > 0);
    CHECK(report["network"]["parameters"] == 4389);
    CHECK(report["network"]["macs"] == 4256);
    CHECK(report["network"]["ebops"].get<double>() > 0);
    CHECK(report["network"]["operators"].is_object());
    for (const auto* key : {"import", "cost", "map", "simulate", "report"}) CHECK(report["timing_s"][key].is_number());
    CHECK(report["peak_rss_mib"].get<double>() > 1);
    CHECK(report["study_json"]["name"] == report["study"]);
}

TEST_CASE("the report says how busy, how idle and how full every board and link was, and the interval at every stage") {
    const auto report = read_json(jet_results() / "report.json");
    const auto& activity = report["activity"];
    CHECK(activity["boards"].size() == report["boards"]["of_one_time_node"].get<std::size_t>());
    CHECK(activity["links"].size() == report["links"]["of_one_time_node"].size());
    for (const auto* places : {"boards", "links"}) {
        for (const auto& each : activity[places]) {
            CHECK(each["busy"].get<double>() > 0);
            CHECK(each["busy"].get<double>() + each["idle"].get<double>() == doctest::Approx(1));
            CHECK(each["lost_chunks"] == 0);
        }
    }
    for (const auto& board : activity["boards"]) {
        CHECK(board["peak_buffer_chunks"].get<int>() >= 1);
        CHECK(board["peak_buffer_chunks"].get<int>() < board["buffer_chunks"].get<int>());
    }
    for (const auto& link : activity["links"]) {
        CHECK(link["peak_buffer_frames"].get<int>() >= 1);
        CHECK(link["peak_buffer_frames"].get<int>() <= link["buffer_frames"].get<int>());
    }
    const auto& words = activity["line_words"];
    CHECK(words["marker"].get<std::int64_t>() >= report["links"]["used"].get<std::int64_t>());  // an orbit on every lane
    CHECK(words["filler"].get<std::int64_t>() > 0);
    CHECK(report["interval_ns"]["stages"].size() > 3);
    const auto markdown = read_file(jet_results() / "report.md");
    for (const auto* title : {"| slowest stages |", "| busiest boards |", "| busiest links |", "Words on all lines: "})
        CHECK(markdown.find(title) != std::string::npos);
}

TEST_CASE("every board of every time node is there once, with fractions of its device") {
    const auto report = read_json(jet_results() / "report.json");
    const auto& boards = report["board_utilisation"];
    CHECK(boards.size() == report["boards"]["used"].get<std::size_t>());
    std::set<int> seen;
    for (const auto& board : boards) {
        seen.insert(board["board"].get<int>());
        for (const auto* key : {"lut", "ff", "dsp", "bram", "uram", "ports_tx", "ports_rx"}) {
            CHECK(board[key].get<double>() >= 0);
            CHECK(board[key].get<double>() <= 1);
        }
    }
    CHECK(seen.size() == boards.size());
}

TEST_CASE("the timeline begins with the event and ends with its decision") {
    const auto report = read_json(jet_results() / "report.json");
    REQUIRE(report["timeline"].size() == report["boards"]["of_one_time_node"].get<std::size_t>());
    double last = 0;
    for (const auto& board : report["timeline"]) {
        CHECK(board["begin_ns"].get<double>() >= 0);
        CHECK(board["begin_ns"].get<double>() < board["end_ns"].get<double>());
        last = std::max(last, board["end_ns"].get<double>());
    }
    CHECK(last <= report["latency_ns"]["analytic"].get<double>());
    CHECK(last > 0.5 * report["latency_ns"]["analytic"].get<double>());  // what follows is the way out
}

TEST_CASE("the floor plan of a board adds up to what it uses most of") {
    const auto report = read_json(jet_results() / "report.json");
    REQUIRE(report["floor_plan"].size() == report["boards"]["of_one_time_node"].get<std::size_t>());
    for (std::size_t b = 0; b < report["floor_plan"].size(); ++b) {
        double sum = 0, most = 0;
        for (const auto& part : report["floor_plan"][b]) sum += part["fraction"].get<double>();
        for (const auto* key : {"lut", "ff", "dsp", "bram", "uram"})
            most = std::max(most, report["board_utilisation"][b][key].get<double>());
        CHECK(sum == doctest::Approx(most).epsilon(0.02));  // each part is rounded to four decimals
    }
}

TEST_CASE("the breakdown of the slowest event adds up to its latency") {
    const auto report = read_json(jet_results() / "report.json");
    const std::set<std::string> kinds{"input", "compute", "serialise", "link", "switch", "wait"};
    double sum = 0;
    for (const auto& step : report["latency_ns"]["breakdown"]) {
        sum += step["ns"].get<double>();
        CHECK(kinds.contains(step["kind"].get<std::string>()));
    }
    CHECK(sum == doctest::Approx(report["latency_ns"]["simulated"]["max"].get<double>()).epsilon(1e-6));
}

TEST_CASE("every event is accounted for") {
    const auto events = read_json(jet_results() / "report.json")["events"];
    const auto count = [&](const char* what) { return events[what].get<std::int64_t>(); };
    CHECK(count("injected") == 3564);
    CHECK(count("injected") == count("completed") + count("lost") + count("corrupted") + count("in_flight"));
}

TEST_CASE("events with more objects than the network takes are counted in every report") {
    const TemporaryFolder folder;
    auto study = small_study();
    study["simulation"]["traffic"] = {{"file", "events.json"}};
    write_file(folder / "events.json", R"({"source": "this test", "objects": [0, 1, 3]})");
    const auto outcome = tessera("run " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "out"));
    CHECK(outcome.code == 0);
    const auto traffic = read_json(folder / "out" / "report.json")["traffic"];
    CHECK(traffic["kind"] == "listed");
    CHECK(traffic["capacity_objects"] == 1);
    CHECK(traffic["max_objects"] == 3);
    CHECK(traffic["truncated_events"] == 3564 / 3);
    CHECK(traffic["objects_cut"] == 2 * 3564 / 3);
    CHECK(outcome.out.find("1188 events truncated") != std::string::npos);
    CHECK(read_file(folder / "out" / "report.md").find("1188 events truncated, 2376 objects cut off") != std::string::npos);
}

TEST_CASE("assumed values come first and every value has a source") {
    const auto assumptions = read_json(jet_results() / "report.json")["assumptions"];
    CHECK(assumptions.size() > 5);
    bool assumed = true;
    for (const auto& each : assumptions) {
        CHECK_FALSE(each["what"].get<std::string>().empty());
        const auto source = each["source"].get<std::string>();
        CHECK_FALSE(source.empty());
        if (!source.starts_with("assumed")) assumed = false;
        CHECK(source.starts_with("assumed") == assumed);
    }
}

TEST_CASE("the page needs no network and shows the figures of report.json") {
    const auto page = read_file(jet_results() / "report.html");
    for (const auto* reference : {"src=\"http", "href=\"http", "@import", "src=\"//"}) CHECK(page.find(reference) == std::string::npos);
    const std::string begin = "const report = ";
    const auto at = page.find(begin) + begin.size();
    const auto data = Json::parse(page.substr(at, page.find(";\n", at) - at));
    const auto report = read_json(jet_results() / "report.json");
    CHECK(data["latency_ns"] == report["latency_ns"]);
    CHECK(data["verdict"] == report["verdict"]);
    CHECK_FALSE(data.contains("timing_s"));
}

TEST_CASE("names from a study cannot break out of the page's data") {
    const TemporaryFolder folder;
    Json study = small_study();
    study["name"] = "</script><b>\"&'";
    CHECK(tessera("run " + quoted(write_study(folder, study)) + " -o " + quoted(folder / "out")).code == 0);
    const auto page = read_file(folder / "out" / "report.html");
    CHECK(page.find("</script><b>") == std::string::npos);
}

TEST_CASE("the Markdown report gives the verdict first, the slack, the waterfall, the bounds and the assumptions") {
    const auto text = read_file(jet_results() / "report.md");
    CHECK(text.starts_with("# jet tagger on a few boards: PASS\n"));
    for (const auto* part :
         {"slack", "Where the time of the slowest event goes", "lower bound", "TMUX periods tried", "What the verdict rests on"}) {
        CAPTURE(part);
        CHECK(text.find(part) != std::string::npos);
    }
}

TEST_CASE("the same study gives the same bytes, but for time and memory") {
    const TemporaryFolder folder;
    REQUIRE(tessera("run " + quoted(shipped_study("jet_mlp")) + " -o " + quoted(folder / "out")).code == 0);
    for (const auto* name : {"study.json", "search.json", "mapping.json", "simulation.json", "report.md", "report.html"}) {
        CAPTURE(name);
        CHECK(read_file(folder / "out" / name) == read_file(jet_results() / name));
    }
    const auto report = read_file(folder / "out" / "report.json");
    CHECK(without_measurements(report) != report);
    CHECK(without_measurements(report) == without_measurements(read_file(jet_results() / "report.json")));
}

TEST_CASE("--json leaves machine-readable output alone on stdout, --quiet nothing on stderr") {
    const TemporaryFolder folder;
    const auto run = tessera("--json --quiet run " + quoted(shipped_study("jet_mlp")) + " -o " + quoted(folder / "out"));
    CHECK(run.code == 0);
    CHECK(run.err.empty());
    CHECK(run.out == read_file(folder / "out" / "report.json"));
    const auto out = quoted(folder / "out");
    for (const auto& line : {"check " + out, "simulate " + out, "report " + out, "map " + quoted(shipped_study("jet_mlp")) + " -o " + out,
                             std::string("inspect jet_mlp"), std::string("list boards"), std::string("list links"),
                             std::string("list topologies"), std::string("list networks")}) {
        CAPTURE(line);
        const auto outcome = tessera(line + " --json");
        CHECK(outcome.code == 0);
        CHECK(Json::accept(outcome.out));
    }
    // The log is on stderr, and a progress bar is for terminals alone.
    const auto talking = tessera("run " + quoted(shipped_study("jet_mlp")) + " --json -o " + out);
    CHECK(talking.err.find("importing the network") != std::string::npos);
    CHECK(talking.err.find('\r') == std::string::npos);
    CHECK(Json::accept(talking.out));
}

}  // namespace tessera::tests
