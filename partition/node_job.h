#pragma once

#include <variant>

#include "partition/mapper.h"
#include "partition/mapping.h"
#include "partition/node_mapper.h"
#include "partition/node_terms.h"

namespace tessera::partition {

/// One time node to lay out: what is asked, and the terms that follow from it. The problem, the plan and the options must outlive it.
struct NodeJob {
    const MappingProblem& problem;
    const NodePlan& plan;
    const MapperOptions& options;
    NodeLimits limits;
    NodeTerms terms;

    bool ours() const { return options.partitioner == Partitioner::tessera; }
    bool stopped() const { return options.should_stop && options.should_stop(); }
    bool quick_enough(const Mapping& mapping) const { return mapping.analytic_latency_ns() <= limits.quick_enough_ns; }
};

/// Whether there is a mapping, and it takes no longer than that.
inline bool found_within(const std::variant<Mapping, NodeFailure>& result, double latency_ns) {
    const auto* mapping = std::get_if<Mapping>(&result);
    return mapping != nullptr && mapping->analytic_latency_ns() <= latency_ns;
}

}  // namespace tessera::partition
