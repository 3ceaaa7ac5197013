#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <systemc>
#include <tlm>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/payload.h"

namespace tessera::sim {

class Station;

/// A chunk that waits for a link, and the rest of its run: chunks of a run become ready in order, so none of
/// them goes before it.
struct WaitingChunk {
    std::int64_t tick;  ///< when it is ready
    std::int64_t event;
    std::uint32_t hop;
    std::uint32_t number;
    Health health;
    std::uint32_t position;             ///< in the run
    const Run* rest;                    ///< nullptr where there is none
    tlm::tlm_generic_payload* payload;  ///< that holds it
    Station* station;

    /// Whether it goes after another that is ready at the same tick. Ties are on links of different time nodes.
    bool operator>(const WaitingChunk& other) const {
        return std::tie(event, hop, number) > std::tie(other.event, other.hop, other.number);
    }
};

/// All chunks of the system that wait for links, in the order in which they go, so that what happens does not
/// depend on the order in which SystemC runs processes. It is the only process of the model: a tick costs one
/// SystemC event, however many stations have something to do in it.
class Agenda : public sc_core::sc_module {
  public:
    explicit Agenda(const sc_core::sc_module_name& name);

    /// @param shared whether other transfers may compete for the link at the same tick
    void add(const WaitingChunk& chunk, bool shared);
    /// Tells a station at a tick to hand over what it has sent at a hop; at once where that tick has come.
    void add_handover(std::int64_t tick, Station& station, std::uint32_t hop);

  private:
    /// What is to be done at a tick.
    struct Entry {
        std::vector<std::pair<Station*, std::uint32_t>> handovers;
        std::vector<WaitingChunk> alone;  ///< on links that serve one transfer: in any order of links
        std::priority_queue<WaitingChunk, std::vector<WaitingChunk>, std::greater<>> competing;
    };
    using Calendar = std::map<std::int64_t, Entry>;

    Entry& at(std::int64_t tick);
    void work();
    void wake();

    Calendar calendar_;
    std::vector<Calendar::node_type> spare_;  ///< entries that are used again, with the memory that they hold
    sc_core::sc_event event_;
    std::int64_t awake_at_ = -1;  ///< when the event will notify; -1: it will not
};

}  // namespace tessera::sim
