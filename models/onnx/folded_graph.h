#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace tessera::models::onnx {

/// Element types of ONNX that Tessera reads.
enum class ElementType { float16, float32, float64, int8, uint8, int16, uint16, int32, uint32, int64, uint64, boolean, string };
bool is_real(ElementType type);

/// A constant: reals are held as float, everything else as int64; the other vector is empty.
struct Array {
    ElementType type = ElementType::float32;
    std::vector<std::int64_t> shape;
    std::vector<float> reals;
    std::vector<std::int64_t> integers;

    std::int64_t size() const;  ///< elements; 1 for a scalar
    double at(std::int64_t position) const;
};

/// An attribute of a node; the member that its type says is filled.
struct Attribute {
    std::int64_t integer = 0;
    double real = 0;
    std::string text;
    std::vector<std::int64_t> integers;
    std::vector<double> reals;
    std::vector<std::string> texts;
    Array array;
};

struct Node {
    std::string name;                 ///< of the file, or "OpType of OUTPUT" where the file gives none
    std::string op_type;              ///< "Conv"; the domain is dropped, the QONNX domains being aliases
    std::vector<std::string> inputs;  ///< "" where an optional input is absent
    std::vector<std::string> outputs;
    std::map<std::string, Attribute> attributes;

    std::int64_t integer(const std::string& attribute, std::int64_t otherwise) const;
    double real(const std::string& attribute, double otherwise) const;
    std::vector<std::int64_t> integers(const std::string& attribute, const std::vector<std::int64_t>& otherwise) const;
    std::string text(const std::string& attribute, const std::string& otherwise) const;
};

/// A tensor that is not constant.
struct Value {
    std::string name;
    ElementType type = ElementType::float32;
    std::vector<std::int64_t> shape;  ///< static: every dimension known and positive
};

/// An ONNX graph after folding: constants and shape arithmetic are gone, `If` with a constant
/// condition is inlined, nodes that change nothing (Identity, Dropout, a Reshape to the same shape, a
/// product with 1, ...) or that no output needs are removed, what remains is in topological order and
/// every value has a static shape.
///
/// Quantisers of constants (Quant, BipolarQuant, DequantizeLinear, ...) stay, since they carry the
/// format of the weights; Transpose and Reshape behind them are done to the constant. Weights that the
/// file makes of integers by Cast, Mul and Add come as a DequantizeLinear too.
struct FoldedGraph {
    std::string name;
    std::string file;
    std::int64_t opset = 0;
    std::vector<std::string> inputs;
    std::vector<std::string> outputs;  ///< those that depend on an input
    std::vector<Node> nodes;
    std::map<std::string, Value> values;     ///< by name: inputs and results of nodes (no letters but printable ASCII)
    std::map<std::string, Array> constants;  ///< by name: those that some node uses
    std::int64_t parameters_in_file = 0;     ///< elements of all initialisers and Constant nodes, subgraphs included

    bool is_constant(const std::string& tensor) const { return constants.contains(tensor); }
    const Value& value(const std::string& tensor) const { return values.at(tensor); }
    const Array& constant(const std::string& tensor) const { return constants.at(tensor); }
};

/// Dimensions bound by name: {"N": 1, "n_input_1": 64}.
using Bindings = std::map<std::string, std::int64_t>;

/// Whether the reader of a folded graph can use operators of a type.
using TypePredicate = bool (*)(const std::string& op_type);
inline bool any_type(const std::string&) { return true; }

/// Reads and folds a file. Opset 7 to 19, ir_version 3 to 10, up to 200 MB.
///
/// @throws InputError for a missing, truncated or foreign file, an opset or IR out of range,
/// symbolic dimensions without a binding (all of them named; a batch dimension, by the names N,
/// batch, batch_size, unk__* or none, counts as 1 where it is first; one without a name goes by
/// "INPUT[AXIS]"), a binding that names no dimension, external data, a tensor whose shape depends on
/// data, or operators unknown to shape inference or refused by `is_usable` where they are not folded
/// away (all of them, with node and count, in one message).
FoldedGraph read_onnx(const std::filesystem::path& file, const Bindings& bindings, TypePredicate is_usable = any_type);

}  // namespace tessera::models::onnx
