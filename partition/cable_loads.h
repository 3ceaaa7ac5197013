#pragma once

#include <cstdint>
#include <vector>

#include "partition/cable_ways.h"
#include "partition/mapping.h"
#include "topologies/topology.h"

namespace tessera::partition {

/// What the cables of a fixed topology carry of one event between the boards of a mapping, at places that change: all spread over the ways
/// of the fewest links, as CableWays has it.
class CableLoads {
  public:
    static constexpr std::uint32_t kNobody = 0xffffffffU;

    /// No board has a place yet. The topology and the table must outlive this.
    CableLoads(const Mapping& mapping, const topologies::Topology& topology, const topologies::RoutingTable& table);

    /// Puts what a board sends others and gets from them onto the cables, or takes it off, but for what it shares with board `but`.
    /// @param places  by board: that of this board and of all that it shares something with
    void put_on(std::uint32_t board, const std::vector<std::uint32_t>& places, std::uint32_t but = kNobody) { add(board, places, but, 1); }
    void take_off(std::uint32_t board, const std::vector<std::uint32_t>& places, std::uint32_t but = kNobody) {
        add(board, places, but, -1);
    }
    /// All boards at once.
    void put_on_all(const std::vector<std::uint32_t>& places);

    /// Kilobits beyond what cables carry with some room to spare, all cables together.
    double excess_kilobits() const { return excess_; }

  private:
    struct Partner {
        std::uint32_t board = 0;
        double kilobits = 0;
    };

    void add(std::uint32_t board, const std::vector<std::uint32_t>& places, std::uint32_t but, double sign);
    void add(std::uint32_t from_place, std::uint32_t to_place, double kilobits);

    CableWays ways_;                                        ///< with a board at every place
    std::vector<double> load_, room_;                       ///< kilobits on a cable of each channel
    std::vector<std::vector<Partner>> sends_to_, gets_of_;  ///< by board
    double excess_ = 0;
};

}  // namespace tessera::partition
