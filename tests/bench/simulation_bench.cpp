#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <functional>
#include <queue>

#include "tests/sim/mapping_builder.h"

/// How fast the simulation moves chunks over links, against a bare event heap that does the same hops
/// in the same program. Use a release build on a quiet machine.
namespace {

using namespace tessera;

constexpr std::int64_t kOrbit = 3564;
constexpr std::size_t kWide = 100, kDeep = 10;

double seconds_of(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Chains of boards side by side: every board takes and sends a packet in every crossing.
partition::Mapping grid() {
    tests::MappingBuilder builder(kWide * kDeep);
    for (std::size_t w = 0; w < kWide; ++w) {
        auto input = builder.input_at(builder.board(w * kDeep), 2 * tests::kFrame);
        for (std::size_t d = 0; d < kDeep; ++d) {
            const auto here = builder.board(w * kDeep + d);
            const auto made = builder.shard(here, {1, 9, 20}, {input});
            if (d + 1 == kDeep) {
                builder.decide(made, 2 * tests::kFrame);
            } else {
                const auto next = builder.board(w * kDeep + d + 1);
                const auto link = builder.link(here, next, 36 + static_cast<std::int64_t>(w * 7 % 9));
                input = builder.over(builder.transfer(made, next, 2 * tests::kFrame, {link}));
            }
        }
    }
    return std::move(builder.mapping);
}

/// A bare heap of 48-byte events that passes as many packets over as many hops.
std::int64_t heap_hops() {
    struct Event {
        std::int64_t tick;
        std::uint32_t board, hop;
        std::int64_t payload[4];
        bool operator>(const Event& other) const { return tick > other.tick; }
    };
    std::priority_queue<Event, std::vector<Event>, std::greater<>> events;
    std::int64_t hops = 0;
    for (std::int64_t bx = 0; bx < kOrbit; ++bx) {
        for (; !events.empty() && events.top().tick <= bx * 9;) {
            Event event = events.top();
            events.pop();
            ++hops;
            if (++event.hop > kDeep) continue;
            event.tick += 60 + event.board * 7 % 9;
            event.payload[0] += event.tick;
            events.push(event);
        }
        for (std::uint32_t w = 0; w < kWide; ++w) events.push({bx * 9, w, 0, {bx, 0, 0, 0}});
    }
    return hops + static_cast<std::int64_t>(events.size());
}

double simulated_hops_per_second(const partition::Mapping& mapping, sim::Mode mode) {
    sim::Options options;
    options.mode = mode;
    options.bunch_crossings = kOrbit;
    sim::Result result;
    const double seconds = seconds_of([&] { result = sim::simulate(mapping, options); });
    if (result.events.completed != kOrbit) throw std::logic_error("events are missing");
    fmt::print("  {:<9} {:6.2f} s  {:6.2f} M hops/s\n", mode == sim::Mode::fast ? "fast" : "detailed", seconds,
               static_cast<double>(result.link_chunks) / seconds / 1e6);
    return static_cast<double>(result.link_chunks) / seconds;
}

double peak_rss_mib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

void elaborate() {
    constexpr std::size_t kBoards = 1000, kLinks = 100;
    auto mapping = tests::chain(kBoards, 2, {1, 9, 20}, 36);
    for (std::size_t b = 0; b < kBoards; ++b) {
        for (std::size_t l = 1; l < kLinks; ++l)
            mapping.links.push_back({id_at<BoardId>(b), id_at<BoardId>((b + l) % kBoards), 1, 5, 36, 1000});
    }
    const double seconds = seconds_of([&] { tests::simulate(mapping, 1); });
    fmt::print("{} boards with {} links each: made and run for one event in {:.2f} s, {:.0f} MiB\n", kBoards, kLinks, seconds,
               peak_rss_mib());
}

}  // namespace

int main() {
    elaborate();  // first: its memory is the process's peak
    fmt::print("{} boards, one orbit, one packet a board a crossing:\n", kWide * kDeep);
    std::int64_t hops = 0;
    const double seconds = seconds_of([&] { hops = heap_hops(); });
    const double heap = static_cast<double>(hops) / seconds;
    fmt::print("  {:<9} {:6.2f} s  {:6.2f} M hops/s\n", "heap", seconds, heap / 1e6);
    const auto mapping = grid();
    const double detailed = simulated_hops_per_second(mapping, sim::Mode::detailed);
    const double fast = simulated_hops_per_second(mapping, sim::Mode::fast);
    fmt::print("  detailed {:.2f} x the heap, fast {:.2f} x\n", detailed / heap, fast / heap);
}
