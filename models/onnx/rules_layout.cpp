#include <algorithm>
#include <numeric>

#include "models/onnx/array_algorithms.h"
#include "models/onnx/operator_rules.h"

/// Operators that only move elements to other places.
namespace tessera::models::onnx {

namespace {

std::int64_t count_of(const OperatorContext& context, const Shape& shape) {
    const auto count = element_count(shape);
    context.require(count.has_value(), "a tensor of shape " + text_of(shape), "sizes that are possible");
    return *count;
}

// Reshape, Flatten, Squeeze, Unsqueeze: same elements in the same order.

std::vector<TensorType> infer_reshape(const OperatorContext& context) {
    const auto& from = context.shape(0);
    const auto wanted = context.integers(1);
    const bool zero_is_zero = context.node().integer("allowzero", 0) != 0;
    Shape shape;
    std::optional<std::size_t> open;
    for (std::size_t axis = 0; axis < wanted.size(); ++axis) {
        auto size = wanted[axis];
        if (size == 0 && !zero_is_zero && axis < from.size()) size = from[axis];
        if (size == -1) {
            context.require(!open, "a new shape " + text_of(wanted), "-1 once at most");
            open = axis;
            size = 1;
        }
        shape.push_back(size);
    }
    const auto elements = count_of(context, from);
    const auto known = count_of(context, shape);
    if (open) shape[*open] = known == 0 ? 0 : elements / known;
    context.require(count_of(context, shape) == elements, text_of(from) + " reshaped to " + text_of(wanted), "the same number of elements");
    return {{context.type(0).type, shape}};
}

std::vector<TensorType> infer_flatten(const OperatorContext& context) {
    const auto& from = context.shape(0);
    const auto rank = context.rank(0);
    auto axis = context.node().integer("axis", 1);
    if (axis < 0) axis += rank;
    context.require(axis >= 0 && axis <= rank, "axis " + std::to_string(axis), "0 to " + std::to_string(rank));
    const auto rows = count_of(context, Shape(from.begin(), from.begin() + axis));
    const auto columns = count_of(context, Shape(from.begin() + axis, from.end()));
    return {{context.type(0).type, {rows, columns}}};
}

std::vector<TensorType> infer_squeeze(const OperatorContext& context) {
    const auto& from = context.shape(0);
    const auto listed = context.integers_of("axes", 1);
    const auto flags = context.axes(listed, context.rank(0));
    Shape shape;
    for (std::size_t axis = 0; axis < from.size(); ++axis) {
        const bool removed = flags[axis] && (from[axis] == 1 || !listed.empty());
        context.require(!removed || from[axis] == 1, "removes axis " + std::to_string(axis) + " of " + text_of(from), "a size of 1");
        if (!removed) shape.push_back(from[axis]);
    }
    return {{context.type(0).type, shape}};
}

std::vector<TensorType> infer_unsqueeze(const OperatorContext& context) {
    const auto& from = context.shape(0);
    const auto listed = context.integers_of("axes", 1);
    const auto rank = context.rank(0) + static_cast<std::int64_t>(listed.size());
    context.require(!listed.empty(), "no axes", "those to insert");
    const auto inserted = context.axes(listed, rank);
    context.require(static_cast<std::size_t>(std::ranges::count(inserted, true)) == listed.size(), "an axis twice in " + text_of(listed));
    Shape shape;
    std::size_t next = 0;
    for (const bool is_new : inserted) shape.push_back(is_new ? 1 : from[next++]);
    return {{context.type(0).type, shape}};
}

std::vector<Array> evaluate_reshape(const OperatorContext& context, const std::vector<TensorType>& types) {
    return {reshaped(context.constant(0), types[0].shape)};
}

// Transpose, DepthToSpace, SpaceToDepth: another order of axes.

std::vector<std::size_t> transpose_order(const OperatorContext& context) {
    const auto rank = context.rank(0);
    Shape reversed(static_cast<std::size_t>(rank));
    std::iota(reversed.rbegin(), reversed.rend(), 0);
    const auto order = context.node().integers("perm", reversed);
    const auto seen = order.empty() ? std::vector<bool>{} : context.axes(order, rank);
    context.require(static_cast<std::int64_t>(order.size()) == rank && std::ranges::count(seen, true) == rank, "perm " + text_of(order),
                    "each of " + std::to_string(rank) + " axes once");
    return {order.begin(), order.end()};
}

std::vector<TensorType> infer_transpose(const OperatorContext& context) {
    Shape shape;
    for (const auto axis : transpose_order(context)) shape.push_back(context.shape(0)[axis]);
    return {{context.type(0).type, shape}};
}

std::vector<Array> evaluate_transpose(const OperatorContext& context, const std::vector<TensorType>& /*types*/) {
    return {transposed(context.constant(0), transpose_order(context))};
}

std::int64_t block_size(const OperatorContext& context) {
    const auto block = context.node().integer("blocksize", 0);
    context.require(block > 0 && block < 65536, "blocksize " + std::to_string(block), "1 and more");
    context.require(context.rank(0) == 4, "an input of shape " + text_of(context.shape(0)), "4 dimensions");
    return block;
}

std::vector<TensorType> infer_depth_to_space(const OperatorContext& context) {
    const auto block = block_size(context);
    const auto& from = context.shape(0);
    context.require(from[1] % (block * block) == 0, std::to_string(from[1]) + " channels",
                    "a multiple of " + std::to_string(block * block));
    return {{context.type(0).type, {from[0], from[1] / (block * block), from[2] * block, from[3] * block}}};
}

std::vector<Array> evaluate_depth_to_space(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto block = block_size(context);
    const auto& from = context.shape(0);
    const auto& to = types[0].shape;
    const bool columns_first = context.node().text("mode", "DCR") == "CRD";
    const Shape split =
        columns_first ? Shape{from[0], to[1], block, block, from[2], from[3]} : Shape{from[0], block, block, to[1], from[2], from[3]};
    const std::vector<std::size_t> order =
        columns_first ? std::vector<std::size_t>{0, 1, 4, 2, 5, 3} : std::vector<std::size_t>{0, 3, 4, 1, 5, 2};
    return {reshaped(transposed(reshaped(context.constant(0), split), order), to)};
}

std::vector<TensorType> infer_space_to_depth(const OperatorContext& context) {
    const auto block = block_size(context);
    const auto& from = context.shape(0);
    context.require(from[2] % block == 0 && from[3] % block == 0, "an input of shape " + text_of(from),
                    "multiples of " + std::to_string(block));
    return {{context.type(0).type, {from[0], from[1] * block * block, from[2] / block, from[3] / block}}};
}

std::vector<Array> evaluate_space_to_depth(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto block = block_size(context);
    const auto& from = context.shape(0);
    const auto& to = types[0].shape;
    const auto split = reshaped(context.constant(0), {from[0], from[1], to[2], block, to[3], block});
    return {reshaped(transposed(split, {0, 3, 5, 1, 2, 4}), to)};
}

// Expand and Tile: elements repeated.

std::vector<TensorType> infer_expand(const OperatorContext& context) {
    const auto wanted = context.integers(1);
    const auto shape = broadcast(context.shape(0), wanted);
    context.require(shape.has_value(), text_of(context.shape(0)) + " expanded to " + text_of(wanted), "shapes that broadcast");
    return {{context.type(0).type, *shape}};
}

std::vector<Array> evaluate_expand(const OperatorContext& context, const std::vector<TensorType>& types) {
    return {expanded(context.constant(0), types[0].shape)};
}

std::vector<TensorType> infer_tile(const OperatorContext& context) {
    auto shape = context.shape(0);
    const auto repeats = context.integers(1);
    context.require(repeats.size() == shape.size(), "repeats " + text_of(repeats), "one for each dimension");
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        const auto size = element_count({shape[axis], repeats[axis]});
        context.require(size.has_value(), "repeats " + text_of(repeats), "sizes that are possible");
        shape[axis] = *size;
    }
    return {{context.type(0).type, shape}};
}

std::vector<Array> evaluate_tile(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto& array = context.constant(0);
    const auto strides = strides_of(array.shape);
    return {rearranged(array, types[0].shape, [&](const Shape& index) {
        std::int64_t position = 0;
        for (std::size_t axis = 0; axis < index.size(); ++axis) position += index[axis] % array.shape[axis] * strides[axis];
        return position;
    })};
}

// Concat and Split.

std::vector<TensorType> infer_concat(const OperatorContext& context) {
    auto result = context.type(0);
    const auto axis = context.axis(context.node().integer("axis", 0), context.rank(0));
    for (std::size_t input = 1; input < context.inputs(); ++input) {
        auto expected = result.shape;
        const auto& shape = context.shape(input);
        context.require(shape.size() == expected.size(), text_of(shape) + " appended to " + text_of(result.shape), "as many dimensions");
        expected[axis] = shape[axis];
        context.require(shape == expected, text_of(shape) + " appended to " + text_of(result.shape), text_of(expected));
        result.shape[axis] += shape[axis];
    }
    return {result};
}

/// Copies `part` into `whole` from `offset` on along `axis`.
void paste(const Array& part, Array& whole, std::size_t axis, std::int64_t offset) {
    const auto strides = strides_of(whole.shape);
    for_each_index(part.shape, [&](std::int64_t position, const Shape& index) {
        copy_element(part, position, whole, dot(index, strides) + offset * strides[axis]);
    });
}

std::vector<Array> evaluate_concat(const OperatorContext& context, const std::vector<TensorType>& types) {
    Array whole = make_array(types[0].type, types[0].shape);
    const auto axis = context.axis(context.node().integer("axis", 0), context.rank(0));
    std::int64_t offset = 0;
    for (std::size_t input = 0; input < context.inputs(); ++input) {
        const auto& part = context.constant(input);
        context.require(is_real(part.type) == is_real(whole.type), "inputs of different types");
        paste(part, whole, axis, offset);
        offset += part.shape[axis];
    }
    return {whole};
}

/// Sizes of the parts: given, or equal (from opset 18 on the last may be smaller).
Shape split_sizes(const OperatorContext& context, std::int64_t size) {
    auto sizes = context.integers_of("split", 1);
    const auto outputs = static_cast<std::int64_t>(context.node().outputs.size());
    if (sizes.empty()) {
        const auto part = (size + outputs - 1) / outputs;
        for (std::int64_t i = 0; i < outputs; ++i) sizes.push_back(std::clamp(size - i * part, std::int64_t{0}, part));
        context.require(size % outputs == 0 || context.opset() >= 18, std::to_string(size) + " split in " + std::to_string(outputs),
                        "equal parts");
    }
    std::int64_t sum = 0;
    for (const auto part : sizes) {
        context.require(part >= 0 && part <= size, "parts " + text_of(sizes), "sizes that add up to " + std::to_string(size));
        sum += part;
    }
    context.require(sum == size && static_cast<std::int64_t>(sizes.size()) >= outputs, "parts " + text_of(sizes),
                    "sizes that add up to " + std::to_string(size) + ", one for each output");
    return sizes;
}

std::vector<TensorType> infer_split(const OperatorContext& context) {
    const auto axis = context.axis(context.node().integer("axis", 0), context.rank(0));
    std::vector<TensorType> types;
    for (const auto size : split_sizes(context, context.shape(0)[axis])) {
        types.push_back(context.type(0));
        types.back().shape[axis] = size;
    }
    return types;
}

std::vector<Array> evaluate_split(const OperatorContext& context, const std::vector<TensorType>& types) {
    const auto axis = context.axis(context.node().integer("axis", 0), context.rank(0));
    const auto strides = strides_of(context.shape(0));
    std::vector<Array> parts;
    std::int64_t offset = 0;
    for (const auto& type : types) {
        parts.push_back(strided(context.constant(0), type.shape, strides, offset * strides[axis]));
        offset += type.shape[axis];
    }
    return parts;
}

}  // namespace

void add_layout_rules(OperatorRules& rules) {
    rules["Reshape"] = {infer_reshape, evaluate_reshape};
    rules["Flatten"] = {infer_flatten, evaluate_reshape};
    rules["Squeeze"] = {infer_squeeze, evaluate_reshape};
    rules["Unsqueeze"] = {infer_unsqueeze, evaluate_reshape};
    rules["Transpose"] = {infer_transpose, evaluate_transpose};
    rules["DepthToSpace"] = {infer_depth_to_space, evaluate_depth_to_space};
    rules["SpaceToDepth"] = {infer_space_to_depth, evaluate_space_to_depth};
    rules["Expand"] = {infer_expand, evaluate_expand};
    rules["Tile"] = {infer_tile, evaluate_tile};
    rules["Concat"] = {infer_concat, evaluate_concat};
    rules["Split"] = {infer_split, evaluate_split};
}

}  // namespace tessera::models::onnx
