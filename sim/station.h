#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "sim/agenda.h"
#include "sim/payload.h"
#include "sim/time_node.h"

namespace tessera::sim {

/// A board of a time node, or the world outside it: the shards that it holds and the sending ends
/// of its links.
///
/// Shards have their hardware to themselves, so a chunk's times are settled as soon as its last input is on its
/// way. Links are what chunks wait for. In detailed mode each chunk waits in the agenda until it is ready, and goes
/// on by TLM-2.0 non-blocking transport. In fast mode a link that serves one transfer needs no agenda, since its
/// chunks become ready in order: a run of them goes on at once, by blocking transport. On a link that several share,
/// chunks wait for their turn, but those that are under way together go on together, just before the first is there.
/// Either way the annotated delay is the time until the first of them is there; when each is, the run says.
class Station : public sc_core::sc_module, private tlm::tlm_fw_transport_if<>, private tlm::tlm_bw_transport_if<> {
  public:
    tlm::tlm_initiator_socket<32, tlm::tlm_base_protocol_types, 0, sc_core::SC_ZERO_OR_MORE_BOUND> out;  ///< by neighbour
    tlm::tlm_target_socket<32, tlm::tlm_base_protocol_types, 0, sc_core::SC_ZERO_OR_MORE_BOUND> in;

    Station(const sc_core::sc_module_name& name, TimeNode& node, Agenda& agenda, PayloadPool& pool, std::uint32_t station);

    /// Joins a link of this station to the station at its far end; before the simulation starts. Links between the
    /// same stations share a binding: payloads say which hop they take.
    void connect(std::uint32_t link, Station& to);

    /// Events first .. end-1 of the time node begin, from which the sources count. For the station of the outside world.
    void begin(std::int64_t first, std::int64_t end);

    /// A shard that still waits for data, and its input; "" where all have worked off what was injected.
    std::string stalled(std::int64_t events) const;

    /// Sends a chunk whose turn it is and goes on to the next of its run; false where there is none.
    bool send(WaitingChunk& chunk);
    /// Hands over what was sent at a hop and is still under way.
    void hand_over(std::uint32_t hop);

  private:
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay) override;
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) override;
    // Nobody answers, and there is no memory to look into.
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase&, sc_core::sc_time&) override {
        return tlm::TLM_COMPLETED;
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }
    unsigned int transport_dbg(tlm::tlm_generic_payload&) override { return 0; }

    void arrive(Run& run);
    void feed(std::uint32_t stream, const Run& run);
    void start_what_is_ready(std::uint32_t shard);
    /// Starts the next chunks of a shard: turns since when their inputs are there into when their results are.
    void start(std::uint32_t shard, std::span<Arrival> chunks);
    void finish(std::uint32_t shard, Run& results);
    /// Sends a run at its hop, or lets it wait for its turn.
    void go(const Run& run);
    void send_at_once(const Run& run);
    /// Keeps a chunk that was sent for those that follow it closely.
    void hold(const WaitingChunk& chunk, const Arrival& arrival);
    /// To the far end of the hop that it takes, with its time annotated.
    void pass_on(tlm::tlm_generic_payload& payload);
    bool advance(WaitingChunk& chunk) const;
    /// Sends chunks that follow one another over a link, which is taken until those before are sent: turns when each is ready
    /// into when it arrives.
    void cross(std::uint32_t hop, std::int64_t first_event, std::uint32_t first_number, std::span<Arrival> chunks);
    // What becomes of an event, with a note of where and when: as the station works or sends in ticks start .. end-1, ...
    Health work(std::int64_t event, std::int64_t start, std::int64_t end);
    /// ... as a chunk of it is on a link then, ...
    FaultTable::Passage suffer(const Tables::Hop& hop, std::int64_t event, std::uint32_t number, std::int64_t start, std::int64_t end);
    /// ... and as it finds no room before a link.
    Health overflow(std::int64_t event, std::uint32_t link);
    Health hurt(std::int64_t event, Health health, const std::string& where);
    tlm::tlm_fw_transport_if<>& far_end(std::uint32_t hop) { return *out[tables_.links[tables_.hops[hop].link].neighbour]; }

    TimeNode& node_;
    const Tables& tables_;
    const FaultTable& faults_;
    Agenda& agenda_;
    PayloadPool& pool_;
    std::uint32_t station_;
    int neighbours_ = 0;
};

}  // namespace tessera::sim
