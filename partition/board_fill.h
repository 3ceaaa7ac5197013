#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "partition/placement.h"
#include "partition/shard_graph.h"

namespace tessera::partition {

/// Where a shard goes on a board, and how it is built there.
struct Fit {
    std::uint32_t shard = 0;
    int slr = 0;
    std::uint32_t variant = 0;
};

/// The resources of one board while it is filled.
class BoardFill {
  public:
    /// @param fill fraction of each SLR that may be used
    BoardFill(const ShardGraph& graph, const BoardOffer& offer, double fill);

    /// False where no choice of SLRs has room for this much: a quick look before `fit`.
    bool may_take(const Resources& least) const { return least.fits(all_free_); }

    /// Places for all of these shards together, variants and SLRs chosen so that the board fills
    /// evenly and speed is paid its price; nothing where they do not all fit.
    std::optional<std::vector<Fit>> fit(const std::vector<std::uint32_t>& shards) const;

    void add(const std::vector<Fit>& fits);
    bool empty() const { return shards_ == 0; }

  private:
    std::optional<Fit> fit_one(std::uint32_t shard) const;
    int tightest_slr(const Resources& needed) const;
    double evenness(const Resources& used) const;
    void add_one(const Fit& fit);

    const ShardGraph* graph_;
    const BoardOffer* offer_;
    std::vector<Resources> free_;  ///< by SLR
    Resources all_free_;           ///< of all SLRs together
    Resources used_;               ///< on the whole board
    std::size_t shards_ = 0;
};

/// The ports of one board while it is filled. What leaves is estimated, as its readers have no board yet.
class PortFill {
  public:
    /// @param ports fraction of the board's ports that may be used
    PortFill(const BoardSpace& space, const BoardOffer& offer, double ports)
        : space_(&space), most_lanes_(ports * offer.ports), most_outside_(ports * offer.outside_ports) {}

    /// Frames that would come from other boards, by board, and that would leave, if something were added.
    struct Change {
        std::map<std::uint32_t, std::int64_t> in;
        double out = 0;
    };
    bool allows(const Change& change) const;
    void add(const Change& change);

  private:
    std::int64_t lanes(std::int64_t frames) const;
    std::int64_t more_lanes(std::uint32_t board, std::int64_t frames) const;
    bool apart(std::uint32_t board) const { return board == Placement::kOutsideBoard && most_outside_ > 0; }

    const BoardSpace* space_;
    double most_lanes_, most_outside_;  ///< of the outside's 0: they are among the others
    std::map<std::uint32_t, std::int64_t> in_frames_;
    std::int64_t in_lanes_ = 0, outside_lanes_ = 0;
    double out_frames_ = 0;
};

}  // namespace tessera::partition
