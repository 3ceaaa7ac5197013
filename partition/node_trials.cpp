#include "partition/node_trials.h"

#include <oneapi/tbb/info.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <utility>

namespace tessera::partition {

namespace {

MapperOptions with_seed(MapperOptions options, std::uint64_t seed) {
    options.seed = seed;
    return options;
}

}  // namespace

/// Begun by a thread of the arena, or by the search itself where it comes first.
struct NodeTrials::Job {
    explicit Job(const Trial& wanted) : trial(wanted), plan(*wanted.plan) {}

    Trial trial;
    NodePlan plan;  ///< a copy, to be priced
    std::atomic<bool> begun = false;
    std::atomic<bool> given_up = false;
    std::promise<Outcome> promise;
    std::future<Outcome> outcome = promise.get_future();
};

/// Those beside the caller's own.
class NodeTrials::Threads {
  public:
    explicit Threads(int count) : count_(static_cast<std::size_t>(count)), arena_(count, 0) {}

    std::size_t count() const { return count_; }
    template <typename Work>
    void begin(Work work) {
        arena_.enqueue(std::move(work));
    }

  private:
    std::size_t count_;
    oneapi::tbb::task_arena arena_;
};

NodeTrials::NodeTrials(const MappingProblem& problem, const std::vector<models::Flow>& flows, const MapperOptions& options)
    : problem_(problem), flows_(flows), options_(options) {
    const int threads = std::min(options.threads, oneapi::tbb::info::default_concurrency());  // more would only share the processors
    if (threads > 1 && options.partitioner == Partitioner::tessera) threads_ = std::make_unique<Threads>(threads - 1);
}

NodeTrials::~NodeTrials() {
    for (const auto& job : jobs_) job->given_up = true;
    for (const auto& job : jobs_) {
        if (job->begun.exchange(true)) job->outcome.wait();
    }
}

std::shared_ptr<NodeTrials::Job> NodeTrials::taken(const Trial& trial) {
    const auto found = std::find_if(jobs_.begin(), jobs_.end(), [&](const auto& job) { return job->trial == trial && !job->given_up; });
    if (found == jobs_.end()) return nullptr;
    auto job = *found;
    jobs_.erase(found);
    return job;
}

void NodeTrials::expect(const std::vector<Trial>& next) {
    const auto over = [](const auto& job) { return job->outcome.wait_for(std::chrono::seconds(0)) == std::future_status::ready; };
    for (const auto& job : jobs_) job->given_up = job->given_up || std::find(next.begin(), next.end(), job->trial) == next.end();
    std::erase_if(jobs_, [&](const auto& job) { return job->given_up && (over(job) || !job->begun.exchange(true)); });
    for (const Trial& trial : next) {
        const auto begun = [&](const auto& job) { return job->trial == trial && !job->given_up; };
        if (jobs_.size() >= threads_->count()) return;
        if (std::none_of(jobs_.begin(), jobs_.end(), begun)) begin(trial);
    }
}

void NodeTrials::begin(const Trial& trial) {
    const auto job = std::make_shared<Job>(trial);
    jobs_.push_back(job);
    threads_->begin([this, job] {
        if (job->begun.exchange(true)) return;
        try {
            MapperOptions options = with_seed(options_, job->trial.seed);
            options.should_stop = [&] { return job->given_up || (options_.should_stop && options_.should_stop()); };
            price_latency(job->plan, problem_, flows_, job->trial.weight, job->trial.limits.kind.as_one);
            job->promise.set_value(map_node(problem_, flows_, job->plan, job->trial.limits, options));
        } catch (...) {
            job->promise.set_exception(std::current_exception());
        }
    });
}

NodeTrials::Outcome NodeTrials::result(const Trial& trial, const std::vector<Trial>& next) {
    std::shared_ptr<Job> job;
    if (threads_) {
        job = taken(trial);
        expect(next);
    }
    const bool begun = job && job->begun.exchange(true);
    return begun ? job->outcome.get() : map_node(problem_, flows_, *trial.plan, trial.limits, with_seed(options_, trial.seed));
}

}  // namespace tessera::partition
