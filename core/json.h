#pragma once

#include <cstdint>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "core/files.h"

namespace tessera {

/// JSON with its keys in the order in which they were written, so that output is stable.
using Json = nlohmann::ordered_json;

/// A place in a JSON document that knows its file and path, for reading with exact messages.
///
/// Every accessor throws InputError with the file, the JSON path, what was found and what was
/// expected. `done()` (or the end of `object()`'s use) rejects the keys that nobody asked for, so
/// that a misspelt key is an error and not a silent default. Several threads may read the same one.
class JsonReader {
  public:
    JsonReader() = default;  ///< null, of no file

    /// Parses a whole file. @throws InputError where it is missing or malformed.
    static JsonReader from_file(const std::filesystem::path& path);
    static JsonReader from_text(const std::string& name, const std::string& text);

    const std::string& file() const { return file_; }
    const std::string& path() const { return path_; }  ///< JSON pointer of this place; "" is the root
    const Json& raw() const { return value_; }

    bool has(const std::string& key) const;
    JsonReader at(const std::string& key) const;                      ///< a key that must be there
    std::vector<JsonReader> items() const;                            ///< the elements of an array
    std::vector<std::pair<std::string, JsonReader>> members() const;  ///< of an object, in file order; counts as asked for

    std::string text() const;
    bool boolean() const;
    double number(double least, double most) const;
    std::int64_t integer(std::int64_t least, std::int64_t most) const;
    std::string one_of(const std::vector<std::string>& allowed) const;

    std::string text(const std::string& key, const std::string& otherwise) const;
    bool boolean(const std::string& key, bool otherwise) const;
    double number(const std::string& key, double otherwise, double least, double most) const;
    std::int64_t integer(const std::string& key, std::int64_t otherwise, std::int64_t least, std::int64_t most) const;

    /// Rejects every key of this object that was not asked for through this reader (by has, at or
    /// a keyed accessor); names the nearest known key.
    void done() const;

    [[noreturn]] void fail(const std::string& found, const std::string& expected = "") const;

  private:
    JsonReader(std::string file, std::string path, Json value) : file_(std::move(file)), path_(std::move(path)), value_(std::move(value)) {}

    /// The keys that were asked for, by any thread.
    class AskedKeys {
      public:
        AskedKeys() = default;
        AskedKeys(const AskedKeys& other) : keys_(other.all()) {}
        AskedKeys& operator=(const AskedKeys& other);

        void insert(const std::string& key);
        std::set<std::string> all() const;

      private:
        mutable std::mutex mutex_;
        std::set<std::string> keys_;
    };

    std::string file_;
    std::string path_;
    Json value_;
    mutable AskedKeys asked_;
};

}  // namespace tessera
