#include "sim/agenda.h"

#include "sim/station.h"
#include "sim/ticks.h"

namespace tessera::sim {

Agenda::Agenda(const sc_core::sc_module_name& name) : sc_module(name), event_("next_tick") {
    SC_HAS_PROCESS(Agenda);
    SC_METHOD(work);
    sensitive << event_;
    dont_initialize();
}

void Agenda::add(const WaitingChunk& chunk, bool shared) {
    auto& entry = at(chunk.tick);
    if (shared) {
        entry.competing.push(chunk);
    } else {
        entry.alone.push_back(chunk);
    }
    wake();
}

void Agenda::add_handover(std::int64_t tick, Station& station, std::uint32_t hop) {
    if (tick <= now_ticks()) return station.hand_over(hop);
    at(tick).handovers.emplace_back(&station, hop);
    wake();
}

Agenda::Entry& Agenda::at(std::int64_t tick) {
    if (const auto known = calendar_.find(tick); known != calendar_.end()) return known->second;
    if (spare_.empty()) return calendar_[tick];
    auto entry = std::move(spare_.back());
    spare_.pop_back();
    entry.key() = tick;
    return calendar_.insert(std::move(entry)).position->second;
}

void Agenda::work() {
    while (!calendar_.empty() && calendar_.begin()->first <= awake_at_) {
        auto node = calendar_.extract(calendar_.begin());
        auto& entry = node.mapped();
        for (const auto& [station, hop] : entry.handovers) station->hand_over(hop);
        entry.handovers.clear();
        for (auto& chunk : entry.alone) {
            while (chunk.station->send(chunk)) {
                if (chunk.tick > awake_at_) {
                    add(chunk, false);
                    break;
                }
            }
        }
        entry.alone.clear();
        while (!entry.competing.empty()) {
            WaitingChunk first = entry.competing.top();
            entry.competing.pop();
            if (!first.station->send(first)) continue;
            if (first.tick > awake_at_) {
                add(first, true);
            } else {
                entry.competing.push(first);
            }
        }
        spare_.push_back(std::move(node));
    }
    awake_at_ = -1;
    wake();
}

void Agenda::wake() {
    if (calendar_.empty()) return;
    const std::int64_t next = calendar_.begin()->first;
    if (awake_at_ >= 0 && awake_at_ <= next) return;
    if (awake_at_ >= 0) event_.cancel();
    awake_at_ = next;
    event_.notify(ticks(next - now_ticks()));
}

}  // namespace tessera::sim
