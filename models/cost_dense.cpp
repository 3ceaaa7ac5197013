#include <algorithm>

#include "models/cost_matrix.h"

namespace tessera::models {

void cost_dense(const CostContext& context, Candidates& out) {
    for (const Implementation& made : matrix_implementations(constant_matrix(context), context)) out.add(made);
}

}  // namespace tessera::models
