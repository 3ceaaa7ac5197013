#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <optional>
#include <string>

namespace tessera::tests {

/// A file of the shared folder; where it is missing, says that the test is skipped.
/// Use: `const auto file = shared_file("models/x.onnx"); if (!file) return;`
inline std::optional<std::filesystem::path> shared_file(const std::string& name) {
    const auto path = std::filesystem::path(TESSERA_SHARED_DIR) / name;
    if (std::filesystem::exists(path)) return path;
    MESSAGE("skipped: " << path.string() << " is not there");
    return std::nullopt;
}

}  // namespace tessera::tests
