#include <algorithm>

#include "models/cost_context.h"

namespace tessera::models {

/// Boosted decision trees, all nodes in parallel: a comparison with a constant for each node (two bits a carry LUT), an adder
/// bit for each bit of a tree's score; within a tenth of the ten ensembles routed by github.com/Kanishk234/dwn-fpga-study at 18 bits.
/// Flip-flops and stages as conifer's VHDL back end has them, one stage a level.
void cost_tree_ensemble(const CostContext& context, Candidates& out) {
    const double share = context.share_of_channels();
    const double trees = static_cast<double>(context.op.trees) * share;
    const double nodes = static_cast<double>(context.op.tree_nodes) * share;
    Implementation made{Strategy::logic, 1, {}, 2 + context.op.tree_depth + log2_up(trees), 1};
    made.resources.lut = nodes * context.input_bits(0) / 2 + trees * context.output_bits();
    made.resources.ff = coefficient::kTreesFfBase + coefficient::kTreesFfPerTree * trees + coefficient::kTreesFfPerNode * nodes;
    out.add(made);
}

}  // namespace tessera::models
