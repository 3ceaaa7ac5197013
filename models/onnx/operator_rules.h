#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/onnx/operator_context.h"

namespace tessera::models::onnx {

/// The types and static shapes of a node's outputs, as many as the operator has at most.
/// @throws InputError for a malformed node, and where a shape depends on data
using Inference = std::vector<TensorType> (*)(const OperatorContext&);

/// The values of a node all of whose inputs are constant; the types are those that were inferred.
using Evaluation = std::vector<Array> (*)(const OperatorContext&, const std::vector<TensorType>&);

/// What folding knows of an operator type.
struct OperatorRule {
    Inference infer = nullptr;
    Evaluation evaluate = nullptr;  ///< none for heavy operators, which networks do not apply to constants alone
    bool shapes_suffice = false;    ///< evaluated from the types of its inputs alone: Shape, Size
    bool carries_format = false;    ///< a quantiser, kept although its inputs are constant
};

using OperatorRules = std::map<std::string, OperatorRule, std::less<>>;

// The families; each adds its operators of opset 7 to 19, and of QONNX.
void add_unary_rules(OperatorRules& rules);          ///< functions of one element, Cast and Clip
void add_broadcast_rules(OperatorRules& rules);      ///< Add, Where, Equal and other functions of several elements
void add_layout_rules(OperatorRules& rules);         ///< Reshape, Transpose, Concat, Split, Expand, ...
void add_slice_rules(OperatorRules& rules);          ///< Slice, Pad
void add_creation_rules(OperatorRules& rules);       ///< Shape, Range, ConstantOfShape, NonZero, ...
void add_indexing_rules(OperatorRules& rules);       ///< Gather, Scatter, TopK, Trilu, ...
void add_reduction_rules(OperatorRules& rules);      ///< Reduce..., ArgMax, CumSum, Softmax
void add_matrix_rules(OperatorRules& rules);         ///< MatMul, Gemm, Einsum
void add_window_rules(OperatorRules& rules);         ///< Conv, pooling, Resize
void add_normalisation_rules(OperatorRules& rules);  ///< BatchNormalization, LayerNormalization, ...
void add_recurrent_rules(OperatorRules& rules);      ///< LSTM, GRU, RNN
void add_quantisation_rules(OperatorRules& rules);   ///< Quant, QuantizeLinear, MultiThreshold, ...

/// The rule of an operator type; nothing where it is not supported.
const OperatorRule* find_rule(const std::string& op_type);

/// A rule for operators whose only result looks like their first input.
std::vector<TensorType> same_as_first(const OperatorContext& context);

}  // namespace tessera::models::onnx
