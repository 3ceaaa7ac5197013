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
    explicit LoweringContext(const onnx::FoldedGraph& source) : graph(source) {}

    const onnx::FoldedGraph& graph;
    Network network;

    bool is_constant(const std::string& name) const { return graph.is_constant(name) || quantised_.contains(name); }
    ConstantValues constant(const std::string& name) const;
    void set_constant(const std::string& name, ConstantValues values) { quantised_[name] = std::move(values); }

    TensorId tensor(const std::string& name) const { return tensors_.at(name); }
    const Shape& shape(const std::string& name) const { return network.tensor(tensor(name)).shape; }
    const TokenAxes& axes(const std::string& name) const { return network.tensor(tensor(name)).token_axes; }

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
    std::map<std::string, ConstantValues> quantised_;
};

/// Lowers a node; each family has its own file. False: the type is none of the family's.
bool lower_matrix(LoweringContext& context, const onnx::Node& node);
bool lower_elementwise(LoweringContext& context, const onnx::Node& node);
bool lower_wiring(LoweringContext& context, const onnx::Node& node);
bool lower_quantiser(LoweringContext& context, const onnx::Node& node);
bool lower_collective(LoweringContext& context, const onnx::Node& node);  ///< over many elements: softmax, sums, sorting, ...

/// An axis counted from the end where it is negative.
std::size_t positive_axis(std::int64_t axis, std::size_t rank);

}  // namespace tessera::models
