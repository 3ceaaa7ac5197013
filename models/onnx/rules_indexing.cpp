#include <algorithm>
#include <numeric>

#include "models/onnx/array_algorithms.h"
#include "models/onnx/operator_rules.h"

/// Operators that read or write by index, and TopK, which makes indices.
namespace tessera::models::onnx {

namespace {

/// An index from 0 on, counted from the end where it is negative.
std::int64_t checked_index(const OperatorContext& context, std::int64_t index, std::int64_t size) {
    context.require(index >= -size && index < size, "index " + std::to_string(index), "one of " + std::to_string(size) + " elements");
    return index < 0 ? index + size : index;
}

std::size_t chosen_axis(const OperatorContext& context) { return context.axis(context.node().integer("axis", 0), context.rank(0)); }

std::vector<TensorType> infer_gather(const OperatorContext& context) {
    const auto& data = context.shape(0);
    const auto& indices = context.shape(1);
    const auto axis = static_cast<std::ptrdiff_t>(chosen_axis(context));
    Shape shape(data.begin(), data.begin() + axis);
    shape.insert(shape.end(), indices.begin(), indices.end());
    shape.insert(shape.end(), data.begin() + axis + 1, data.end());
    return {{context.type(0).type, shape}};
}

std::vector<Array> evaluate_gather(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto& data = context.constant(0);
    const auto axis = chosen_axis(context);
    std::vector<Shape> selected;
    for (std::size_t i = 0; i < data.shape.size(); ++i) {
        selected.emplace_back(static_cast<std::size_t>(data.shape[i]));
        std::iota(selected.back().begin(), selected.back().end(), 0);
    }
    selected[axis] = context.integers(1);
    for (auto& index : selected[axis]) index = checked_index(context, index, data.shape[axis]);
    return {reshaped(select(data, selected), types[0].shape)};
}

std::vector<TensorType> infer_gather_elements(const OperatorContext& context) {
    context.require(context.rank(0) == context.rank(1), "indices of shape " + text_of(context.shape(1)), "as many dimensions as the data");
    chosen_axis(context);
    return {{context.type(0).type, context.shape(1)}};
}

std::vector<Array> evaluate_gather_elements(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto& data = context.constant(0);
    const auto& indices = context.constant(1);
    const auto axis = chosen_axis(context);
    const auto strides = strides_of(data.shape);
    const auto own = strides_of(indices.shape);
    return {rearranged(data, types[0].shape, [&](const Shape& index) {
        Shape from = index;
        from[axis] = indices.integers.at(static_cast<std::size_t>(dot(index, own)));
        for (std::size_t i = 0; i < from.size(); ++i) from[i] = checked_index(context, from[i], data.shape[i]);
        return dot(from, strides);
    })};
}

/// Dimensions that one index of GatherND or ScatterND addresses, behind `batch` common ones.
std::size_t index_length(const OperatorContext& context, std::int64_t batch) {
    context.require_rank(1, 1);
    const auto length = context.shape(1).back();
    context.require(batch >= 0 && batch < context.rank(1) && length >= 1 && length <= context.rank(0) - batch,
                    "indices of shape " + text_of(context.shape(1)) + " into " + text_of(context.shape(0)),
                    "at most one entry for each axis");
    return static_cast<std::size_t>(length);
}

std::vector<TensorType> infer_gather_nd(const OperatorContext& context) {
    const auto batch = context.node().integer("batch_dims", 0);
    const auto length = index_length(context, batch);
    const auto& data = context.shape(0);
    const auto& indices = context.shape(1);
    Shape shape(indices.begin(), indices.end() - 1);
    shape.insert(shape.end(), data.begin() + batch + static_cast<std::ptrdiff_t>(length), data.end());
    return {{context.type(0).type, shape}};
}

/// Where in an array with `strides` the index tuple number `tuple` points to, behind `lead` common dimensions.
std::int64_t tuple_position(const OperatorContext& context, std::int64_t tuple, std::size_t length, std::size_t lead,
                            const Shape& strides) {
    const auto& indices = context.constant(1);
    std::int64_t position = 0;
    for (std::size_t i = 0; i < length; ++i) {
        const auto entry = indices.integers.at(static_cast<std::size_t>(tuple) * length + i);
        position += checked_index(context, entry, context.shape(0)[lead + i]) * strides[lead + i];
    }
    return position;
}

std::vector<Array> evaluate_gather_nd(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto lead = static_cast<std::size_t>(context.node().integer("batch_dims", 0));
    const auto length = index_length(context, static_cast<std::int64_t>(lead));
    const auto strides = strides_of(context.shape(0));
    const auto& indices = context.shape(1);
    const Shape tuples = strides_of({indices.begin(), indices.end() - 1});
    return {rearranged(context.constant(0), types[0].shape, [&](const Shape& index) {
        const auto tuple = dot({index.begin(), index.begin() + static_cast<std::ptrdiff_t>(tuples.size())}, tuples);
        auto position = tuple_position(context, tuple, length, lead, strides);
        for (std::size_t i = 0; i < lead; ++i) position += index[i] * strides[i];
        for (std::size_t i = tuples.size(); i < index.size(); ++i) position += index[i] * strides[lead + length + i - tuples.size()];
        return position;
    })};
}

/// What ScatterND and ScatterElements do with an element that is already there.
void combine(const OperatorContext& context, const Array& update, std::int64_t source, Array& data, std::int64_t target) {
    const auto mode = context.node().text("reduction", "none");
    if (mode == "none") return copy_element(update, source, data, target);
    const auto merge = [&](auto& was, auto with) {
        if (mode == "add") was += with;
        if (mode == "mul") was *= with;
        if (mode == "max") was = std::max(was, with);
        if (mode == "min") was = std::min(was, with);
    };
    if (is_real(data.type)) {
        merge(data.reals[static_cast<std::size_t>(target)], update.reals[static_cast<std::size_t>(source)]);
    } else {
        merge(data.integers[static_cast<std::size_t>(target)], update.integers[static_cast<std::size_t>(source)]);
    }
}

std::vector<TensorType> infer_scatter_nd(const OperatorContext& context) {
    const auto length = index_length(context, 0);
    const auto& indices = context.shape(1);
    Shape expected(indices.begin(), indices.end() - 1);
    expected.insert(expected.end(), context.shape(0).begin() + static_cast<std::ptrdiff_t>(length), context.shape(0).end());
    context.require(context.shape(2) == expected, "updates of shape " + text_of(context.shape(2)), text_of(expected));
    return {context.type(0)};
}

std::vector<Array> evaluate_scatter_nd(const OperatorContext& context, const std::vector<TensorType>& /*types*/) {
    Array data = context.constant(0);
    const auto& updates = context.constant(2);
    context.require(is_real(data.type) == is_real(updates.type), "updates of another type");
    const auto length = index_length(context, 0);
    const auto strides = strides_of(data.shape);
    const auto block = strides[length - 1];
    const auto tuples = context.constant(1).size() / static_cast<std::int64_t>(length);
    for (std::int64_t tuple = 0; tuple < tuples; ++tuple) {
        const auto target = tuple_position(context, tuple, length, 0, strides);
        for (std::int64_t i = 0; i < block; ++i) combine(context, updates, tuple * block + i, data, target + i);
    }
    return {data};
}

std::vector<TensorType> infer_scatter_elements(const OperatorContext& context) {
    context.require(context.shape(1) == context.shape(2) && context.rank(1) == context.rank(0),
                    "indices of shape " + text_of(context.shape(1)) + ", updates of shape " + text_of(context.shape(2)),
                    "two of one shape");
    chosen_axis(context);
    return {context.type(0)};
}

std::vector<Array> evaluate_scatter_elements(const OperatorContext& context, const std::vector<TensorType>& /*types*/) {
    Array data = context.constant(0);
    const auto& indices = context.constant(1);
    const auto& updates = context.constant(2);
    context.require(is_real(data.type) == is_real(updates.type), "updates of another type");
    const auto axis = chosen_axis(context);
    const auto strides = strides_of(data.shape);
    for_each_index(indices.shape, [&](std::int64_t position, const Shape& index) {
        Shape to = index;
        to[axis] = indices.integers.at(static_cast<std::size_t>(position));
        for (std::size_t i = 0; i < to.size(); ++i) to[i] = checked_index(context, to[i], data.shape[i]);
        combine(context, updates, position, data, dot(to, strides));
    });
    return {data};
}

std::size_t one_hot_axis(const OperatorContext& context) { return context.axis(context.node().integer("axis", -1), context.rank(0) + 1); }

std::vector<TensorType> infer_one_hot(const OperatorContext& context) {
    auto shape = context.shape(0);
    shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(one_hot_axis(context)), context.integer(1));
    return {{context.type(2).type, shape}};
}

std::vector<Array> evaluate_one_hot(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto axis = one_hot_axis(context);
    const auto depth = types[0].shape[axis];
    const auto chosen = context.integers(0);
    context.require(context.constant(2).size() == 2, "values of shape " + text_of(context.shape(2)), "off and on");
    const auto strides = strides_of(context.shape(0));
    return {rearranged(context.constant(2), types[0].shape, [&](const Shape& index) {
        Shape from = index;
        from.erase(from.begin() + static_cast<std::ptrdiff_t>(axis));
        const auto hot = chosen[static_cast<std::size_t>(dot(from, strides))];
        return static_cast<std::int64_t>((hot < 0 ? hot + depth : hot) == index[axis]);
    })};
}

std::vector<TensorType> infer_top_k(const OperatorContext& context) {
    const auto axis = context.axis(context.node().integer("axis", -1), context.rank(0));
    const auto k = context.has_attribute("k") ? context.node().integer("k", 0) : context.integer(1);
    auto shape = context.shape(0);
    context.require(k >= 0 && k <= shape[axis], "k = " + std::to_string(k), "at most " + std::to_string(shape[axis]));
    shape[axis] = k;
    return {{context.type(0).type, shape}, {ElementType::int64, shape}};
}

/// Always sorted, and by index where values are equal.
std::vector<Array> evaluate_top_k(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto& data = context.constant(0);
    const auto axis = context.axis(context.node().integer("axis", -1), context.rank(0));
    const bool largest = context.node().integer("largest", 1) != 0;
    const auto stride = strides_of(data.shape)[axis];
    const auto strides = strides_of(types[0].shape);
    Array values = make_array(types[0].type, types[0].shape);
    Array indices = make_array(ElementType::int64, types[0].shape);
    Shape lines = types[0].shape;
    lines[axis] = std::min<std::int64_t>(1, lines[axis]);
    for_each_index(lines, [&](std::int64_t, const Shape& line) {
        const auto first = dot(line, strides_of(data.shape));
        Shape order(static_cast<std::size_t>(data.shape[axis]));
        std::iota(order.begin(), order.end(), 0);
        std::ranges::stable_sort(order, [&](std::int64_t a, std::int64_t b) {
            const auto x = data.at(first + a * stride);
            const auto y = data.at(first + b * stride);
            return largest ? x > y : x < y;
        });
        for (std::int64_t i = 0; i < types[0].shape[axis]; ++i) {
            const auto target = dot(line, strides) + i * strides[axis];
            const auto chosen = order[static_cast<std::size_t>(i)];
            copy_element(data, first + chosen * stride, values, target);
            indices.integers[static_cast<std::size_t>(target)] = chosen;
        }
    });
    return {values, indices};
}

std::vector<TensorType> infer_trilu(const OperatorContext& context) {
    context.require_rank(0, 2);
    return {context.type(0)};
}

std::vector<Array> evaluate_trilu(const OperatorContext& context, const std::vector<TensorType>& types) {
    const bool upper = context.node().integer("upper", 1) != 0;
    const auto diagonal = context.has(1) ? context.integer(1) : 0;
    const auto strides = strides_of(types[0].shape);
    return {rearranged(context.constant(0), types[0].shape, [&](const Shape& index) {
        const auto above = index[index.size() - 1] - index[index.size() - 2];
        const bool kept = upper ? above >= diagonal : above <= diagonal;
        return kept ? dot(index, strides) : -1;
    })};
}

}  // namespace

void add_indexing_rules(OperatorRules& rules) {
    rules["Gather"] = {infer_gather, evaluate_gather};
    rules["GatherElements"] = {infer_gather_elements, evaluate_gather_elements};
    rules["GatherND"] = {infer_gather_nd, evaluate_gather_nd};
    rules["ScatterND"] = {infer_scatter_nd, evaluate_scatter_nd};
    rules["ScatterElements"] = {infer_scatter_elements, evaluate_scatter_elements};
    rules["Scatter"] = rules["ScatterElements"];
    rules["OneHot"] = {infer_one_hot, evaluate_one_hot};
    rules["TopK"] = {infer_top_k, evaluate_top_k};
    rules["Trilu"] = {infer_trilu, evaluate_trilu};
}

}  // namespace tessera::models::onnx
