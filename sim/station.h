#pragma once

#include <tlm_utils/multi_passthrough_initiator_socket.h>
#include <tlm_utils/multi_passthrough_target_socket.h>

#include <cstdint>
#include <queue>
#include <string>
#include <systemc>
#include <tlm>
#include <tuple>
#include <vector>

#include "sim/payload.h"
#include "sim/time_node.h"

namespace tessera::sim {

/// A board of a time node, or the world outside it: the shards that it holds and the sending ends
/// of its links.
///
/// Work is a queue of tasks in the order of (tick, kind, event, id, chunk), so that what happens
/// does not depend on the order in which SystemC runs processes. Chunks go to other stations by
/// TLM-2.0 non-blocking transport; the annotated delay is the time until they are there.
class Station : public sc_core::sc_module {
  public:
    tlm_utils::multi_passthrough_initiator_socket<Station> out;
    tlm_utils::multi_passthrough_target_socket<Station> in;

    Station(const sc_core::sc_module_name& name, TimeNode& node, PayloadPool& pool, std::uint32_t station);

    /// Joins a link of this station to the station at its far end; before the simulation starts.
    void connect(std::uint32_t link, Station& to);

    /// Joins the station to itself where no link leaves or enters it: TLM wants every socket bound.
    void close();

    /// The sources' data of an event are there at `tick`. For the station of the outside world.
    void begin_event(std::int64_t event, std::int64_t tick);

    /// A shard that still waits for data, and its input; "" where all have worked off what was injected.
    std::string stalled(std::int64_t events) const;

  private:
    enum class Kind : std::uint8_t { arrival, result, link };
    struct Task {
        std::int64_t tick;
        std::int64_t event;
        std::int32_t chunk;
        std::uint32_t id;  ///< shard of a result, transfer of a link and an arrival, input of a local arrival
        std::uint16_t hop;
        Kind kind;
        bool local;

        bool operator>(const Task& other) const {
            return std::tie(tick, kind, event, id, chunk, hop) >
                   std::tie(other.tick, other.kind, other.event, other.id, other.chunk, other.hop);
        }
    };

    tlm::tlm_sync_enum receive(int, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay);
    void work();
    void schedule(const Task& task);
    void wake();

    void arrive(const Task& task);
    void finish(const Task& task);
    void send(const Task& task);
    void feed(std::uint32_t input, std::int64_t tick);
    void start_what_is_ready(std::uint32_t shard, std::int64_t tick);
    void transmit(const Task& task, std::int64_t arrival_tick);

    TimeNode& node_;
    const Tables& tables_;
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
