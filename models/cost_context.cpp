#include "models/cost_context.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

namespace tessera::models {

namespace {

int width_or_unknown(const FixedPoint& format) {
    return format.width > 0 ? format.width : static_cast<int>(coefficient::kUnknownWidth.value);
}

/// The mean column of weights of which nothing is known but their width: uniform values have a
/// third of their digits set in canonical signed digit form (Reitwiesner 1960).
ChannelWeights expected_column(const Weights& weights, int bits) {
    const double nonzero = static_cast<double>(std::max<std::int64_t>(1, weights.inputs)) * (1 - weights.assumed_zero_fraction);
    return {
        .nonzero = nonzero, .signed_digits = nonzero * std::max(1.0, (bits + 1) / 3.0), .effective_bits = nonzero * std::max(1, bits - 1)};
}

void accumulate(WeightSums& sums, const ChannelWeights& column, double times) {
    sums.nonzero += column.nonzero * times;
    sums.signed_digits += column.signed_digits * times;
    sums.effective_bits += column.effective_bits * times;
    sums.heavy += column.heavy * times;
    sums.heavy_digits += column.heavy_digits * times;
}

/// Adds the columns [begin, end), each `times` times.
void accumulate(WeightSums& sums, const Weights& weights, std::int64_t begin, std::int64_t end, double times) {
    const auto known = static_cast<std::int64_t>(weights.channels.size());
    if (known == 1) return accumulate(sums, weights.channels.front(), times * static_cast<double>(end - begin));
    for (std::int64_t o = begin; o < end; ++o) accumulate(sums, weights.channels[static_cast<std::size_t>(o % known)], times);
}

}  // namespace

int CostContext::input_bits(std::size_t input) const {
    if (input >= op.inputs.size()) return static_cast<int>(coefficient::kUnknownWidth.value);
    return width_or_unknown(network.tensor(op.inputs[input].tensor).format);
}

int CostContext::output_bits() const {
    return op.outputs.empty() ? input_bits(0) : width_or_unknown(network.tensor(op.outputs.front()).format);
}

int CostContext::weight_bits() const { return width_or_unknown(op.weights.format); }

StreamShape CostContext::input_stream(std::size_t input) const {
    return input < op.inputs.size() ? network.tensor(op.inputs[input].tensor).stream() : StreamShape{};
}

StreamShape CostContext::output_stream() const { return op.outputs.empty() ? StreamShape{} : network.tensor(op.outputs.front()).stream(); }

double CostContext::share_of_channels() const {
    return std::min(1.0, channels() / static_cast<double>(std::max<std::int64_t>(1, output_stream().channels)));
}

WeightSums CostContext::weight_sums() const {
    const Weights& weights = op.weights;
    const std::int64_t columns = std::max<std::int64_t>(1, weights.outputs);
    const std::int64_t per_token = std::max<std::int64_t>(1, output_stream().channels);
    WeightSums sums;
    if (weights.channels.empty()) {
        sums.outputs = columns > per_token ? channels() * static_cast<double>(columns) / static_cast<double>(per_token) : channels();
        accumulate(sums, expected_column(weights, weight_bits()), sums.outputs);
        return sums;
    }
    if (columns > per_token) {  // a token holds a part of the columns, or gates share a channel
        const std::int64_t begin = region.channels.begin * columns / per_token;
        const std::int64_t end = divide_up(region.channels.end * columns, per_token);
        sums.outputs = static_cast<double>(end - begin);
        accumulate(sums, weights, begin, std::min(end, columns), 1);
        return sums;
    }
    sums.outputs = channels();
    const std::int64_t whole = region.channels.size() / columns;
    if (whole > 0) accumulate(sums, weights, 0, columns, static_cast<double>(whole));
    const std::int64_t begin = (region.channels.begin + whole * columns) % columns;
    const std::int64_t end = begin + region.channels.size() - whole * columns;
    accumulate(sums, weights, begin, std::min(end, columns), 1);
    if (end > columns) accumulate(sums, weights, 0, end - columns, 1);
    return sums;
}

Folds CostContext::folds(double limit, int count) const {
    if (op.fixed.reuse_factor == 0) return {max_interval, limit, count};
    const auto only = static_cast<std::int64_t>(std::max(1.0, std::min<double>(op.fixed.reuse_factor, limit)));
    return only <= max_interval ? Folds(static_cast<int>(only)) : Folds();
}

Folds::Folds(std::int64_t most, double limit, int count) {
    static constexpr std::array kSteps{1, 2, 3, 4, 6, 9, 12, 18, 27, 36, 54, 81, 108, 162, 324, 648, 1296, 2592, 5184, 10368};
    const int last = static_cast<int>(std::clamp<double>(std::min(static_cast<double>(most), limit), 1, 1 << 20));
    const auto below = std::lower_bound(kSteps.begin(), kSteps.end(), last) - kSteps.begin();
    const int available = static_cast<int>(below) + 1;  // the steps below `last`, and `last`
    size_ = std::min({available, count, static_cast<int>(values_.size())});
    for (int i = 0; i < size_; ++i) {
        const int step = size_ == 1 ? available - 1 : i * (available - 1) / (size_ - 1);
        values_[static_cast<std::size_t>(i)] = step == available - 1 ? last : kSteps[static_cast<std::size_t>(step)];
    }
}

void Candidates::add(Implementation implementation) {
    Resources& r = implementation.resources;
    r = {std::max(1.0, std::ceil(r.lut)), std::ceil(std::max(0.0, r.ff)), std::ceil(r.dsp), std::ceil(2 * r.bram36) / 2, std::ceil(r.uram)};
    implementation.latency_cycles = std::max(1, implementation.latency_cycles);
    found_.push_back(implementation);
}

void Candidates::keep(const StrategyChoice& choice) {
    if (choice.strategy) std::erase_if(found_, [&](const Implementation& made) { return made.strategy != *choice.strategy; });
}

namespace {

bool beats(const Implementation& a, const Implementation& b) {
    return a.resources.fits(b.resources) && a.latency_cycles <= b.latency_cycles && a.token_interval_cycles <= b.token_interval_cycles;
}

/// How different two choices are: the sum of the ratios, as logarithms, of what they take.
double distance(const Implementation& a, const Implementation& b) {
    const auto ratio = [](double x, double y) { return std::abs(std::log2((x + 1) / (y + 1))); };
    const auto left = a.resources.values();
    const auto right = b.resources.values();
    double sum = ratio(a.token_interval_cycles, b.token_interval_cycles);
    for (std::size_t i = 0; i < left.size(); ++i) sum += ratio(left[i], right[i]);
    return sum;
}

/// Drops the choice that a neighbour can stand for best; those of the shortest and the longest interval stay.
void drop_one(std::vector<Implementation>& kept) {
    std::size_t least = kept.size() / 2;
    double nearest = std::numeric_limits<double>::infinity();
    for (std::size_t i = 1; i + 1 < kept.size(); ++i) {
        const int interval = kept[i].token_interval_cycles;
        if (interval == kept.front().token_interval_cycles || interval == kept.back().token_interval_cycles) continue;
        const double to_neighbour = std::min(distance(kept[i], kept[i - 1]), distance(kept[i], kept[i + 1]));
        if (to_neighbour < nearest) nearest = to_neighbour, least = i;
    }
    kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(least));
}

}  // namespace

std::vector<Implementation> Candidates::finish() {
    std::stable_sort(found_.begin(), found_.end(), [](const Implementation& a, const Implementation& b) {
        if (a.token_interval_cycles != b.token_interval_cycles) return a.token_interval_cycles < b.token_interval_cycles;
        return a.resources.lut < b.resources.lut;
    });
    std::vector<Implementation> kept;
    kept.reserve(found_.size());
    for (const Implementation& candidate : found_) {
        if (std::any_of(kept.begin(), kept.end(), [&](const Implementation& k) { return beats(k, candidate); })) continue;
        std::erase_if(kept, [&](const Implementation& k) { return beats(candidate, k); });
        kept.push_back(candidate);
    }
    while (kept.size() > kMost) drop_one(kept);
    return kept;
}

void fold_lanes(const CostContext& context, const Lane& lane, double elements, double operand_bits, int folds, Candidates& out) {
    const double result_bits = elements * context.output_bits();
    for (const int fold : context.folds(elements, folds)) {
        Implementation made{lane.strategy, fold, lane.resources * std::ceil(elements / fold), lane.latency_cycles + fold - 1, fold};
        made.resources.ff += result_bits;
        if (fold > 1) {
            made.resources.lut += elements * operand_bits * coefficient::kMultiplexerLut + coefficient::kControlLut;
            made.resources.ff += elements * operand_bits + coefficient::kControlFf;
        }
        out.add(made);
    }
}

bool is_one_of(std::string_view type, std::initializer_list<std::string_view> names) {
    const auto same = [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
    };
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view name) { return std::equal(type.begin(), type.end(), name.begin(), name.end(), same); });
}

}  // namespace tessera::models
