#include "models/onnx/folder.h"

#include <algorithm>

#include "core/error.h"
#include "models/onnx/array_algorithms.h"
#include "models/onnx/graph_order.h"
#include "models/onnx/simplify.h"

namespace tessera::models::onnx {

namespace {

/// A computed constant of more than 0.5 GiB is a mistake, or a network that needs another form.
constexpr std::int64_t kMostConstantElements = std::int64_t{1} << 26;

Operand operand_of(const Array& array) { return {.present = true, .type = {array.type, array.shape}, .array = &array}; }

Array shape_array(const Shape& shape) {
    Array array = make_array(ElementType::int64, {static_cast<std::int64_t>(shape.size())});
    array.integers = shape;
    return array;
}

}  // namespace

const std::string& Folder::resolved(const std::string& name) const {
    const auto found = aliases_.find(name);
    return found == aliases_.end() ? name : found->second;
}

void Folder::add_constant(const std::string& name, Array array) { graph_.constants.insert_or_assign(name, std::move(array)); }

void Folder::fold(ParsedGraph&& parsed) {
    for (auto& [name, array] : parsed.constants) add_constant(name, std::move(array));
    for (auto& node : parsed.nodes) fold_node(std::move(node));
}

bool Folder::depends_on_unsupported(const ParsedNode& parsed) const {
    return std::ranges::any_of(names_read(parsed), [&](const auto& name) { return behind_unsupported_.contains(name); });
}

void Folder::skip(const Node& node) { behind_unsupported_.insert(node.outputs.begin(), node.outputs.end()); }

void Folder::count_unsupported(const Node& node) {
    auto& entry = unsupported_[node.op_type];
    if (entry.count++ == 0) entry.first_node = node.name;
    skip(node);
}

void Folder::reject_unsupported() const {
    if (unsupported_.empty()) return;
    std::string found;
    for (const auto& [type, entry] : unsupported_) {
        found += found.empty() ? "" : ", ";
        const auto behind = skipped_.find(type);
        const int count = entry.count + (behind == skipped_.end() ? 0 : behind->second);
        found += type + " (" + std::to_string(count) + " x, first " + entry.first_node + ")";
    }
    throw InputError(graph_.file, "", "unsupported operators: " + found);
}

void Folder::fold_node(ParsedNode&& parsed) {
    auto& node = parsed.node;
    const auto* rule = find_rule(node.op_type);
    if (rule == nullptr && node.op_type != "If") return count_unsupported(node);
    if (depends_on_unsupported(parsed)) {
        const bool may_fold = rule == nullptr || rule->evaluate != nullptr || rule->shapes_suffice;
        if (!may_fold && !is_usable_(node.op_type)) return count_unsupported(node);
        ++skipped_[node.op_type];
        return skip(node);
    }
    for (auto& input : node.inputs) input = resolved(input);
    if (rule == nullptr) return inline_branch(std::move(parsed));
    drop_empty_parts(node);
    replace_decided_where(node);
    fold_with_rule(std::move(node), *find_rule(node.op_type));
}

OperatorContext Folder::context_of(const Node& node) const {
    std::vector<Operand> operands;
    for (const auto& input : node.inputs) {
        if (input.empty()) {
            operands.emplace_back();
        } else if (const auto found = graph_.constants.find(input); found != graph_.constants.end()) {
            operands.push_back(operand_of(found->second));
        } else {
            const auto& value = graph_.values.at(input);
            operands.push_back({.present = true, .type = {value.type, value.shape}, .array = nullptr});
        }
    }
    return {node, graph_.opset, graph_.file, std::move(operands)};
}

std::vector<TensorType> Folder::checked_types(const OperatorContext& context, const OperatorRule& rule) const {
    auto types = rule.infer(context);
    const auto& outputs = context.node().outputs;
    context.require(outputs.size() <= types.size(), std::to_string(outputs.size()) + " outputs", std::to_string(types.size()) + " at most");
    for (const auto& type : types)
        context.require(element_count(type.shape).has_value(), "a result of shape " + text_of(type.shape), "fewer than 2^40 elements");
    return types;
}

void Folder::fold_with_rule(Node&& node, const OperatorRule& rule) {
    const auto context = context_of(node);
    const auto types = checked_types(context, rule);
    bool constant = true;
    for (std::size_t input = 0; input < context.inputs(); ++input)
        constant = constant && (!context.has(input) || context.constant_or_null(input) != nullptr);
    const bool empty = std::ranges::all_of(types, [](const auto& type) { return element_count(type.shape) == 0; });
    if (empty || rule.shapes_suffice || (constant && !rule.carries_format)) return evaluate(context, rule, types);

    if (const auto input = unchanged_input(context, types[0])) {
        if (!node.outputs[0].empty()) aliases_[node.outputs[0]] = node.inputs[*input];
        for (std::size_t i = 1; i < node.outputs.size(); ++i) {  // the mask of a Dropout, all true; empty parts of a Split
            Array rest = make_array(types[i].type, types[i].shape);
            std::ranges::fill(rest.integers, 1);
            add_constant(node.outputs[i], std::move(rest));
        }
        return;
    }
    if (!is_usable_(node.op_type)) return count_unsupported(node);
    if (moved_before_quantiser(context, rule, types)) return;
    if (constant) quantisers_[node.outputs[0]] = graph_.nodes.size();
    restore_quantised_weights(node);
    keep(std::move(node), types);
}

void Folder::evaluate(const OperatorContext& context, const OperatorRule& rule, const std::vector<TensorType>& types) {
    std::int64_t elements = 0;
    bool empty = true;
    for (const auto& type : types) {
        elements = std::max(elements, *element_count(type.shape));
        empty = empty && *element_count(type.shape) == 0;
    }
    context.require(elements <= kMostConstantElements, "a constant of " + std::to_string(elements) + " elements", "2^26 at most");
    context.require(empty || rule.evaluate != nullptr, "all its inputs are constant, which is not evaluated for this operator",
                    "an input that depends on data");
    std::vector<Array> results;
    if (empty) {
        for (const auto& type : types) results.push_back(make_array(type.type, type.shape));
    } else {
        results = rule.evaluate(context, types);
    }
    if (!empty && !rule.shapes_suffice) {
        if (auto weights = affine_result(context)) affine_[context.node().outputs[0]] = *weights;
    }
    const auto& outputs = context.node().outputs;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const auto& name = outputs[i];
        if (!name.empty()) add_constant(name, std::move(results[i]));
    }
}

void Folder::keep(Node&& node, const std::vector<TensorType>& types) {
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
        auto& name = node.outputs[i];
        if (name.empty()) continue;
        if (element_count(types[i].shape) == 0) {
            add_constant(name, make_array(types[i].type, types[i].shape));
            name.clear();
        } else {
            graph_.values[name] = {.name = name, .type = types[i].type, .shape = types[i].shape};
        }
    }
    graph_.nodes.push_back(std::move(node));
}

/// Exporters start loops of Concat with an empty tensor.
void Folder::drop_empty_parts(Node& node) const {
    if (node.op_type != "Concat") return;
    const auto is_empty = [&](const std::string& input) {
        const auto found = graph_.constants.find(input);
        return found != graph_.constants.end() && found->second.size() == 0;
    };
    if (std::ranges::all_of(node.inputs, is_empty)) return;
    std::erase_if(node.inputs, is_empty);
}

/// A Where whose condition is known and the same everywhere is an Expand of one branch.
void Folder::replace_decided_where(Node& node) {
    if (node.op_type != "Where" || node.inputs.size() != 3) return;
    const auto condition = graph_.constants.find(node.inputs[0]);
    if (condition == graph_.constants.end() || condition->second.size() == 0) return;
    const bool first = condition->second.at(0) != 0;
    if (!is_all(condition->second, first ? 1 : 0)) return;
    const auto shape = find_rule("Where")->infer(context_of(node)).at(0).shape;
    const auto name = node.outputs.at(0) + "/shape";
    add_constant(name, shape_array(shape));
    node.op_type = "Expand";
    node.inputs = {node.inputs[first ? 1 : 2], name};
}

}  // namespace tessera::models::onnx
