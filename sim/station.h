#pragma once

#include <tlm_utils/multi_passthrough_initiator_socket.h>
#include <tlm_utils/multi_passthrough_target_socket.h>

#include <cstdint>
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
/// chunks become ready in order: a run of them goes on at once, by blocking transport. Either way the annotated
/// delay is the time until the first of them is there; when each is, the run says.
class Station : public sc_core::sc_module {
  public:
    tlm_utils::multi_passthrough_initiator_socket<Station> out;
    tlm_utils::multi_passthrough_target_socket<Station> in;

    Station(const sc_core::sc_module_name& name, TimeNode& node, Agenda& agenda, PayloadPool& pool, std::uint32_t station);

    /// Joins a link of this station to the station at its far end; before the simulation starts.
    void connect(std::uint32_t link, Station& to);

    /// Joins the station to itself where no link leaves or enters it: TLM wants every socket bound.
    void close();

    /// Events first .. end-1 of the time node begin, from which the sources count. For the station of the outside world.
    void begin(std::int64_t first, std::int64_t end);

    /// A shard that still waits for data, and its input; "" where all have worked off what was injected.
    std::string stalled(std::int64_t events) const;

    /// Sends a chunk whose turn it is and goes on to the next of its run; false where there is none.
    bool send(WaitingChunk& chunk);

  private:
    tlm::tlm_sync_enum receive(int, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay);
    void receive_at_once(int, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    void arrive(Run& run);
    void feed(std::uint32_t stream, const Run& run);
    void start_what_is_ready(std::uint32_t shard);
    void finish(std::uint32_t shard, Run& results);
    /// Sends a run at its hop, or lets it wait for its turn.
    void go(const Run& run);
    void send_at_once(const Run& run);
    bool advance(WaitingChunk& chunk) const;
    /// Sends a chunk that is ready over a link, which is taken until those before it are sent.
    Arrival cross(std::uint32_t hop, std::int64_t event, std::uint32_t number, Arrival ready);
    /// What faults do to a chunk on a link of this station, and how much later it arrives.
    std::int64_t suffer(const Tables::Hop& hop, std::int64_t event, std::uint32_t number, std::int64_t start, Health& health);
    Health hurt(std::int64_t event, Health health, const std::string& where);
    tlm::tlm_fw_transport_if<>& socket(std::uint32_t hop);

    TimeNode& node_;
    const Tables& tables_;
    const FaultTable& faults_;
    Agenda& agenda_;
    PayloadPool& pool_;
    std::uint32_t station_;
    int sockets_ = 0;
    bool entered_ = false;  ///< some link ends here
};

}  // namespace tessera::sim
