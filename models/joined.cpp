#include "models/joined.h"

#include <algorithm>
#include <map>

#include "core/error.h"
#include "models/append.h"

namespace tessera::models {

namespace {

using Part = std::pair<std::string, Network>;

bool has_input(const Network& network, const std::string& name) {
    return std::any_of(network.operators.begin(), network.operators.end(),
                       [&](const Operator& op) { return op.kind == OperatorKind::input && op.name == name; });
}

[[noreturn]] void fail(const Join& join, const std::string& found, const std::string& expected) {
    throw InputError(join.file, join.path, "found \"" + found + "\"", expected);
}

void check_inputs(const std::vector<Part>& parts, const std::vector<Join>& joins) {
    for (const Join& join : joins) {
        const auto is_of = [&](const Part& part) {
            return join.input.starts_with(part.first + ".") && has_input(part.second, join.input.substr(part.first.size() + 1));
        };
        if (std::none_of(parts.begin(), parts.end(), is_of)) fail(join, join.input, "an input of one of the networks, as PART.INPUT");
    }
}

/// The inputs of a part that others make, with the tensors of the whole that are there by then.
std::map<std::string, TensorId> fed_inputs(const Part& part, const std::vector<Join>& joins, const std::map<std::string, TensorId>& made) {
    std::map<std::string, TensorId> fed;
    for (const Join& join : joins) {
        if (!join.input.starts_with(part.first + ".")) continue;
        const auto maker = made.find(join.output);
        if (maker == made.end()) fail(join, join.output, "an output of a network before " + part.first + ", as PART.OUTPUT");
        fed[join.input.substr(part.first.size() + 1)] = maker->second;
    }
    return fed;
}

void add_output(Network& whole, const std::string& name, TensorId from) {
    Operator& output = whole.operators.emplace_back();
    output.id = id_at<OperatorId>(whole.operators.size() - 1);
    output.name = name;
    output.type = "Output";
    output.kind = OperatorKind::output;
    output.inputs = {{from, Access::aligned, Access::aligned}};
}

}  // namespace

Network joined(const std::vector<Part>& parts, const std::vector<Join>& joins) {
    check_inputs(parts, joins);
    Network whole;
    std::map<std::string, TensorId> made;  // by "PART.OUTPUT"
    for (const Part& part : parts) {
        const auto& [name, network] = part;
        const std::string prefix = name + ".";
        const auto outputs = append(whole, network, prefix, fed_inputs(part, joins, made));
        for (const auto& [output, tensor] : outputs) made.emplace(prefix + output, tensor);
        whole.name += (whole.name.empty() ? "" : " + ") + network.name;
        whole.source += (whole.source.empty() ? "" : "; ") + network.source;
    }
    for (const Join& join : joins) made.erase(join.output);
    for (const auto& [output, tensor] : made) add_output(whole, output, tensor);
    verify(whole);
    return whole;
}

}  // namespace tessera::models
