#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "sim/station.h"

namespace tessera::sim {

/// What all copies of a shard did.
struct ShardTotal {
    std::int64_t events = 0;  ///< finished
    std::int64_t busy_ticks = 0;
};

/// The SystemC model of a whole system: every station of every time node, joined as the mapping says.
///
/// One tick is SystemC's time resolution, so all times are exact integers. SystemC knows one
/// context per process; making a System replaces it by a fresh one, so that a process can
/// simulate one system after the other (never two at once).
class System {
  public:
    /// @param order position of each station in the order of construction (tests shuffle it)
    System(const Model& model, std::size_t time_nodes, const std::vector<std::size_t>& order);
    ~System();

    /// Runs until `tick`, or until nothing moves any more where it is negative.
    void run_until(std::int64_t tick);
    bool is_idle() const;
    /// The events of some crossings; crossing b is the business of time node b modulo their number.
    void inject(const std::vector<std::int64_t>& crossings);
    /// What all copies of a shard, a link or the buffer of an input did; peaks are those of the fullest copy.
    ShardTotal total_of_shard(std::size_t shard) const;
    LinkState total_of_link(std::size_t link) const;
    InputState total_of_input(std::size_t input) const;

    std::vector<std::unique_ptr<TimeNode>> nodes;
    std::vector<std::unique_ptr<Station>> stations;  ///< node by node, by station

  private:
    void connect();

    const Tables& tables_;
    PayloadPool pool_;
    std::unique_ptr<Agenda> agenda_;
};

}  // namespace tessera::sim
