#include "core/files.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "core/error.h"

using namespace tessera;

namespace {

std::filesystem::path scratch_folder() {
    const auto folder = std::filesystem::temp_directory_path() / ("tessera_files_test." + std::to_string(::getpid()));
    std::filesystem::remove_all(folder);
    return folder;
}

}  // namespace

TEST_CASE("a file comes back as it was written, and nothing else is left in its folder") {
    const auto folder = scratch_folder();
    const std::string content("bytes\0and\nlines", 15);
    write_file(folder / "deep" / "file", "older");
    write_file(folder / "deep" / "file", content);
    CHECK(read_file(folder / "deep" / "file") == content);
    CHECK(std::distance(std::filesystem::directory_iterator(folder / "deep"), {}) == 1);
    std::filesystem::remove_all(folder);
}

TEST_CASE("what cannot be read or written is an input error") {
    const auto folder = scratch_folder();
    CHECK_THROWS_AS(read_file(folder / "missing"), InputError);
    write_file(folder / "file", "");
    CHECK_THROWS_AS(read_file(folder), InputError);
    CHECK_THROWS_AS(write_file(folder / "file" / "below", ""), InputError);
    std::filesystem::create_directories(folder / "taken");
    CHECK_THROWS_AS(write_file(folder / "taken", "a folder stands there"), InputError);
    CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 2);
    std::filesystem::remove_all(folder);
}

TEST_CASE("the data folder holds the catalogue") { CHECK(std::filesystem::exists(data_root() / "boards" / "catalogue")); }
