#include <algorithm>

#include "models/cost_context.h"

/// Boosted decision trees, all nodes in parallel, as conifer's VHDL back end makes them.
namespace tessera::models {

void cost_tree_ensemble(const CostContext& context, Candidates& out) {
    const double share = context.share_of_channels();
    const double trees = static_cast<double>(context.op.trees) * share;
    const double nodes = static_cast<double>(context.op.tree_nodes) * share;
    Implementation made{Strategy::logic, 1, {}, 2 + context.op.tree_depth + log2_up(trees), 1};
    // The fit's negative constant part does not hold for a handful of nodes: a tree costs its adder at least.
    made.resources.lut =
        std::max(coefficient::kTreesLutBase + coefficient::kTreesLutPerTree * trees + coefficient::kTreesLutPerNode * nodes,
                 coefficient::kTreesLutPerTree * trees);
    made.resources.ff = coefficient::kTreesFfBase + coefficient::kTreesFfPerTree * trees + coefficient::kTreesFfPerNode * nodes;
    out.add(made);
}

}  // namespace tessera::models
