#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "partition/check.h"

/// What the tests of the checker share: a mapping that passes, tampered with, must fail by just the rules that this breaks.
namespace tessera::partition {

inline constexpr BoardId kFirst{0};
inline constexpr BoardId kSecond{1};

struct Tampering {
    const char* what;
    std::set<std::string> rules;  ///< exactly those that it breaks
    std::function<void(Mapping&)> apply;
};

inline std::string text_of(const std::vector<Violation>& violations) {
    std::string text;
    for (const auto& violation : violations) text += violation.rule + ": " + violation.where + ": " + violation.what + "\n";
    return text;
}

}  // namespace tessera::partition
