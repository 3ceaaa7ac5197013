#include "apps/published.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/report_sections.h"
#include "core/error.h"

namespace tessera::apps {

namespace {

constexpr std::string_view kBeginMark = "<!-- comparison: written by tessera compare -->\n";
constexpr std::string_view kEndMark = "<!-- end of comparison -->\n";

/// Three digits are what a comparison is worth.
std::string short_number(double value) { return value >= 1000 ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value); }

PublishedFigure read_figure(const JsonReader& reader) {
    PublishedFigure each;
    each.what = reader.at("what").text();
    each.figure = reader.at("figure").text();
    if (!each.figure.starts_with('/'))
        reader.at("figure").fail("found \"" + each.figure + "\"", "a JSON pointer into report.json such as \"/boards/used\"");
    each.value = reader.at("value").number(1e-12, 1e18);
    each.unit = reader.at("unit").text();
    each.source = reader.at("source").text();
    each.why = reader.at("why").text();
    reader.done();
    return each;
}

}  // namespace

std::vector<PublishedFigure> read_published(const JsonReader& list) {
    std::vector<PublishedFigure> all;
    for (const auto& item : list.items()) all.push_back(read_figure(item));
    return all;
}

Json published_section(const std::vector<PublishedFigure>& published, const Json& report) {
    Json section = Json::array();
    for (const auto& each : published) {
        const Json::json_pointer pointer(each.figure);
        if (!report.contains(pointer) || !report[pointer].is_number())
            throw InputError("study", "/published", "figure " + each.figure + " leads to no number", "a figure of report.json");
        Json entry{{"what", each.what}, {"unit", each.unit}, {"published", each.value}};
        const bool mapped = !report.contains("no_mapping");
        const double own = report[pointer].get<double>();
        entry["tessera"] = mapped ? Json(own) : Json();
        entry["ratio"] = mapped ? Json(rounded(own / each.value, 6)) : Json();
        entry["source"] = each.source;
        entry["why"] = each.why;
        section.push_back(std::move(entry));
    }
    return section;
}

std::string comparison_table(std::vector<Json> reports) {
    std::stable_sort(reports.begin(), reports.end(), [](const Json& a, const Json& b) { return a.at("study") < b.at("study"); });
    std::string table =
        "| study | figure | published | Tessera | ratio | why they differ | source |\n| --- | --- | --- | --- | --- | --- | --- |\n";
    for (const auto& report : reports) {
        for (const auto& each : report.at("published")) {
            const auto unit = each.at("unit").get<std::string>();
            const auto amount = [&](const char* key) {
                return each.at(key).is_null() ? "no mapping" : short_number(each.at(key).get<double>()) + (unit.empty() ? "" : " " + unit);
            };
            const auto ratio = each.at("ratio").is_null() ? "" : short_number(each.at("ratio").get<double>());
            table += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", report.at("study").get<std::string>(),
                                 each.at("what").get<std::string>(), amount("published"), amount("tessera"), ratio,
                                 each.at("why").get<std::string>(), each.at("source").get<std::string>());
        }
    }
    return table;
}

std::string with_comparison(const std::string& page, const std::string& table, const std::filesystem::path& file) {
    const auto begin = page.find(kBeginMark);
    const auto end = page.find(kEndMark);
    if (begin == std::string::npos || end == std::string::npos || end < begin)
        throw InputError(file.string(), "", "no place for the table", std::string(kBeginMark) + std::string(kEndMark));
    return page.substr(0, begin + kBeginMark.size()) + "\n" + table + "\n" + page.substr(end);
}

}  // namespace tessera::apps
