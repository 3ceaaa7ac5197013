#include "sim/station.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "sim/ticks.h"

namespace tessera::sim {

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
    in.bind(static_cast<tlm::tlm_fw_transport_if<>&>(*this));
    out.bind(static_cast<tlm::tlm_bw_transport_if<>&>(*this));
}

void Station::connect(std::uint32_t link, Station& to) {
    const auto neighbour = tables_.links[link].neighbour;
    if (neighbour < neighbours_) return;
    if (neighbour > neighbours_++) throw std::logic_error("links are joined in another order than their tables say");
    out.bind(to.in);
}

void Station::begin(std::int64_t first, std::int64_t end) {
    for (const auto shard : tables_.sources) {
        const auto& source = tables_.shards[shard];
        auto& payload = pool_.acquire();
        auto& run = PayloadPool::run_of(payload);
        run.event = first, run.number = 0;
        for (std::int64_t event = first; event < end; ++event) {
            auto& record = node_.record_of(event);
            for (std::uint32_t chunk = 0; chunk < source.chunks; ++chunk) record.set(Tables::stamp_of(source, chunk), record.start_tick);
            record.steps_left -= source.chunks;
            run.chunks.insert(run.chunks.end(), source.chunks, {record.start_tick + source.latency_ticks, Health::good});
        }
        finish(shard, run);
        payload.release();
    }
}

tlm::tlm_sync_enum Station::nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time&) {
    if (phase != tlm::BEGIN_REQ) SC_REPORT_FATAL("tessera", "a phase other than BEGIN_REQ");
    arrive(PayloadPool::run_of(payload));
    return tlm::TLM_COMPLETED;
}

void Station::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time&) { arrive(PayloadPool::run_of(payload)); }

void Station::arrive(Run& run) {
    const auto& hop = tables_.hops[run.hop];
    const auto& transfer = tables_.transfers[hop.transfer];
    if (!hop.last) {
        ++run.hop;
        for (auto& chunk : run.chunks) chunk.tick += tables_.forward_ticks;
        go(run);
    } else if (transfer.decision) {
        for_each_event(run.event, run.number, transfer.chunks, std::span(run.chunks),
                       [this](std::int64_t event, std::uint32_t, std::span<Arrival> chunks) {
                           auto& record = node_.record_of(event);
                           for (const auto& chunk : chunks) record.decided.take(chunk);
                           record.steps_left -= static_cast<std::int64_t>(chunks.size());
                       });
    } else {
        feed(tables_.stream_of_transfer(hop.transfer), run);
    }
}

void Station::feed(std::uint32_t stream, const Run& run) {
    node_.feed(stream, run.chunks.size(), [this](std::uint32_t shard) { start_what_is_ready(shard); });
}

void Station::start_what_is_ready(std::uint32_t s) {
    auto& payload = pool_.acquire();
    auto& results = PayloadPool::run_of(payload);
    results.event = node_.shards[s].event, results.number = node_.shards[s].chunk;
    results.chunks.resize(static_cast<std::size_t>(node_.startable(s)));
    node_.gather_inputs(s, results.chunks);
    start(s, results.chunks);
    node_.look_ahead(s);
    finish(s, results);
    payload.release();
}

void Station::start(std::uint32_t s, std::span<Arrival> chunks) {
    const auto& shard = tables_.shards[s];
    const bool faultless = faults_.empty();
    auto state = node_.shards[s];
    const auto start_some = [&](std::int64_t event, std::uint32_t number, std::span<Arrival> of_event) {
        auto& record = node_.record_of(event);
        std::size_t stamp = Tables::stamp_of(shard, number);
        if (number == 0) state.result = Health::good;
        for (auto& chunk : of_event) {
            const std::int64_t start = std::max(tables_.on_cycle(chunk.tick), state.free_at);
            const std::int64_t end = start + shard.latency_ticks;
            state.result = std::max(chunk.health, state.result);
            if (!faultless) state.result = std::max(state.result, work(event, start, end));
            state.free_at = start + shard.interval_ticks;
            record.set(stamp++, {start, state.result});
            chunk = {end, state.result};
        }
        record.steps_left -= static_cast<std::int64_t>(of_event.size());
        state.chunk = number + static_cast<std::uint32_t>(of_event.size());
        if (state.chunk == shard.chunks) state.chunk = 0, state.event = event + 1;
    };
    for_each_event(state.event, state.chunk, shard.chunks, chunks, start_some);
    node_.shards[s] = state;
}

Health Station::work(std::int64_t event, std::int64_t start, std::int64_t end) {
    const auto fault = faults_.death(node_.number(), station_, start, end);
    if (fault == Blame::kNobody) return Health::good;
    node_.record_of(event).blame.take({Health::lost, fault});
    return hurt(event, Health::lost, "board " + std::to_string(station_) + ": dead");
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
    WaitingChunk chunk{first.tick, run.event, run.hop, run.number, first.health, 0, nullptr, nullptr, this};
    if (run.chunks.size() > 1) {
        chunk.payload = &pool_.acquire();
        auto& rest = PayloadPool::run_of(*chunk.payload);
        rest = run;
        chunk.rest = &rest;
    }
    agenda_.add(chunk, shared);
}

void Station::send_at_once(const Run& run) {
    auto& payload = pool_.acquire();
    auto& sent = PayloadPool::run_of(payload);
    sent.event = run.event, sent.number = run.number, sent.hop = run.hop;
    sent.chunks = run.chunks;
    cross(run.hop, run.event, run.number, sent.chunks);
    pass_on(payload);
}

void Station::pass_on(tlm::tlm_generic_payload& payload) {
    const auto& run = PayloadPool::run_of(payload);
    sc_core::sc_time delay = ticks(run.chunks.front().tick - now_ticks());
    far_end(run.hop).b_transport(payload, delay);
    payload.release();
}

bool Station::send(WaitingChunk& chunk) {
    Arrival arrival{chunk.tick, chunk.health};
    cross(chunk.hop, chunk.event, chunk.number, std::span(&arrival, 1));
    if (node_.model().mode == Mode::fast) {
        hold(chunk, arrival);
        return advance(chunk);
    }
    auto& payload = pool_.acquire();
    auto& run = PayloadPool::run_of(payload);
    run.event = chunk.event, run.number = chunk.number, run.hop = chunk.hop;
    run.chunks.push_back(arrival);
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay = ticks(arrival.tick - now_ticks());
    far_end(run.hop).nb_transport_fw(payload, phase, delay);
    payload.release();
    return advance(chunk);
}

void Station::hold(const WaitingChunk& chunk, const Arrival& arrival) {
    auto*& held = node_.held[chunk.hop];
    const bool first = held == nullptr;
    if (first) {
        held = &pool_.acquire();
        auto& run = PayloadPool::run_of(*held);
        run.event = chunk.event, run.number = chunk.number, run.hop = chunk.hop;
    }
    PayloadPool::run_of(*held).chunks.push_back(arrival);
    if (first) agenda_.add_handover(arrival.tick - 1, *this, chunk.hop);
}

void Station::hand_over(std::uint32_t hop) { pass_on(*std::exchange(node_.held[hop], nullptr)); }

bool Station::advance(WaitingChunk& chunk) const {
    if (chunk.rest == nullptr) return false;
    if (++chunk.position == chunk.rest->chunks.size()) {
        chunk.payload->release();
        chunk.rest = nullptr;
        return false;
    }
    const auto& next = chunk.rest->chunks[chunk.position];
    chunk.tick = next.tick;
    chunk.health = next.health;
    if (++chunk.number == tables_.transfers[tables_.hops[chunk.hop].transfer].chunks) chunk.number = 0, ++chunk.event;
    return true;
}

void Station::cross(std::uint32_t hop_id, std::int64_t first_event, std::uint32_t first_number, std::span<Arrival> chunks) {
    const auto& hop = tables_.hops[hop_id];
    const auto& link = tables_.links[hop.link];
    const std::uint32_t chunks_of_event = tables_.transfers[hop.transfer].chunks;
    const bool faultless = faults_.empty();
    auto state = node_.links[hop.link];
    auto health = node_.hops[hop_id];
    const auto send_some = [&](std::int64_t event, std::uint32_t number, std::span<Arrival> of_event) {
        auto& record = node_.record_of(event);
        if (number == 0) health = Health::good;
        for (auto& chunk : of_event) {
            const std::int64_t length = tables_.serialise_ticks(hop, number, record.objects);
            const std::int64_t start = std::max(chunk.tick, state.free_at);
            const std::int64_t waiting = start + length - chunk.tick;
            std::int64_t latency = link.latency_ticks;
            health = std::max(chunk.health, health);
            if (!faultless) {
                const auto harm = suffer(hop, event, number, start, start + length);
                health = std::max(health, harm.health);
                latency += harm.late_ticks;
            }
            const std::size_t stamp = Tables::stamp_of(hop, number++);
            if (link.buffer_ticks > 0 && waiting > link.buffer_ticks) {
                // The receiver counts frames and knows that these are missing: the event is marked, the next goes on.
                // The mark keeps its place behind what waits, so that counts at the receiver stay in order.
                ++state.lost;
                health = overflow(event, hop.link);
                chunk = {std::max(start, chunk.tick + 1) + latency, health};
            } else {
                state.take(start, length, waiting, number == 1, number == chunks_of_event);
                record.set(stamp, start);
                chunk = {state.free_at + latency, health};
            }
            record.set(stamp + 1, chunk);
        }
        record.steps_left -= static_cast<std::int64_t>(of_event.size());
    };
    for_each_event(first_event, first_number, chunks_of_event, chunks, send_some);
    node_.hops[hop_id] = health;
    node_.links[hop.link] = state;
}

Health Station::overflow(std::int64_t event, std::uint32_t link) {
    return hurt(event, Health::lost, "link " + std::to_string(link) + ": buffer overflow");
}

FaultTable::Passage Station::suffer(const Tables::Hop& hop, std::int64_t event, std::uint32_t number, std::int64_t start,
                                    std::int64_t end) {
    auto passage = faults_.pass(node_.number(), hop.link, start, end, node_.key(event, Tables::stamp_of(hop, number)));
    node_.record_of(event).blame.take(passage.blame);
    if (passage.health != Health::good) hurt(event, passage.health, "link " + std::to_string(hop.link) + ": " + passage.cause);
    passage.health = std::max(passage.health, work(event, start, end));
    return passage;
}

Health Station::hurt(std::int64_t event, Health health, const std::string& where) {
    node_.note(event, where);
    return health;
}

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
