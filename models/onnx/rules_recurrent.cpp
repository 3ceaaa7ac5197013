#include "models/onnx/operator_rules.h"

/// LSTM, GRU and RNN.
namespace tessera::models::onnx {

namespace {

std::int64_t gates_of(const std::string& type) { return type == "LSTM" ? 4 : (type == "GRU" ? 3 : 1); }

/// Results: all hidden states, the last one, and the last cell state of an LSTM.
std::vector<TensorType> infer_recurrent(const OperatorContext& context) {
    const auto& node = context.node();
    for (std::size_t input = 0; input < 3; ++input)
        context.require(context.rank(input) == 3, "input " + std::to_string(input) + " of shape " + text_of(context.shape(input)),
                        "3 dimensions");
    const bool batch_first = node.integer("layout", 0) != 0;
    const auto steps = context.shape(0)[batch_first ? 1 : 0];
    const auto batch = context.shape(0)[batch_first ? 0 : 1];
    const auto directions = node.text("direction", "forward") == "bidirectional" ? 2 : 1;
    const auto hidden = node.integer("hidden_size", context.shape(2)[2]);
    const auto rows = gates_of(node.op_type) * hidden;
    context.require(hidden > 0 && context.shape(1) == Shape{directions, rows, context.shape(0)[2]} &&
                        context.shape(2) == Shape{directions, rows, hidden},
                    "weights of shape " + text_of(context.shape(1)) + " and " + text_of(context.shape(2)),
                    text_of({directions, rows, context.shape(0)[2]}) + " and " + text_of({directions, rows, hidden}));
    const auto type = context.type(0).type;
    const TensorType last{type, batch_first ? Shape{batch, directions, hidden} : Shape{directions, batch, hidden}};
    return {{type, batch_first ? Shape{batch, steps, directions, hidden} : Shape{steps, directions, batch, hidden}}, last, last};
}

}  // namespace

void add_recurrent_rules(OperatorRules& rules) {
    for (const auto* type : {"LSTM", "GRU", "RNN"}) rules[type] = {infer_recurrent};
}

}  // namespace tessera::models::onnx
