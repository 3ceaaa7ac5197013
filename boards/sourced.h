#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/assumption.h"
#include "core/json.h"

namespace tessera::boards {

/// Reads catalogue files, in which every number stands with its source:
///
///     "documents": {"DS890": "AMD DS890, UltraScale Architecture and Product Data Sheet: Overview"},
///     "lut": {"value": 1728000, "source": "DS890", "note": "table 9"}
///
/// `source` is a key of the file's own `documents` or "assumed"; an assumed number says why in its
/// `note`. Each number read becomes an Assumption, so that a report can show what it rests on.
class SourcedReader {
  public:
    /// @param owner what the numbers belong to: the name of a device, a board or a protocol
    /// @param documents an object of short name to full reference
    SourcedReader(std::string owner, const JsonReader& documents);

    double number(const JsonReader& entry, const std::string& key, double least, double most);
    std::int64_t integer(const JsonReader& entry, const std::string& key, std::int64_t least, std::int64_t most);

    /// What was read so far, in that order.
    const std::vector<Assumption>& sources() const { return sources_; }
    /// Keys of `documents` that were cited so far.
    const std::set<std::string>& cited() const { return cited_; }

  private:
    void cite(const JsonReader& sourced, const std::string& key);

    std::string owner_;
    JsonReader documents_;
    std::vector<Assumption> sources_;
    std::set<std::string> cited_;
};

/// Rejects a document that no number cites: it would pass for a source of all of them.
void check_all_cited(const JsonReader& documents, const std::set<std::string>& cited);

/// Puts a value that a study sets in place of the catalogue's entry for `owner`'s `key`.
void cite_study(std::vector<Assumption>& sources, const std::string& owner, const std::string& key, const JsonReader& value);

}  // namespace tessera::boards
