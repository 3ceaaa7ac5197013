#include "partition/entrances.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>

#include "partition/layout.h"
#include "partition/link_frames.h"

namespace tessera::partition {

namespace {

class Choice {
  public:
    Choice(const Mapping& mapping, const topologies::BoardRoles& roles, bool of_their_own)
        : mapping_(mapping),
          roles_(roles),
          of_their_own_(of_their_own),
          from_outside_(mapping.boards.size(), 0),
          to_outside_(mapping.boards.size(), 0),
          in_(mapping.boards.size(), 0),
          out_(mapping.boards.size(), 0) {
        for (const auto type : mapping.boards) ports_.push_back(mapping.board_types[type].ports);
        for (const Transfer& transfer : mapping.transfers) {
            const BoardId from = source_board(mapping, transfer);
            if (from == kOutside) from_outside_[index(transfer.to)] += frames(transfer);
            if (transfer.to == kOutside) to_outside_[index(from)] += frames(transfer);
            if (from != kOutside) out_[index(from)] += frames(transfer);
            if (transfer.to != kOutside) in_[index(transfer.to)] += frames(transfer);
        }
    }

    Entrances run() {
        const bool leaves_where_it_enters = roles_.decision_at && !roles_.inputs_at.empty() && roles_.may_enter(*roles_.decision_at);
        if (roles_.decision_at) exit_ = of_their_own_ ? add_board() : busiest(to_outside_);
        if (!roles_.inputs_at.empty()) {
            if (leaves_where_it_enters) entries_.push_back(*exit_);
            choose_entries();
        }
        forward();
        return {positions(), ports_.size() - mapping_.boards.size(), std::move(via_)};
    }

  private:
    double frames(const Transfer& transfer) const {
        return static_cast<double>(transfer_frames(transfer.bits, mapping_.shards[index(transfer.from)].chunks, 1, mapping_.link_timing));
    }

    std::size_t add_board() {
        ports_.push_back(mapping_.board_types[mapping_.boards.back()].ports);
        in_.push_back(0), out_.push_back(0);
        return ports_.size() - 1;
    }

    static std::size_t busiest(const std::vector<double>& of_board) {
        return static_cast<std::size_t>(std::max_element(of_board.begin(), of_board.end()) - of_board.begin());
    }

    bool is_entry(std::size_t board) const { return std::find(entries_.begin(), entries_.end(), board) != entries_.end(); }

    void choose_entries() {
        const std::size_t most = roles_.inputs_at.size();
        if (of_their_own_) {
            for (const std::size_t needed = boards_for_inputs(); entries_.size() < std::min(most, needed);) entries_.push_back(add_board());
            return;
        }
        std::vector<std::size_t> order(mapping_.boards.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return from_outside_[a] > from_outside_[b]; });
        for (const std::size_t board : order) {
            const bool reads = from_outside_[board] > 0 || entries_.empty();  // if all readers are bound otherwise, another one forwards
            if (entries_.size() < most && reads && board != exit_) entries_.push_back(board);
        }
        if (entries_.empty()) entries_.push_back(add_board());
    }

    std::size_t boards_for_inputs() const {
        constexpr double kOfPorts = 0.8;  // whole lanes for each reader take more than their sum
        const std::int64_t period = mapping_.ticks_per_bx * mapping_.tmux_period_bx / mapping_.link_timing.ticks_per_frame;
        const double all = std::accumulate(from_outside_.begin(), from_outside_.end(), 0.0) / static_cast<double>(period);
        return static_cast<std::size_t>(std::max(1.0, std::ceil(all / (kOfPorts * std::max(1, ports_.back())))));
    }

    /// The largest transfers first, each by the entry that is least busy with it.
    void forward() {
        via_.assign(mapping_.transfers.size(), kOutside);
        std::vector<std::size_t> order(mapping_.transfers.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        const auto bits = [&](std::size_t t) { return mapping_.transfers[t].bits; };
        std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return bits(a) > bits(b); });
        for (const std::size_t t : order) {
            const Transfer& transfer = mapping_.transfers[t];
            const BoardId from = source_board(mapping_, transfer);
            std::optional<std::size_t> via;
            if (from == kOutside && !entries_.empty() && !is_entry(index(transfer.to))) via = least_busy();
            if (transfer.to == kOutside && exit_ && index(from) != *exit_) via = exit_;
            if (!via) continue;
            via_[t] = id_at<BoardId>(*via);
            in_[*via] += frames(transfer), out_[*via] += frames(transfer);
        }
    }

    std::size_t least_busy() const {
        const auto busy = [&](std::size_t board) { return std::max(in_[board], out_[board]) / std::max(1, ports_[board]); };
        return *std::min_element(entries_.begin(), entries_.end(), [&](auto a, auto b) { return busy(a) < busy(b); });
    }

    /// Those that are named for the boards that stand for them; the lowest others for all others.
    std::vector<std::uint32_t> positions() const {
        constexpr std::uint32_t kNone = 0xffffffffU;
        std::vector<std::uint32_t> positions(ports_.size(), kNone);
        std::set<std::uint32_t> named;
        for (const BoardId board : roles_.inputs_at) named.insert(static_cast<std::uint32_t>(index(board)));
        if (roles_.decision_at) named.insert(static_cast<std::uint32_t>(index(*roles_.decision_at)));
        if (exit_) positions[*exit_] = static_cast<std::uint32_t>(index(*roles_.decision_at));
        auto next = roles_.inputs_at.begin();
        for (const std::size_t entry : entries_) {
            if (positions[entry] != kNone) continue;
            if (*next == roles_.decision_at) ++next;
            positions[entry] = static_cast<std::uint32_t>(index(*next++));
        }
        std::uint32_t free = 0;
        for (std::uint32_t& position : positions) {
            if (position != kNone) continue;
            while (named.contains(free)) ++free;
            position = free++;
        }
        return positions;
    }

    const Mapping& mapping_;
    const topologies::BoardRoles& roles_;
    bool of_their_own_;
    std::vector<double> from_outside_, to_outside_;  ///< frames on one lane, by board of the mapping
    std::vector<double> in_, out_;                   ///< of all transfers, those that are forwarded among them; by board
    std::vector<int> ports_;                         ///< by board
    std::vector<std::size_t> entries_;
    std::optional<std::size_t> exit_;
    std::vector<BoardId> via_;
};

}  // namespace

Entrances choose_entrances(const Mapping& mapping, const topologies::BoardRoles& roles, bool of_their_own) {
    return Choice(mapping, roles, of_their_own).run();
}

}  // namespace tessera::partition
