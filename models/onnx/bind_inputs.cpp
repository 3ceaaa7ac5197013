#include "models/onnx/bind_inputs.h"

#include <algorithm>
#include <set>

#include "core/error.h"

namespace tessera::models::onnx {

namespace {

std::string name_of(const ParsedInput& input, std::size_t axis) {
    const auto& name = input.shape[axis].name;
    return name.empty() ? input.name + "[" + std::to_string(axis) + "]" : name;
}

/// The names that exporters give the batch: PyTorch and Keras (N, batch, batch_size), tf2onnx (unk__0), none at all.
bool names_a_batch(const std::string& name) {
    return name.empty() || name == "N" || name == "batch" || name == "batch_size" || name.starts_with("unk__");
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

/// The symbolic dimensions in order of appearance, each once.
std::vector<std::string> symbols_of(const std::vector<ParsedInput>& inputs) {
    std::vector<std::string> symbols;
    for (const auto& input : inputs) {
        for (std::size_t axis = 0; axis < input.shape.size(); ++axis) {
            const auto name = name_of(input, axis);
            if (input.shape[axis].size == 0 && std::ranges::find(symbols, name) == symbols.end()) symbols.push_back(name);
        }
    }
    return symbols;
}

/// The given bindings, and 1 for every batch.
Bindings with_batches(const std::vector<ParsedInput>& inputs, Bindings bindings) {
    for (const auto& input : inputs) {
        if (!input.shape.empty() && input.shape[0].size == 0 && names_a_batch(input.shape[0].name)) bindings.emplace(name_of(input, 0), 1);
    }
    return bindings;
}

void check_bindings(const Bindings& bindings, const std::vector<std::string>& symbols, const std::string& file) {
    for (const auto& [name, size] : bindings) {
        if (std::ranges::find(symbols, name) == symbols.end())
            throw InputError(file, "bind", "\"" + name + "\" is no dimension of an input",
                             symbols.empty() ? "none, since all dimensions are fixed" : joined(symbols));
        if (size < 1) throw InputError(file, "bind", "\"" + name + "\" is " + std::to_string(size), "1 and more");
    }
}

}  // namespace

std::vector<Value> bind_inputs(const std::vector<ParsedInput>& inputs, const Bindings& bindings, const std::string& file) {
    const auto symbols = symbols_of(inputs);
    check_bindings(bindings, symbols, file);
    const auto sizes = with_batches(inputs, bindings);
    std::vector<std::string> missing;
    std::ranges::copy_if(symbols, std::back_inserter(missing), [&](const auto& name) { return !sizes.contains(name); });
    if (!missing.empty()) throw InputError(file, "bind", "no size for the symbolic dimensions " + joined(missing), "a number for each");

    std::vector<Value> values;
    for (const auto& input : inputs) {
        values.push_back({.name = input.name, .type = input.type, .shape = {}});
        for (std::size_t axis = 0; axis < input.shape.size(); ++axis)
            values.back().shape.push_back(input.shape[axis].size > 0 ? input.shape[axis].size : sizes.at(name_of(input, axis)));
    }
    return values;
}

}  // namespace tessera::models::onnx
