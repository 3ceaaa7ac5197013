#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "partition/mapping.h"

namespace tessera::sim {

/// A mapping turned into flat tables for the simulation's inner loop; all times in ticks.
///
/// A stream is what an input is fed by: the results of a shard, for inputs on its own board, or what a transfer
/// delivers. Streams are numbered shard by shard, then transfer by transfer; a last one never brings anything.
///
/// Stations are the boards of a time node by BoardId, and one more for the world outside, which
/// holds the sources and takes the decisions.
struct Tables {
    /// Consecutive entries of another table.
    struct Range {
        std::uint32_t begin = 0, end = 0;
    };
    struct Input {
        std::uint32_t from = 0;           ///< producing shard
        std::uint32_t shard = 0;          ///< consuming shard
        std::uint32_t stream = 0;         ///< that brings its chunks
        std::uint32_t chunks = 1;         ///< of one event, as its producer makes them
        std::uint32_t first_stamp = 0;    ///< of its chunks, in an event's record
        std::uint32_t stamp_step = 1;     ///< from one chunk's to the next
        std::int64_t producer_ticks = 0;  ///< from that stamp to the result
        std::int64_t slr_ticks = 0;       ///< from the result until it is here, on the same board
        std::int64_t places = 0;          ///< of its buffer, for chunks; 0: as many as it takes
        bool barrier = false;
    };
    struct Shard {
        std::uint32_t station = 0;
        std::uint32_t chunks = 1;
        std::int64_t interval_ticks = 0;
        std::int64_t latency_ticks = 0;
        Range inputs;
        Range transfers;                ///< in `ids`: that leave with its result
        bool fed = false;               ///< gets something on every input; others never start
        std::uint32_t first_stamp = 0;  ///< of its chunks, in an event's record
    };
    struct Transfer {
        std::uint32_t from = 0;
        std::uint32_t chunks = 1;
        Range hops;             ///< its route
        bool decision = false;  ///< leaves the system
    };
    /// A link of a transfer's route.
    struct Hop {
        std::uint32_t link = 0;
        std::uint32_t transfer = 0;
        std::uint32_t first_stamp = 0;  ///< of its chunks, in an event's record: start and arrival of each
        bool last = false;
        bool input = false;            ///< brings a source's data
        std::int64_t chunk_ticks = 0;  ///< of a chunk's payload
    };
    struct Link {
        std::uint32_t from = 0, to = 0;  ///< stations
        std::int64_t latency_ticks = 0;
        std::int64_t buffer_ticks = 0;  ///< what may wait, as time to send it; 0: any amount
        int lanes = 1;
        std::int32_t neighbour = 0;  ///< the far end's number among the stations that links of `from` lead to
        bool shared = false;         ///< by several transfers, which wait for one another
    };

    std::vector<Shard> shards;
    std::vector<Input> inputs;
    std::vector<Transfer> transfers;
    std::vector<Hop> hops;            ///< transfer by transfer
    std::vector<Range> stream_users;  ///< in `ids`: inputs that a stream feeds
    std::vector<std::uint32_t> ids;
    std::vector<Link> links;
    std::vector<std::uint32_t> sources;  ///< shards outside
    std::size_t stations = 0;
    std::uint32_t outside = 0;  ///< the station of the outside world
    std::int64_t time_nodes = 1;
    std::int64_t ticks_per_bx = 1;
    std::int64_t ticks_per_cycle = 1;
    std::int64_t ticks_per_frame = 1;
    int line_bits_per_frame = 64;
    std::int64_t forward_ticks = 0;  ///< of a board that passes a transfer on
    std::size_t decisions = 0;       ///< transfers to the outside
    bool decides = true;             ///< all decisions are ever made
    std::size_t stamps_per_event = 0;
    std::int64_t steps_per_event = 0;    ///< chunks that shards start, links take and the outside gets
    std::int64_t objects_per_event = 0;  ///< tokens of all network inputs: what an event has at the most
    std::int64_t header_ticks = 0;
    std::int64_t crc_ticks = 0;

    std::uint32_t stream_of_transfer(std::size_t transfer) const { return static_cast<std::uint32_t>(shards.size() + transfer); }
    std::span<const std::uint32_t> listed(Range range) const { return {ids.data() + range.begin, ids.data() + range.end}; }
    /// Ticks that a chunk occupies the link of a hop: payload, header before the first and CRC after the last.
    /// An event's objects are spread evenly over the chunks of its inputs, so that fewer of them take fewer frames;
    /// behind the inputs all chunks have their fixed size, as in a pipeline that knows no back-pressure.
    std::int64_t serialise_ticks(const Hop& hop, std::uint32_t chunk, std::int64_t objects) const {
        std::int64_t ticks = hop.chunk_ticks;
        if (hop.input && objects < objects_per_event)
            ticks = (ticks / ticks_per_frame * objects + objects_per_event - 1) / objects_per_event * ticks_per_frame;
        if (chunk == 0) ticks += header_ticks;
        if (chunk + 1 == transfers[hop.transfer].chunks) ticks += crc_ticks;
        return ticks;
    }
    /// Where an event's record says when a chunk starts on a hop; its arrival follows.
    static std::size_t stamp_of(const Hop& hop, std::int64_t chunk) { return hop.first_stamp + 2 * static_cast<std::size_t>(chunk); }
    static std::size_t stamp_of(const Shard& shard, std::int64_t chunk) { return shard.first_stamp + static_cast<std::size_t>(chunk); }
    /// Chunks of an event that `input` must have received before its shard starts chunk `chunk`.
    std::uint32_t needed_chunks(const Input& input, std::uint32_t chunk) const {
        const std::uint32_t mine = shards[input.shard].chunks;
        if (input.barrier) return input.chunks;
        if (mine == input.chunks) return chunk + 1;
        return static_cast<std::uint32_t>((std::uint64_t{chunk + 1} * input.chunks + mine - 1) / mine);
    }
    /// The inverse: chunks of the shard of `input`, over all events, that may start once so many have come.
    std::int64_t supplied_chunks(const Input& input, std::int64_t received) const {
        const std::int64_t mine = shards[input.shard].chunks;
        if (mine == input.chunks && !input.barrier) return received;
        const std::int64_t events = received / input.chunks;
        return events * mine + (input.barrier ? 0 : received % input.chunks * mine / input.chunks);
    }
    /// Rounded up to the next processing cycle.
    std::int64_t on_cycle(std::int64_t tick) const {
        if (ticks_per_cycle == 1) return tick;  // most of the time; a division takes as long as all else at a start
        return (tick + ticks_per_cycle - 1) / ticks_per_cycle * ticks_per_cycle;
    }
};

/// @throws InputError where the mapping's parts do not refer to each other as they must
Tables make_tables(const partition::Mapping& mapping);

}  // namespace tessera::sim
