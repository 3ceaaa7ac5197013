#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/json.h"

namespace tessera::apps {

/// A figure that somebody published of what a study describes.
struct PublishedFigure {
    std::string what;    ///< for people: "latency", "boards of the track finder"
    std::string figure;  ///< JSON pointer to Tessera's own in report.json
    double value = 0;
    std::string unit;  ///< of both figures
    std::string source;
    std::string why;  ///< why the two differ
};

/// Reads `published` of a study: a list, empty where nothing is published.
std::vector<PublishedFigure> read_published(const JsonReader& list);

/// `published` of report.json: each figure with Tessera's own (null where nothing was mapped) and their ratio.
/// @throws InputError where a pointer leads to no number
Json published_section(const std::vector<PublishedFigure>& published, const Json& report);

/// The published figures of some reports as one table in Markdown, by name of the study.
std::string comparison_table(std::vector<Json> reports);

/// `page` with `table` in the place of what stands between its two marks.
/// @throws InputError naming `file`, where the marks are missing
std::string with_comparison(const std::string& page, const std::string& table, const std::filesystem::path& file);

}  // namespace tessera::apps
