#include "sim/station.h"

#include <algorithm>

namespace tessera::sim {

namespace {

std::int64_t now_ticks() { return static_cast<std::int64_t>(sc_core::sc_time_stamp().value()); }

sc_core::sc_time ticks(std::int64_t count) { return sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(count)); }

}  // namespace

Station::Station(const sc_core::sc_module_name& name, TimeNode& node, PayloadPool& pool, std::uint32_t station)
    : sc_module(name),
      out("out"),
      in("in"),
      node_(node),
      tables_(node.model().tables),
      faults_(node.model().faults),
      statistics_(node.model().statistics),
      pool_(pool),
      station_(station),
      event_("work_event") {
    in.register_nb_transport_fw(this, &Station::receive);
    in.register_b_transport(this, &Station::receive_at_once);
    SC_HAS_PROCESS(Station);
    SC_METHOD(work);
    sensitive << event_;
    dont_initialize();
}

void Station::connect(std::uint32_t link, Station& to) {
    out.bind(to.in);
    to.entered_ = true;
    node_.state.socket_of_link[link] = sockets_++;
}

void Station::close() {
    if (sockets_ == 0 || !entered_) out.bind(in);
}

void Station::begin_event(std::int64_t event, std::int64_t tick) {
    for (const auto shard : tables_.sources) {
        for (std::uint32_t chunk = 0; chunk < tables_.shards[shard].chunks; ++chunk) {
            node_.stamp_shard(event, shard, chunk, tick);
            finish(shard, event, chunk, {tick + tables_.shards[shard].latency_ticks, Health::good});
        }
    }
    wake();
}

tlm::tlm_sync_enum Station::receive(int, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
    if (phase != tlm::BEGIN_REQ) SC_REPORT_FATAL("tessera", "a phase other than BEGIN_REQ");
    arrive(payload.get_extension<ChunkExtension>()->chunk, now_ticks() + static_cast<std::int64_t>(delay.value()));
    return tlm::TLM_COMPLETED;
}

void Station::receive_at_once(int, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    arrive(payload.get_extension<ChunkExtension>()->chunk, now_ticks() + static_cast<std::int64_t>(delay.value()));
}

void Station::arrive(const Chunk& chunk, std::int64_t tick) {
    const auto& transfer = tables_.transfers[chunk.transfer];
    if (chunk.hop + std::size_t{1} < transfer.route.size()) {
        Chunk next = chunk;
        ++next.hop;
        queue({tick + tables_.forward_ticks, next});
    } else if (transfer.decision) {
        node_.deliver(chunk.event, {tick, chunk.health}, chunk.number + 1 == transfer.chunks);
    } else {
        for (const auto input : transfer.users) feed(input, {tick, chunk.health});
    }
    wake();
}

void Station::wake() {
    if (tasks_.empty()) return;
    const std::int64_t next = tasks_.top().tick;
    if (awake_at_ >= 0 && awake_at_ <= next) return;
    if (awake_at_ >= 0) event_.cancel();
    awake_at_ = next;
    event_.notify(ticks(next - now_ticks()));
}

void Station::work() {
    const std::int64_t now = now_ticks();
    awake_at_ = -1;
    while (!tasks_.empty() && tasks_.top().tick <= now) {
        const Task task = tasks_.top();
        tasks_.pop();
        send(task);
    }
    wake();
}

void Station::feed(std::uint32_t i, const TimeNode::Arrival& arrival) {
    auto& input = node_.state.inputs[i];
    input.receive(tables_.inputs[i].chunks, arrival);
    if (input.received != input.needed) return;
    const std::uint32_t shard = tables_.inputs[i].shard;
    auto& state = node_.state.shards[shard];
    state.take(input.arrival(input.needed - 1));
    if (--state.missing_inputs == 0) start_what_is_ready(shard);
}

void Station::start_what_is_ready(std::uint32_t s) {
    const auto& shard = tables_.shards[s];
    auto& state = node_.state.shards[s];
    while (state.missing_inputs == 0) {
        const std::int64_t event = state.event;
        const std::int64_t chunk = state.chunk;
        const std::int64_t start = std::max(tables_.on_cycle(state.ready_at), state.free_at);
        const std::int64_t end = start + shard.latency_ticks;
        Health health = state.health;
        if (!faults_.empty() && faults_.dead(node_.number(), station_, start, end))
            health = hurt(event, Health::lost, "board " + std::to_string(station_) + ": dead");
        node_.stamp_shard(event, s, chunk, start);
        if (node_.model().trace != nullptr) {
            node_.trace(event, {start, 0, static_cast<std::int32_t>(shard.interval_ticks), s, static_cast<std::uint32_t>(chunk), 0,
                                TraceRecord::kInShard});
        }
        state.free_at = start + shard.interval_ticks;
        statistics_.shard_busy_ticks[s] += shard.interval_ticks;
        if (++state.chunk == shard.chunks) {
            state.chunk = 0;
            ++state.event;
            ++statistics_.shard_events[s];
        }
        node_.look_ahead(s);
        finish(s, event, static_cast<std::uint32_t>(chunk), {end, health});
    }
}

void Station::finish(std::uint32_t s, std::int64_t event, std::uint32_t number, const TimeNode::Arrival& result) {
    const auto& shard = tables_.shards[s];
    for (const auto transfer : shard.transfers) queue({result.tick, {event, transfer, number, 0, result.health}});
    for (const auto input : shard.local_users) feed(input, {result.tick + tables_.inputs[input].delay_ticks, result.health});
}

bool Station::waits_for_nobody(const Chunk& chunk) const {
    return node_.model().mode == Mode::fast && !tables_.links[tables_.transfers[chunk.transfer].route[chunk.hop]].shared;
}

void Station::queue(const Task& task) {
    if (waits_for_nobody(task.chunk)) return send(task);
    tasks_.push(task);
}

void Station::send(const Task& task) {
    Chunk chunk = task.chunk;
    const auto& transfer = tables_.transfers[chunk.transfer];
    const std::uint32_t id = transfer.route[chunk.hop];
    const auto& link = tables_.links[id];
    auto& free_at = node_.state.link_free_at[id];
    const std::int64_t length = tables_.serialise_ticks(transfer, chunk.hop, chunk.number);
    const std::int64_t start = std::max(task.tick, free_at);
    std::int64_t latency = link.latency_ticks;
    if (!faults_.empty()) latency += suffer(chunk, id, start, start + length);

    const std::int64_t waiting = start + length - task.tick;
    if (link.buffer_ticks > 0 && waiting > link.buffer_ticks) {
        // The receiver counts frames and knows that these are missing: the event is marked, the next goes on.
        ++statistics_.link_lost[id];
        chunk.health = hurt(chunk.event, Health::lost, "link " + std::to_string(id) + ": buffer overflow");
        // Its mark keeps its place behind what waits, so that counts at the receiver stay in order.
        return transmit(chunk, std::max(start, task.tick + 1) + latency);
    }
    free_at = start + length;
    statistics_.link_busy_ticks[id] += length;
    statistics_.link_peak_ticks[id] = std::max(statistics_.link_peak_ticks[id], waiting);
    ++statistics_.link_chunks;
    node_.stamp_hop(chunk.event, chunk.transfer, chunk.hop, chunk.number, start, length, free_at + latency);
    if (node_.model().trace != nullptr) {
        node_.trace(chunk.event,
                    {start, 0, static_cast<std::int32_t>(length), chunk.transfer, chunk.number, 0, static_cast<std::int16_t>(chunk.hop)});
    }
    transmit(chunk, free_at + latency);
}

std::int64_t Station::suffer(Chunk& chunk, std::uint32_t link, std::int64_t start, std::int64_t end) {
    const auto stamp = tables_.hop_stamp(tables_.transfers[chunk.transfer], chunk.hop, chunk.number);
    const auto passage = faults_.pass(node_.number(), link, start, end, node_.key(chunk.event, stamp));
    if (passage.health != Health::good) {
        const auto health = hurt(chunk.event, passage.health, "link " + std::to_string(link) + ": " + passage.cause);
        chunk.health = std::max(chunk.health, health);
    }
    if (faults_.dead(node_.number(), station_, start, end))
        chunk.health = hurt(chunk.event, Health::lost, "board " + std::to_string(station_) + ": dead");
    return passage.late_ticks;
}

Health Station::hurt(std::int64_t event, Health health, const std::string& where) {
    node_.note(event, where);
    return health;
}

void Station::transmit(const Chunk& chunk, std::int64_t arrival_tick) {
    auto& payload = pool_.acquire();
    payload.get_extension<ChunkExtension>()->chunk = chunk;
    sc_core::sc_time delay = ticks(arrival_tick - now_ticks());
    auto& target = *out[node_.state.socket_of_link[tables_.transfers[chunk.transfer].route[chunk.hop]]];
    if (waits_for_nobody(chunk)) {
        target.b_transport(payload, delay);
    } else {
        tlm::tlm_phase phase = tlm::BEGIN_REQ;
        target.nb_transport_fw(payload, phase, delay);
    }
    payload.release();
}

std::string Station::stalled(std::int64_t events) const {
    for (std::uint32_t s = 0; s < tables_.shards.size(); ++s) {
        const auto& shard = tables_.shards[s];
        if (shard.station != station_ || station_ == tables_.outside || node_.state.shards[s].event >= events) continue;
        for (std::uint32_t i = shard.first_input; i < shard.end_input; ++i) {
            if (node_.state.inputs[i].received >= node_.state.inputs[i].needed) continue;
            return "shard " + std::to_string(s) + " on board " + std::to_string(station_) + " waits for shard " +
                   std::to_string(tables_.inputs[i].from) + " in event " + std::to_string(node_.state.shards[s].event) +
                   " of its time node";
        }
    }
    return "";
}

}  // namespace tessera::sim
