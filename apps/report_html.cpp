#include "apps/report.h"
#include "apps/report_text.h"
#include "core/error.h"
#include "core/files.h"

namespace tessera::apps {

std::string html_report(const Json& report) {
    const auto file = data_root() / "apps" / "report_page.html";
    std::string page = read_file(file);
    const std::string mark = "\"REPORT\"";
    const auto at = page.find(mark);
    if (at == std::string::npos) throw InputError(file.string(), "", "has no place for the report", mark);
    Json shown = without_measurements(report);
    shown["failures"] = failures(report);
    return page.replace(at, mark.size(), script_safe(shown));
}

}  // namespace tessera::apps
