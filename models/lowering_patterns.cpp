#include "models/lowering_patterns.h"

#include <cmath>
#include <optional>
#include <set>

namespace tessera::models {

namespace {

using onnx::FoldedGraph;
using onnx::Node;

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
            if (type == "Div") fuse_layer_normalisation(n);
            if (type == "Erf") fuse_gelu(n);
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

    const Node* producer(const std::string& value, const std::string& type) const {
        const auto found = producers_.find(value);
        if (found == producers_.end() || removed_.contains(found->second)) return nullptr;
        const Node& node = graph_.nodes[found->second];
        return node.op_type == type ? &node : nullptr;
    }
    std::size_t position(const Node& node) const { return producers_.at(node.outputs.front()); }

    /// The one node that uses a value; nothing where it has other users.
    std::optional<std::size_t> only_user(const std::string& value, const std::string& type) const {
        const auto found = users_.find(value);
        if (found == users_.end() || found->second.size() != 1 || found->second.front() == kOutside) return std::nullopt;
        return graph_.nodes[found->second.front()].op_type == type ? std::optional(found->second.front()) : std::nullopt;
    }

    bool is_scalar(const std::string& value, double expected) const {
        return graph_.is_constant(value) && graph_.constant(value).size() == 1 && std::abs(graph_.constant(value).at(0) - expected) < 1e-3;
    }
    /// The operand of a two-operand node that is not `value`.
    static const std::string& other(const Node& node, const std::string& value) { return node.inputs[node.inputs[0] == value ? 1 : 0]; }

    /// Turns node `last` into `type` with `inputs`; the others of the pattern go.
    void replace(std::size_t last, const std::string& type, std::vector<std::string> inputs, const std::vector<std::size_t>& pattern) {
        for (const std::size_t n : pattern) {
            if (n != last) removed_.insert(n);
        }
        Node& node = graph_.nodes[last];
        node.op_type = type;
        node.inputs = std::move(inputs);
        node.attributes.clear();
    }

    void fuse_layer_normalisation(std::size_t division) {
        const Node& quotient = graph_.nodes[division];
        const Node* centred = producer(quotient.inputs[0], "Sub");
        const Node* root = producer(quotient.inputs[1], "Sqrt");
        const Node* shifted = root == nullptr ? nullptr : producer(root->inputs[0], "Add");
        if (centred == nullptr || shifted == nullptr) return;
        const Node* mean = producer(centred->inputs[1], "ReduceMean");
        const Node* variance = producer(shifted->inputs[0], "ReduceMean");
        if (variance == nullptr) variance = producer(shifted->inputs[1], "ReduceMean");
        if (mean == nullptr || variance == nullptr || mean->inputs[0] != centred->inputs[0]) return;
        const Node* square = producer(variance->inputs[0], "Pow");
        if (square == nullptr) square = producer(variance->inputs[0], "Mul");
        if (square == nullptr || square->inputs[0] != centred->outputs[0]) return;

        std::vector<std::size_t> pattern{position(*mean),    position(*centred), position(*square), position(*variance),
                                         position(*shifted), position(*root),    division};
        std::vector<std::string> inputs{centred->inputs[0]};
        std::size_t last = division;
        for (const char* type : {"Mul", "Add"}) {
            const auto next = only_user(graph_.nodes[last].outputs[0], type);
            if (!next || !graph_.is_constant(other(graph_.nodes[*next], graph_.nodes[last].outputs[0]))) break;
            inputs.push_back(other(graph_.nodes[*next], graph_.nodes[last].outputs[0]));
            last = *next;
            pattern.push_back(last);
        }
        replace(last, "LayerNormalization", std::move(inputs), pattern);
    }

    /// 0.5 x (1 + erf(x / sqrt 2)), the factor 0.5 before or after (Hendrycks and Gimpel, arXiv:1606.08415).
    void fuse_gelu(std::size_t erf) {
        const Node& error = graph_.nodes[erf];
        const Node* scaled = producer(error.inputs[0], "Div");
        if (scaled == nullptr || !is_scalar(scaled->inputs[1], std::sqrt(2.0))) {
            scaled = producer(error.inputs[0], "Mul");
            if (scaled == nullptr || !is_scalar(scaled->inputs[1], std::sqrt(0.5))) return;
        }
        const std::string& x = scaled->inputs[0];
        const auto plus = only_user(error.outputs[0], "Add");
        if (!plus || !is_scalar(other(graph_.nodes[*plus], error.outputs[0]), 1)) return;
        const auto product = only_user(graph_.nodes[*plus].outputs[0], "Mul");
        if (!product) return;
        const std::string& factor = other(graph_.nodes[*product], graph_.nodes[*plus].outputs[0]);
        const std::vector<std::size_t> pattern{position(*scaled), erf, *plus, *product};
        if (factor == x) {
            const auto half = only_user(graph_.nodes[*product].outputs[0], "Mul");
            if (!half || !is_scalar(other(graph_.nodes[*half], graph_.nodes[*product].outputs[0]), 0.5)) return;
            replace(*half, "Gelu", {x}, pattern);
        } else if (const Node* half = producer(factor, "Mul");
                   half != nullptr && is_scalar(other(*half, x), 0.5) && (half->inputs[0] == x || half->inputs[1] == x)) {
            const std::size_t halved = position(*half);
            replace(*product, "Gelu", {x}, {position(*scaled), erf, *plus, halved});
        }
    }

    void fuse_swish(std::size_t sigmoid) {
        const Node& node = graph_.nodes[sigmoid];
        const auto product = only_user(node.outputs[0], "Mul");
        if (!product || other(graph_.nodes[*product], node.outputs[0]) != node.inputs[0]) return;
        replace(*product, "Swish", {node.inputs[0]}, {sigmoid});
    }

    FoldedGraph& graph_;
    std::map<std::string, std::size_t> producers_;
    std::map<std::string, std::vector<std::size_t>> users_;
    std::set<std::size_t> removed_;
};

}  // namespace

void fuse_patterns(onnx::FoldedGraph& graph) { Fuser(graph).run(); }

}  // namespace tessera::models
