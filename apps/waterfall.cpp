#include "apps/waterfall.h"

#include "apps/name_groups.h"

namespace tessera::apps {

namespace {

bool is_transfer(const sim::BreakdownStep& step) { return step.stage.find(" -> ") != std::string::npos; }

/// Steps that are never taken apart: an operator and the transfers that brought its data.
struct Units {
    std::vector<NamedAmount> named;
    std::vector<std::size_t> first_step;  ///< by unit, and one past the last
};

Units units_of(const std::vector<sim::BreakdownStep>& breakdown) {
    Units units;
    units.first_step.push_back(0);
    double ns = 0;
    for (std::size_t i = 0; i < breakdown.size(); ++i) {
        ns += breakdown[i].ns;
        if (is_transfer(breakdown[i]) && i + 1 < breakdown.size()) continue;
        units.named.push_back({breakdown[i].stage, ns});
        units.first_step.push_back(i + 1);
        ns = 0;
    }
    return units;
}

}  // namespace

std::vector<WaterfallRow> waterfall(const std::vector<sim::BreakdownStep>& breakdown, std::size_t most_rows) {
    const auto units = units_of(breakdown);
    std::vector<WaterfallRow> rows;
    double at = 0;
    for (const auto& group : group_by_name(units.named, most_rows)) {
        WaterfallRow row{group.label, units.first_step[group.begin], units.first_step[group.end], at, 0, {}};
        for (std::size_t i = row.first_step; i < row.end_step; ++i) {
            row.ns += breakdown[i].ns;
            row.kinds[breakdown[i].kind] += breakdown[i].ns;
        }
        at += row.ns;
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace tessera::apps
