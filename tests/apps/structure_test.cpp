#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <vector>

#include "tests/apps/command.h"

namespace tessera::tests {

namespace {

const std::vector<std::string>& folders() {
    static const std::vector<std::string> all{"core", "boards", "topologies", "models", "partition", "sim", "apps"};
    return all;
}

/// What each folder may include beside itself.
const std::map<std::string, std::set<std::string>>& allowed() {
    static const std::map<std::string, std::set<std::string>> rules{
        {"core", {}},
        {"boards", {"core"}},
        {"topologies", {"core", "boards"}},
        {"models", {"core", "boards"}},
        {"partition", {"core", "boards", "topologies", "models"}},
        {"sim", {"core", "boards", "topologies"}},
        {"apps", {"core", "boards", "topologies", "models", "partition", "sim"}},
    };
    return rules;
}

struct Include {
    std::string file;  ///< that includes, from the root
    std::string what;
};

std::vector<Include> includes_of(const std::string& folder) {
    std::vector<Include> all;
    static const std::regex form(R"(\s*#\s*include\s*["<]([^">]+)[">].*)");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(source_folder() / folder)) {
        const auto extension = entry.path().extension();
        if (extension != ".h" && extension != ".cpp") continue;
        std::istringstream text(read_file(entry.path()));
        std::smatch match;
        for (std::string line; std::getline(text, line);) {
            if (std::regex_match(line, match, form))
                all.push_back({std::filesystem::relative(entry.path(), source_folder()).string(), match[1]});
        }
    }
    return all;
}

std::string folder_of(const std::string& path) { return path.substr(0, path.find('/')); }

}  // namespace

TEST_CASE("folders depend on each other one way") {
    for (const auto& folder : folders()) {
        for (const auto& include : includes_of(folder)) {
            const auto other = folder_of(include.what);
            if (!allowed().contains(other) || other == folder) continue;
            const bool mapping_alone = folder == "sim" && include.what == "partition/mapping.h";
            CAPTURE(include.file);
            CAPTURE(include.what);
            CHECK((allowed().at(folder).contains(other) || mapping_alone));
        }
    }
}

TEST_CASE("SystemC is in sim alone, and not in the header that others include") {
    const std::set<std::string> systemc{"systemc", "systemc.h", "tlm", "tlm.h"};
    int found = 0;
    for (const auto& folder : folders()) {
        for (const auto& include : includes_of(folder)) {
            if (!systemc.contains(include.what) && !include.what.starts_with("tlm_")) continue;
            CAPTURE(include.file);
            CHECK(folder == "sim");
            CHECK(include.file != "sim/simulation.h");
            ++found;
        }
    }
    CHECK(found > 0);
}

TEST_CASE("no headers include each other in a circle") {
    std::map<std::string, std::vector<std::string>> graph;
    for (const auto& folder : folders()) {
        for (const auto& include : includes_of(folder)) {
            if (std::filesystem::exists(source_folder() / include.what)) graph[include.file].push_back(include.what);
        }
    }
    std::set<std::string> done;
    std::set<std::string> open;
    const auto visit = [&](const auto& self, const std::string& file) -> void {
        if (done.contains(file)) return;
        CAPTURE(file);
        CHECK(open.insert(file).second);
        for (const auto& next : graph[file]) {
            if (open.contains(next)) FAIL_CHECK(file << " and " << next << " include each other");
            if (!open.contains(next)) self(self, next);
        }
        open.erase(file);
        done.insert(file);
    };
    std::vector<std::string> files;
    for (const auto& [file, ignored] : graph) files.push_back(file);
    for (const auto& file : files) visit(visit, file);
}

}  // namespace tessera::tests
