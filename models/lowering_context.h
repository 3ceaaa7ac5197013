#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/lowering_layout.h"
#include "models/network.h"
#include "models/onnx/folded_graph.h"

namespace tessera::models {

/// A constant as the network uses it: its values, and the format where the file quantises it.
struct ConstantValues {
    Shape shape;
    std::vector<float> values;
    FixedPoint format;  ///< width 0 where the file does not quantise it
    bool power_of_two_scale = true;
};

/// The network under construction: what is known by the names of the folded graph.
class LoweringContext {
  public:
    explicit LoweringContext(onnx::FoldedGraph source);

    onnx::FoldedGraph graph;  ///< may gain values: what the steps of an operator hand to each other
    Network network;

    bool is_constant(const std::string& name) const { return graph.is_constant(name) || quantised_.contains(name); }
    /// @throws InputError where it depends on data
    ConstantValues constant(const std::string& name) const;
    void set_constant(const std::string& name, ConstantValues values) { quantised_[name] = std::move(values); }

    /// @throws InputError where no operator makes it: an optional result that Tessera has no hardware for
    TensorId tensor(const std::string& name) const;
    // By value: what refers into the network does not outlive the next `add`.
    Shape shape(const std::string& name) const { return network.tensor(tensor(name)).shape; }
    TokenAxes axes(const std::string& name) const { return network.tensor(tensor(name)).token_axes; }

    /// How many nodes and graph outputs read a tensor of the graph.
    std::int64_t users(const std::string& name) const;

    /// Another name for a tensor that is there already: a node that changes nothing.
    void alias(const std::string& name, const std::string& of) { tensors_[name] = tensor(of); }

    /// Adds an operator with the node's name and type; the reference holds until the next `add`.
    Operator& add(const onnx::Node& node, OperatorKind kind, std::vector<Input> inputs);
    /// Adds the tensor `name` as the next output of the operator that was added last.
    Tensor& add_output(const std::string& name, TokenAxes axes);
    /// An operator of one output.
    Operator& add(const onnx::Node& node, OperatorKind kind, std::vector<Input> inputs, TokenAxes axes);

    /// Inputs of a node that are not constant, each read by broadcasting to `shape` with layout `axes`.
    std::vector<Input> broadcast_inputs(const onnx::Node& node, const Shape& shape, const TokenAxes& axes) const;

  private:
    std::map<std::string, TensorId> tensors_;
    std::map<std::string, std::int64_t> users_;
    std::map<std::string, ConstantValues> quantised_;
};

/// Adds what a node needs to the network. @throws InputError naming the node
using Lowering = void (*)(LoweringContext& context, const onnx::Node& node);
using Lowerings = std::map<std::string, Lowering, std::less<>>;  ///< by operator type

/// Lowers a node whose type is_lowered.
void lower_node(LoweringContext& context, const onnx::Node& node);

// The families; each adds its operator types and has its own file.
void add_matrix_lowerings(Lowerings& lowerings);
void add_elementwise_lowerings(Lowerings& lowerings);
void add_wiring_lowerings(Lowerings& lowerings);
void add_quantiser_lowerings(Lowerings& lowerings);
void add_collective_lowerings(Lowerings& lowerings);  ///< over many elements: softmax, sums, windows, sorting, recurrence

/// The format of whole numbers from which a zero point was taken, which now lie from `least` to `most`: a
/// sign, and a bit more where they do not fit.
FixedPoint shifted_format(FixedPoint format, double least, double most);

/// An axis counted from the end where it is negative.
std::size_t positive_axis(std::int64_t axis, std::size_t rank);

}  // namespace tessera::models
