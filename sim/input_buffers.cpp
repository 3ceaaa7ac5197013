#include "sim/input_buffers.h"

#include <algorithm>

namespace tessera::sim {

namespace {

const Record& record_of(std::int64_t event, std::span<const Record> records) {
    return records[static_cast<std::size_t>(event) & (records.size() - 1)];
}

}  // namespace

InputBuffers::InputBuffers(const Tables& tables) {
    for (std::uint32_t i = 0; i < tables.inputs.size(); ++i) {
        const auto& input = tables.inputs[i];
        const auto& shard = tables.shards[input.shard];
        if (!shard.fed) continue;
        Buffer buffer;
        buffer.input = i;
        buffer.barrier = input.barrier;
        buffer.chunks = input.chunks, buffer.readers = shard.chunks;
        buffer.arrival_stamp = input.first_stamp, buffer.stamp_step = input.stamp_step, buffer.start_stamp = shard.first_stamp;
        buffer.stamp_to_arrival_ticks = input.producer_ticks + input.slr_ticks;
        buffer.places = input.places;
        buffers_.push_back(buffer);
    }
}

std::uint32_t InputBuffers::Buffer::last_reader() const {
    if (barrier) return readers - 1;
    if (readers == chunks) return chunk;
    return static_cast<std::uint32_t>((std::uint64_t{chunk + 1} * readers + chunks - 1) / chunks - 1);
}

std::optional<std::uint32_t> InputBuffers::take(std::span<const Record> records) {
    std::optional<std::uint32_t> full;
    std::int64_t oldest = next_event_;
    for (auto& buffer : buffers_) {
        if (!store(buffer, records) && !full) full = buffer.input;
        oldest = std::min(oldest, buffer.event);
    }
    oldest_event_ = oldest;
    ++next_event_;
    return full;
}

bool InputBuffers::store(Buffer& buffer, std::span<const Record> records) const {
    bool room = true;
    const auto& record = record_of(next_event_, records);
    const std::int64_t to_arrival = record.start_tick + buffer.stamp_to_arrival_ticks;
    std::size_t stamp = buffer.arrival_stamp;
    for (std::uint32_t chunk = 0; chunk < buffer.chunks; ++chunk, stamp += buffer.stamp_step) {
        const std::int64_t arrival = to_arrival + record.stamps[stamp];
        for (; buffer.event < next_event_ || buffer.chunk < chunk; buffer.pass()) {
            const auto& earlier = record_of(buffer.event, records);
            if (earlier.start_tick + earlier.stamps[buffer.start_stamp + buffer.last_reader()] >= arrival) break;
        }
        const std::int64_t waiting = (next_event_ - buffer.event) * buffer.chunks + chunk - buffer.chunk + 1;
        if (buffer.places == 0 || waiting <= buffer.places) {
            buffer.state.peak_chunks = std::max(buffer.state.peak_chunks, waiting);
        } else {
            ++buffer.state.lost_chunks;
            room = false;
            buffer.pass();  // its place is this chunk's now
        }
    }
    return room;
}

InputState InputBuffers::state(std::uint32_t input) const {
    const auto found = std::lower_bound(buffers_.begin(), buffers_.end(), input,
                                        [](const Buffer& buffer, std::uint32_t wanted) { return buffer.input < wanted; });
    return found != buffers_.end() && found->input == input ? found->state : InputState{};
}

}  // namespace tessera::sim
