// Boards for synthetic shard graphs of ten thousand to a million shards, a thousand a board: time and memory beside their limits, 180 s and
// 8 GiB for the largest. The same steps as the mapper takes between sharding and links: growth, refinement, quickening, order of dies.
//
//   cmake --build --preset release --target bench_placement_scale && build/release/tests/bench_placement_scale
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "partition/quicken.h"
#include "partition/refinement.h"
#include "tests/partition/random_shard_graph.h"

namespace {

using namespace tessera;
using namespace tessera::partition;

/// Seconds since the last call.
class Watch {
  public:
    double lap() {
        const auto now = std::chrono::steady_clock::now(), before = std::exchange(last_, now);
        return std::chrono::duration<double>(now - before).count();
    }

  private:
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

double peak_gib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / (1 << 20);
}

/// Boards that the resources ask for if every shard is built as it is and nothing is lost.
double least_boards(const ShardGraph& graph, const BoardSpace& space) {
    Resources total;
    for (std::uint32_t s = 0; s < graph.shards.size(); ++s) total += graph.resources(s);
    return total.max_fraction(space.types.front().slr_capacity) / space.types.front().slrs;
}

void measure(std::size_t operators) {
    constexpr std::size_t kShardsEach = 100;
    const BoardSpace space = tests::board_space(4, 124, 162);
    Watch watch;
    ShardGraph graph = tests::random_shard_graph({operators, kShardsEach, 0.009, 8, 1e-6}, space, 1);
    const double made = watch.lap();
    const auto grown = grow_boards(graph, space, {});
    if (std::holds_alternative<UnfitShard>(grown)) throw std::runtime_error("a shard fits no board");
    auto placement = std::get<Placement>(grown);
    const double growing = watch.lap();
    for (std::size_t s = 0; s < graph.shards.size(); ++s) graph.shards[s].chosen = placement.variant[s];
    RefinementSettings settings;
    settings.moves = std::min<std::int64_t>(100 * static_cast<std::int64_t>(graph.shards.size()), 1000000);
    const double before = analyse_timing(graph, placement, {}).latency_cycles;
    placement = refine(graph, space, placement, settings);
    const double refining = watch.lap();
    placement = quicken(graph, space, placement, {});
    for (std::size_t s = 0; s < graph.shards.size(); ++s) graph.shards[s].chosen = placement.variant[s];
    const Timing timing = analyse_timing(graph, placement, {});
    order_slrs(graph, space, timing, placement);
    const double settling = watch.lap();
    const auto shards = static_cast<double>(operators * kShardsEach);
    const double all = growing + refining + settling;
    fmt::print("{:>9.0f}{:>8}{:>8.2f}{:>12.3f}{:>9.1f}{:>9.1f}{:>9.1f}{:>9.1f}{:>9.1f}{:>12.1f}{:>8.2f}\n", shards, placement.boards,
               static_cast<double>(placement.boards) / least_boards(graph, space), timing.latency_cycles / before, made, growing, refining,
               settling, all, all / shards * 1e6, peak_gib());
}

}  // namespace

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    fmt::print("{:>9}{:>8}{:>8}{:>12}{:>9}{:>9}{:>9}{:>9}{:>9}{:>12}{:>8}\n", "shards", "boards", "bound x", "refined to", "made s",
               "grow s", "refine s", "settle s", "all s", "us a shard", "GiB");
    for (const std::size_t operators : {100, 1000, 10000}) measure(operators);
    fmt::print("limits of the last: {:>55} s{:>19} GiB\n", 180, 8);
}
