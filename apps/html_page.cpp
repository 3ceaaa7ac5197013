#include "apps/html_page.h"

#include "apps/report_text.h"
#include "core/error.h"
#include "core/files.h"

namespace tessera::apps {

std::string html_page(const std::string& name, const Json& data) {
    const auto folder = data_root() / "apps" / "pages";
    const auto file = folder / name;
    std::string page = read_file(file);
    const auto fill = [&](const std::string& mark, const std::string& content) {
        const auto at = page.find(mark);
        if (at == std::string::npos) throw InputError(file.string(), "", "has no place for its content", mark);
        page.replace(at, mark.size(), content);
    };
    fill("/* COMMON STYLE */", read_file(folder / "common.css"));
    fill("/* COMMON SCRIPT */", read_file(folder / "common.js"));
    fill("\"REPORT\"", script_safe(data));
    const std::filesystem::path charts = TESSERA_CHART_LIBRARY;  // what the build fetched, if it could
    if (page.find("/* CHARTS */") != std::string::npos && std::filesystem::exists(charts)) fill("/* CHARTS */", read_file(charts));
    return page;
}

}  // namespace tessera::apps
