#pragma once

#include <cstdint>
#include <vector>

#include "partition/mapping.h"

namespace tessera::sim {

/// A mapping turned into flat tables for the simulation's inner loop; all times in ticks.
///
/// Stations are the boards of a time node by BoardId, and one more for the world outside, which
/// holds the sources and takes the decisions.
struct Tables {
    struct Input {
        std::uint32_t from = 0;   ///< producing shard
        std::uint32_t shard = 0;  ///< consuming shard
        std::int64_t chunks = 1;  ///< of one event, as its producer makes them
        bool barrier = false;
        std::int64_t delay_ticks = 0;  ///< SLR crossings on the same board
    };
    struct Shard {
        std::uint32_t station = 0;
        std::int64_t chunks = 1;
        std::int64_t interval_ticks = 0;
        std::int64_t latency_ticks = 0;
        std::uint32_t first_input = 0, end_input = 0;  ///< range in `inputs`
        std::vector<std::uint32_t> local_users;        ///< inputs on the same board that it feeds
        std::vector<std::uint32_t> transfers;          ///< that leave with its result
        std::uint32_t first_stamp = 0;                 ///< of its chunks, in an event's record
    };
    struct Transfer {
        std::uint32_t from = 0;
        std::int64_t chunks = 1;
        std::vector<std::uint32_t> route;       ///< links
        std::vector<std::int64_t> chunk_ticks;  ///< of a chunk's payload on each link of the route
        std::vector<std::uint32_t> users;       ///< inputs that it feeds on arrival
        std::uint32_t first_stamp = 0;          ///< of its hops and chunks, hop by hop: start and arrival
        bool decision = false;                  ///< leaves the system
    };
    struct Link {
        std::uint32_t from = 0, to = 0;  ///< stations
        std::int64_t latency_ticks = 0;
        std::int64_t buffer_ticks = 0;  ///< what may wait, as time to send it; 0: any amount
        int lanes = 1;
        bool shared = false;  ///< by several transfers, which wait for one another
    };

    std::vector<Shard> shards;
    std::vector<Input> inputs;
    std::vector<Transfer> transfers;
    std::vector<Link> links;
    std::vector<std::uint32_t> sources;  ///< shards outside
    std::size_t stations = 0;
    std::uint32_t outside = 0;  ///< the station of the outside world
    std::int64_t ticks_per_bx = 1;
    std::int64_t ticks_per_cycle = 1;
    std::int64_t ticks_per_frame = 1;
    int frame_bits = 64;
    std::int64_t forward_ticks = 0;  ///< of a board that passes a transfer on
    std::size_t decisions = 0;       ///< transfers to the outside
    std::size_t stamps_per_event = 0;
    std::int64_t header_ticks = 0;
    std::int64_t crc_ticks = 0;

    /// Ticks that a chunk of a transfer occupies the link of hop `hop`: payload, header before the
    /// first and CRC after the last.
    std::int64_t serialise_ticks(const Transfer& transfer, std::size_t hop, std::int64_t chunk) const {
        std::int64_t ticks = transfer.chunk_ticks[hop];
        if (chunk == 0) ticks += header_ticks;
        if (chunk == transfer.chunks - 1) ticks += crc_ticks;
        return ticks;
    }
    /// Where an event's record says when a chunk starts on a hop; its arrival follows.
    std::size_t hop_stamp(const Transfer& transfer, std::size_t hop, std::int64_t chunk) const {
        return transfer.first_stamp + 2 * (hop * static_cast<std::size_t>(transfer.chunks) + static_cast<std::size_t>(chunk));
    }
    /// Chunks of an event that `input` must have received before its shard starts chunk `chunk`.
    std::int64_t needed_chunks(const Input& input, std::int64_t chunk) const {
        const std::int64_t mine = shards[input.shard].chunks;
        if (input.barrier) return input.chunks;
        return mine == input.chunks ? chunk + 1 : ((chunk + 1) * input.chunks + mine - 1) / mine;
    }
    /// Rounded up to the next processing cycle.
    std::int64_t on_cycle(std::int64_t tick) const { return (tick + ticks_per_cycle - 1) / ticks_per_cycle * ticks_per_cycle; }
};

/// @throws InputError where the mapping's parts do not refer to each other as they must
Tables make_tables(const partition::Mapping& mapping);

}  // namespace tessera::sim
