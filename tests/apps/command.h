#pragma once

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "core/files.h"
#include "core/json.h"

namespace tessera::tests {

inline std::filesystem::path source_folder() { return TESSERA_SOURCE_DIR; }
inline std::filesystem::path shipped_study(const std::string& name) { return source_folder() / "apps" / "studies" / (name + ".json"); }

/// A folder of its own that vanishes with its name.
class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "tessera_apps_test.XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path = pattern;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::filesystem::path operator/(const std::string& name) const { return path / name; }

    std::filesystem::path path;
};

/// What a program left behind.
struct Outcome {
    int code = -1;
    std::string out;
    std::string err;
};

/// Runs a line of shell in a folder; `tessera` in it is the program under test.
inline Outcome shell(const std::string& line, const std::filesystem::path& folder) {
    const TemporaryFolder streams;
    const std::string whole = "cd '" + folder.string() + "' && export PATH='" +
                              std::filesystem::path(TESSERA_COMMAND).parent_path().string() + "':\"$PATH\" && ( " + line + "\n) >'" +
                              (streams / "out").string() + "' 2>'" + (streams / "err").string() + "' </dev/null";
    const int status = std::system(whole.c_str());
    Outcome outcome;
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    outcome.out = read_file(streams / "out");
    outcome.err = read_file(streams / "err");
    return outcome;
}

/// Runs `tessera ARGUMENTS` from the folder of the sources.
inline Outcome tessera(const std::string& arguments) { return shell("tessera " + arguments, source_folder()); }

/// A word of a shell line, whatever it holds.
inline std::string quoted(const std::filesystem::path& path) { return "'" + path.string() + "'"; }

/// What a whole run of a shipped study left, and where: it is run once, for all tests that look at it. `name` is its path in apps/studies.
struct ShippedRun {
    std::filesystem::path out;
    Outcome outcome;
};
inline const ShippedRun& shipped_run(const std::string& name) {
    static const TemporaryFolder folder;
    static std::map<std::string, ShippedRun> runs;
    const auto [run, is_new] = runs.try_emplace(name);
    if (is_new) {
        run->second.out = folder / name;
        run->second.outcome = tessera("--quiet run " + quoted(shipped_study(name)) + " -o " + quoted(run->second.out));
    }
    return run->second;
}

/// The small study that most tests change a part of.
inline Json small_study() { return JsonReader::from_file(shipped_study("jet_mlp")).raw(); }

inline std::filesystem::path write_study(const TemporaryFolder& folder, const Json& study, const std::string& name = "study.json") {
    write_file(folder / name, study.dump(1));
    return folder / name;
}

inline Json read_json(const std::filesystem::path& file) { return JsonReader::from_file(file).raw(); }

/// Every event of a report's simulation is completed, and the time of the slowest is explained to its end.
inline void check_accounts(const Json& report) {
    const auto& events = report["events"];
    CHECK(events["injected"].get<std::int64_t>() > 0);
    CHECK(events["completed"] == events["injected"]);
    double explained_ns = 0;
    for (const auto& step : report["latency_ns"]["breakdown"]) explained_ns += step["ns"].get<double>();
    CHECK(explained_ns == doctest::Approx(report["latency_ns"]["simulated"]["max"].get<double>()).epsilon(1e-6));
}

}  // namespace tessera::tests
