#include <algorithm>
#include <array>

#include "models/onnx/folder.h"

/// A Transpose or Reshape behind the quantiser of a constant is done to the constant instead, so that
/// the quantiser stands next to the operator whose weights it makes.
namespace tessera::models::onnx {

namespace {

constexpr std::array kMoves = {"Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze"};

/// What becomes of a quantiser's scale, zero point or width when its tensor moves.
enum class Parameter {
    stays,  ///< one number for all
    moves,  ///< an entry for each channel, in as many dimensions as the tensor
    lost,   ///< would need another form
};

Parameter after_move(const Array& parameter, const Node& move, std::size_t rank_before, std::size_t rank_after) {
    if (parameter.size() == 1) return parameter.shape.size() <= rank_after ? Parameter::stays : Parameter::lost;
    return move.op_type == "Transpose" && parameter.shape.size() == rank_before ? Parameter::moves : Parameter::lost;
}

}  // namespace

bool Folder::moved_before_quantiser(const OperatorContext& context, const OperatorRule& rule, const std::vector<TensorType>& types) {
    const auto& move = context.node();
    if (std::ranges::find(kMoves, move.op_type) == kMoves.end()) return false;
    const auto found = quantisers_.find(move.inputs[0]);
    if (found == quantisers_.end()) return false;

    Node quantiser = graph_.nodes[found->second];
    std::vector<std::size_t> moved = {0};
    for (std::size_t input = 1; input < quantiser.inputs.size(); ++input) {
        if (quantiser.inputs[input].empty()) continue;
        const auto fate = after_move(graph_.constants.at(quantiser.inputs[input]), move, context.shape(0).size(), types[0].shape.size());
        if (fate == Parameter::lost) return false;
        if (fate == Parameter::moves) moved.push_back(input);
    }
    for (const auto input : moved) {
        Node on_constant = move;
        on_constant.inputs[0] = quantiser.inputs[input];
        on_constant.outputs[0] = move.outputs[0] + "/" + std::to_string(input);
        const auto constant_context = context_of(on_constant);
        evaluate(constant_context, rule, rule.infer(constant_context));
        quantiser.inputs[input] = on_constant.outputs[0];
    }
    quantiser.outputs[0] = move.outputs[0];
    quantisers_[move.outputs[0]] = graph_.nodes.size();
    keep(std::move(quantiser), types);
    return true;
}

}  // namespace tessera::models::onnx
