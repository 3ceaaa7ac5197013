#include "models/precision.h"

namespace tessera::models {

namespace {

constexpr int kNarrowestActivation = 2;  // one signed bit holds 0 and -1 alone
constexpr int kNarrowestWeight = 1;      // -1 and 1

/// A width or a whole format, into the one of the two that was written.
void read_width_or_format(const JsonReader& reader, const std::string& key, int narrowest, int& bits, FixedPoint& format) {
    if (!reader.has(key)) return;
    const JsonReader value = reader.at(key);
    if (value.raw().is_string()) {
        format = read_fixed_point(value);
    } else {
        bits = static_cast<int>(value.integer(narrowest, kWidestFormat));
    }
}

PrecisionRule read_rule(const JsonReader& reader) {
    PrecisionRule rule;
    rule.file = reader.file();
    rule.path = reader.path();
    read_width_or_format(reader, "weights", kNarrowestWeight, rule.weight_bits, rule.weight_format);
    read_width_or_format(reader, "activations", kNarrowestActivation, rule.activation_bits, rule.activation_format);
    if (reader.has("accumulators")) rule.accumulator = read_fixed_point(reader.at("accumulators"));
    rule.zero_fraction = reader.number("zero_fraction", -1, 0, 1);
    return rule;
}

}  // namespace

Precision read_precision(const JsonReader& reader) {
    Precision precision;
    precision.rules.push_back(read_rule(reader));
    if (reader.has("rules")) {
        for (const JsonReader& item : reader.at("rules").items()) {
            PrecisionRule rule = read_rule(item);
            rule.operators = item.at("operators").text();
            item.done();
            precision.rules.push_back(std::move(rule));
        }
    }
    reader.done();
    return precision;
}

}  // namespace tessera::models
