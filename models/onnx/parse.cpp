#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <array>
#include <fstream>
#include <system_error>

#include "core/error.h"
#include "models/onnx/parse_tensor.h"
#include "models/onnx/parsed_model.h"

namespace tessera::models::onnx {

namespace {

using ::onnx::AttributeProto;
using ::onnx::GraphProto;
using ::onnx::ModelProto;
using ::onnx::NodeProto;
using ::onnx::ValueInfoProto;

constexpr std::int64_t kLeastOpset = 7;
constexpr std::int64_t kMostOpset = 19;
constexpr std::int64_t kLeastIr = 3;
constexpr std::int64_t kMostIr = 10;
constexpr std::uintmax_t kMostBytes = 200'000'000;
constexpr const char* kChannelsLast = "qonnx.custom_op.channels_last";

class Parser {
  public:
    explicit Parser(std::string file) : file_(std::move(file)) {}

    ParsedGraph graph(GraphProto& from);
    std::int64_t parameters() const { return parameters_; }

  private:
    ParsedInput input(const ValueInfoProto& from) const;
    ParsedNode node(NodeProto& from);
    Attribute attribute(AttributeProto& from, const std::string& where) const;
    void constant(NodeProto& from, ParsedGraph& to);
    void add_constant(ParsedGraph& to, const std::string& name, Array array);

    std::string file_;
    std::int64_t parameters_ = 0;
};

/// Names end up in messages and reports: bytes that are no printable ASCII become "%C3" and the like.
std::string printable(const std::string& text) {
    std::string result;
    for (const char letter : text) {
        const bool plain = letter >= ' ' && letter <= '~';
        result += plain ? std::string(1, letter) : fmt::format("%{:02X}", static_cast<unsigned char>(letter));
    }
    return result;
}

template <class Strings>
std::vector<std::string> printable_all(const Strings& texts) {
    std::vector<std::string> result;
    for (const auto& text : texts) result.push_back(printable(text));
    return result;
}

std::string name_of(const NodeProto& node) {
    if (!node.name().empty()) return printable(node.name());
    return printable(node.op_type() + (node.output_size() > 0 ? " of " + node.output(0) : ""));
}

/// The operator's name where its domain is the standard or one of QONNX, else domain and name.
std::string operator_type(const NodeProto& node) {
    static constexpr std::array kAliases = {"",           "ai.onnx", "onnx.brevitas", "qonnx.custom_op.general", "finn.custom_op.general",
                                            kChannelsLast};
    for (const auto* domain : kAliases) {
        if (node.domain() == domain) return printable(node.op_type());
    }
    return printable(node.domain() + "." + node.op_type());
}

Array integers_array(const std::vector<std::int64_t>& values, const std::vector<std::int64_t>& shape) {
    return {.type = ElementType::int64, .shape = shape, .reals = {}, .integers = values};
}

Array reals_array(const std::vector<double>& values, const std::vector<std::int64_t>& shape) {
    return {.type = ElementType::float32, .shape = shape, .reals = {values.begin(), values.end()}, .integers = {}};
}

void Parser::add_constant(ParsedGraph& to, const std::string& name, Array array) {
    parameters_ += array.size();
    if (!to.constants.emplace(name, std::move(array)).second) throw InputError(file_, name, "is given twice", "one initialiser or node");
}

ParsedInput Parser::input(const ValueInfoProto& from) const {
    const auto name = printable(from.name());
    if (!from.type().has_tensor_type()) throw InputError(file_, name, "a graph input that is no tensor", "tensors only");
    const auto& type = from.type().tensor_type();
    ParsedInput result{.name = name, .type = element_type(type.elem_type(), file_, name), .shape = {}};
    if (!type.has_shape()) throw InputError(file_, name, "a graph input without a shape", "its dimensions, by number or by name");
    for (const auto& dimension : type.shape().dim()) {
        result.shape.push_back({.size = dimension.has_dim_value() && dimension.dim_value() > 0 ? dimension.dim_value() : 0,
                                .name = dimension.has_dim_param() ? printable(dimension.dim_param()) : ""});
    }
    return result;
}

Attribute Parser::attribute(AttributeProto& from, const std::string& where) const {
    Attribute result;
    switch (from.type()) {
        case AttributeProto::INT:
            result.integer = from.i();
            break;
        case AttributeProto::FLOAT:
            result.real = from.f();
            break;
        case AttributeProto::STRING:
            result.text = from.s();
            break;
        case AttributeProto::INTS:
            result.integers.assign(from.ints().begin(), from.ints().end());
            break;
        case AttributeProto::FLOATS:
            result.reals.assign(from.floats().begin(), from.floats().end());
            break;
        case AttributeProto::STRINGS:
            result.texts.assign(from.strings().begin(), from.strings().end());
            break;
        case AttributeProto::TENSOR:
            result.array = take_array(*from.mutable_t(), file_, where);
            break;
        default:
            throw InputError(file_, where, "attribute " + printable(from.name()) + " of type " + std::to_string(from.type()) + " of ONNX",
                             "numbers, text or a dense tensor");
    }
    return result;
}

ParsedNode Parser::node(NodeProto& from) {
    ParsedNode result;
    auto& node = result.node;
    node.name = name_of(from);
    node.op_type = operator_type(from);
    node.inputs = printable_all(from.input());
    while (!node.inputs.empty() && node.inputs.back().empty()) node.inputs.pop_back();
    node.outputs = printable_all(from.output());
    for (auto& entry : *from.mutable_attribute()) {
        if (entry.type() == AttributeProto::GRAPH) {
            result.subgraphs.emplace(entry.name(), graph(*entry.mutable_g()));
        } else {
            node.attributes.emplace(entry.name(), attribute(entry, node.name));
        }
    }
    if (from.domain() == kChannelsLast) node.attributes["channels_last"].integer = 1;
    return result;
}

void Parser::constant(NodeProto& from, ParsedGraph& to) {
    const auto where = name_of(from);
    if (from.output_size() != 1 || from.attribute_size() != 1)
        throw InputError(file_, where, "a Constant with " + std::to_string(from.attribute_size()) + " attributes",
                         "one value and one output");
    const auto kind = printable(from.attribute(0).name());
    const auto name = printable(from.output(0));
    const auto value = attribute(*from.mutable_attribute(0), where);
    if (kind == "value") return add_constant(to, name, value.array);
    if (kind == "value_int") return add_constant(to, name, integers_array({value.integer}, {}));
    if (kind == "value_float") return add_constant(to, name, reals_array({value.real}, {}));
    if (kind == "value_ints")
        return add_constant(to, name, integers_array(value.integers, {static_cast<std::int64_t>(value.integers.size())}));
    if (kind == "value_floats") return add_constant(to, name, reals_array(value.reals, {static_cast<std::int64_t>(value.reals.size())}));
    throw InputError(file_, where, "a Constant given by " + kind, "value, value_int, value_ints, value_float or value_floats");
}

ParsedGraph Parser::graph(GraphProto& from) {
    ParsedGraph result{.name = printable(from.name()), .inputs = {}, .outputs = {}, .nodes = {}, .constants = {}};
    if (from.sparse_initializer_size() > 0)
        throw InputError(file_, printable(from.sparse_initializer(0).values().name()), "a sparse initialiser", "dense ones");
    for (auto& tensor : *from.mutable_initializer()) {
        const auto name = printable(tensor.name());
        add_constant(result, name, take_array(tensor, file_, name));
    }
    for (const auto& value : from.input()) {
        if (!result.constants.contains(printable(value.name()))) result.inputs.push_back(input(value));
    }
    for (const auto& value : from.output()) result.outputs.push_back(printable(value.name()));
    for (auto& entry : *from.mutable_node()) {
        if (operator_type(entry) == "Constant") {
            constant(entry, result);
        } else {
            result.nodes.push_back(node(entry));
        }
    }
    return result;
}

std::int64_t checked_opset(const ModelProto& model, const std::string& file) {
    for (const auto& import : model.opset_import()) {
        if (!import.domain().empty() && import.domain() != "ai.onnx") continue;
        if (import.version() < kLeastOpset || import.version() > kMostOpset)
            throw InputError(file, "opset_import", "opset " + std::to_string(import.version()),
                             "opset " + std::to_string(kLeastOpset) + " to " + std::to_string(kMostOpset));
        return import.version();
    }
    throw InputError(file, "opset_import", "no version of the standard operators (is the file truncated?)",
                     "opset " + std::to_string(kLeastOpset) + " to " + std::to_string(kMostOpset));
}

ModelProto read_protobuf(const std::filesystem::path& path, const std::string& file) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) throw InputError(file, "", "no such file");
    if (!std::filesystem::is_regular_file(path, error)) throw InputError(file, "", "not a regular file");
    const auto bytes = std::filesystem::file_size(path, error);
    if (error) throw InputError(file, "", "cannot be read");
    const auto size = std::to_string(bytes) + " bytes";
    if (bytes > kMostBytes) throw InputError(file, "", size, "at most " + std::to_string(kMostBytes) + " bytes");

    std::ifstream in(path, std::ios::binary);
    if (!in) throw InputError(file, "", "cannot be read");
    ModelProto model;
    if (!model.ParseFromIstream(&in))
        throw InputError(file, "", size + " that are no whole ONNX model", "an ONNX file (protobuf message ModelProto)");
    if (!model.has_ir_version() || !model.has_graph() || model.graph().output_size() == 0)
        throw InputError(file, "", size + " without an ONNX graph", "an ONNX file (protobuf message ModelProto)");
    return model;
}

}  // namespace

ParsedModel parse_model(const std::filesystem::path& path) {
    const auto file = path.string();
    auto model = read_protobuf(path, file);
    if (model.ir_version() < kLeastIr || model.ir_version() > kMostIr)
        throw InputError(file, "ir_version", "version " + std::to_string(model.ir_version()),
                         "version " + std::to_string(kLeastIr) + " to " + std::to_string(kMostIr));
    const auto opset = checked_opset(model, file);
    Parser parser(file);
    ParsedModel result{.graph = parser.graph(*model.mutable_graph()), .opset = opset, .parameters = 0};
    result.parameters = parser.parameters();
    return result;
}

}  // namespace tessera::models::onnx
