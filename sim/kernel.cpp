#include "sim/kernel.h"

#include <cstdlib>
#include <string_view>

#include "core/error.h"
#include "sim/ticks.h"

/// libsystemc's own main() calls this; Tessera has its own main().
int sc_main(int, char**) { return 0; }

namespace tessera::sim {

namespace {

/// Reports of the kernel are defects of the model: as exceptions they say where.
void throw_report(const sc_core::sc_report& report, const sc_core::sc_actions&) {
    const bool nothing_to_do = std::string_view(report.get_msg_type()) == sc_core::SC_ID_NO_SC_START_ACTIVITY_;
    if (report.get_severity() == sc_core::SC_INFO || nothing_to_do) return;
    throw std::logic_error(std::string("SystemC: ") + report.get_msg_type() + ": " + report.get_msg());
}

/// SystemC 2.3.4 keeps its context in two globals; replacing both is the only way to a second
/// elaboration in one process. The first context is never used or deleted: events of the library
/// itself belong to it and look for it when the process ends.
void renew_context() {
    ::setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
    static const sc_core::sc_simcontext* const first = sc_core::sc_get_curr_simcontext();
    if (sc_core::sc_curr_simcontext != first) delete sc_core::sc_curr_simcontext;
    sc_core::sc_curr_simcontext = sc_core::sc_default_global_context = new sc_core::sc_simcontext;
    sc_core::sc_report_handler::set_handler(throw_report);
}

}  // namespace

System::System(const Model& model, std::size_t time_nodes, const std::vector<std::size_t>& order)
    : stations(time_nodes * model.tables.stations), tables_(model.tables) {
    renew_context();
    agenda_ = std::make_unique<Agenda>("agenda");
    for (std::size_t n = 0; n < time_nodes; ++n) nodes.push_back(std::make_unique<TimeNode>(model, n));
    for (const std::size_t position : order) {
        const std::size_t node = position / tables_.stations;
        const std::size_t station = position % tables_.stations;
        const auto name = "node" + std::to_string(node) + (station == tables_.outside ? "_outside" : "_board" + std::to_string(station));
        stations[position] = std::make_unique<Station>(name.c_str(), *nodes[node], *agenda_, pool_, static_cast<std::uint32_t>(station));
    }
    connect();
    sc_core::sc_start(sc_core::SC_ZERO_TIME);  // sockets are bound when the elaboration ends
}

System::~System() = default;

void System::connect() {
    for (std::size_t n = 0; n < nodes.size(); ++n) {
        const auto station = [&](std::uint32_t s) -> Station& { return *stations[n * tables_.stations + s]; };
        for (std::uint32_t l = 0; l < tables_.links.size(); ++l) station(tables_.links[l].from).connect(l, station(tables_.links[l].to));
    }
}

void System::run_until(std::int64_t tick) {
    if (tick > now_ticks()) sc_core::sc_start(ticks(tick - now_ticks()), sc_core::SC_RUN_TO_TIME);
}

bool System::is_idle() const { return !sc_core::sc_pending_activity(); }

void System::inject(const std::vector<std::int64_t>& crossings) {
    std::vector<std::int64_t> before(nodes.size());
    for (std::size_t n = 0; n < nodes.size(); ++n) before[n] = nodes[n]->injected();
    for (const auto bx : crossings) nodes[static_cast<std::size_t>(bx) % nodes.size()]->inject(bx);
    for (std::size_t n = 0; n < nodes.size(); ++n) {
        if (before[n] == nodes[n]->injected()) continue;
        stations[n * tables_.stations + tables_.outside]->begin(before[n], nodes[n]->injected());
    }
}

ShardTotal System::total_of_shard(std::size_t shard) const {
    const auto& table = tables_.shards[shard];
    ShardTotal sum;
    for (const auto& node : nodes) {
        const auto& each = node->shards[shard];
        sum.events += each.event;
        sum.busy_ticks += (each.event * table.chunks + each.chunk) * table.interval_ticks;
    }
    return sum;
}

LinkState System::total_of_link(std::size_t link) const {
    LinkState sum;
    for (const auto& node : nodes) {
        const auto& each = node->links[link];
        sum.busy_ticks += each.busy_ticks, sum.chunks += each.chunks, sum.lost += each.lost;
        sum.packets += each.packets, sum.ends += each.ends;
        sum.peak_ticks = std::max(sum.peak_ticks, each.peak_ticks);
    }
    return sum;
}

InputState System::total_of_input(std::size_t input) const {
    InputState sum;
    for (const auto& node : nodes) {
        const auto& each = node->buffer(static_cast<std::uint32_t>(input));
        sum.lost_chunks += each.lost_chunks;
        sum.peak_chunks = std::max(sum.peak_chunks, each.peak_chunks);
    }
    return sum;
}

}  // namespace tessera::sim
