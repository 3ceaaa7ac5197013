#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"

namespace tessera::apps::explore {

/// A change of a study: JSON pointers (`/link/line_rate_gbps`), each with its new value.
using Change = std::vector<std::pair<std::string, Json>>;

/// One parameter of an exploration, or several that change together, with the values to try.
struct Axis {
    struct Value {
        Json label;  ///< what tables and charts show: the value itself, or the name of a choice
        Change change;
    };
    std::string name;
    std::vector<Value> values;  ///< in the order of the file; never empty
};

/// Reads an axis, in one of two forms:
///
///     {"path": P, VALUES}               P is a JSON pointer, or a list of pointers that take the same value
///     {"name": N, "choices": {LABEL: {P: VALUE, ...}, ...}}
///
/// where VALUES is one of
///
///     "list": [...]
///     "range": {"from": A, "to": B, "step": C}            A, A + C, ... up to and including B
///     "log_range": {"from": A, "to": B, "points": N}      A and B included, equal ratios
///     "random": {"from": A, "to": B, "points": N}         uniform; drawn from `seed`
///
/// Numbers of a range between whole numbers are rounded to whole numbers. The first form may have a `name`; without it the last part of the
/// first pointer is the name.
/// @throws InputError
Axis read_axis(const JsonReader& reader, std::uint64_t seed);

/// Makes a change in a study. @throws InputError where a pointer leads through a value that has no keys.
void apply(const Change& change, Json& study);

}  // namespace tessera::apps::explore
