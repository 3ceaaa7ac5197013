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

std::string doubt(const Json& report) {
    const auto& uncertainty = report["uncertainty"];
    return fmt::format("at pessimistic costs ({}th percentile) {} boards and {:.1f} ns: the verdict {}", count(uncertainty["percentile"]),
                       count(uncertainty["boards"]["pessimistic"]), real(uncertainty["latency_ns"]["pessimistic"]),
                       uncertainty["verdict_survives"].get<bool>() ? "stands" : "falls");
}

std::string layout_figures(const Json& figures) {
    if (count(figures["boards"]) == 0) return "no mapping";
    return fmt::format("{} boards, {:.1f} ns, {} lanes", count(figures["boards"]), real(figures["latency_ns"]), count(figures["lanes"]));
}

std::string reuse_text(const Json& reuse) {
    return fmt::format("of the shards {} stay where an earlier mapping has them, {} move, {} are new", count(reuse["stay"]),
                       count(reuse["move"]), count(reuse["new"]));
}

std::string crossings_of(const Json& fault) {
    return count(fault["reached"]) == 0 ? "-" : fmt::format("{} to {}", count(fault["first_bx"]), count(fault["last_bx"]));
}

std::string takeover_of(const Json& fault) {
    return count(fault["takeover_bx"]) < 0 ? "" : fmt::format("a spare from BX {} on", count(fault["takeover_bx"]));
}

std::string boards_by_type(const Json& report) {
    const auto& types = report["boards"]["types"];
    if (types.size() < 2) return "";
    std::string all;
    for (std::size_t t = 0; t < types.size(); ++t) {
        const double watts = real(report["power"]["types"][t]["total_w"]);
        all += fmt::format("{}{} of {} {} at {}", t > 0 ? ", " : "", count(types[t]["used"]), count(types[t]["available"]),
                           text(types[t]["type"]), watts < 1000 ? fmt::format("{:.0f} W", watts) : fmt::format("{:.1f} kW", watts / 1000));
    }
    return all;
}

std::string power(const Json& report) {
    const auto& of = report["power"];
    return fmt::format("{:.0f} W on the hottest board of {:.0f} W, {:.1f} kW in all", real(of["hottest_board_w"]),
                       real(of["board_limit_w"]), real(of["total_w"]) / 1000);
}

}  // namespace tessera::apps
