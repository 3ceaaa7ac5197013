#pragma once

#include <tlm_utils/multi_passthrough_initiator_socket.h>
#include <tlm_utils/multi_passthrough_target_socket.h>

#include <cstdint>
#include <queue>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "sim/payload.h"
#include "sim/time_node.h"

namespace tessera::sim {

/// A board of a time node, or the world outside it: the shards that it holds and the sending ends
/// of its links.
///
/// Shards have their hardware to themselves, so a chunk's times are settled as soon as its last
/// input is on its way. For a link, chunks queue in the order of (tick, event, transfer, chunk), so
/// that what happens does not depend on the order in which SystemC runs processes; they go on by
/// TLM-2.0 non-blocking transport. In fast mode, a link that serves one transfer needs no queue,
/// since its chunks become ready in order: they go on at once by blocking transport. Either way the
/// annotated delay is the time until they are there.
class Station : public sc_core::sc_module {
  public:
    tlm_utils::multi_passthrough_initiator_socket<Station> out;
    tlm_utils::multi_passthrough_target_socket<Station> in;

    Station(const sc_core::sc_module_name& name, TimeNode& node, PayloadPool& pool, std::uint32_t station);

    /// Joins a link of this station to the station at its far end; before the simulation starts.
    void connect(std::uint32_t link, Station& to);

    /// Joins the station to itself where no link leaves or enters it: TLM wants every socket bound.
    void close();

    /// An event begins at `tick`, from which the sources count. For the station of the outside world.
    void begin_event(std::int64_t event, std::int64_t tick);

    /// A shard that still waits for data, and its input; "" where all have worked off what was injected.
    std::string stalled(std::int64_t events) const;

  private:
    /// A chunk that is ready to go over a link.
    struct Task {
        std::int64_t tick;
        Chunk chunk;

        friend auto operator<=>(const Task&, const Task&) = default;
    };

    tlm::tlm_sync_enum receive(int, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay);
    void receive_at_once(int, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    void arrive(const Chunk& chunk, std::int64_t tick);
    void work();
    void wake();

    void feed(std::uint32_t input, const TimeNode::Arrival& arrival);
    void start_what_is_ready(std::uint32_t shard);
    void finish(std::uint32_t shard, std::int64_t event, std::uint32_t number, const TimeNode::Arrival& result);
    bool waits_for_nobody(const Chunk& chunk) const;
    void queue(const Task& task);
    void send(const Task& task);
    void transmit(const Chunk& chunk, std::int64_t arrival_tick);
    /// What faults do to a chunk on a link of this station, and how much later it arrives.
    std::int64_t suffer(Chunk& chunk, std::uint32_t link, std::int64_t start, std::int64_t end);
    Health hurt(std::int64_t event, Health health, const std::string& where);

    TimeNode& node_;
    const Tables& tables_;
    const FaultTable& faults_;
    Statistics& statistics_;
    PayloadPool& pool_;
    std::uint32_t station_;
    std::priority_queue<Task, std::vector<Task>, std::greater<>> tasks_;
    sc_core::sc_event event_;
    std::int64_t awake_at_ = -1;  ///< when the event will notify; -1: it will not
    int sockets_ = 0;
    bool entered_ = false;  ///< some link ends here
};

}  // namespace tessera::sim
