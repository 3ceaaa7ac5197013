#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "core/json.h"
#include "partition/mapping.h"
#include "sim/faults.h"
#include "sim/trace.h"
#include "sim/traffic.h"

namespace tessera::sim {

/// How chunks pass over links; the results are the same to the tick, and so is the fingerprint.
enum class Mode {
    detailed,  ///< every chunk waits in a queue for its time: one SystemC event for each hop
    fast,      ///< chunks on a link that serves one transfer go on at once, with their time annotated
};

/// What to simulate.
struct Options {
    Mode mode = Mode::fast;
    std::int64_t bunch_crossings = 3564;
    std::vector<bool> filled{true};                 ///< which crossings have collisions, over and over (see filling.h)
    std::function<bool(double fraction)> progress;  ///< returns false to stop early; may be empty
    bool shuffle_construction = false;              ///< build the modules in another order: the result must not change
    std::uint64_t seed = 1;                         ///< of the faults, and of a shuffled construction
    Faults faults;
    Traffic traffic;
    Trace* trace = nullptr;                                          ///< records what it wants, where there is one
    double late_after_ns = std::numeric_limits<double>::infinity();  ///< events that take longer are counted as late
};

/// Where the time of the slowest event went, in order along its critical path.
struct BreakdownStep {
    std::string stage;  ///< the operator's name, or "board 3 -> board 7"
    std::string kind;   ///< input, compute, serialise, link, switch, wait
    double ns = 0;
};

/// Time between the starts of two events that follow one another in a time node, over all shards of an operator.
struct StageInterval {
    std::string stage;
    double min_ns = 0, max_ns = 0;
};

struct BoardStatistics {
    double busy_fraction = 0;             ///< of the simulated time, of the busiest shard over all copies; the rest it is idle
    std::int64_t peak_buffer_chunks = 0;  ///< in the deepest of the buffers before the board's shards, of all copies
    std::int64_t buffer_chunks = 0;       ///< places of this buffer; 0: as many as it takes
    std::int64_t lost_chunks = 0;         ///< before all of the board's shards
};

/// What went over a link's lines: words of a frame's size, over all lanes and copies (see line.h).
struct LinkWords {
    std::int64_t header = 0, payload = 0, crc = 0;  ///< frames of packets
    std::int64_t idle = 0;                          ///< frames without a packet
    std::int64_t marker = 0, filler = 0;            ///< between frames: orbit markers, and the difference of the clocks

    friend bool operator==(const LinkWords&, const LinkWords&) = default;
};

struct LinkStatistics {
    double utilisation = 0;               ///< busy time over simulated time, over all copies; the rest it is idle
    std::int64_t peak_buffer_frames = 0;  ///< per lane
    std::int64_t lost_chunks = 0;
    LinkWords words;
};

/// What the simulation saw.
struct Result {
    std::int64_t bunch_crossings = 0;
    struct {
        std::int64_t injected = 0, completed = 0, lost = 0, corrupted = 0, in_flight = 0;
        std::int64_t late = 0;  ///< of the completed
    } events;
    struct {
        std::int64_t capacity = 0;          ///< objects that the network takes
        double mean_objects = 0;            ///< that the detector found in an event
        std::int64_t max_objects = 0;       ///< the same, at the most
        std::int64_t truncated_events = 0;  ///< with more than the capacity
        std::int64_t objects_cut = 0;       ///< that were too many
    } traffic;
    struct {
        double min = 0, mean = 0, p50 = 0, p99 = 0, max = 0;
    } latency_ns;
    std::int64_t max_latency_ticks = 0;
    std::vector<std::pair<double, std::int64_t>> latency_histogram;  ///< upper edge in ns, events
    double max_interval_ns = 0;                                      ///< the longest time between two decisions of consecutive filled BX
    double longest_stage_interval_ns = 0;                            ///< the stage that takes longest per event, divided by the TMUX period
    std::string slowest_stage;
    std::vector<StageInterval> stages;     ///< in the order of the network
    std::vector<BreakdownStep> breakdown;  ///< of the slowest event; adds up to its latency
    std::vector<BoardStatistics> boards;   ///< by BoardId, over all copies
    std::vector<LinkStatistics> links;     ///< by LinkId, over all copies
    std::vector<std::string>
        losses;  ///< for people: the first events that were lost or corrupted, with place and time, and the first late ones
    std::vector<FaultOutcome> faults;  ///< by time
    std::int64_t link_chunks = 0;      ///< chunks moved over links: the work done
    std::uint64_t fingerprint = 0;     ///< of every event's trajectory, and of the time that every link was busy
};

/// Runs the SystemC TLM-2.0 model. One run per process (SystemC allows one context).
/// @throws InputError where the mapping cannot be simulated.
Result simulate(const partition::Mapping& mapping, const Options& options);

Json to_json(const Result& result);
Result read_result(const JsonReader& reader);

}  // namespace tessera::sim
