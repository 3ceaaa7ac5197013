#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "apps/explore/measures.h"

struct sqlite3;

namespace tessera::apps::explore {

/// The results of an exploration in one SQLite file, table `points`, one row a point.
///
/// A row is there whole or not at all, whatever ends the program; a point that is stored stays, so an
/// exploration that is started again runs only what is missing.
class ResultStore {
  public:
    /// Opens the file, or makes it. @throws InputError where it cannot, or where it is another kind of file
    explicit ResultStore(const std::filesystem::path& file);

    /// Adds the answer to a point; takes the place of an earlier one.
    void put(const PointResult& result);

    /// All rows by their id.
    std::map<std::string, PointResult> all() const;

  private:
    struct Close {
        void operator()(sqlite3* database) const;
    };

    [[noreturn]] void fail(const std::string& what) const;

    std::filesystem::path file_;
    std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace tessera::apps::explore
