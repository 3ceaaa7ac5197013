#include "sim/station.h"

#include <algorithm>
#include <stdexcept>

#include "sim/ticks.h"

namespace tessera::sim {

namespace {

/// Walks over the chunks of a run.
struct Position {
    std::int64_t event;
    std::uint32_t number;
    std::uint32_t chunks;  ///< of an event

    Position(const Run& run, std::uint32_t chunks_of_event) : event(run.event), number(run.number), chunks(chunks_of_event) {}
    void advance() {
        if (++number == chunks) number = 0, ++event;
    }
};

}  // namespace

Station::Station(const sc_core::sc_module_name& name, TimeNode& node, Agenda& agenda, PayloadPool& pool, std::uint32_t station)
    : sc_module(name),
      out("out"),
      in("in"),
      node_(node),
      tables_(node.model().tables),
      faults_(node.model().faults),
      agenda_(agenda),
      pool_(pool),
      station_(station) {
    in.register_nb_transport_fw(this, &Station::receive);
    in.register_b_transport(this, &Station::receive_at_once);
}

void Station::connect(std::uint32_t link, Station& to) {
    out.bind(to.in);
    to.entered_ = true;
    if (sockets_++ != tables_.links[link].socket) throw std::logic_error("links are joined in another order than their tables say");
}

void Station::close() {
    if (sockets_ == 0 || !entered_) out.bind(in);
}

void Station::begin(std::int64_t first, std::int64_t end) {
    for (const auto shard : tables_.sources) {
        auto& payload = pool_.acquire();
        auto& run = PayloadPool::run_of(payload);
        run.event = first, run.number = 0;
        for (std::int64_t event = first; event < end; ++event) {
            const std::int64_t tick = node_.start_tick(event);
            for (std::uint32_t chunk = 0; chunk < tables_.shards[shard].chunks; ++chunk) {
                node_.stamp_shard(event, shard, chunk, {tick, Health::good});
                run.chunks.push_back({tick + tables_.shards[shard].latency_ticks, Health::good});
            }
        }
        finish(shard, run);
        payload.release();
    }
}

tlm::tlm_sync_enum Station::receive(int, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time&) {
    if (phase != tlm::BEGIN_REQ) SC_REPORT_FATAL("tessera", "a phase other than BEGIN_REQ");
    arrive(PayloadPool::run_of(payload));
    return tlm::TLM_COMPLETED;
}

void Station::receive_at_once(int, tlm::tlm_generic_payload& payload, sc_core::sc_time&) { arrive(PayloadPool::run_of(payload)); }

void Station::arrive(Run& run) {
    const auto& hop = tables_.hops[run.hop];
    const auto& transfer = tables_.transfers[hop.transfer];
    if (!hop.last) {
        ++run.hop;
        for (auto& chunk : run.chunks) chunk.tick += tables_.forward_ticks;
        go(run);
    } else if (transfer.decision) {
        Position at(run, transfer.chunks);
        for (const auto& chunk : run.chunks) node_.deliver(at.event, chunk), at.advance();
    } else {
        feed(tables_.stream_of_transfer(hop.transfer), run);
    }
}

void Station::feed(std::uint32_t stream, const Run& run) {
    node_.feed(stream, run.chunks, [this](std::uint32_t shard) { start_what_is_ready(shard); });
}

void Station::start_what_is_ready(std::uint32_t s) {
    const auto& shard = tables_.shards[s];
    auto& state = node_.shards[s];
    auto& payload = pool_.acquire();
    auto& results = PayloadPool::run_of(payload);
    results.event = state.event, results.number = state.chunk;
    while (state.missing_inputs == 0) {
        const std::int64_t start = std::max(tables_.on_cycle(state.ready_at), state.free_at);
        const std::int64_t end = start + shard.latency_ticks;
        Health health = state.chunk == 0 ? state.health : std::max(state.health, state.result);
        if (!faults_.empty() && faults_.dead(node_.number(), station_, start, end))
            health = hurt(state.event, Health::lost, "board " + std::to_string(station_) + ": dead");
        state.result = health;
        node_.stamp_shard(state.event, s, state.chunk, {start, health});
        state.free_at = start + shard.interval_ticks;
        if (++state.chunk == shard.chunks) {
            state.chunk = 0;
            ++state.event;
        }
        node_.look_ahead(s);
        results.chunks.push_back({end, health});
    }
    finish(s, results);
    payload.release();
}

void Station::finish(std::uint32_t s, Run& results) {
    const auto& shard = tables_.shards[s];
    for (const auto transfer : tables_.listed(shard.transfers)) {
        results.hop = tables_.transfers[transfer].hops.begin;
        go(results);
    }
    feed(s, results);
}

void Station::go(const Run& run) {
    const bool shared = tables_.links[tables_.hops[run.hop].link].shared;
    if (node_.model().mode == Mode::fast && !shared) return send_at_once(run);
    const auto& first = run.chunks.front();
    WaitingChunk chunk{first.tick, run.event, run.hop, run.number, first.health, 0, nullptr, this};
    if (run.chunks.size() > 1) {
        chunk.rest = &pool_.acquire();
        PayloadPool::run_of(*chunk.rest) = run;
    }
    agenda_.add(chunk, shared);
}

void Station::send_at_once(const Run& run) {
    auto& payload = pool_.acquire();
    auto& sent = PayloadPool::run_of(payload);
    sent.event = run.event, sent.number = run.number, sent.hop = run.hop;
    Position at(run, tables_.transfers[tables_.hops[run.hop].transfer].chunks);
    for (const auto& chunk : run.chunks) sent.chunks.push_back(cross(run.hop, at.event, at.number, chunk)), at.advance();
    sc_core::sc_time delay = ticks(sent.chunks.front().tick - now_ticks());
    socket(run.hop).b_transport(payload, delay);
    payload.release();
}

bool Station::send(WaitingChunk& chunk) {
    auto& payload = pool_.acquire();
    auto& run = PayloadPool::run_of(payload);
    run.event = chunk.event, run.number = chunk.number, run.hop = chunk.hop;
    run.chunks.push_back(cross(chunk.hop, chunk.event, chunk.number, {chunk.tick, chunk.health}));
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay = ticks(run.chunks.front().tick - now_ticks());
    socket(run.hop).nb_transport_fw(payload, phase, delay);
    payload.release();
    return advance(chunk);
}

bool Station::advance(WaitingChunk& chunk) const {
    if (chunk.rest == nullptr) return false;
    const auto& run = PayloadPool::run_of(*chunk.rest);
    if (++chunk.position == run.chunks.size()) {
        chunk.rest->release();
        chunk.rest = nullptr;
        return false;
    }
    chunk.tick = run.chunks[chunk.position].tick;
    chunk.health = run.chunks[chunk.position].health;
    if (++chunk.number == tables_.transfers[tables_.hops[chunk.hop].transfer].chunks) chunk.number = 0, ++chunk.event;
    return true;
}

Arrival Station::cross(std::uint32_t transfer_hop, std::int64_t event, std::uint32_t number, Arrival ready) {
    const auto& hop = tables_.hops[transfer_hop];
    const auto& link = tables_.links[hop.link];
    auto& state = node_.links[hop.link];
    const std::int64_t length = tables_.serialise_ticks(hop, number, node_.objects(event));
    const std::int64_t start = std::max(ready.tick, state.free_at);
    std::int64_t latency = link.latency_ticks;
    auto& health = node_.hops[transfer_hop];
    health = number == 0 ? ready.health : std::max(ready.health, health);
    if (!faults_.empty()) latency += suffer(hop, event, number, start, health);

    const std::int64_t waiting = start + length - ready.tick;
    if (link.buffer_ticks > 0 && waiting > link.buffer_ticks) {
        // The receiver counts frames and knows that these are missing: the event is marked, the next goes on.
        ++state.lost;
        health = hurt(event, Health::lost, "link " + std::to_string(hop.link) + ": buffer overflow");
        // Its mark keeps its place behind what waits, so that counts at the receiver stay in order.
        const Arrival mark{std::max(start, ready.tick + 1) + latency, health};
        node_.stamp_drop(event, hop, number, mark);
        return mark;
    }
    state.free_at = start + length;
    state.busy_ticks += length;
    state.peak_ticks = std::max(state.peak_ticks, waiting);
    ++state.chunks;
    state.packets += number == 0 ? 1 : 0;
    state.ends += number + 1 == tables_.transfers[hop.transfer].chunks ? 1 : 0;
    const Arrival arrival{state.free_at + latency, health};
    node_.stamp_hop(event, hop, number, start, arrival);
    return arrival;
}

std::int64_t Station::suffer(const Tables::Hop& hop, std::int64_t event, std::uint32_t number, std::int64_t start, Health& health) {
    const std::int64_t end = start + tables_.serialise_ticks(hop, number, node_.objects(event));
    const auto passage = faults_.pass(node_.number(), hop.link, start, end, node_.key(event, Tables::stamp_of(hop, number)));
    if (passage.health != Health::good)
        health = std::max(health, hurt(event, passage.health, "link " + std::to_string(hop.link) + ": " + passage.cause));
    if (faults_.dead(node_.number(), station_, start, end))
        health = hurt(event, Health::lost, "board " + std::to_string(station_) + ": dead");
    return passage.late_ticks;
}

Health Station::hurt(std::int64_t event, Health health, const std::string& where) {
    node_.note(event, where);
    return health;
}

tlm::tlm_fw_transport_if<>& Station::socket(std::uint32_t hop) { return *out[tables_.links[tables_.hops[hop].link].socket]; }

std::string Station::stalled(std::int64_t events) const {
    for (std::uint32_t s = 0; s < tables_.shards.size(); ++s) {
        const auto& shard = tables_.shards[s];
        if (shard.station != station_ || station_ == tables_.outside || node_.shards[s].event >= events) continue;
        for (std::uint32_t i = shard.inputs.begin; i < shard.inputs.end; ++i) {
            if (!node_.waits_for(i)) continue;
            return "shard " + std::to_string(s) + " on board " + std::to_string(station_) + " waits for shard " +
                   std::to_string(tables_.inputs[i].from) + " in event " + std::to_string(node_.shards[s].event) + " of its time node";
        }
    }
    return "";
}

}  // namespace tessera::sim
