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
      tables_(node.tables()),
      statistics_(node.statistics()),
      pool_(pool),
      station_(station),
      event_("work_event") {
    in.register_nb_transport_fw(this, &Station::receive);
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
        for (std::int64_t chunk = 0; chunk < tables_.shards[shard].chunks; ++chunk) {
            node_.stamp_shard(event, shard, chunk, tick);
            for (const auto transfer : tables_.shards[shard].transfers) {
                schedule({tick, event, static_cast<std::int32_t>(chunk), transfer, 0, Kind::link, false});
            }
        }
    }
    wake();
}

tlm::tlm_sync_enum Station::receive(int, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
    if (phase != tlm::BEGIN_REQ) SC_REPORT_FATAL("tessera", "a phase other than BEGIN_REQ");
    const auto& chunk = *payload.get_extension<ChunkExtension>();
    const std::int64_t tick = now_ticks() + static_cast<std::int64_t>(delay.value());
    schedule({tick, chunk.event, static_cast<std::int32_t>(chunk.chunk), chunk.transfer, static_cast<std::uint16_t>(chunk.hop),
              Kind::arrival, false});
    wake();
    return tlm::TLM_COMPLETED;
}

void Station::schedule(const Task& task) { tasks_.push(task); }

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
        switch (task.kind) {
            case Kind::arrival:
                arrive(task);
                break;
            case Kind::result:
                finish(task);
                break;
            case Kind::link:
                send(task);
                break;
        }
    }
    wake();
}

void Station::arrive(const Task& task) {
    if (task.local) return feed(task.id, task.tick);
    const auto& transfer = tables_.transfers[task.id];
    const std::size_t next_hop = static_cast<std::size_t>(task.hop) + 1;
    if (next_hop < transfer.route.size()) {
        schedule(
            {task.tick + tables_.forward_ticks, task.event, task.chunk, task.id, static_cast<std::uint16_t>(next_hop), Kind::link, false});
        return;
    }
    if (transfer.decision) {
        if (task.chunk == transfer.chunks - 1) node_.deliver(task.event, task.tick);
        return;
    }
    for (const auto input : transfer.users) feed(input, task.tick);
}

void Station::feed(std::uint32_t i, std::int64_t tick) {
    const auto& input = tables_.inputs[i];
    auto& state = node_.state.shards[input.shard];
    const std::int64_t received = ++node_.state.received[i];
    if (received != state.event * input.chunks + tables_.needed_chunks(input, state.chunk)) return;
    if (--state.missing_inputs == 0) start_what_is_ready(input.shard, tick);
}

void Station::start_what_is_ready(std::uint32_t s, std::int64_t tick) {
    const auto& shard = tables_.shards[s];
    auto& state = node_.state.shards[s];
    while (state.missing_inputs == 0) {
        const std::int64_t start = std::max(tables_.on_cycle(tick), state.free_at);
        node_.stamp_shard(state.event, s, state.chunk, start);
        state.free_at = start + shard.interval_ticks;
        statistics_.shard_busy_ticks[s] += shard.interval_ticks;
        schedule({start + shard.latency_ticks, state.event, static_cast<std::int32_t>(state.chunk), s, 0, Kind::result, false});
        if (++state.chunk == shard.chunks) {
            state.chunk = 0;
            ++state.event;
            ++statistics_.shard_events[s];
        }
        state.missing_inputs = node_.missing_inputs(s);
    }
}

void Station::finish(const Task& task) {
    const auto& shard = tables_.shards[task.id];
    for (const auto transfer : shard.transfers) schedule({task.tick, task.event, task.chunk, transfer, 0, Kind::link, false});
    for (const auto input : shard.local_users) {
        const std::int64_t delay = tables_.inputs[input].delay_ticks;
        if (delay == 0) {
            feed(input, task.tick);
        } else {
            schedule({task.tick + delay, task.event, task.chunk, input, 0, Kind::arrival, true});
        }
    }
}

void Station::send(const Task& task) {
    const std::uint32_t id = tables_.transfers[task.id].route[task.hop];
    const auto& link = tables_.links[id];
    const std::int64_t length = tables_.serialise_ticks(tables_.transfers[task.id], task.hop, task.chunk);
    const std::int64_t start = std::max(task.tick, node_.state.link_free_at[id]);
    const std::int64_t waiting = start + length - task.tick;
    node_.stamp_hop(task.event, task.id, task.hop, task.chunk, start, length);
    if (link.buffer_ticks > 0 && waiting > link.buffer_ticks) {
        // The receiver counts frames and knows that these are missing: the event is marked, the next goes on.
        ++statistics_.link_lost[id];
        node_.lose(task.event);
        statistics_.note_loss("link " + std::to_string(id) + ": buffer overflow in BX " + std::to_string(node_.bx(task.event)));
        // Its mark keeps its place behind what waits, so that counts at the receiver stay in order.
        transmit(task, std::max(start, task.tick + 1) + link.latency_ticks);
        return;
    }
    node_.state.link_free_at[id] = start + length;
    statistics_.link_busy_ticks[id] += length;
    statistics_.link_peak_ticks[id] = std::max(statistics_.link_peak_ticks[id], waiting);
    ++statistics_.link_chunks;
    transmit(task, start + length + link.latency_ticks);
}

void Station::transmit(const Task& task, std::int64_t arrival_tick) {
    auto& payload = pool_.acquire();
    auto& chunk = *payload.get_extension<ChunkExtension>();
    chunk.event = task.event;
    chunk.transfer = task.id;
    chunk.hop = task.hop;
    chunk.chunk = task.chunk;
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay = ticks(arrival_tick - task.tick);
    const int socket = node_.state.socket_of_link[tables_.transfers[task.id].route[task.hop]];
    out[socket]->nb_transport_fw(payload, phase, delay);
    payload.release();
}

std::string Station::stalled(std::int64_t events) const {
    for (std::uint32_t s = 0; s < tables_.shards.size(); ++s) {
        const auto& shard = tables_.shards[s];
        if (shard.station != station_ || station_ == tables_.outside || node_.state.shards[s].event >= events) continue;
        for (std::uint32_t i = shard.first_input; i < shard.end_input; ++i) {
            const auto& input = tables_.inputs[i];
            if (node_.state.received[i] >=
                node_.state.shards[s].event * input.chunks + tables_.needed_chunks(input, node_.state.shards[s].chunk))
                continue;
            return "shard " + std::to_string(s) + " on board " + std::to_string(station_) + " waits for shard " +
                   std::to_string(input.from) + " in event " + std::to_string(node_.state.shards[s].event) + " of its time node";
        }
    }
    return "";
}

}  // namespace tessera::sim
