#include "sim/time_node.h"

namespace tessera::sim {

TimeNode::TimeNode(const Model& model, std::size_t number)
    : shards(model.tables.shards.size()),
      links(model.tables.links.size()),
      hops(model.tables.hops.size()),
      model_(model),
      tables_(model.tables),
      statistics_(model.statistics),
      number_(number),
      received_(model.tables.stream_users.size(), 0),
      awaited_(model.tables.inputs.size(), kNothing),
      records_(1),
      buffers_(model.tables),
      last_starts_(model.tables.shards.size(), 0) {
    for (std::uint32_t s = 0; s < tables_.shards.size(); ++s) look_ahead(s);
}

void TimeNode::look_ahead(std::uint32_t s) {
    auto& mine = shards[s];
    mine.missing_inputs = 0;
    mine.ready_at = 0;
    mine.health = Health::good;
    for (std::uint32_t i = tables_.shards[s].inputs.begin; i < tables_.shards[s].inputs.end; ++i) {
        const auto& input = tables_.inputs[i];
        const std::int64_t needed = mine.event * input.chunks + tables_.needed_chunks(input, mine.chunk);
        if (received_[input.stream] < needed) {
            awaited_[i] = needed;
            ++mine.missing_inputs;
        } else {
            mine.take(last_needed(input, mine));
        }
    }
}

std::int64_t TimeNode::inject(std::int64_t bx) {
    if (static_cast<std::size_t>(injected_ - buffers_.oldest_event()) == records_.size()) grow();
    const std::int64_t event = injected_++;
    auto& made = in_flight(event);
    made.bx = bx;
    made.start_tick = bx * tables_.ticks_per_bx;
    made.objects = statistics_.count_objects(model_.occupancy.objects(bx, statistics_.injected));
    made.steps_left = tables_.steps_per_event;
    made.decided = {};
    made.stamps.assign(tables_.stamps_per_event, Record::kNever);
    made.healths.clear();
    ++statistics_.injected;
    return event;
}

void TimeNode::grow() {
    std::vector<Record> larger(records_.size() * 2);
    for (std::int64_t event = buffers_.oldest_event(); event < injected_; ++event)
        larger[static_cast<std::size_t>(event) & (larger.size() - 1)] = std::move(in_flight(event));
    records_ = std::move(larger);
    slot_mask_ = records_.size() - 1;
}

void TimeNode::retire() {
    for (; oldest_ < injected_ && in_flight(oldest_).steps_left == 0; ++oldest_) {
        auto& record = in_flight(oldest_);
        if (const auto full = buffers_.take(records_)) lose_to_full_buffer(*full, record);
        statistics_.mark(record);
        measure_intervals(record);
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

void TimeNode::measure_intervals(const Record& record) {
    const bool follows = last_bx_ >= 0 && record.bx == last_bx_ + tables_.time_nodes;
    for (std::size_t s = 0; s < tables_.shards.size(); ++s) {
        const std::int32_t stamp = record.stamps[tables_.shards[s].first_stamp];
        const std::int64_t start = record.start_tick + stamp;
        if (follows && stamp != Record::kNever) statistics_.intervals[s].take(start - last_starts_[s]);
        last_starts_[s] = start;
    }
    last_bx_ = record.bx;
}

void TimeNode::close() {
    for (std::int64_t event = oldest_; event < injected_; ++event) {
        const auto& record = in_flight(event);
        statistics_.mark(record);
        if (model_.trace != nullptr) model_.trace->add(record.bx, number_, record.objects, record.stamps);
    }
}

}  // namespace tessera::sim
