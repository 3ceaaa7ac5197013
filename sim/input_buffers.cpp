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

std::uint32_t InputBuffers::Buffer::last_reader(std::uint32_t chunk) const {
    if (barrier) return readers - 1;
    if (readers == chunks) return chunk;
    return static_cast<std::uint32_t>((std::uint64_t{chunk + 1} * readers + chunks - 1) / chunks - 1);
}

InputBuffers::Losses InputBuffers::take(std::span<const Record> records, std::int64_t end) {
    Losses losses;
    oldest_event_ = end;
    for (auto& buffer : buffers_) {
        buffer.queue = store(buffer, end, records, losses);
        oldest_event_ = std::min(oldest_event_, buffer.queue.event);
    }
    next_event_ = end;
    return losses;
}

InputBuffers::Queue InputBuffers::store(const Buffer& buffer, std::int64_t end, std::span<const Record> records, Losses& losses) const {
    Queue queue = buffer.queue;
    const auto read_tick = [&] {
        const auto& record = record_of(queue.event, records);
        return record.start_tick + record.stamps[buffer.start_stamp + buffer.last_reader(queue.chunk)];
    };
    std::int64_t read = read_tick();
    const auto pass = [&] {
        if (++queue.chunk == buffer.chunks) queue.chunk = 0, ++queue.event;
        --queue.waiting;
        read = read_tick();
    };
    for (std::int64_t event = next_event_; event < end; ++event) {
        const auto& record = record_of(event, records);
        const std::int64_t to_arrival = record.start_tick + buffer.stamp_to_arrival_ticks;
        for (std::uint32_t chunk = 0, stamp = buffer.arrival_stamp; chunk < buffer.chunks; ++chunk, stamp += buffer.stamp_step) {
            ++queue.waiting;
            while (queue.waiting > 1 && read < to_arrival + record.stamps[stamp]) pass();
            if (buffer.places == 0 || queue.waiting <= buffer.places) {
                queue.state.peak_chunks = std::max(queue.state.peak_chunks, queue.waiting);
            } else {
                ++queue.state.lost_chunks;
                losses.emplace(event, buffer.input);
                pass();  // its place is this chunk's now
            }
        }
    }
    return queue;
}

InputState InputBuffers::state(std::uint32_t input) const {
    const auto found = std::lower_bound(buffers_.begin(), buffers_.end(), input,
                                        [](const Buffer& buffer, std::uint32_t wanted) { return buffer.input < wanted; });
    return found != buffers_.end() && found->input == input ? found->queue.state : InputState{};
}

}  // namespace tessera::sim
