#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/steps.h"

namespace tessera::apps {

/// Seconds that each step took; 0 for a step that did not run here.
struct Timing {
    double import_s = 0, cost_s = 0, map_s = 0, simulate_s = 0, report_s = 0;
};

/// All that a report is made of.
struct ReportInput {
    const Study& study;
    const Json& study_json;  ///< as it can be run again
    const models::Network& network;
    const Search& search;
    const partition::Mapping& mapping;         ///< empty where none was found
    const std::optional<sim::Result>& result;  ///< empty where nothing was simulated
    const std::vector<partition::Violation>& violations;
    Timing timing;
};

/// `report.json`, schema tessera.report/1. Same study and seed: same bytes, but for `timing_s` and
/// `peak_rss_mib`, which stand last.
Json make_report(const ReportInput& input);

/// The report without what differs between two runs of the same study.
Json without_measurements(Json report);

/// 0 all requirements met, 2 a requirement is violated, 3 no mapping within the limits.
int exit_code(const Json& report);

/// One clear sentence for each requirement that is missed, with by how much; empty on a pass.
std::vector<std::string> failures(const Json& report);

/// The report for a terminal, as Markdown, and as one HTML page that needs no network.
std::string terminal_summary(const Json& report);
std::string markdown_report(const Json& report);
std::string html_report(const Json& report);

}  // namespace tessera::apps
