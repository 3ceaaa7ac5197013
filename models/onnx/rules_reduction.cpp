#include <algorithm>
#include <cmath>
#include <limits>

#include "models/onnx/array_algorithms.h"
#include "models/onnx/operator_rules.h"

/// Operators that sum or compare along axes.
namespace tessera::models::onnx {

namespace {

/// step: accumulates; finish: of the accumulated value and the number of elements.
struct Reduction {
    double start = 0;
    double (*step)(double sum, double x) = nullptr;
    double (*finish)(double sum, double count) = nullptr;
};

double add(double sum, double x) { return sum + x; }
double add_square(double sum, double x) { return sum + x * x; }
double as_it_is(double sum, double /*count*/) { return sum; }

const std::map<std::string, Reduction, std::less<>>& reductions() {
    using D = double;
    constexpr D kInfinity = std::numeric_limits<D>::infinity();
    static const std::map<std::string, Reduction, std::less<>> all = {
        {"ReduceL1", {0, [](D sum, D x) { return sum + std::abs(x); }, as_it_is}},
        {"ReduceL2", {0, add_square, [](D sum, D) { return std::sqrt(sum); }}},
        {"ReduceLogSum", {0, add, [](D sum, D) { return std::log(sum); }}},
        {"ReduceLogSumExp", {0, [](D sum, D x) { return sum + std::exp(x); }, [](D sum, D) { return std::log(sum); }}},
        {"ReduceMax", {-kInfinity, [](D most, D x) { return std::max(most, x); }, as_it_is}},
        {"ReduceMean", {0, add, [](D sum, D count) { return sum / count; }}},
        {"ReduceMin", {kInfinity, [](D least, D x) { return std::min(least, x); }, as_it_is}},
        {"ReduceProd", {1, [](D product, D x) { return product * x; }, as_it_is}},
        {"ReduceSum", {0, add, as_it_is}},
        {"ReduceSumSquare", {0, add_square, as_it_is}},
    };
    return all;
}

/// Axes: an attribute, or since opset 13 (ReduceSum) and 18 (the others) an input. None: all axes,
/// or none at all where noop_with_empty_axes says so.
std::vector<bool> reduced_axes(const OperatorContext& context) {
    const auto listed = context.integers_of("axes", 1);
    if (listed.empty() && context.node().integer("noop_with_empty_axes", 0) != 0) return std::vector<bool>(context.shape(0).size(), false);
    return context.axes(listed, context.rank(0));
}

Shape reduced_shape(const Shape& from, const std::vector<bool>& reduced, bool keep) {
    Shape shape;
    for (std::size_t axis = 0; axis < from.size(); ++axis) {
        if (!reduced[axis]) shape.push_back(from[axis]);
        if (reduced[axis] && keep) shape.push_back(1);
    }
    return shape;
}

std::vector<TensorType> infer_reduction(const OperatorContext& context) {
    const bool keep = context.node().integer("keepdims", 1) != 0;
    return {{context.type(0).type, reduced_shape(context.shape(0), reduced_axes(context), keep)}};
}

std::vector<Array> evaluate_reduction(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto& array = context.constant(0);
    const auto& reduction = reductions().at(context.node().op_type);
    const auto reduced = reduced_axes(context);
    const auto kept = reduced_shape(array.shape, reduced, true);
    auto strides = strides_of(kept);
    for (std::size_t axis = 0; axis < strides.size(); ++axis) strides[axis] = reduced[axis] ? 0 : strides[axis];
    Array result = make_array(types[0].type, types[0].shape);
    std::vector<double> sums(static_cast<std::size_t>(result.size()), reduction.start);
    for_each_index(array.shape, [&](std::int64_t position, const Shape& index) {
        auto& sum = sums[static_cast<std::size_t>(dot(index, strides))];
        sum = reduction.step(sum, array.at(position));
    });
    const double count = result.size() > 0 ? static_cast<double>(array.size()) / static_cast<double>(result.size()) : 0;
    for (std::size_t i = 0; i < sums.size(); ++i) {
        const double value = reduction.finish(sums[i], count);
        if (is_real(result.type)) {
            result.reals[i] = static_cast<float>(value);
        } else {
            result.integers[i] = to_integer(value);
        }
    }
    return {result};
}

std::size_t chosen_axis(const OperatorContext& context, std::int64_t otherwise) {
    return context.axis(context.node().integer("axis", otherwise), context.rank(0));
}

std::vector<TensorType> infer_arg(const OperatorContext& context) {
    std::vector<bool> reduced(context.shape(0).size(), false);
    reduced[chosen_axis(context, 0)] = true;
    return {{ElementType::int64, reduced_shape(context.shape(0), reduced, context.node().integer("keepdims", 1) != 0)}};
}

std::vector<Array> evaluate_arg(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto& array = context.constant(0);
    const auto axis = chosen_axis(context, 0);
    const double sign = context.node().op_type == "ArgMax" ? 1 : -1;
    const bool last = context.node().integer("select_last_index", 0) != 0;
    auto strides = strides_of(array.shape);
    const auto stride = strides[axis];
    Shape lines = array.shape;
    lines[axis] = 1;
    Array result = make_array(ElementType::int64, types[0].shape);
    for_each_index(lines, [&](std::int64_t position, const Shape& index) {
        const auto first = dot(index, strides);
        std::int64_t best = 0;
        for (std::int64_t i = 1; i < array.shape[axis]; ++i) {
            const double ahead = sign * (array.at(first + i * stride) - array.at(first + best * stride));
            if (ahead > 0 || (last && ahead == 0)) best = i;
        }
        result.integers[static_cast<std::size_t>(position)] = best;
    });
    return {result};
}

std::vector<Array> evaluate_cumulative_sum(const OperatorContext& context, const std::vector<TensorType>& /*types*/) {
    Array array = context.constant(0);
    const auto axis = context.axis(context.integer(1), context.rank(0));
    const bool exclusive = context.node().integer("exclusive", 0) != 0;
    const bool reverse = context.node().integer("reverse", 0) != 0;
    const auto strides = strides_of(array.shape);
    const auto size = array.shape[axis];
    Shape lines = array.shape;
    lines[axis] = std::min<std::int64_t>(1, size);
    const auto accumulate = [&](auto& values, std::int64_t first, auto sum) {
        for (std::int64_t i = 0; i < size; ++i) {
            auto& value = values[static_cast<std::size_t>(first + (reverse ? size - 1 - i : i) * strides[axis])];
            const auto before = sum;
            sum += value;
            value = static_cast<std::remove_reference_t<decltype(value)>>(exclusive ? before : sum);
        }
    };
    for_each_index(lines, [&](std::int64_t, const Shape& index) {
        if (is_real(array.type)) {
            accumulate(array.reals, dot(index, strides), 0.0);
        } else {
            accumulate(array.integers, dot(index, strides), std::int64_t{0});
        }
    });
    return {array};
}

/// Softmax and LogSoftmax: along one axis since opset 13, over all from `axis` on before.
std::vector<Array> evaluate_softmax(const OperatorContext& context, const std::vector<TensorType>& /*types*/) {
    Array array = context.constant(0);
    const bool one_axis = context.opset() >= 13;
    const auto axis = chosen_axis(context, one_axis ? -1 : 1);
    const auto strides = strides_of(array.shape);
    const auto stride = one_axis ? strides[axis] : 1;
    const auto size = one_axis ? array.shape[axis] : strides[axis] * array.shape[axis];
    const bool logarithm = context.node().op_type == "LogSoftmax";
    for (std::int64_t line = 0; size > 0 && line < array.size() / size; ++line) {
        const auto first = line / stride * stride * size + line % stride;
        double most = -std::numeric_limits<double>::infinity();
        double sum = 0;
        for (std::int64_t i = 0; i < size; ++i) most = std::max(most, array.at(first + i * stride));
        for (std::int64_t i = 0; i < size; ++i) sum += std::exp(array.at(first + i * stride) - most);
        for (std::int64_t i = 0; i < size; ++i) {
            auto& value = array.reals.at(static_cast<std::size_t>(first + i * stride));
            const double above = static_cast<double>(value) - most;
            value = static_cast<float>(logarithm ? above - std::log(sum) : std::exp(above) / sum);
        }
    }
    return {array};
}

std::vector<TensorType> infer_along_axis(const OperatorContext& context) {
    chosen_axis(context, context.opset() >= 13 ? -1 : 1);
    context.require(is_real(context.type(0).type), "an input of integers", "reals");
    return {context.type(0)};
}

}  // namespace

void add_reduction_rules(OperatorRules& rules) {
    for (const auto& [name, reduction] : reductions()) rules[name] = {infer_reduction, evaluate_reduction};
    rules["ArgMax"] = {infer_arg, evaluate_arg};
    rules["ArgMin"] = {infer_arg, evaluate_arg};
    rules["CumSum"] = {same_as_first, evaluate_cumulative_sum};
    rules["Softmax"] = {infer_along_axis, evaluate_softmax};
    rules["LogSoftmax"] = {infer_along_axis, evaluate_softmax};
    rules["Hardmax"] = {infer_along_axis};
}

}  // namespace tessera::models::onnx
