#include "apps/report_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace tessera::apps {

std::string script_safe(const Json& json) {
    std::string safe;
    for (const char c : json.dump(-1, ' ', true, Json::error_handler_t::replace)) {
        if (c == '<') {
            safe += "\\u003c";
        } else {
            safe += c;
        }
    }
    return safe;
}

std::string verdict_word(const Json& report) {
    if (report.contains("no_mapping")) return "NO MAPPING";
    return report["verdict"]["pass"].get<bool>() ? "PASS" : "FAIL";
}

std::string over_bound(double value, double bound) {
    return bound > 0 ? fmt::format("{:.2f} x the lower bound", value / bound) : "no bound";
}

std::vector<std::pair<std::string, double>> time_by_kind(const Json& report) {
    std::map<std::string, double> sums;
    for (const auto& step : report["latency_ns"]["breakdown"]) sums[text(step["kind"])] += real(step["ns"]);
    std::vector<std::pair<std::string, double>> sorted(sums.begin(), sums.end());
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    return sorted;
}

}  // namespace tessera::apps
