#include <cmath>

#include "models/onnx/array_algorithms.h"
#include "models/onnx/operator_rules.h"

/// Normalisation, with the statistics of the file (BatchNormalization) or of the data.
namespace tessera::models::onnx {

namespace {

/// Scale, bias, mean and variance, one for each channel.
std::vector<TensorType> infer_batch_normalisation(const OperatorContext& context) {
    const auto& shape = context.shape(0);
    context.require_rank(0, 1);
    const auto channels = shape.size() == 1 ? 1 : shape[context.channels_last() ? shape.size() - 1 : 1];
    for (std::size_t input = 1; input < 5; ++input) {
        context.require(context.shape(input) == Shape{channels}, "parameters of shape " + text_of(context.shape(input)),
                        std::to_string(channels) + ", one for each channel");
    }
    context.require(context.node().integer("training_mode", 0) == 0, "training_mode 1", "a network exported for inference");
    return {context.type(0)};
}

std::vector<Array> evaluate_batch_normalisation(const OperatorContext& context, const std::vector<TensorType>& /*types*/) {
    Array result = context.constant(0);
    const double epsilon = context.node().real("epsilon", 1e-5);
    const auto axis = context.channels_last() ? result.shape.size() - 1 : 1;
    for_each_index(context.shape(0), [&](std::int64_t position, const Shape& index) {
        const auto channel = result.shape.size() == 1 ? 0 : index[axis];
        const double factor = context.constant(1).at(channel) / std::sqrt(context.constant(4).at(channel) + epsilon);
        result.reals.at(static_cast<std::size_t>(position)) =
            static_cast<float>((result.at(position) - context.constant(3).at(channel)) * factor + context.constant(2).at(channel));
    });
    return {result};
}

/// LayerNormalization gives mean and inverse deviation as further results.
std::vector<TensorType> infer_layer_normalisation(const OperatorContext& context) {
    const auto axis = context.axis(context.node().integer("axis", -1), context.rank(0));
    auto statistic = context.type(0);
    for (std::size_t i = axis; i < statistic.shape.size(); ++i) statistic.shape[i] = 1;
    return {context.type(0), statistic, statistic};
}

std::vector<Array> evaluate_layer_normalisation(const OperatorContext& context, const std::vector<TensorType>& types) {
    Array result = context.constant(0);
    context.require(is_real(result.type), "an input of integers", "reals");
    Array mean = make_array(types[1].type, types[1].shape);
    Array inverse = mean;
    const auto axis = static_cast<std::ptrdiff_t>(context.axis(context.node().integer("axis", -1), context.rank(0)));
    const Shape inner(result.shape.begin() + axis, result.shape.end());
    const auto size = static_cast<std::size_t>(element_count(inner).value_or(0));
    const auto scale = expanded(context.constant(1), inner);
    const auto bias = context.has(2) ? expanded(context.constant(2), inner) : make_array(result.type, inner);
    for (std::size_t row = 0; row < mean.reals.size(); ++row) {
        const auto first = row * size;
        double sum = 0;
        double squares = 0;
        for (std::size_t i = 0; i < size; ++i) sum += result.reals[first + i];
        const double centre = sum / static_cast<double>(size);
        for (std::size_t i = 0; i < size; ++i) squares += (result.reals[first + i] - centre) * (result.reals[first + i] - centre);
        const double factor = 1 / std::sqrt(squares / static_cast<double>(size) + context.node().real("epsilon", 1e-5));
        for (std::size_t i = 0; i < size; ++i)
            result.reals[first + i] =
                static_cast<float>((result.reals[first + i] - centre) * factor * scale.reals.at(i) + bias.reals.at(i));
        mean.reals[row] = static_cast<float>(centre);
        inverse.reals[row] = static_cast<float>(factor);
    }
    return {result, mean, inverse};
}

}  // namespace

void add_normalisation_rules(OperatorRules& rules) {
    rules["BatchNormalization"] = {infer_batch_normalisation, evaluate_batch_normalisation};
    rules["LayerNormalization"] = {infer_layer_normalisation, evaluate_layer_normalisation};
    for (const auto* type : {"InstanceNormalization", "GroupNormalization", "LpNormalization", "MeanVarianceNormalization", "LRN"})
        rules[type] = {same_as_first};
}

}  // namespace tessera::models::onnx
