#include "models/precision_weights.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "models/precision.h"

namespace tessera::models {

namespace {

constexpr int kWidestSum = 16;     // bits up to which the expectation is summed value by value
constexpr double kDeviations = 4;  // standard deviations that fill the range: 6e-5 lies outside

int digits_of_magnitude(std::uint64_t magnitude) {
    // Where x and 3x differ, the non-adjacent form of x has a digit. 3x may carry into bit 64.
    const std::uint64_t twice = magnitude << 1;
    const std::uint64_t triple = magnitude + twice;
    const int carried = (magnitude >> 63 != 0 ? 1 : 0) + (triple < twice ? 1 : 0);
    return std::popcount(magnitude ^ triple) + (carried & 1);
}

/// Bits from the highest to the lowest that is set: the sign and the zeros at both ends are wires.
int trimmed_width(std::uint64_t magnitude) { return magnitude == 0 ? 0 : std::bit_width(magnitude) - std::countr_zero(magnitude); }

std::uint64_t magnitude_of(std::int64_t value) {
    return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

ChannelWeights count_channel(const float* begin, const float* end, double steps_per_unit) {
    std::int64_t nonzero = 0;
    std::int64_t digits = 0;
    std::int64_t bits = 0;
    std::int64_t heavy = 0;
    std::int64_t heavy_digits = 0;
    for (const float* value = begin; value != end; ++value) {
        if (*value == 0) continue;
        const double scaled = std::clamp(std::abs(static_cast<double>(*value)) * steps_per_unit, 0.0, 0x1p62);
        const auto magnitude = static_cast<std::uint64_t>(std::llrint(scaled));
        nonzero += magnitude != 0 ? 1 : 0;
        const int of_this = digits_of_magnitude(magnitude);
        digits += of_this;
        bits += trimmed_width(magnitude);
        if (of_this >= kHeavyDigits) ++heavy, heavy_digits += of_this;
    }
    return {static_cast<double>(nonzero), static_cast<double>(digits), static_cast<double>(bits), static_cast<double>(heavy),
            static_cast<double>(heavy_digits)};
}

/// Probability that a standard normal value lies above `x`.
double above(double x) { return 0.5 * std::erfc(x / std::sqrt(2.0)); }

/// The magnitude below which a fraction of a standard normal distribution lies.
double normal_quantile_of_magnitude(double fraction) {
    double low = 0;
    double high = 40;
    for (int step = 0; step < 80; ++step) {
        const double middle = (low + high) / 2;
        (1 - 2 * above(middle) < fraction ? low : high) = middle;
    }
    return low;
}

}  // namespace

int canonical_signed_digits(std::int64_t value) { return digits_of_magnitude(magnitude_of(value)); }

void prune_weights(Weights& weights, double fraction) {
    const auto wanted = static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(weights.values.size())));
    if (wanted == 0) return;
    std::vector<float> magnitudes(weights.values.size());
    std::transform(weights.values.begin(), weights.values.end(), magnitudes.begin(), [](float value) { return std::abs(value); });
    const auto last = magnitudes.begin() + static_cast<std::ptrdiff_t>(wanted - 1);
    std::nth_element(magnitudes.begin(), last, magnitudes.end());
    const float limit = *last;
    auto ties = static_cast<std::size_t>(std::count(magnitudes.begin(), last + 1, limit));
    for (float& value : weights.values) {
        const float magnitude = std::abs(value);
        if (magnitude < limit) value = 0;
        if (magnitude == limit && ties > 0) value = 0, --ties;
    }
}

void round_weights(Weights& weights) {
    const double step = weights.format.step();
    const double steps_per_unit = 1 / step;
    const double least = weights.format.least();
    const double most = weights.format.most();
    for (float& value : weights.values) {
        const double rounded = std::nearbyint(static_cast<double>(value) * steps_per_unit) * step;
        value = static_cast<float>(std::clamp(rounded, least, most));
    }
}

void binarise_weights(Weights& weights) {
    weights.format = {1, 1, true};
    for (float& value : weights.values) value = value < 0 ? -1.0F : 1.0F;
}

void count_digits(Weights& weights) {
    const auto inputs = static_cast<std::size_t>(weights.inputs);
    const double steps_per_unit = 1 / weights.format.step();
    weights.channels.clear();
    weights.channels.reserve(static_cast<std::size_t>(weights.outputs));
    for (std::size_t begin = 0; begin + inputs <= weights.values.size(); begin += inputs) {
        const float* first = weights.values.data() + begin;
        weights.channels.push_back(count_channel(first, first + inputs, steps_per_unit));
    }
}

ExpectedWeight expected_weight(int width, double zero_fraction) {
    if (width == 1) return {.nonzero = 1, .signed_digits = 1, .effective_bits = 1};
    const int summed = std::min(width, kWidestSum);
    const std::int64_t half = std::int64_t{1} << (summed - 1);
    const double sigma = static_cast<double>(half) / kDeviations;
    const double kept = normal_quantile_of_magnitude(zero_fraction);
    ExpectedWeight mean;
    for (std::int64_t magnitude = 1; magnitude <= half; ++magnitude) {
        const double from = std::max(kept, (static_cast<double>(magnitude) - 0.5) / sigma);
        const double to = std::max(kept, (static_cast<double>(magnitude) + 0.5) / sigma);
        const double inside = above(from) - above(to);
        // The negative side ends at -half, the positive at half - 1; what lies beyond saturates.
        const double negative = magnitude == half ? above(from) : inside;
        const double positive = magnitude == half ? 0 : magnitude == half - 1 ? above(from) : inside;
        const double probability = negative + positive;
        const int digits = digits_of_magnitude(static_cast<std::uint64_t>(magnitude));
        mean.nonzero += probability;
        mean.signed_digits += probability * digits;
        if (digits >= kHeavyDigits) mean.heavy += probability, mean.heavy_digits += probability * digits;
        mean.effective_bits += probability * trimmed_width(static_cast<std::uint64_t>(magnitude));
    }
    mean.signed_digits += mean.nonzero * (width - summed) / 3.0;
    mean.effective_bits += mean.nonzero * (width - summed);
    mean.heavy_digits += mean.heavy * (width - summed) / 3.0;
    return mean;
}

WeightSummary summarise_weights(const Operator& op) {
    const Weights& weights = op.weights;
    const std::int64_t elements = weights.inputs * weights.outputs;
    WeightSummary summary;
    summary.count = weights.count;
    if (weights.channels.empty() || elements == 0) return summary;
    ChannelWeights sum;
    for (const ChannelWeights& channel : weights.channels) {
        sum.nonzero += channel.nonzero, sum.signed_digits += channel.signed_digits, sum.effective_bits += channel.effective_bits;
    }
    const double repeats = weights.channels.size() == 1 ? static_cast<double>(weights.outputs) : 1;
    summary.zero_fraction = 1 - sum.nonzero * repeats / static_cast<double>(elements);
    if (sum.nonzero > 0) summary.mean_effective_bits = sum.effective_bits / sum.nonzero;
    if (sum.nonzero > 0) summary.mean_signed_digits = sum.signed_digits / sum.nonzero;
    return summary;
}

}  // namespace tessera::models
