#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "partition/node_mapper.h"

namespace tessera::partition {

/// Mappings of time nodes that the search asks for, some of them made ahead by other threads. What is found depends on the plan and the
/// limits alone, so that the search gets the same on any number of threads. Ours only: the libraries of the baselines keep state.
class NodeTrials {
  public:
    using Outcome = std::variant<std::vector<Mapping>, NodeFailure>;

    /// One call of `map_node`.
    struct Trial {
        const NodePlan* plan = nullptr;
        double weight = 1;  ///< of its price of latency
        NodeLimits limits;
        std::uint64_t seed = 1;

        friend bool operator==(const Trial&, const Trial&) = default;
    };

    /// All must outlive this.
    NodeTrials(const MappingProblem& problem, const std::vector<models::Flow>& flows, const MapperOptions& options);
    ~NodeTrials();
    NodeTrials(const NodeTrials&) = delete;
    NodeTrials& operator=(const NodeTrials&) = delete;

    /// Of a trial whose plan is priced as it says. Begins those of `next` for which there are threads, the first first, and gives up what
    /// is not among them.
    Outcome result(const Trial& trial, const std::vector<Trial>& next);

  private:
    struct Job;
    class Threads;

    std::shared_ptr<Job> taken(const Trial& trial);
    void expect(const std::vector<Trial>& next);
    void begin(const Trial& trial);

    const MappingProblem& problem_;
    const std::vector<models::Flow>& flows_;
    const MapperOptions& options_;
    std::vector<std::shared_ptr<Job>> jobs_;
    std::unique_ptr<Threads> threads_;  ///< none: nothing is made ahead
};

}  // namespace tessera::partition
