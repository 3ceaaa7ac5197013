#include "models/lowering_patterns.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <set>

namespace tessera::models {

namespace {

using onnx::FoldedGraph;
using onnx::Node;

/// Positions of nodes in the graph, the last of which makes the pattern's result.
using Pattern = std::vector<std::size_t>;

/// Looks around in a graph whose nodes stay in place: matched nodes are marked, and swept at the end.
class Fuser {
  public:
    explicit Fuser(FoldedGraph& graph) : graph_(graph) {
        for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
            for (const auto& output : graph.nodes[n].outputs) producers_[output] = n;
            for (const auto& input : graph.nodes[n].inputs) users_[input].push_back(n);
        }
        for (const auto& output : graph.outputs) users_[output].push_back(kOutside);
    }

    void run() {
        for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
            if (removed_.contains(n)) continue;
            const std::string type = graph_.nodes[n].op_type;
            if (type == "Sqrt") fuse_layer_normalisation(n);
            if (type == "Erf") fuse_erf_gelu(n);
            if (type == "Tanh") fuse_tanh_gelu(n);
            if (type == "Sigmoid") fuse_swish(n);
        }
        std::vector<Node> kept;
        for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
            if (!removed_.contains(n)) kept.push_back(std::move(graph_.nodes[n]));
        }
        graph_.nodes = std::move(kept);
    }

  private:
    static constexpr std::size_t kOutside = static_cast<std::size_t>(-1);
    static constexpr double kTolerance = 1e-3;  ///< exporters round the constants of their formulas

    const Node* producer(const std::string& value, const std::string& type) const {
        const auto found = producers_.find(value);
        if (found == producers_.end() || removed_.contains(found->second)) return nullptr;
        const Node& node = graph_.nodes[found->second];
        return node.op_type == type ? &node : nullptr;
    }
    std::size_t position(const Node& node) const { return producers_.at(node.outputs.front()); }

    /// The one node that uses a value; nothing where it has other users.
    const Node* only_user(const std::string& value, const std::string& type) const {
        const auto found = users_.find(value);
        if (found == users_.end() || found->second.size() != 1 || found->second.front() == kOutside) return nullptr;
        const Node& node = graph_.nodes[found->second.front()];
        return node.op_type == type ? &node : nullptr;
    }

    bool is_scalar(const std::string& value, double expected) const {
        return graph_.is_constant(value) && graph_.constant(value).size() == 1 &&
               std::abs(graph_.constant(value).at(0) - expected) < kTolerance;
    }

    /// The operand of a two-operand node that is not `value`.
    static const std::string& other(const Node& node, const std::string& value) { return node.inputs[node.inputs[0] == value ? 1 : 0]; }

    /// What `value` is the `type` (Mul, Add) of, beside the number `expected`; "" where it is not.
    std::string without_scalar(const std::string& value, const std::string& type, double expected, Pattern& pattern) const {
        const Node* node = producer(value, type);
        if (node == nullptr) return "";
        for (const std::size_t side : {0, 1}) {
            if (!is_scalar(node->inputs[side], expected)) continue;
            pattern.push_back(position(*node));
            return node->inputs[1 - side];
        }
        return "";
    }

    /// Makes the last node of the pattern a `type` of `inputs`, and the others go; not where something
    /// else reads an inner value.
    bool replace(const Pattern& pattern, const std::string& type, std::vector<std::string> inputs) {
        const std::set<std::size_t> inner(pattern.begin(), pattern.end());
        for (const std::size_t n : inner) {
            if (n == pattern.back()) continue;
            for (const std::size_t user : users_[graph_.nodes[n].outputs.front()]) {
                if (!inner.contains(user)) return false;
            }
        }
        removed_.insert(inner.begin(), inner.end());
        removed_.erase(pattern.back());
        Node& node = graph_.nodes[pattern.back()];
        node.op_type = type;
        node.inputs = std::move(inputs);
        node.attributes.clear();
        return true;
    }

    /// The axis from which on a ReduceMean takes the mean over all axes, keeping them.
    std::optional<std::int64_t> first_mean_axis(const Node& mean) const {
        const auto rank = static_cast<std::int64_t>(graph_.value(mean.inputs[0]).shape.size());
        auto axes = mean.integers("axes", {});
        if (mean.inputs.size() > 1 && graph_.is_constant(mean.inputs[1])) axes = graph_.constant(mean.inputs[1]).integers;
        for (auto& axis : axes) axis = axis < 0 ? axis + rank : axis;
        std::ranges::sort(axes);
        for (std::size_t i = 0; i < axes.size(); ++i) {
            if (axes[i] != rank - static_cast<std::int64_t>(axes.size() - i)) return std::nullopt;
        }
        return axes.empty() || mean.integer("keepdims", 1) == 0 ? std::nullopt : std::optional(axes.front());
    }

    /// The node that squares something: Pow 2, or a product with itself.
    const Node* square(const std::string& value) const {
        const Node* power = producer(value, "Pow");
        if (power != nullptr) return is_scalar(power->inputs[1], 2) ? power : nullptr;
        const Node* product = producer(value, "Mul");
        return product != nullptr && product->inputs[0] == product->inputs[1] ? product : nullptr;
    }

    /// The node that divides by a root, and what it divides: x / root, or x times its reciprocal.
    std::pair<const Node*, std::string> quotient_by(const Node& root, Pattern& pattern) const {
        if (const Node* division = only_user(root.outputs[0], "Div"); division != nullptr && division->inputs[1] == root.outputs[0])
            return {division, division->inputs[0]};
        const Node* reciprocal = only_user(root.outputs[0], "Reciprocal");
        const Node* product = reciprocal == nullptr ? nullptr : only_user(reciprocal->outputs[0], "Mul");
        if (product == nullptr) return {nullptr, ""};
        pattern.push_back(position(*reciprocal));
        return {product, other(*product, reciprocal->outputs[0])};
    }

    /// (x - mean) / sqrt(mean((x - mean)^2) + epsilon), then gain and shift where they are constant
    /// (Ba, Kiros and Hinton, arXiv:1607.06450).
    void fuse_layer_normalisation(std::size_t at) {
        const Node& root = graph_.nodes[at];
        Pattern pattern{at};
        const auto [quotient, dividend] = quotient_by(root, pattern);
        const Node* centred = quotient == nullptr ? nullptr : producer(dividend, "Sub");
        const Node* shifted = producer(root.inputs[0], "Add");
        if (centred == nullptr || shifted == nullptr) return;
        const bool epsilon_last = graph_.is_constant(shifted->inputs[1]);
        if (!graph_.is_constant(shifted->inputs[epsilon_last ? 1 : 0])) return;
        const Node* variance = producer(shifted->inputs[epsilon_last ? 0 : 1], "ReduceMean");
        const Node* squared = variance == nullptr ? nullptr : square(variance->inputs[0]);
        const Node* deviation = squared == nullptr ? nullptr : producer(squared->inputs[0], "Sub");
        if (deviation == nullptr || deviation->inputs != centred->inputs) return;
        const std::string x = centred->inputs[0];
        const Node* mean = producer(centred->inputs[1], "ReduceMean");
        if (mean == nullptr || mean->inputs[0] != x) return;
        const auto axis = first_mean_axis(*mean);
        if (!axis || first_mean_axis(*variance) != axis) return;

        for (const Node* each : {mean, centred, deviation, squared, variance, shifted, quotient}) pattern.push_back(position(*each));
        std::vector<std::string> inputs{x};
        append_gain_and_shift(pattern, inputs, *axis);
        const std::size_t last = pattern.back();
        if (replace(pattern, "LayerNormalization", std::move(inputs))) graph_.nodes[last].attributes["axis"].integer = *axis;
    }

    void append_gain_and_shift(Pattern& pattern, std::vector<std::string>& inputs, std::int64_t axis) const {
        const auto& shape = graph_.value(inputs[0]).shape;
        const std::vector<std::int64_t> normalised(shape.begin() + axis, shape.end());
        for (const char* type : {"Mul", "Add"}) {
            const std::string& value = graph_.nodes[pattern.back()].outputs[0];
            const Node* next = only_user(value, type);
            if (next == nullptr) return;
            const std::string& constant = other(*next, value);
            if (!graph_.is_constant(constant) || graph_.constant(constant).shape != normalised) return;
            inputs.push_back(constant);
            pattern.push_back(position(*next));
        }
    }

    /// x (1 + `one_sided`) / 2, the three factors in any order.
    void fuse_gelu(const std::string& x, const Node& one_sided, Pattern pattern) {
        const Node* plus = only_user(one_sided.outputs[0], "Add");
        if (plus == nullptr || !is_scalar(other(*plus, one_sided.outputs[0]), 1)) return;
        pattern.push_back(position(*plus));
        const Node* product = only_user(plus->outputs[0], "Mul");
        if (product == nullptr) return;
        const std::string& factor = other(*product, plus->outputs[0]);
        if (factor == x || is_scalar(factor, 0.5)) {
            pattern.push_back(position(*product));
            const Node* last = only_user(product->outputs[0], "Mul");
            if (last == nullptr) return;
            const std::string& missing = other(*last, product->outputs[0]);
            if (factor == x ? !is_scalar(missing, 0.5) : missing != x) return;
            pattern.push_back(position(*last));
        } else {
            if (without_scalar(factor, "Mul", 0.5, pattern) != x) return;
            pattern.push_back(position(*product));
        }
        replace(pattern, "Gelu", {x});
    }

    /// x (1 + erf(x / sqrt 2)) / 2 (Hendrycks and Gimpel, arXiv:1606.08415).
    void fuse_erf_gelu(std::size_t at) {
        const Node& erf = graph_.nodes[at];
        Pattern pattern{at};
        std::string x = without_scalar(erf.inputs[0], "Mul", 1 / std::numbers::sqrt2, pattern);
        const Node* division = producer(erf.inputs[0], "Div");
        if (division != nullptr && is_scalar(division->inputs[1], std::numbers::sqrt2)) {
            x = division->inputs[0];
            pattern.push_back(position(*division));
        }
        if (!x.empty()) fuse_gelu(x, erf, pattern);
    }

    /// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 (the approximation in arXiv:1606.08415).
    void fuse_tanh_gelu(std::size_t at) {
        const Node& tanh = graph_.nodes[at];
        Pattern pattern{at};
        const std::string sum = without_scalar(tanh.inputs[0], "Mul", std::sqrt(2 / std::numbers::pi), pattern);
        const Node* addition = producer(sum, "Add");
        if (addition == nullptr) return;
        pattern.push_back(position(*addition));
        for (const std::size_t side : {0, 1}) {
            const std::string& x = addition->inputs[side];
            Pattern with_cube = pattern;
            const std::string cube = without_scalar(addition->inputs[1 - side], "Mul", 0.044715, with_cube);
            if (is_cube(cube, x, with_cube)) return fuse_gelu(x, tanh, with_cube);
        }
    }

    bool is_cube(const std::string& value, const std::string& x, Pattern& pattern) const {
        if (const Node* power = producer(value, "Pow"); power != nullptr && power->inputs[0] == x && is_scalar(power->inputs[1], 3)) {
            pattern.push_back(position(*power));
            return true;
        }
        const Node* product = producer(value, "Mul");
        const Node* squared = product == nullptr ? nullptr : square(other(*product, x));
        if (squared == nullptr || squared->inputs[0] != x || (product->inputs[0] != x && product->inputs[1] != x)) return false;
        pattern.push_back(position(*product));
        pattern.push_back(position(*squared));
        return true;
    }

    /// x sigmoid(x), or x sigmoid(c x) with a constant c (Ramachandran et al., arXiv:1710.05941).
    void fuse_swish(std::size_t at) {
        const Node& sigmoid = graph_.nodes[at];
        const Node* product = only_user(sigmoid.outputs[0], "Mul");
        if (product == nullptr) return;
        const std::string x = other(*product, sigmoid.outputs[0]);
        if (x == sigmoid.inputs[0]) {
            replace({at, position(*product)}, "Swish", {x});
            return;
        }
        const Node* scaled = producer(sigmoid.inputs[0], "Mul");
        if (scaled == nullptr || (scaled->inputs[0] != x && scaled->inputs[1] != x)) return;
        const std::string& factor = other(*scaled, x);
        if (graph_.is_constant(factor) && graph_.constant(factor).size() == 1)
            replace({position(*scaled), at, position(*product)}, "Swish", {x});
    }

    FoldedGraph& graph_;
    std::map<std::string, std::size_t> producers_;
    std::map<std::string, std::vector<std::size_t>> users_;
    std::set<std::size_t> removed_;
};

}  // namespace

void fuse_patterns(onnx::FoldedGraph& graph) { Fuser(graph).run(); }

}  // namespace tessera::models
