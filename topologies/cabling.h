#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "topologies/generators.h"

namespace tessera::topologies {

/// A topology without cables yet.
Topology uncabled(const std::string& kind, std::size_t compute_boards, std::size_t board_count);

/// Collects the pairs of boards that a cable joins, in any order and possibly twice, and turns
/// them into cables.
class Cabling {
  public:
    explicit Cabling(std::size_t boards) : degree_(boards) {}

    /// A board joined to itself, or a pair that is already joined, stays as it is.
    void join(std::size_t a, std::size_t b);

    /// Cables at the board that has most.
    std::size_t degree() const;

    /// Lanes of each cable: those asked for, else the ports shared among the cables of a board.
    /// @throws InputError where a board has more cables than ports
    int lanes(const Request& request) const;

    /// Appends the cables to the topology and sorts them.
    void plug(Topology& topology, int lanes, double length_m) const;

  private:
    std::vector<std::size_t> degree_;
    std::set<std::pair<std::size_t, std::size_t>> pairs_;  ///< lower board first
};

}  // namespace tessera::topologies
