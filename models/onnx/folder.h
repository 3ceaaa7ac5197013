#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "models/onnx/operator_rules.h"
#include "models/onnx/parsed_model.h"

namespace tessera::models::onnx {

/// Moves nodes one after another into a FoldedGraph: evaluates what is constant, infers the shape of
/// what is not, and lets nodes that change nothing vanish behind an alias.
class Folder {
  public:
    /// @param graph its opset, file, inputs and their values are set
    /// @param is_usable says which operator types may stay in the graph
    Folder(FoldedGraph& graph, TypePredicate is_usable) : graph_(graph), is_usable_(is_usable) {}

    /// Folds all nodes of a graph in topological order. @throws InputError naming the node
    void fold(ParsedGraph&& parsed);

    /// @throws InputError that names all operator types without a rule or use, if there were any
    void reject_unsupported() const;

    /// The tensor that stands for `name`: itself, or what it is an alias of.
    const std::string& resolved(const std::string& name) const;

  private:
    struct Unsupported {
        std::string first_node;
        int count = 0;
    };

    void fold_node(ParsedNode&& parsed);
    void fold_with_rule(Node&& node, const OperatorRule& rule);
    void inline_branch(ParsedNode&& parsed);
    bool depends_on_unsupported(const ParsedNode& parsed) const;
    void skip(const Node& node);
    void count_unsupported(const Node& node);

    OperatorContext context_of(const Node& node) const;
    std::vector<TensorType> checked_types(const OperatorContext& context, const OperatorRule& rule) const;
    void evaluate(const OperatorContext& context, const OperatorRule& rule, const std::vector<TensorType>& types);
    void keep(Node&& node, const std::vector<TensorType>& types);
    void add_constant(const std::string& name, Array array);

    void drop_empty_parts(Node& node) const;
    void replace_decided_where(Node& node);
    bool moved_before_quantiser(const OperatorContext& context, const OperatorRule& rule, const std::vector<TensorType>& types);

    /// Constant reals that are scale x (integers - zero_point).
    struct AffineWeights {
        std::string integers;  ///< a constant
        double scale = 1;
        double zero_point = 0;  ///< whole
    };
    std::optional<AffineWeights> affine_result(const OperatorContext& context) const;
    void restore_quantised_weights(Node& node);

    FoldedGraph& graph_;
    TypePredicate is_usable_;
    std::map<std::string, std::string> aliases_;
    std::map<std::string, std::size_t> quantisers_;   ///< of constants: result -> position in graph_.nodes
    std::map<std::string, AffineWeights> affine_;     ///< by the constant's name
    std::set<std::string> behind_unsupported_;        ///< tensors whose shape is not known, since an operator has no rule
    std::map<std::string, Unsupported> unsupported_;  ///< by operator type
    std::map<std::string, int> skipped_;              ///< behind those, by operator type
};

}  // namespace tessera::models::onnx
