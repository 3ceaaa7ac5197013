#include "apps/explore/result_store.h"

#include <sqlite3.h>

#include "core/error.h"

namespace tessera::apps::explore {

namespace {

constexpr int kWaitForLockMs = 10'000;

struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

/// SQL of all columns: the fixed ones, then the measures.
std::string columns(const std::string& type_of_text, const std::string& type_of_number) {
    std::string sql;
    for (const char* name : {"id", "coordinates", "status", "binding", "explanation"}) sql += name + type_of_text + ", ";
    for (const auto& measure : kMeasures) sql += measure.column() + type_of_number + ", ";
    return sql + "seconds" + type_of_number;
}

std::string text_column(sqlite3_stmt* row, int column) {
    const auto* text = sqlite3_column_text(row, column);
    // SQLite gives text as unsigned bytes.
    return text == nullptr ? ""
                           : std::string(reinterpret_cast<const char*>(text), static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
}

PointResult read_row(sqlite3_stmt* row) {
    PointResult result;
    int column = 0;
    result.id = text_column(row, column++);
    result.coordinates = JsonReader::from_text("explore.sqlite", text_column(row, column++)).raw();
    result.status = read_status(text_column(row, column++));
    result.binding = text_column(row, column++);
    result.explanation = text_column(row, column++);
    for (auto& measure : result.measures) {
        if (sqlite3_column_type(row, column) != SQLITE_NULL) measure = sqlite3_column_double(row, column);
        ++column;
    }
    result.seconds = sqlite3_column_double(row, column);
    return result;
}

}  // namespace

void ResultStore::Close::operator()(sqlite3* database) const { sqlite3_close(database); }

void ResultStore::fail(const std::string& what) const {
    throw InputError(file_.string(), "", what + ": " + sqlite3_errmsg(database_.get()), "a database of an exploration");
}

ResultStore::ResultStore(const std::filesystem::path& file) : file_(file) {
    sqlite3* opened = nullptr;
    const int status = sqlite3_open(file.c_str(), &opened);
    database_.reset(opened);
    if (status != SQLITE_OK) fail("cannot be opened");
    sqlite3_busy_timeout(database_.get(), kWaitForLockMs);
    const auto sql = "CREATE TABLE IF NOT EXISTS points (" + columns(" TEXT NOT NULL", " REAL") + ", PRIMARY KEY (id))";
    if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail("cannot be used");
}

void ResultStore::put(const PointResult& result) {
    constexpr std::size_t kColumns = 5 + kMeasures.size() + 1;
    std::string sql = "INSERT OR REPLACE INTO points (" + columns("", "") + ") VALUES (?";
    for (std::size_t i = 1; i < kColumns; ++i) sql += ", ?";
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v2(database_.get(), (sql + ")").c_str(), -1, &made, nullptr) != SQLITE_OK) fail("does not take results");
    const Statement statement(made);
    int parameter = 1;
    for (const auto& text : {result.id, result.coordinates.dump(), std::string(to_text(result.status)), result.binding, result.explanation})
        sqlite3_bind_text(made, parameter++, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    for (const auto& measure : result.measures) {
        if (measure) sqlite3_bind_double(made, parameter, *measure);
        ++parameter;
    }
    sqlite3_bind_double(made, parameter, result.seconds);
    if (sqlite3_step(made) != SQLITE_DONE) fail("does not take results");
}

std::map<std::string, PointResult> ResultStore::all() const {
    sqlite3_stmt* made = nullptr;
    const auto sql = "SELECT " + columns("", "") + " FROM points ORDER BY id";
    if (sqlite3_prepare_v2(database_.get(), sql.c_str(), -1, &made, nullptr) != SQLITE_OK) fail("does not give results");
    const Statement statement(made);
    std::map<std::string, PointResult> results;
    int status = SQLITE_ROW;
    while ((status = sqlite3_step(made)) == SQLITE_ROW) {
        auto result = read_row(made);
        results.emplace(result.id, std::move(result));
    }
    if (status != SQLITE_DONE) fail("does not give results");
    return results;
}

}  // namespace tessera::apps::explore
