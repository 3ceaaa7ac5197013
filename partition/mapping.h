#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.h"
#include "core/json.h"
#include "core/lhc_clock.h"
#include "core/resources.h"
#include "topologies/topology.h"

namespace tessera::partition {

/// A mapping is a complete, self-contained description of a laid-out system: everything that the
/// checker and the simulation need, and nothing about how it was found. It round-trips as
/// `mapping.json` (schema `tessera.mapping/1`) and may be written by hand or by another program.
///
/// It describes ONE time node; the system has `tmux_period_bx` identical copies, and event e goes
/// to copy e mod tmux_period_bx. A copy therefore has tmux_period_bx BX to accept an event.
///
/// How it runs (self-timed; the analytic schedule and the simulation implement this text
/// independently). Time is in ticks; t = 0 is the start of the event's BX.
///
///  1. A shard processes an event in `chunks` chunks, in order, events in order; of t tokens, chunk k of n holds
///     those from ceil(k * t / n) to ceil((k+1) * t / n). It starts at the latest of
///       - the end of the interval of the chunk before it (of this event or the one before):
///         its start + chunk_interval_cycles,
///       - for each input: the arrival of the last chunk it needs. A `barrier` input is needed
///         whole; of any other with m chunks, chunk ceil((k+1) * m / n) - 1 and all before it.
///     Its result is there latency_cycles after its start. Starts are on processing-cycle
///     boundaries (rounded up).
///  2. A shard outside (board == kOutside, no inputs) is a source: all its chunks are there latency_cycles after t = 0.
///  3. An input on the same board arrives slr_crossings * slr_crossing_cycles after the result.
///     On another board it comes by a transfer, and arrives when the transfer has delivered that chunk.
///  4. A transfer carries all chunks of one shard's result to one board over the links of its
///     route. On each link a chunk takes frames ticks: ceil(chunk_bits / (frame_bits * lanes)),
///     plus header_frames on the first chunk and crc_frames on the last, each of ticks_per_frame.
///     chunk_bits = ceil(bits / chunks). Several transfers of a shard to the same board are stripes: each carries its
///     share of the bits of every chunk, by a way of its own, and what reads the result there has them all as inputs.
///  5. A link serves one chunk at a time, in the order in which they become ready; ties by event, transfer
///     id, chunk. A chunk is at the far end latency_ticks after its last frame has left. A board on the way forwards it
///     switch_latency_cycles after arrival (store and forward by chunk).
///  6. The event is complete when all transfers to kOutside have delivered their last chunk.
///  7. What has arrived for an input waits in its buffer until the last chunk of the shard that reads it has started:
///     chunk ceil((c+1) * n / m) - 1 for chunk c of m, the last of all for a barrier. A chunk that finds all
///     buffer_chunks places taken is lost, and the event with it. There is no back-pressure: the LHC does not wait.
struct Link {
    BoardId from = kOutside;
    BoardId to = kOutside;
    int lanes = 1;  ///< bonded: they carry each chunk together
    double fibre_m = 0;
    std::int64_t latency_ticks = 0;  ///< transceivers, fibre and alignment; 0 to and from outside
    std::int64_t buffer_frames = 0;  ///< per lane, at the sender: more waiting frames are lost

    friend bool operator==(const Link&, const Link&) = default;
};

/// Where a shard's input comes from.
struct ShardInput {
    ShardId from{};
    bool barrier = false;                ///< the first chunk needs all of it
    std::optional<TransferId> transfer;  ///< absent: on the same board
    int slr_crossings = 0;
    std::int64_t buffer_chunks = 0;  ///< places for chunks of `from`, over all events; 0: as many as it takes

    friend bool operator==(const ShardInput&, const ShardInput&) = default;
};

/// Kind of a shard that stands for a black box, not for a piece of the network (see stages.h).
inline constexpr const char* kExternal = "external";

/// A piece of an operator on one board.
struct Shard {
    std::string name;                             ///< operator and range, for people: "layer1.fc1 [tokens 0-63, channels 0-127]"
    std::uint32_t op = 0;                         ///< position of the operator in the network
    std::int64_t token_begin = 0, token_end = 0;  ///< of the operator's output stream
    std::int64_t channel_begin = 0, channel_end = 0;
    std::string kind;      ///< operator kind, for the reports, or kExternal
    std::string strategy;  ///< "constant_logic", "dsp", ...
    int engines = 1;       ///< copies that share the tokens
    int reuse_factor = 1;
    BoardId board = kOutside;
    int slr = 0;          ///< on that board, 0 .. slrs-1
    Resources resources;  ///< of all engines
    int chunks = 1;
    int chunk_interval_cycles = 0;
    int latency_cycles = 0;
    std::vector<ShardInput> inputs;
    std::int64_t start_cycle = 0;  ///< static schedule: first chunk of an event

    friend bool operator==(const Shard&, const Shard&) = default;
};

/// What one shard's result needs to get to one other board (or outside), or a stripe of it.
struct Transfer {
    ShardId from{};
    BoardId to = kOutside;
    std::int64_t bits = 0;        ///< of one event
    std::vector<LinkId> route;    ///< in order
    std::int64_t start_tick = 0;  ///< static schedule: first chunk leaves

    friend bool operator==(const Transfer&, const Transfer&) = default;
};

/// What a board offers; the copy in the mapping that the checker holds shards against.
struct BoardType {
    std::string name;
    std::string device;
    int slrs = 1;
    Resources slr_capacity;  ///< usable part of one SLR
    Resources device_total;  ///< of one SLR, for utilisation figures: the whole of it
    int ports = 0;           ///< lanes in, and as many out
    int slr_crossing_cycles = 0;
    bool is_switch = false;  ///< forwards only

    friend bool operator==(const BoardType&, const BoardType&) = default;
};

/// Timing constants that all links share.
struct LinkTiming {
    std::string protocol;
    int frame_bits = 64;
    int header_frames = 1;  ///< name the crossing and the orbit of the packet
    int crc_frames = 1;
    std::int64_t ticks_per_frame = 1;
    double line_rate_gbps = 0;     ///< of a lane, asynchronous to the LHC; 0: as much as the frames need
    int line_bits_per_frame = 64;  ///< with the line code: 66 for 64b/66b

    friend bool operator==(const LinkTiming&, const LinkTiming&) = default;
};

struct Mapping {
    std::string network;
    LhcClock clock;
    int tmux_period_bx = 1;
    std::int64_t ticks_per_bx = 9;  ///< a multiple of clock.cycles_per_bx
    LinkTiming link_timing;
    int switch_latency_cycles = 0;
    std::string topology;  ///< description, for people
    std::vector<BoardType> board_types;
    std::vector<std::uint32_t> boards;  ///< type of each board of one time node, by BoardId
    /// By BoardId: which board of a fixed topology, or the number that a study names on a patch panel; empty on other patch panels, none
    /// beyond its end.
    std::vector<std::uint32_t> positions;
    std::vector<topologies::Place> places;    ///< by BoardId, for drawings; empty where the topology has no shape of its own
    std::vector<Link> links;                  ///< by LinkId
    std::vector<Shard> shards;                ///< by ShardId; inputs come before their users
    std::vector<Transfer> transfers;          ///< by TransferId
    std::int64_t analytic_latency_ticks = 0;  ///< the mapper's own prediction; the simulation never reads it

    std::int64_t ticks_per_cycle() const { return ticks_per_bx / clock.cycles_per_bx; }
    double tick_ns() const { return clock.bx_ns() / static_cast<double>(ticks_per_bx); }
    double analytic_latency_ns() const { return static_cast<double>(analytic_latency_ticks) * tick_ns(); }
    std::int64_t cycles_per_event() const { return std::int64_t{tmux_period_bx} * clock.cycles_per_bx; }
    std::size_t boards_in_system() const { return boards.size() * static_cast<std::size_t>(tmux_period_bx); }
    friend bool operator==(const Mapping&, const Mapping&) = default;
};

Json to_json(const Mapping& mapping);
/// @throws InputError for what is not a mapping: missing keys, ids out of range, wrong units.
Mapping read_mapping(const JsonReader& reader);

}  // namespace tessera::partition
