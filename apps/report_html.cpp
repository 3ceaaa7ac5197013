#include "apps/html_page.h"
#include "apps/report.h"

namespace tessera::apps {

std::string html_report(const Json& report) {
    Json shown = without_measurements(report);
    shown["failures"] = failures(report);
    return html_page("report.html", shown);
}

}  // namespace tessera::apps
