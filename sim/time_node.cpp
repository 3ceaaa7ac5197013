#include "sim/time_node.h"

#include <algorithm>

#include "sim/payload.h"

namespace tessera::sim {

TimeNode::TimeNode(const Model& model, std::size_t number)
    : shards(model.tables.shards.size()),
      links(model.tables.links.size()),
      hops(model.tables.hops.size()),
      held(model.tables.hops.size(), nullptr),
      model_(model),
      tables_(model.tables),
      statistics_(model.statistics),
      number_(number),
      received_(model.tables.stream_users.size(), 0),
      supplied_(model.tables.inputs.size(), 0),
      records_(1),
      buffers_(model.tables),
      last_starts_(model.tables.shards.size(), 0) {
    for (std::uint32_t s = 0; s < tables_.shards.size(); ++s) look_ahead(s);
}

void TimeNode::look_ahead(std::uint32_t s) {
    const auto& inputs = tables_.shards[s].inputs;
    shards[s].missing_inputs =
        static_cast<std::uint32_t>(std::count(supplied_.begin() + inputs.begin, supplied_.begin() + inputs.end, started(s)));
}

std::int64_t TimeNode::startable(std::uint32_t s) const {
    const auto& inputs = tables_.shards[s].inputs;
    return *std::min_element(supplied_.begin() + inputs.begin, supplied_.begin() + inputs.end) - started(s);
}

void TimeNode::gather_inputs(std::uint32_t s, std::span<Arrival> chunks) const {
    const auto& shard = tables_.shards[s];
    for (std::uint32_t i = shard.inputs.begin; i < shard.inputs.end; ++i) {
        const auto& input = tables_.inputs[i];
        const std::int64_t way = input.producer_ticks + input.slr_ticks;
        const auto gather = [&](std::int64_t event, std::uint32_t number, std::span<Arrival> of_event) {
            const auto& record = record_of(event);
            for (auto& gathered : of_event) {
                auto arrival = record.at(input.first_stamp + input.stamp_step * (tables_.needed_chunks(input, number++) - 1));
                arrival.tick += way;
                gathered.take(arrival);
            }
        };
        for_each_event(shards[s].event, shards[s].chunk, shard.chunks, chunks, gather);
    }
}

std::int64_t TimeNode::inject(std::int64_t bx) {
    retire();
    if (static_cast<std::size_t>(injected_ - buffers_.oldest_event()) == records_.size()) grow();
    const std::int64_t event = injected_++;
    auto& made = record_of(event);
    made.bx = bx;
    made.start_tick = bx * tables_.ticks_per_bx;
    made.objects = statistics_.count_objects(model_.occupancy.objects(bx, statistics_.injected));
    made.steps_left = tables_.steps_per_event;
    made.decided = {};
    made.blame = {};
    made.stamps.assign(tables_.stamps_per_event, Record::kNever);
    made.healths.clear();
    ++statistics_.injected;
    return event;
}

void TimeNode::grow() {
    std::vector<Record> larger(records_.size() * 2);
    for (std::int64_t event = buffers_.oldest_event(); event < injected_; ++event)
        larger[static_cast<std::size_t>(event) & (larger.size() - 1)] = std::move(record_of(event));
    records_ = std::move(larger);
    slot_mask_ = records_.size() - 1;
}

void TimeNode::retire() {
    std::int64_t end = oldest_;
    while (end < injected_ && record_of(end).steps_left == 0) ++end;
    if (end == oldest_) return;
    for (const auto& [event, input] : buffers_.take(records_, end)) lose_to_full_buffer(input, record_of(event));
    measure_intervals(end);
    for (; oldest_ < end; ++oldest_) {
        auto& record = record_of(oldest_);
        statistics_.mark(record);
        if (!tables_.decides) {
            ++undecided_;
        } else {
            statistics_.count(record);
            if (record.decided.health == Health::good) completions_.emplace_back(record.bx, record.decided.tick);
        }
        if (model_.trace != nullptr) model_.trace->add(record.bx, number_, record.objects, record.stamps);
    }
}

void TimeNode::lose_to_full_buffer(std::uint32_t input, Record& record) {
    const auto& full = tables_.inputs[input];
    record.decided.health = Health::lost;
    statistics_.note_loss(record.bx, "board " + std::to_string(tables_.shards[full.shard].station) + ": buffer overflow before shard " +
                                         std::to_string(full.shard) + ", of what shard " + std::to_string(full.from) + " sends");
}

void TimeNode::measure_intervals(std::int64_t end) {
    for (std::size_t s = 0; s < tables_.shards.size(); ++s) {
        const std::size_t first_stamp = tables_.shards[s].first_stamp;
        auto interval = statistics_.intervals[s];
        std::int64_t last_bx = last_bx_, last_start = last_starts_[s];
        for (std::int64_t event = oldest_; event < end; ++event) {
            const auto& record = record_of(event);
            const std::int32_t stamp = record.stamps[first_stamp];
            const std::int64_t start = record.start_tick + stamp;
            const bool follows = last_bx >= 0 && record.bx == last_bx + tables_.time_nodes;
            if (follows && stamp != Record::kNever) interval.take(start - last_start);
            last_start = start;
            last_bx = record.bx;
        }
        statistics_.intervals[s] = interval;
        last_starts_[s] = last_start;
    }
    last_bx_ = record_of(end - 1).bx;
}

void TimeNode::close() {
    retire();
    for (std::int64_t event = oldest_; event < injected_; ++event) {
        const auto& record = record_of(event);
        statistics_.mark(record);
        if (model_.trace != nullptr) model_.trace->add(record.bx, number_, record.objects, record.stamps);
    }
}

}  // namespace tessera::sim
