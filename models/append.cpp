#include "models/append.h"

#include <fmt/format.h>

#include <vector>

#include "core/error.h"

namespace tessera::models {

namespace {

std::string text_of(StreamShape stream) { return fmt::format("{} tokens of {} channels", stream.tokens, stream.channels); }

void check_stream(const Network& whole, TensorId tensor, const Network& part, const Operator& input) {
    const Tensor& feeding = whole.tensor(tensor);
    if (feeding.stream() == part.stream(input.id)) return;
    throw InputError(part.source, input.name, fmt::format("is fed by {}, which has {}", feeding.name, text_of(feeding.stream())),
                     text_of(part.stream(input.id)));
}

}  // namespace

std::map<std::string, TensorId> append(Network& whole, const Network& part, const std::string& prefix,
                                       const std::map<std::string, TensorId>& fed) {
    std::map<std::string, TensorId> results;
    std::vector<TensorId> moved(part.tensors.size());  // where each tensor of the part is in the whole
    for (const Operator& op : part.operators) {
        if (op.kind == OperatorKind::output) {
            results[op.name] = moved[index(op.inputs.front().tensor)];
            continue;
        }
        if (const auto feeding = fed.find(op.name); op.kind == OperatorKind::input && feeding != fed.end()) {
            check_stream(whole, feeding->second, part, op);
            moved[index(op.outputs.front())] = feeding->second;
            continue;
        }
        Operator& added = whole.operators.emplace_back(op);
        added.id = id_at<OperatorId>(whole.operators.size() - 1);
        added.name = prefix + op.name;
        for (Input& input : added.inputs) input.tensor = moved[index(input.tensor)];
        for (TensorId& output : added.outputs) {
            Tensor& made = whole.tensors.emplace_back(part.tensor(output));
            made.name = prefix + made.name;
            moved[index(output)] = id_at<TensorId>(whole.tensors.size() - 1);
            output = moved[index(output)];
        }
    }
    whole.parameters += part.parameters;
    whole.assumptions.insert(whole.assumptions.end(), part.assumptions.begin(), part.assumptions.end());
    return results;
}

}  // namespace tessera::models
