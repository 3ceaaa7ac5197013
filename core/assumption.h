#pragma once

#include <string>

namespace tessera {

/// A value that a verdict rests on and where it comes from. `source` is "assumed" where nobody
/// published the value, else the document it stands in.
struct Assumption {
    std::string what;
    std::string value;
    std::string source;

    friend bool operator==(const Assumption&, const Assumption&) = default;
};

}  // namespace tessera
