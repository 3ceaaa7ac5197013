#include <algorithm>
#include <array>

#include "models/onnx/folder.h"

/// A Transpose or Reshape behind the quantiser of a constant is done to the constant instead, so that
/// the quantiser stands next to the operator whose weights it makes.
namespace tessera::models::onnx {

namespace {

constexpr std::array kMoves = {"Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze"};

}  // namespace

bool Folder::moved_before_quantiser(const OperatorContext& context, const OperatorRule& rule, const std::vector<TensorType>& types) {
    const auto& move = context.node();
    if (std::ranges::find(kMoves, move.op_type) == kMoves.end()) return false;
    const auto found = quantisers_.find(move.inputs[0]);
    if (found == quantisers_.end()) return false;

    Node quantiser = graph_.nodes[found->second];
    for (std::size_t input = 1; input < quantiser.inputs.size(); ++input) {
        if (quantiser.inputs[input].empty()) continue;
        const auto& parameter = graph_.constants.at(quantiser.inputs[input]);
        if (parameter.size() != 1 || parameter.shape.size() > types[0].shape.size()) return false;
    }
    Node on_constant = move;
    on_constant.inputs[0] = quantiser.inputs[0];
    on_constant.outputs[0] = move.outputs[0] + "/constant";
    evaluate(context_of(on_constant), rule, types);

    quantiser.inputs[0] = on_constant.outputs[0];
    quantiser.outputs[0] = move.outputs[0];
    quantisers_[move.outputs[0]] = graph_.nodes.size();
    keep(std::move(quantiser), types);
    return true;
}

}  // namespace tessera::models::onnx
