#include "models/onnx/operator_rules.h"

namespace tessera::models::onnx {

namespace {

OperatorRules all_rules() {
    OperatorRules rules;
    add_unary_rules(rules);
    add_broadcast_rules(rules);
    add_layout_rules(rules);
    add_slice_rules(rules);
    add_creation_rules(rules);
    add_indexing_rules(rules);
    add_reduction_rules(rules);
    add_matrix_rules(rules);
    add_window_rules(rules);
    add_normalisation_rules(rules);
    add_recurrent_rules(rules);
    add_quantisation_rules(rules);
    return rules;
}

}  // namespace

const OperatorRule* find_rule(const std::string& op_type) {
    static const OperatorRules rules = all_rules();
    const auto found = rules.find(op_type);
    return found == rules.end() ? nullptr : &found->second;
}

std::vector<TensorType> same_as_first(const OperatorContext& context) { return {context.type(0)}; }

}  // namespace tessera::models::onnx
