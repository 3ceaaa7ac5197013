#include "apps/explore/explore_report.h"
#include "apps/report_text.h"
#include "core/error.h"
#include "core/files.h"

namespace tessera::apps::explore {

namespace {

void replace(std::string& page, const std::string& mark, const std::string& content) {
    const auto at = page.find(mark);
    if (at == std::string::npos) throw InputError("explore_page.html", "", "has no place for its content", mark);
    page.replace(at, mark.size(), content);
}

/// The chart library that the build fetched; empty where it could not.
std::string chart_library() {
    const std::filesystem::path file = TESSERA_CHART_LIBRARY;
    return std::filesystem::exists(file) ? read_file(file) : "";
}

}  // namespace

std::string explore_page(const Json& report) {
    std::string page = read_file(data_root() / "apps" / "explore" / "explore_page.html");
    replace(page, "\"REPORT\"", script_safe(report));
    replace(page, "/* CHARTS */", chart_library());
    return page;
}

}  // namespace tessera::apps::explore
