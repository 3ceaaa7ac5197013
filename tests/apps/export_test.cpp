#include <algorithm>
#include <sstream>

#include "tests/apps/command.h"

namespace tessera::tests {

namespace {

std::ptrdiff_t lines_of(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

std::size_t occurrences(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) ++count;
    return count;
}

}  // namespace

TEST_CASE("boards and links are exported as the report has them") {
    const TemporaryFolder folder;
    const auto out = folder / "out";
    REQUIRE(tessera("run " + quoted(shipped_study("jet_mlp")) + " -o " + quoted(out)).code == 0);
    REQUIRE(tessera("export " + quoted(out)).code == 0);
    const auto report = read_json(out / "report.json");
    const auto& links = report["links"]["of_one_time_node"];
    CHECK(lines_of(read_file(out / "boards.csv")) == 1 + static_cast<std::ptrdiff_t>(report["board_utilisation"].size()));
    CHECK(lines_of(read_file(out / "links.csv")) == 1 + static_cast<std::ptrdiff_t>(links.size()));

    std::int64_t lanes = 0, exported = 0;
    for (const auto& link : links) lanes += link["lanes"].get<std::int64_t>();
    const auto graph = read_file(out / "boards.graphml");
    const std::string key = "<data key=\"lanes\">";
    for (auto at = graph.find(key); at != std::string::npos; at = graph.find(key, at + 1))
        exported += std::stol(graph.substr(at + key.size()));
    CHECK(exported == lanes);
    CHECK(occurrences(graph, "<node ") == report["floor_plan"].size() + 1);  // and the outside
    CHECK(occurrences(read_file(out / "boards.dot"), " -> ") == occurrences(graph, "<edge "));
}

TEST_CASE("what is not a report is not exported") {
    const TemporaryFolder folder;
    write_file(folder / "report.json", "{\"schema\": \"tessera.search/1\"}");
    const auto outcome = tessera("export " + quoted(folder.path));
    CHECK(outcome.code == 1);
    CHECK(outcome.err.find("/schema") != std::string::npos);
}

}  // namespace tessera::tests
