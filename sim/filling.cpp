#include "sim/filling.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "core/json.h"
#include "core/lhc_clock.h"

namespace tessera::sim {

namespace {

std::filesystem::path scheme_folder() { return data_root() / "sim" / "filling"; }

std::string joined(const std::vector<std::string>& names) {
    return std::accumulate(names.begin() + 1, names.end(), names.front(),
                           [](std::string all, const std::string& name) { return std::move(all) + ", " + name; });
}

}  // namespace

std::vector<std::string> filling_schemes() {
    std::vector<std::string> names{"all"};
    for (const auto& entry : std::filesystem::directory_iterator(scheme_folder())) names.push_back(entry.path().stem().string());
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<bool> read_filling(const std::string& scheme) {
    std::vector<bool> filled(kBunchCrossingsPerOrbit, scheme == "all");
    if (scheme == "all") return filled;
    const auto file = scheme_folder() / (scheme + ".json");
    if (!std::filesystem::exists(file))
        throw InputError("simulation", "/filling", "no scheme \"" + scheme + "\"", "one of: " + joined(filling_schemes()));
    const auto root = JsonReader::from_file(file);
    root.at("source").text();
    root.at("name").text();
    // Runs of crossings: so many filled, so many empty, in turn.
    std::int64_t at = 0;
    bool full = true;
    for (const auto& run : root.at("runs_filled_then_empty").items()) {
        const auto length = run.integer(0, kBunchCrossingsPerOrbit - at);
        for (std::int64_t i = 0; i < length; ++i) filled[static_cast<std::size_t>(at++)] = full;
        full = !full;
    }
    root.done();
    return filled;
}

}  // namespace tessera::sim
