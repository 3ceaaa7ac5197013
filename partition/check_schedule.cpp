#include <fmt/format.h>

#include <algorithm>

#include "partition/check_rules.h"

namespace tessera::partition {

namespace {

/// Earliest times, in ticks, that the static schedule itself allows. Other events and busy links
/// can only make them later. In double: exact for all times of a real system, and never overflows.
class EarliestTimes {
  public:
    explicit EarliestTimes(const Mapping& mapping) : mapping_(mapping), ticks_per_cycle_(static_cast<double>(mapping.ticks_per_cycle())) {}

    double start(const Shard& shard) const { return static_cast<double>(shard.start_cycle) * ticks_per_cycle_; }

    /// Result of chunk 0, 1, ... of a shard.
    double result(const Shard& shard, std::int64_t chunk) const {
        if (shard.board == kOutside) return static_cast<double>(shard.latency_cycles) * ticks_per_cycle_;
        const double cycles = static_cast<double>(chunk) * shard.chunk_interval_cycles + shard.latency_cycles;
        return start(shard) + cycles * ticks_per_cycle_;
    }

    /// Delivery of a chunk by a transfer that leaves when it says: all chunks up to it through the
    /// slowest link, and the last one through every link.
    double delivery(const Transfer& transfer, std::int64_t chunk) const {
        const Shard& from = mapping_.shards[index(transfer.from)];
        double way = 0;
        double slowest = 0;
        for (const LinkId id : transfer.route) {
            const Link& link = mapping_.links[index(id)];
            const double ticks = payload_ticks(transfer, from.chunks, link.lanes);
            way += ticks + static_cast<double>(link.latency_ticks);
            slowest = std::max(slowest, ticks);
        }
        way += static_cast<double>(transfer.route.size() - 1) * mapping_.switch_latency_cycles * ticks_per_cycle_;
        const double queued = static_cast<double>(chunk) * slowest;
        return std::max(static_cast<double>(transfer.start_tick) + queued, result(from, chunk)) + way;
    }

    double crossing(const Shard& shard, const ShardInput& input) const {
        if (input.transfer) return 0;
        const BoardType& type = mapping_.board_types[mapping_.boards[index(shard.board)]];
        return static_cast<double>(input.slr_crossings) * type.slr_crossing_cycles * ticks_per_cycle_;
    }

    /// When the first chunk of the shard has what it needs of an input.
    double arrival(const Shard& shard, const ShardInput& input) const {
        const Shard& from = mapping_.shards[index(input.from)];
        const std::int64_t last = (input.barrier ? from.chunks : (from.chunks + shard.chunks - 1) / shard.chunks) - 1;
        return input.transfer ? delivery(mapping_.transfers[index(*input.transfer)], last) : result(from, last) + crossing(shard, input);
    }

  private:
    double payload_ticks(const Transfer& transfer, std::int64_t chunks, int lanes) const {
        const std::int64_t bits_at_once = std::int64_t{mapping_.link_timing.frame_bits} * lanes;
        const std::int64_t chunk_bits = (transfer.bits + chunks - 1) / chunks;
        const std::int64_t frames = (chunk_bits + bits_at_once - 1) / bits_at_once;
        return static_cast<double>(frames) * static_cast<double>(mapping_.link_timing.ticks_per_frame);
    }

    const Mapping& mapping_;
    double ticks_per_cycle_;
};

}  // namespace

void check_schedule(const Mapping& mapping, Violations& found) {
    const EarliestTimes earliest(mapping);
    for (std::size_t t = 0; t < mapping.transfers.size(); ++t) {
        const Transfer& transfer = mapping.transfers[t];
        const double ready = earliest.result(mapping.shards[index(transfer.from)], 0);
        if (static_cast<double>(transfer.start_tick) >= ready) continue;
        found.push_back({"schedule", place_of(mapping, id_at<TransferId>(t)),
                         fmt::format("leaves at tick {}, its first chunk is ready at {:.0f}", transfer.start_tick, ready)});
    }
    for (std::size_t s = 0; s < mapping.shards.size(); ++s) {
        const Shard& shard = mapping.shards[s];
        if (shard.board == kOutside) continue;
        for (const ShardInput& input : shard.inputs) {
            const double arrival = earliest.arrival(shard, input);
            if (earliest.start(shard) >= arrival) continue;
            found.push_back({"schedule", place_of(mapping, id_at<ShardId>(s)),
                             fmt::format("starts at tick {:.0f}, its input from shard {} is there at {:.0f} at the earliest",
                                         earliest.start(shard), index(input.from), arrival)});
        }
    }
}

}  // namespace tessera::partition
