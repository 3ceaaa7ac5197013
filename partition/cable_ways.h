#pragma once

#include <cstdint>
#include <vector>

#include "topologies/topology.h"

namespace tessera::partition {

/// The cables of a fixed topology as the boards see them that stand at given places of it: what share of what one board sends another
/// crosses each of them. It is spread over all ways of the fewest links, at every fork by the lanes. Where the topology binds the outside's
/// lanes to boards, the outside stands on the nearest of them. Switches with the same cables carry the same of everything, so they count
/// as one: a fat tree may have sixty of them.
class CableWays {
  public:
    static constexpr std::uint32_t kOutsideBoard = 0xffffffffU;

    /// A direction of a cable, and of all that join the same for switches that are alike.
    struct Channel {
        std::uint32_t to = 0;  ///< place; of switches alike the first
        int lanes = 1;         ///< of one cable
        int alike = 1;         ///< cables
    };
    struct Share {
        std::uint32_t channel = 0;
        double part = 0;  ///< of what is sent, on each cable of the channel
    };

    /// @param places of the boards, each once, among the compute boards of the topology. The topology and the table must outlive this.
    CableWays(const topologies::Topology& topology, const topologies::RoutingTable& table, std::vector<std::uint32_t> places);

    /// Empty where there is no way. Found when first asked for.
    const std::vector<Share>& between(std::uint32_t from_board, std::uint32_t to_board);
    /// Links from board to board; 0 where there is no way.
    int hops(std::uint32_t from_board, std::uint32_t to_board) const;
    const std::vector<Channel>& channels() const { return channels_; }
    /// Whether what goes from one to the other takes cables at all: between boards, or where the outside has a place.
    bool cabled(std::uint32_t from_board, std::uint32_t to_board) const;

  private:
    std::uint32_t place_from(std::uint32_t from_board, std::uint32_t to_board) const;
    std::uint32_t place_to(std::uint32_t to_board) const;
    std::vector<Share> spread(std::uint32_t from, std::uint32_t to) const;

    const topologies::RoutingTable& table_;
    topologies::BoardRoles roles_;
    std::vector<std::uint32_t> places_;
    std::vector<Channel> channels_;
    std::vector<std::vector<std::uint32_t>> leaving_;  ///< channels by the place that they leave
    std::vector<std::vector<Share>> known_;            ///< from board a to board b at a * (boards + 1) + b; the outside is the last
};

}  // namespace tessera::partition
