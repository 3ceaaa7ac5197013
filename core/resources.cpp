#include "core/resources.h"

#include <limits>

namespace tessera {

double Resources::max_fraction(const Resources& capacity) const {
    const auto used = values();
    const auto available = capacity.values();
    double worst = 0;
    for (std::size_t i = 0; i < used.size(); ++i) {
        if (used[i] <= 0) continue;
        const double fraction = available[i] > 0 ? used[i] / available[i] : std::numeric_limits<double>::infinity();
        worst = std::max(worst, fraction);
    }
    return worst;
}

}  // namespace tessera
