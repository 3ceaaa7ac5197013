#include "models/operator_pattern.h"

#include <algorithm>

namespace tessera::models {

namespace {

/// Shell patterns: * is any text, ? any one character.
bool matches_pattern(const std::string& pattern, const std::string& text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string::npos;
    std::size_t resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p, ++t;
        } else if (star != std::string::npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    return std::all_of(pattern.begin() + static_cast<std::ptrdiff_t>(p), pattern.end(), [](char c) { return c == '*'; });
}

}  // namespace

bool matches(const std::string& pattern, const Operator& op) {
    return pattern == name_of(op.kind) || pattern == op.type || matches_pattern(pattern, op.name);
}

}  // namespace tessera::models
