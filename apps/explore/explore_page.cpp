#include "apps/explore/explore_report.h"
#include "apps/html_page.h"
#include "core/files.h"

namespace tessera::apps::explore {

std::string explore_page(const Json& report) {
    const std::filesystem::path charts = TESSERA_CHART_LIBRARY;  // what the build fetched, if it could
    return html_page("explore.html", report, std::filesystem::exists(charts) ? read_file(charts) : "");
}

}  // namespace tessera::apps::explore
