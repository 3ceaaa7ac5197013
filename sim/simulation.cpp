#include "sim/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <stdexcept>

#include "core/error.h"
#include "sim/hash.h"
#include "sim/kernel.h"
#include "sim/line.h"

namespace tessera::sim {

namespace {

constexpr std::int64_t kDrainBx = 100'000;  // after the last event; a system that is still moving then never ends
constexpr std::int64_t kBxPerLook = 64;     // at whether something still moves
constexpr std::size_t kHistogramBins = 40;

/// The order in which stations are constructed; shuffled (Fisher and Yates) on request.
std::vector<std::size_t> construction_order(std::size_t stations, const Options& options) {
    std::vector<std::size_t> order(stations);
    std::iota(order.begin(), order.end(), 0U);
    if (!options.shuffle_construction) return order;
    std::mt19937_64 random(options.seed);
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
    return order;
}

/// The longest time between the decisions of two crossings that follow one another.
class Intervals {
  public:
    /// Takes what the nodes completed; crossings come roughly in order.
    void collect(System& system) {
        for (auto& node : system.nodes) {
            for (const auto& [bx, tick] : node->completions()) done_[bx] = tick;
            node->forget_completions();
        }
        constexpr std::size_t kKept = 10'000;
        while (done_.size() > kKept) step();
    }
    std::int64_t longest() {
        while (done_.size() > 1) step();
        return longest_;
    }

  private:
    void step() {
        const auto first = done_.begin();
        const auto second = std::next(first);
        if (second->first == first->first + 1) longest_ = std::max(longest_, second->second - first->second);
        done_.erase(first);
    }
    std::map<std::int64_t, std::int64_t> done_;
    std::int64_t longest_ = 0;
};

/// How many crossings are injected at a time. Nothing in the system acts upon a source, so in fast mode
/// events may run ahead together (TLM-2.0's temporal decoupling), as many as have records that stay in the cache.
std::int64_t quantum_bx(const Tables& tables, const Options& options, std::int64_t nodes) {
    if (options.mode == Mode::detailed) return 1;
    constexpr std::size_t kCacheBytes = 512UL * 1024;
    const auto records = static_cast<std::int64_t>(kCacheBytes / (tables.stamps_per_event * sizeof(std::int32_t)));
    return nodes * std::clamp<std::int64_t>(records, 1, 64);
}

/// Injects and runs until nothing moves any more; returns the crossings that it played.
std::int64_t play(System& system, const Tables& tables, const Options& options, Intervals& intervals) {
    const std::int64_t end = options.bunch_crossings;
    const std::int64_t quantum = quantum_bx(tables, options, static_cast<std::int64_t>(system.nodes.size()));
    std::vector<std::int64_t> crossings;
    std::int64_t bx = 0;
    for (bool go_on = true; bx < end && go_on;) {
        crossings.clear();
        for (const std::int64_t stop = std::min(end, bx + quantum); bx < stop; ++bx) {
            if (options.filled[static_cast<std::size_t>(bx) % options.filled.size()]) crossings.push_back(bx);
        }
        if (crossings.empty()) continue;
        system.run_until(crossings.front() * tables.ticks_per_bx);
        system.inject(crossings);
        intervals.collect(system);
        if (options.progress) go_on = options.progress(static_cast<double>(bx) / static_cast<double>(end));
    }
    std::int64_t tick = bx * tables.ticks_per_bx;
    const std::int64_t most = tick + kDrainBx * tables.ticks_per_bx;
    for (; !system.is_idle() && tick < most; tick += kBxPerLook * tables.ticks_per_bx) system.run_until(tick);
    for (auto& node : system.nodes) node->close();
    intervals.collect(system);
    if (options.progress) options.progress(1);
    return bx;
}

/// The value below which a fraction of the events lies.
double percentile(const std::map<std::int64_t, std::int64_t>& latencies, std::int64_t events, double fraction, double tick_ns) {
    const auto rank = static_cast<std::int64_t>(fraction * static_cast<double>(events - 1));
    std::int64_t seen = 0;
    for (const auto& [ticks, count] : latencies) {
        seen += count;
        if (seen > rank) return static_cast<double>(ticks) * tick_ns;
    }
    return 0;
}

std::vector<std::pair<double, std::int64_t>> histogram(const std::map<std::int64_t, std::int64_t>& latencies, double tick_ns) {
    std::vector<std::pair<double, std::int64_t>> bins;
    if (latencies.empty()) return bins;
    const std::int64_t least = latencies.begin()->first;
    const std::int64_t span = latencies.rbegin()->first - least + 1;
    const auto count = static_cast<std::int64_t>(std::min<std::int64_t>(kHistogramBins, span));
    for (std::int64_t b = 0; b < count; ++b) {
        const std::int64_t edge = least + span * (b + 1) / count;
        bins.emplace_back(static_cast<double>(edge) * tick_ns, 0);
    }
    for (const auto& [ticks, events] : latencies) bins[static_cast<std::size_t>((ticks - least) * count / span)].second += events;
    return bins;
}

void fill_latency(const Statistics& statistics, double tick_ns, Result& result) {
    result.max_latency_ticks = std::max<std::int64_t>(0, statistics.max_latency_ticks);
    if (statistics.latencies.empty()) return;
    result.latency_ns.min = static_cast<double>(statistics.latencies.begin()->first) * tick_ns;
    double sum = 0;
    for (const auto& [ticks, events] : statistics.latencies) sum += static_cast<double>(ticks) * static_cast<double>(events);
    result.latency_ns.mean = sum / static_cast<double>(statistics.completed) * tick_ns;
    result.latency_ns.p50 = percentile(statistics.latencies, statistics.completed, 0.5, tick_ns);
    result.latency_ns.p99 = percentile(statistics.latencies, statistics.completed, 0.99, tick_ns);
    result.latency_ns.max = static_cast<double>(statistics.max_latency_ticks) * tick_ns;
    result.latency_histogram = histogram(statistics.latencies, tick_ns);
}

/// A shard's operator without the range of the shard: what people know it by.
std::string stage_name(const std::string& shard) { return shard.substr(0, shard.find(" [")); }

void fill_breakdown(const Statistics& statistics, const partition::Mapping& mapping, Result& result) {
    for (auto step : statistics.breakdown) {
        if (step.stage.starts_with('#')) step.stage = stage_name(mapping.shards[std::stoul(step.stage.substr(1))].name);
        step.ns *= mapping.tick_ns();
        if (!result.breakdown.empty() && result.breakdown.back().stage == step.stage && result.breakdown.back().kind == step.kind) {
            result.breakdown.back().ns += step.ns;
        } else {
            result.breakdown.push_back(std::move(step));
        }
    }
}

/// The busiest shard or link per event says how often the system can take one.
void fill_interval(const System& system, const partition::Mapping& mapping, std::int64_t injected, Result& result) {
    double longest = 0;
    const auto take = [&](std::int64_t busy_ticks, std::int64_t events, const std::string& stage) {
        const double per_event = static_cast<double>(busy_ticks) / static_cast<double>(std::max<std::int64_t>(1, events));
        if (per_event > longest) longest = per_event, result.slowest_stage = stage;
    };
    for (std::size_t s = 0; s < mapping.shards.size(); ++s) {
        const auto shard = system.total_of_shard(s);
        take(shard.busy_ticks, shard.events, mapping.shards[s].name);
    }
    for (std::size_t l = 0; l < mapping.links.size(); ++l) take(system.total_of_link(l).busy_ticks, injected, fmt::format("link {}", l));
    // A stage that nobody feeds limits nothing; a system takes an event a crossing at the most.
    result.longest_stage_interval_ns = std::max(longest / mapping.tmux_period_bx * mapping.tick_ns(), mapping.clock.bx_ns());
}

void fill_stages(const Statistics& statistics, const partition::Mapping& mapping, Result& result) {
    std::map<std::uint32_t, std::pair<std::string, Interval>> stages;  // by operator
    for (std::size_t s = 0; s < mapping.shards.size(); ++s) {
        const auto& seen = statistics.intervals[s];
        if (mapping.shards[s].board == kOutside || seen.longest_ticks == 0) continue;
        auto& [name, interval] = stages[mapping.shards[s].op];
        name = stage_name(mapping.shards[s].name);
        interval.take(seen.shortest_ticks);
        interval.take(seen.longest_ticks);
    }
    for (const auto& [op, stage] : stages) {
        const auto& [name, interval] = stage;
        result.stages.push_back({name, static_cast<double>(interval.shortest_ticks) * mapping.tick_ns(),
                                 static_cast<double>(interval.longest_ticks) * mapping.tick_ns()});
    }
}

void fill_boards(const System& system, const Tables& tables, std::int64_t end_tick, Result& result) {
    const double time = static_cast<double>(end_tick) * static_cast<double>(tables.time_nodes);
    result.boards.resize(tables.outside);
    for (std::size_t s = 0; s < tables.shards.size(); ++s) {
        const auto& shard = tables.shards[s];
        if (shard.station == tables.outside) continue;
        auto& board = result.boards[shard.station];
        board.busy_fraction = std::max(board.busy_fraction, static_cast<double>(system.total_of_shard(s).busy_ticks) / time);
        for (std::uint32_t i = shard.inputs.begin; i < shard.inputs.end; ++i) {
            const auto input = system.total_of_input(i);
            board.lost_chunks += input.lost_chunks;
            if (input.peak_chunks <= board.peak_buffer_chunks) continue;
            board.peak_buffer_chunks = input.peak_chunks;
            board.buffer_chunks = tables.inputs[i].places;
        }
    }
}

LinkWords words_of(const LinkState& link, const LineWords& line, const partition::LinkTiming& timing, std::int64_t lanes,
                   std::int64_t copies) {
    LinkWords words;
    words.header = link.packets * timing.header_frames * lanes;
    words.crc = link.ends * timing.crc_frames * lanes;
    const std::int64_t busy = link.busy_ticks / timing.ticks_per_frame * lanes;
    words.payload = busy - words.header - words.crc;
    words.idle = std::max<std::int64_t>(0, line.frames * lanes * copies - busy);
    words.marker = line.markers * lanes * copies;
    words.filler = line.fillers * lanes * copies;
    return words;
}

void fill_links(const System& system, const partition::Mapping& mapping, std::int64_t end_tick, Result& result) {
    const double time = static_cast<double>(end_tick) * mapping.tmux_period_bx;
    const auto line = line_words(mapping, end_tick);
    const std::int64_t frame = mapping.link_timing.ticks_per_frame;
    for (std::size_t l = 0; l < mapping.links.size(); ++l) {
        const auto link = system.total_of_link(l);
        result.link_chunks += link.chunks;
        result.fingerprint += mixed(mixed(l) + static_cast<std::uint64_t>(link.busy_ticks));
        result.links.push_back({static_cast<double>(link.busy_ticks) / time, (link.peak_ticks + frame - 1) / frame, link.lost,
                                words_of(link, line, mapping.link_timing, mapping.links[l].lanes, mapping.tmux_period_bx)});
    }
}

void name_stalls(const System& system, Result& result) {
    const std::size_t stations = system.stations.size() / system.nodes.size();
    for (std::size_t s = 0; s < system.stations.size(); ++s) {
        const auto stall = system.stations[s]->stalled(system.nodes[s / stations]->injected());
        if (!stall.empty()) result.losses.push_back("time node " + std::to_string(s / stations) + ": " + stall);
        if (result.losses.size() >= 20) return;
    }
}

}  // namespace

Result simulate(const partition::Mapping& mapping, const Options& options) {
    const Tables tables = make_tables(mapping);
    const FaultTable faults(tables, mapping.tmux_period_bx, options.faults, options.seed);
    Statistics statistics(tables, static_cast<std::int64_t>(std::min(options.late_after_ns / mapping.tick_ns(), 1e18)));
    statistics.faults = outcomes_of(options.faults);
    const auto nodes = static_cast<std::size_t>(mapping.tmux_period_bx);
    const Occupancy occupancy(options.traffic, tables.objects_per_event, options.seed);
    System system({tables, faults, statistics, options.mode, options.trace, occupancy}, nodes,
                  construction_order(nodes * tables.stations, options));
    Intervals intervals;

    Result result;
    result.bunch_crossings = play(system, tables, options, intervals);
    const std::int64_t end_tick = std::max({result.bunch_crossings * tables.ticks_per_bx, statistics.last_tick, std::int64_t{1}});
    result.events = {statistics.injected, statistics.completed, statistics.lost, statistics.corrupted, 0, statistics.late};
    for (const auto& node : system.nodes) result.events.in_flight += node->in_flight();
    if (result.events.injected != result.events.completed + result.events.lost + result.events.corrupted + result.events.in_flight) {
        throw std::logic_error("the simulation lost count of its events");
    }
    const auto injected = static_cast<double>(std::max<std::int64_t>(1, statistics.injected));
    result.traffic = {tables.objects_per_event, static_cast<double>(statistics.objects) / injected, statistics.max_objects,
                      statistics.truncated, statistics.objects_cut};
    fill_latency(statistics, mapping.tick_ns(), result);
    fill_breakdown(statistics, mapping, result);
    fill_interval(system, mapping, statistics.injected, result);
    fill_stages(statistics, mapping, result);
    fill_boards(system, tables, end_tick, result);
    fill_links(system, mapping, end_tick, result);
    result.max_interval_ns = static_cast<double>(intervals.longest()) * mapping.tick_ns();
    for (const auto* notes : {&statistics.losses, &statistics.late_notes}) {
        for (const auto& [bx, text] : *notes) result.losses.push_back(text);
    }
    result.faults = statistics.faults;
    if (result.events.in_flight > 0) name_stalls(system, result);
    result.fingerprint += statistics.fingerprint;
    return result;
}

}  // namespace tessera::sim
