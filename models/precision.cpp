#include "models/precision.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/error.h"
#include "models/operator_pattern.h"
#include "models/precision_formats.h"
#include "models/precision_weights.h"

namespace tessera::models {

namespace {

/// A width and a whole format exclude each other: the later rule's wins.
void override_with(int& bits, FixedPoint& format, int new_bits, const FixedPoint& new_format) {
    if (new_bits > 0 || new_format.width > 0) bits = new_bits, format = new_format;
}

/// All rules that match an operator as one.
struct CombinedRule : PrecisionRule {
    bool names_activations = false;  ///< a rule for some operators gives them, not one for all
};

CombinedRule combined(const Precision& precision, const Operator& op, std::vector<bool>& used) {
    CombinedRule all;
    for (std::size_t i = 0; i < precision.rules.size(); ++i) {
        const PrecisionRule& rule = precision.rules[i];
        if (!matches(rule.operators, op)) continue;
        used[i] = true;
        override_with(all.weight_bits, all.weight_format, rule.weight_bits, rule.weight_format);
        if (rule.activation_bits > 0 || rule.activation_format.width > 0) all.names_activations = rule.operators != "*";
        override_with(all.activation_bits, all.activation_format, rule.activation_bits, rule.activation_format);
        if (rule.accumulator.width > 0) all.accumulator = rule.accumulator;
        if (rule.zero_fraction >= 0) all.zero_fraction = rule.zero_fraction;
    }
    return all;
}

FixedPoint format_of_values(const Weights& weights, int bits) {
    if (weights.values.empty()) return {bits, 1, true};
    const auto [least, most] = std::minmax_element(weights.values.begin(), weights.values.end());
    return format_for_range(bits, *least, *most);
}

/// Network-wide state of one run of apply_precision.
struct Application {
    Network& network;
    std::vector<bool> exact = std::vector<bool>(network.tensors.size(), false);  ///< by tensor: a format that follows from the file
    std::map<std::pair<int, double>, ExpectedWeight> expectations = {};          ///< by width and zero fraction
    std::int64_t tensors_left = 0;
    std::int64_t weights_left = 0;
    std::string first_left = "";
    bool assumed_ranges = false;

    void leave(std::int64_t& count, const Operator& op) {
        ++count;
        if (first_left.empty()) first_left = op.name;
    }

    void set_weights(Operator& op, const PrecisionRule& rule) {
        Weights& weights = op.weights;
        if (weights.count == 0) return;
        if (!std::all_of(weights.values.begin(), weights.values.end(), [](float value) { return std::isfinite(value); })) {
            throw InputError(network.name, op.name, "a weight that is infinite or not a number", "finite weights");
        }
        const bool keep = weights.format_from_file && weights.format.width > 0;
        const bool binary = !keep && (rule.weight_bits == 1 || rule.weight_format.width == 1);
        if (rule.zero_fraction >= 0 && !binary) {
            prune_weights(weights, rule.zero_fraction);
            if (weights.values.empty()) weights.assumed_zero_fraction = std::max(weights.assumed_zero_fraction, rule.zero_fraction);
        }
        if (binary) return set_signs(weights);
        if (!keep && rule.weight_format.width > 0) weights.format = rule.weight_format;
        if (!keep && rule.weight_bits > 0) weights.format = format_of_values(weights, rule.weight_bits);
        if (weights.format.width == 0) return leave(weights_left, op);
        if (weights.values.empty()) return expect(weights);
        if (!keep) round_weights(weights);
        count_digits(weights);
    }

    void set_signs(Weights& weights) {
        weights.assumed_zero_fraction = 0;
        binarise_weights(weights);
        if (weights.values.empty()) return expect(weights);
        count_digits(weights);
    }

    void expect(Weights& weights) {
        const std::pair<int, double> key{weights.format.width, weights.assumed_zero_fraction};
        const auto found = expectations.find(key);
        const ExpectedWeight mean = found != expectations.end() ? found->second : expected_weight(key.first, key.second);
        expectations.emplace(key, mean);
        const auto inputs = static_cast<double>(weights.inputs);
        weights.channels = {{mean.nonzero * inputs, mean.signed_digits * inputs, mean.effective_bits * inputs, mean.heavy * inputs,
                             mean.heavy_digits * inputs}};
    }

    /// Whether the file gives the formats of all that the operator computes with.
    bool is_exact(const Operator& op) const {
        if (op.weights.count > 0 && !op.weights.format_from_file) return false;
        return !op.inputs.empty() &&
               std::all_of(op.inputs.begin(), op.inputs.end(), [&](const Input& in) { return exact[index(in.tensor)]; });
    }

    void set_outputs(const Operator& op, const CombinedRule& rule) {
        const bool keeps = is_exact(op) && !rule.names_activations;
        for (const TensorId id : op.outputs) {
            Tensor& tensor = network.tensors[index(id)];
            exact[index(id)] = tensor.format_from_file && tensor.format.width > 0;
            if (exact[index(id)]) continue;
            const std::optional<FixedPoint> lossless = lossless_format(network, op);
            if (op.kind == OperatorKind::wiring || (keeps && lossless)) {
                if (lossless) tensor.format = *lossless;
                exact[index(id)] = keeps && lossless;
            } else if (rule.activation_format.width > 0) {
                tensor.format = rule.activation_format;
            } else if (rule.activation_bits > 0) {
                tensor.format = assumed_activation_format(op, rule.activation_bits);
                assumed_ranges = true;
            } else if (lossless) {
                tensor.format = *lossless;
            }
            if (tensor.format.width == 0) leave(tensors_left, op);
        }
    }
};

void assume_once(Network& network, Assumption assumption) {
    const auto same = [&](const Assumption& other) { return other.what == assumption.what; };
    if (std::none_of(network.assumptions.begin(), network.assumptions.end(), same)) network.assumptions.push_back(std::move(assumption));
}

}  // namespace

void apply_precision(Network& network, const Precision& precision) {
    Application application{network};
    std::vector<bool> used(precision.rules.size(), false);
    for (Operator& op : network.operators) {
        const CombinedRule rule = combined(precision, op, used);
        application.set_weights(op, rule);
        if (rule.accumulator.width > 0) op.accumulator = rule.accumulator;
        if (op.accumulator.width == 0) op.accumulator = accumulator_format(network, op);
        application.set_outputs(op, rule);
    }
    for (std::size_t i = 0; i < used.size(); ++i) {
        const PrecisionRule& rule = precision.rules[i];
        if (used[i]) continue;
        throw InputError(rule.file.empty() ? network.name : rule.file, rule.path,
                         "no operator of " + network.name + " matches \"" + rule.operators + "\"",
                         "an operator kind (\"dense\"), a type (\"MatMul\") or a name, with * and ?");
    }
    if (application.tensors_left + application.weights_left > 0) {
        throw InputError(network.name, application.first_left,
                         std::to_string(application.tensors_left) + " tensors and " + std::to_string(application.weights_left) +
                             " sets of weights have no fixed-point format, here the first",
                         "\"weights\" and \"activations\" in the study's \"precision\", or a file that quantises them");
    }
    if (application.assumed_ranges) {
        assume_once(network, {"integer bits of W-bit activations (no calibration data)", kAssumedActivationFormats, "assumed"});
    }
}

}  // namespace tessera::models
