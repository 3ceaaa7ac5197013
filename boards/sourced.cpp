#include "boards/sourced.h"

namespace tessera::boards {

namespace {
constexpr const char* kAssumed = "assumed";
}

SourcedReader::SourcedReader(std::string owner, const JsonReader& documents) : owner_(std::move(owner)), documents_(documents) {
    for (const auto& [key, reference] : documents_.members()) {
        if (reference.text().empty()) reference.fail("found \"\"", "a full reference");
    }
}

void SourcedReader::cite(const JsonReader& sourced, const std::string& key) {
    const JsonReader source = sourced.at("source");
    const std::string name = source.text();
    const std::string note = sourced.text("note", "");
    sourced.done();
    std::string reference = kAssumed;
    if (name != kAssumed) {
        if (!documents_.has(name)) source.fail("found \"" + name + "\"", "\"assumed\" or a key of " + documents_.path());
        reference = documents_.at(name).text();
        cited_.insert(name);
    } else if (note.empty()) {
        sourced.fail("an assumed number without a note", "\"note\": why this value");
    }
    std::string what = owner_ + " " + key;
    if (!note.empty()) what += " (" + note + ")";
    sources_.push_back({what, sourced.at("value").raw().dump(), reference});
}

double SourcedReader::number(const JsonReader& entry, const std::string& key, double least, double most) {
    const JsonReader sourced = entry.at(key);
    const double value = sourced.at("value").number(least, most);
    cite(sourced, key);
    return value;
}

std::int64_t SourcedReader::integer(const JsonReader& entry, const std::string& key, std::int64_t least, std::int64_t most) {
    const JsonReader sourced = entry.at(key);
    const std::int64_t value = sourced.at("value").integer(least, most);
    cite(sourced, key);
    return value;
}

void check_all_cited(const JsonReader& documents, const std::set<std::string>& cited) {
    for (const auto& [key, reference] : documents.members()) {
        if (!cited.contains(key)) reference.fail("document \"" + key + "\" is cited nowhere", "only documents that a number cites");
    }
}

void cite_study(std::vector<Assumption>& sources, const std::string& owner, const std::string& key, const JsonReader& value) {
    const std::string what = owner + " " + key;
    std::erase_if(sources, [&](const Assumption& source) { return source.what == what || source.what.starts_with(what + " ("); });
    sources.push_back({what, value.raw().dump(), "study " + value.file() + " " + value.path()});
}

}  // namespace tessera::boards
