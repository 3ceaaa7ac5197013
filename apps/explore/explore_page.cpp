#include "apps/explore/explore_report.h"
#include "apps/html_page.h"

namespace tessera::apps::explore {

std::string explore_page(const Json& report) { return html_page("explore.html", report); }

}  // namespace tessera::apps::explore
