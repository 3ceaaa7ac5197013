#pragma once

#include <filesystem>
#include <string>

namespace tessera {

/// The whole of a file. @throws InputError where it cannot be read.
std::string read_file(const std::filesystem::path& path);

/// Writes `content` under a temporary name beside `path`, then renames: the file is there whole or
/// not at all, and a signal that ends the program leaves nothing else behind. Makes missing folders. @throws InputError where that fails.
void write_file(const std::filesystem::path& path, const std::string& content);

/// The folder of Tessera's own data files (`boards/catalogue`, `models/zoo`, ...): the variable
/// TESSERA_DATA where it is set, else the source tree that the program was built from.
std::filesystem::path data_root();

}  // namespace tessera
