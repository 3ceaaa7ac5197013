#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "sim/station.h"

namespace tessera::sim {

/// The SystemC model of a whole system: every station of every time node, joined as the mapping says.
///
/// One tick is SystemC's time resolution, so all times are exact integers. SystemC knows one
/// context per process; making a System replaces it by a fresh one, so that a process can
/// simulate one system after the other (never two at once).
class System {
  public:
    /// @param order position of each station in the order of construction (tests shuffle it)
    System(const Model& model, std::size_t time_nodes, std::size_t window, const std::vector<std::size_t>& order);
    ~System();

    /// Runs until `tick`, or until nothing moves any more where it is negative.
    void run_until(std::int64_t tick);
    bool is_idle() const;
    void inject(std::size_t node, std::int64_t bx);

    std::vector<std::unique_ptr<TimeNode>> nodes;
    std::vector<std::unique_ptr<Station>> stations;  ///< node by node, by station

  private:
    void connect();

    const Tables& tables_;
    PayloadPool pool_;
};

}  // namespace tessera::sim
