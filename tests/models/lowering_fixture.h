#pragma once

#include <doctest/doctest.h>

#include <map>
#include <numeric>

#include "core/error.h"
#include "models/import.h"
#include "tests/models/onnx_file.h"

/// Small ONNX files imported as a whole, for tests of what an operator of the file becomes.
namespace tessera::tests {

using models::Access;
using models::Network;
using models::Operator;
using models::OperatorKind;
using models::StreamShape;
using ::onnx::TensorProto;

inline Network import_file(const OnnxFile& file, const models::onnx::Bindings& bindings = {}) {
    const TemporaryFile written(file.bytes());
    return models::import_onnx(written.path, bindings);
}

/// The message of the InputError behind the file's name; "accepted" where there is none.
inline std::string import_message(const std::string& bytes, const models::onnx::Bindings& bindings = {}) {
    const TemporaryFile written(bytes);
    try {
        models::import_onnx(written.path, bindings);
    } catch (const InputError& error) {
        const std::string message = error.what();
        const std::string prefix = written.path.string() + ": ";
        CHECK(message.starts_with(prefix));
        return message.substr(std::min(prefix.size(), message.size()));
    }
    return "accepted";
}
inline std::string import_message(const OnnxFile& file, const models::onnx::Bindings& bindings = {}) {
    return import_message(file.bytes(), bindings);
}

/// 1, 2, 3, ... times `step`, in a shape.
inline TensorProto counting(const Integers& shape, double step = 1) {
    const auto count = std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, [](auto a, auto b) { return a * b; });
    Reals values(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = step * static_cast<double>(i + 1);
    return float_tensor(shape, values);
}

inline TensorProto scalar(double value) { return float_tensor({}, {value}); }

/// A file of one node of input x and constants c0, c1, ... (an empty shape stands for an absent one).
inline OnnxFile one_node_file(const std::string& type, const std::vector<OnnxDimension>& shape,
                              const std::vector<TensorProto>& constants = {}, const std::vector<OnnxAttribute>& attributes = {},
                              int opset = 17, const std::string& domain = "") {
    OnnxFile file(opset);
    file.input("x", shape);
    std::vector<std::string> inputs = {"x"};
    for (std::size_t i = 0; i < constants.size(); ++i) {
        inputs.push_back("c" + std::to_string(i));
        file.constant(inputs.back(), constants[i]);
    }
    file.node(type, inputs, {"y"}, attributes, domain).output("y");
    return file;
}

inline Network import_node(const std::string& type, const std::vector<OnnxDimension>& shape, const std::vector<TensorProto>& constants = {},
                           const std::vector<OnnxAttribute>& attributes = {}, int opset = 17, const std::string& domain = "") {
    return import_file(one_node_file(type, shape, constants, attributes, opset, domain));
}

/// The one operator of a kind.
inline const Operator& only(const Network& network, OperatorKind kind) {
    const Operator* found = nullptr;
    for (const auto& op : network.operators) {
        if (op.kind != kind) continue;
        REQUIRE_MESSAGE(found == nullptr, "two operators of kind " << name_of(kind));
        found = &op;
    }
    REQUIRE_MESSAGE(found != nullptr, "no operator of kind " << name_of(kind));
    return *found;
}

/// How many operators of each kind there are, inputs and outputs left out.
inline std::map<std::string, int> kinds_of(const Network& network) {
    std::map<std::string, int> kinds;
    for (const auto& op : network.operators) {
        if (op.kind != OperatorKind::input && op.kind != OperatorKind::output) ++kinds[name_of(op.kind)];
    }
    return kinds;
}
using Kinds = std::map<std::string, int>;

/// The stream that reaches the network's one output.
inline StreamShape result_of(const Network& network) {
    const Operator& last = only(network, OperatorKind::output);
    return network.tensor(last.inputs[0].tensor).stream();
}

}  // namespace tessera::tests
