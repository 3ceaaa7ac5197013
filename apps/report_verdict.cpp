#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "apps/report_sections.h"

namespace tessera::apps {

namespace {

constexpr double kOfRounding = 1 + 1e-9;
constexpr std::size_t kMostListed = 10;  // violations that a summary repeats

/// Rules of the checker that are about links; the interval has its own, and the rest is about what sits on the boards.
const std::set<std::string>& link_rules() {
    static const std::set<std::string> rules{"ports", "link", "route", "transfer", "bandwidth", "bits"};
    return rules;
}

bool is_link_rule(const partition::Violation& violation) { return link_rules().contains(violation.rule); }
bool is_interval_rule(const partition::Violation& violation) { return violation.rule == "interval"; }

bool links_hold(const ReportInput& input) {
    if (std::any_of(input.violations.begin(), input.violations.end(), is_link_rule)) return false;
    if (input.result) {
        for (const auto& link : input.result->links) {
            if (link.lost_chunks > 0) return false;
        }
    }
    const auto loads = link_loads(input.mapping);
    return std::all_of(loads.begin(), loads.end(), [](double load) { return load <= kOfRounding; });
}

std::string events_failure(const Json& events) {
    const auto count = [&](const char* what) { return events[what].get<std::int64_t>(); };
    return fmt::format("events: of {} injected {} completed, {} were lost, {} corrupted, {} never finished", count("injected"),
                       count("completed"), count("lost"), count("corrupted"), count("in_flight"));
}

void add_timing_failures(const Json& report, std::vector<std::string>& all) {
    const double latency = report["latency_ns"]["simulated"]["max"].get<double>();
    const double budget = report["latency_ns"]["budget"].get<double>();
    if (latency > budget) {
        all.push_back(fmt::format("latency: {:.1f} ns, {:.1f} ns over the budget of {:.1f} ns", latency, latency - budget, budget));
    }
    const double interval = report["interval_ns"]["simulated_max"].get<double>();
    const double required = report["interval_ns"]["required"].get<double>();
    if (!report["verdict"]["interval"].get<bool>() && interval > required) {
        all.push_back(fmt::format("interval: {:.2f} ns between events at {}, {:.2f} ns more than the {:.2f} ns required", interval,
                                  report["interval_ns"]["slowest_stage"].get<std::string>(), interval - required, required));
    }
}

}  // namespace

Json verdict_section(const ReportInput& input) {
    const auto& result = input.result;
    const auto& violations = input.violations;
    const bool found = input.search.found();
    const bool complete = result && result->events.completed > 0 && result->events.completed == result->events.injected;
    const bool latency = complete && result->latency_ns.max <= input.study.latency_budget_ns * kOfRounding;
    const bool interval = complete && sustained_interval_ns(*result) <= input.study.required_interval_ns() * kOfRounding &&
                          std::none_of(violations.begin(), violations.end(), is_interval_rule);
    const bool resources = found && std::all_of(violations.begin(), violations.end(), [](const partition::Violation& violation) {
                               return is_link_rule(violation) || is_interval_rule(violation);
                           });
    const bool links = found && links_hold(input);
    return {{"pass", latency && interval && resources && links && complete},
            {"latency", latency},
            {"interval", interval},
            {"resources", resources},
            {"links", links},
            {"events", complete}};
}

int exit_code(const Json& report) {
    if (report.contains("no_mapping")) return 3;
    return report["verdict"]["pass"].get<bool>() ? 0 : 2;
}

std::vector<std::string> failures(const Json& report) {
    std::vector<std::string> all;
    if (report.contains("no_mapping")) {
        all.push_back(report["no_mapping"]["explanation"].get<std::string>());
        return all;
    }
    const auto& verdict = report["verdict"];
    for (const auto& each : report["violations"]) {
        if (all.size() == kMostListed) {
            all.push_back(fmt::format("and {} more violations in report.json", report["violations"].size() - kMostListed));
            break;
        }
        all.push_back(
            fmt::format("{}: {}: {}", each["rule"].get<std::string>(), each["where"].get<std::string>(), each["what"].get<std::string>()));
    }
    if (!report["simulated"].get<bool>()) {
        all.emplace_back("events: nothing was simulated");
        return all;
    }
    if (!verdict["events"].get<bool>()) all.push_back(events_failure(report["events"]));
    add_timing_failures(report, all);
    if (!verdict["links"].get<bool>() && report["violations"].empty()) {
        all.push_back(fmt::format("links: the busiest is used to {:.1f} % of what it carries",
                                  100 * report["links"]["max_utilisation"].get<double>()));
    }
    return all;
}

}  // namespace tessera::apps
