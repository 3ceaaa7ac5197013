#include <fmt/format.h>
#include <sys/resource.h>

#include <ctime>
#include <functional>
#include <queue>

#include "tests/sim/mapping_builder.h"

/// How fast the simulation moves chunks over links, against a bare event heap that does the same hops
/// in the same program; what it costs to make a large system, to trace, and in memory. Use a release build on a
/// quiet machine.
namespace {

using namespace tessera;

constexpr std::int64_t kOrbit = 3564;
constexpr std::size_t kWide = 100, kDeep = 10;

/// Of this process, so that what else runs on the machine matters less.
double seconds_of(const std::function<void()>& work) {
    const auto start = std::clock();
    work();
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
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

double peak_rss_mib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

struct Speed {
    double seconds = 0;
    double hops_per_second = 0;
};

Speed speed_of(const partition::Mapping& mapping, const sim::Options& options) {
    sim::Result result;
    const double seconds = seconds_of([&] { result = sim::simulate(mapping, options); });
    if (result.events.completed != options.bunch_crossings) throw std::logic_error("events are missing");
    return {seconds, static_cast<double>(result.link_chunks) / seconds};
}

void print(const char* what, const Speed& speed, double heap) {
    fmt::print("  {:<16} {:6.2f} s  {:6.2f} M hops/s  {:5.2f} x the heap\n", what, speed.seconds, speed.hops_per_second / 1e6,
               speed.hops_per_second / heap);
}

void race() {
    fmt::print(
        "{} boards, one orbit, one packet a board a crossing (limits: 2 s; detailed 0.3 x and 2.5 M hops/s, fast 2 x, traced +30 %):\n",
        kWide * kDeep);
    std::int64_t hops = 0;
    Speed bare;
    bare.seconds = seconds_of([&] { hops = heap_hops(); });
    const double heap = bare.hops_per_second = static_cast<double>(hops) / bare.seconds;
    print("heap", bare, heap);
    const auto mapping = grid();
    sim::Options options;
    options.bunch_crossings = kOrbit;
    options.mode = sim::Mode::detailed;
    print("detailed", speed_of(mapping, options), heap);
    options.mode = sim::Mode::fast;
    const auto fast = speed_of(mapping, options);
    print("fast", fast, heap);
    sim::Trace trace;
    options.trace = &trace;
    const auto traced = speed_of(mapping, options);
    print("fast, traced", traced, heap);
    fmt::print("  tracing every chunk of every crossing costs {:.0f} %\n", 100 * (traced.seconds / fast.seconds - 1));
}

void remember() {
    const auto mapping = grid();
    sim::Options options;
    options.bunch_crossings = kOrbit;
    speed_of(mapping, options);
    const double before = peak_rss_mib();
    options.bunch_crossings = 10 * kOrbit;
    const auto speed = speed_of(mapping, options);
    fmt::print("ten orbits in {:.2f} s: peak memory {:.1f} MiB, after one {:.1f} MiB (limit: the same)\n", speed.seconds, peak_rss_mib(),
               before);
}

void elaborate() {
    constexpr std::size_t kBoards = 1000, kLinks = 100;
    auto mapping = tests::chain(kBoards, 2, {1, 9, 20}, 36);
    for (std::size_t b = 0; b < kBoards; ++b) {
        for (std::size_t l = 1; l < kLinks; ++l)
            mapping.links.push_back({id_at<BoardId>(b), id_at<BoardId>((b + l) % kBoards), 1, 5, 36, 1000});
    }
    const double seconds = seconds_of([&] { tests::simulate(mapping, 1); });
    fmt::print("{} boards with {} links each: made and run for one event in {:.2f} s, {:.0f} MiB (limits 1 s, 300 MiB)\n", kBoards, kLinks,
               seconds, peak_rss_mib());
}

void play(const char* file) {
    const auto mapping = partition::read_mapping(JsonReader::from_file(file));
    sim::Options options;
    options.bunch_crossings = 10 * kOrbit;
    const auto speed = speed_of(mapping, options);
    fmt::print("{}: {} boards, 10 orbits in {:.1f} s, {:.2f} M hops/s (limit for the CMS Particle Transformer: 60 s)\n", file,
               mapping.boards_in_system(), speed.seconds, speed.hops_per_second / 1e6);
}

}  // namespace

/// @param argv mappings that are played for ten orbits
int main(int argc, char** argv) {
    elaborate();  // first: its memory is the process's peak
    remember();
    race();
    for (int i = 1; i < argc; ++i) play(argv[i]);
}
