#pragma once

#include <onnx/onnx_pb.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include "models/onnx/folded_graph.h"

namespace tessera::tests {

using Integers = std::vector<std::int64_t>;
using Reals = std::vector<double>;

/// An attribute of a node: an integer, a real, text or a list.
struct OnnxAttribute {
    std::string name;
    std::variant<int, double, std::string, Integers, Reals, ::onnx::TensorProto> value;
};

/// A dimension: a number or a name.
using OnnxDimension = std::variant<int, std::string>;

inline ::onnx::TensorProto float_tensor(const Integers& shape, const Reals& values) {
    ::onnx::TensorProto tensor;
    tensor.set_data_type(::onnx::TensorProto::FLOAT);
    for (const auto size : shape) tensor.add_dims(size);
    for (const auto value : values) tensor.add_float_data(static_cast<float>(value));
    return tensor;
}

inline ::onnx::TensorProto int64_tensor(const Integers& shape, const Integers& values) {
    ::onnx::TensorProto tensor;
    tensor.set_data_type(::onnx::TensorProto::INT64);
    for (const auto size : shape) tensor.add_dims(size);
    for (const auto value : values) tensor.add_int64_data(value);
    return tensor;
}

/// Of a type whose elements lie in int32_data: int8, uint8, int16, int32, bool, float16 bits.
inline ::onnx::TensorProto int32_field_tensor(int type, const Integers& shape, const Integers& values) {
    ::onnx::TensorProto tensor;
    tensor.set_data_type(type);
    for (const auto size : shape) tensor.add_dims(size);
    for (const auto value : values) tensor.add_int32_data(static_cast<int>(value));
    return tensor;
}

inline ::onnx::TensorProto vector_of(const Integers& values) { return int64_tensor({static_cast<std::int64_t>(values.size())}, values); }

/// A small ONNX model in the making; `fold` writes it to a file of its own and reads that.
class OnnxFile {
  public:
    explicit OnnxFile(int opset = 17) {
        model.set_ir_version(8);
        model.add_opset_import()->set_version(opset);
        model.mutable_graph()->set_name("test");
    }

    ::onnx::GraphProto& graph() { return *model.mutable_graph(); }

    OnnxFile& input(const std::string& name, const std::vector<OnnxDimension>& shape, int type = ::onnx::TensorProto::FLOAT) {
        auto* value = graph().add_input();
        value->set_name(name);
        value->mutable_type()->mutable_tensor_type()->set_elem_type(type);
        auto* dimensions = value->mutable_type()->mutable_tensor_type()->mutable_shape();
        for (const auto& size : shape) {
            auto* dimension = dimensions->add_dim();
            if (const auto* number = std::get_if<int>(&size)) {
                dimension->set_dim_value(*number);
            } else if (!std::get<std::string>(size).empty()) {
                dimension->set_dim_param(std::get<std::string>(size));
            }
        }
        return *this;
    }

    OnnxFile& output(const std::string& name) {
        graph().add_output()->set_name(name);
        return *this;
    }

    OnnxFile& constant(const std::string& name, ::onnx::TensorProto tensor) {
        tensor.set_name(name);
        *graph().add_initializer() = std::move(tensor);
        return *this;
    }

    OnnxFile& node(const std::string& type, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                   const std::vector<OnnxAttribute>& attributes = {}, const std::string& domain = "") {
        fill(*graph().add_node(), type, inputs, outputs, attributes).set_domain(domain);
        return *this;
    }

    static ::onnx::NodeProto& fill(::onnx::NodeProto& node, const std::string& type, const std::vector<std::string>& inputs,
                                   const std::vector<std::string>& outputs, const std::vector<OnnxAttribute>& attributes = {}) {
        node.set_op_type(type);
        for (const auto& name : inputs) node.add_input(name);
        for (const auto& name : outputs) node.add_output(name);
        for (const auto& attribute : attributes) {
            auto* entry = node.add_attribute();
            entry->set_name(attribute.name);
            std::visit([&](const auto& value) { set(*entry, value); }, attribute.value);
        }
        return node;
    }

    std::string bytes() const { return model.SerializeAsString(); }
    models::onnx::FoldedGraph fold(const models::onnx::Bindings& bindings = {}) const;

    ::onnx::ModelProto model;

  private:
    using Attribute = ::onnx::AttributeProto;
    static void set(Attribute& entry, int value) {
        entry.set_type(Attribute::INT);
        entry.set_i(value);
    }
    static void set(Attribute& entry, double value) {
        entry.set_type(Attribute::FLOAT);
        entry.set_f(static_cast<float>(value));
    }
    static void set(Attribute& entry, const std::string& value) {
        entry.set_type(Attribute::STRING);
        entry.set_s(value);
    }
    static void set(Attribute& entry, const Integers& values) {
        entry.set_type(Attribute::INTS);
        for (const auto value : values) entry.add_ints(value);
    }
    static void set(Attribute& entry, const Reals& values) {
        entry.set_type(Attribute::FLOATS);
        for (const auto value : values) entry.add_floats(static_cast<float>(value));
    }
    static void set(Attribute& entry, const ::onnx::TensorProto& value) {
        entry.set_type(Attribute::TENSOR);
        *entry.mutable_t() = value;
    }
};

/// A file that vanishes with its name; messages of errors start with `path`.
class TemporaryFile {
  public:
    explicit TemporaryFile(const std::string& content)
        : path(std::filesystem::temp_directory_path() / ("tessera_fold_test." + std::to_string(::getpid()) + ".onnx")) {
        std::ofstream(path, std::ios::binary) << content;
    }
    ~TemporaryFile() { std::filesystem::remove(path); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    std::filesystem::path path;
};

inline models::onnx::FoldedGraph OnnxFile::fold(const models::onnx::Bindings& bindings) const {
    const TemporaryFile file(bytes());
    return models::onnx::read_onnx(file.path, bindings);
}

}  // namespace tessera::tests
