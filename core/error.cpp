#include "core/error.h"

namespace tessera {

namespace {

std::string message(const std::string& file, const std::string& where, const std::string& found, const std::string& expected) {
    std::string text = file;
    if (!where.empty()) text += ": " + where;
    text += ": " + found;
    if (!expected.empty()) text += "; expected " + expected;
    return text;
}

}  // namespace

InputError::InputError(const std::string& file, const std::string& where, const std::string& found, const std::string& expected)
    : std::runtime_error(message(file, where, found, expected)) {}

}  // namespace tessera
