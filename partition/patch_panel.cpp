#include "partition/patch_panel.h"

#include <algorithm>
#include <map>
#include <queue>
#include <tuple>
#include <vector>

#include "partition/layout.h"
#include "partition/link_frames.h"

namespace tessera::partition {

namespace {

/// A link under construction.
struct Bundle {
    BoardId from, to;
    int lanes = 1;
    std::vector<std::uint32_t> transfers;
};

/// Lanes in use at each board, in and out; the outside has as many as it takes.
class PortUse {
  public:
    explicit PortUse(const Mapping& mapping) : in_(mapping.boards.size(), 0), out_(mapping.boards.size(), 0) {
        for (const auto type : mapping.boards) ports_.push_back(mapping.board_types[type].ports);
    }

    bool allows(BoardId from, BoardId to, int lanes) const {
        return (from == kOutside || out_[index(from)] + lanes <= ports_[index(from)]) &&
               (to == kOutside || in_[index(to)] + lanes <= ports_[index(to)]);
    }
    void add(BoardId from, BoardId to, int lanes) {
        if (from != kOutside) out_[index(from)] += lanes;
        if (to != kOutside) in_[index(to)] += lanes;
    }
    std::optional<PortShortage> shortage() const {
        PortShortage found;
        const auto consider = [&](std::size_t board, bool incoming, int needed) {
            if (needed <= ports_[board]) return;
            if (found.boards.empty() || found.boards.back() != id_at<BoardId>(board)) found.boards.push_back(id_at<BoardId>(board));
            if (needed - ports_[board] <= found.needed - found.available) return;
            found.board = id_at<BoardId>(board), found.incoming = incoming, found.needed = needed, found.available = ports_[board];
        };
        for (std::size_t board = 0; board < ports_.size(); ++board) {
            consider(board, true, in_[board]);
            consider(board, false, out_[board]);
        }
        if (found.boards.empty()) return std::nullopt;
        return found;
    }

  private:
    std::vector<int> in_, out_, ports_;
};

class PatchPanel {
  public:
    PatchPanel(const Mapping& mapping, int frames_per_bx)
        : mapping_(mapping), period_frames_(std::int64_t{frames_per_bx} * mapping.tmux_period_bx), ports_(mapping) {}

    std::optional<PortShortage> build(const std::vector<BoardId>& via) {
        std::map<std::pair<BoardId, BoardId>, std::vector<std::uint32_t>> pairs;
        for (std::uint32_t t = 0; t < mapping_.transfers.size(); ++t) {
            const BoardId from = source_board(mapping_, mapping_.transfers[t]), to = mapping_.transfers[t].to;
            const BoardId between = via.empty() ? kOutside : via[t];
            if (between != kOutside) pairs[{from, between}].push_back(t);
            pairs[{between != kOutside ? between : from, to}].push_back(t);
        }
        for (auto& [ends, transfers] : pairs) pack(ends.first, ends.second, transfers);
        for (const Bundle& bundle : bundles_) ports_.add(bundle.from, bundle.to, bundle.lanes);
        if (auto shortage = ports_.shortage()) return shortage;
        separate();
        widen();
        return std::nullopt;
    }

    void write(Mapping& mapping, double fibre_m, std::int64_t latency_ticks) const {
        mapping.links.clear();
        for (Transfer& transfer : mapping.transfers) transfer.route.clear();
        for (const Bundle& bundle : bundles_) {
            Link link;
            link.from = bundle.from, link.to = bundle.to, link.lanes = bundle.lanes;
            const bool outside = bundle.from == kOutside || bundle.to == kOutside;
            link.fibre_m = outside ? 0 : fibre_m;
            link.latency_ticks = outside ? 0 : latency_ticks;
            for (const std::uint32_t t : bundle.transfers) {
                auto& route = mapping.transfers[t].route;
                const bool first = bundle.from == source_board(mapping, mapping.transfers[t]);
                route.insert(first ? route.begin() : route.end(), id_at<LinkId>(mapping.links.size()));
            }
            mapping.links.push_back(link);
        }
    }

  private:
    int chunks(std::uint32_t transfer) const { return mapping_.shards[index(mapping_.transfers[transfer].from)].chunks; }

    std::int64_t frames(std::uint32_t transfer, int lanes) const {
        return transfer_frames(mapping_.transfers[transfer].bits, chunks(transfer), lanes, mapping_.link_timing);
    }

    std::int64_t load(const Bundle& bundle, int lanes) const {
        std::int64_t sum = 0;
        for (const std::uint32_t t : bundle.transfers) sum += frames(t, lanes);
        return sum;
    }

    int least_lanes(std::uint32_t transfer) const {
        return lanes_for(mapping_.transfers[transfer].bits, chunks(transfer), period_frames_, mapping_.link_timing);
    }

    /// The fewest lanes for all transfers between two boards, over all widths of a link: a wide link loses more
    /// to headers, a narrow one to what no second transfer fits beside. Of equals the narrower: less waits there.
    void pack(BoardId from, BoardId to, std::vector<std::uint32_t>& transfers) {
        constexpr int kWidest = 24;
        std::sort(transfers.begin(), transfers.end(), [&](std::uint32_t a, std::uint32_t b) {
            return std::tuple(-mapping_.transfers[a].bits, a) < std::tuple(-mapping_.transfers[b].bits, b);
        });
        std::vector<Bundle> best;
        int fewest = 0;
        for (int width = 1; width <= kWidest && (width == 1 || transfers.size() > 1); ++width) {
            auto bundles = pack_by_width(from, to, transfers, width);
            int lanes = 0;
            for (const Bundle& bundle : bundles) lanes += bundle.lanes;
            if (best.empty() || lanes < fewest) fewest = lanes, best = std::move(bundles);
        }
        bundles_.insert(bundles_.end(), best.begin(), best.end());
    }

    /// First fit decreasing into links of one width, or as wide as one transfer needs; then none wider than its load.
    std::vector<Bundle> pack_by_width(BoardId from, BoardId to, const std::vector<std::uint32_t>& transfers, int width) const {
        std::vector<Bundle> bundles;
        for (const std::uint32_t t : transfers) {
            const auto fits = [&](const Bundle& bundle) { return load(bundle, bundle.lanes) + frames(t, bundle.lanes) <= period_frames_; };
            const auto place = std::find_if(bundles.begin(), bundles.end(), fits);
            if (place != bundles.end()) {
                place->transfers.push_back(t);
            } else {
                // Where no number of lanes is enough, more than any board has: the shortage names the board.
                const int needed = least_lanes(t);
                bundles.push_back({from, to, needed > 0 ? std::max(needed, width) : kUnreachable, {t}});
            }
        }
        for (Bundle& bundle : bundles) {
            while (bundle.lanes > 1 && load(bundle, bundle.lanes - 1) <= period_frames_) --bundle.lanes;
        }
        return bundles;
    }

    /// Gives transfers that share a link one of their own, the cheapest in lanes first: nothing waits for another then.
    void separate() {
        std::vector<std::tuple<int, std::size_t>> shared;  // extra lanes, bundle
        for (std::size_t b = 0; b < bundles_.size(); ++b) {
            if (bundles_[b].transfers.size() < 2) continue;
            int lanes = 0;
            for (const std::uint32_t t : bundles_[b].transfers) lanes += least_lanes(t);
            shared.emplace_back(lanes - bundles_[b].lanes, b);
        }
        std::sort(shared.begin(), shared.end());
        for (const auto& [extra, b] : shared) {
            const Bundle bundle = bundles_[b];
            if (!ports_.allows(bundle.from, bundle.to, extra)) continue;
            ports_.add(bundle.from, bundle.to, extra);
            bundles_[b].transfers.clear();
            for (const std::uint32_t t : bundle.transfers) bundles_.push_back({bundle.from, bundle.to, least_lanes(t), {t}});
        }
        std::erase_if(bundles_, [](const Bundle& bundle) { return bundle.transfers.empty(); });
    }

    /// Spends the ports that are left on the links that take longest, one lane at a time.
    void widen() {
        using Entry = std::tuple<std::int64_t, std::size_t>;  // frames, bundle
        std::priority_queue<Entry> longest;
        for (std::size_t b = 0; b < bundles_.size(); ++b) longest.emplace(load(bundles_[b], bundles_[b].lanes), b);
        while (!longest.empty()) {
            const auto [frames_now, b] = longest.top();
            longest.pop();
            Bundle& bundle = bundles_[b];
            int lanes = bundle.lanes + 1;
            const int most = bundle.lanes + 8;  // rounding to whole frames may take several lanes to pay
            while (lanes <= most && load(bundle, lanes) >= frames_now) ++lanes;
            if (lanes > most || !ports_.allows(bundle.from, bundle.to, lanes - bundle.lanes)) continue;
            ports_.add(bundle.from, bundle.to, lanes - bundle.lanes);
            bundle.lanes = lanes;
            longest.emplace(load(bundle, lanes), b);
        }
    }

    static constexpr int kUnreachable = 1 << 20;

    const Mapping& mapping_;
    std::int64_t period_frames_;
    PortUse ports_;
    std::vector<Bundle> bundles_;
};

}  // namespace

std::optional<PortShortage> allocate_patch_panel(Mapping& mapping, int frames_per_bx, double fibre_m, std::int64_t latency_ticks,
                                                 const std::vector<BoardId>& via) {
    PatchPanel panel(mapping, frames_per_bx);
    if (auto shortage = panel.build(via)) return shortage;
    panel.write(mapping, fibre_m, latency_ticks);
    return std::nullopt;
}

void size_buffers(Mapping& mapping) {
    for (Link& link : mapping.links) link.buffer_frames = 0;
    for (const Transfer& transfer : mapping.transfers) {
        const int chunks = mapping.shards[index(transfer.from)].chunks;
        for (const LinkId id : transfer.route) {
            Link& link = mapping.links[index(id)];
            link.buffer_frames += 2 * transfer_frames(transfer.bits, chunks, link.lanes, mapping.link_timing);
        }
    }
}

}  // namespace tessera::partition
