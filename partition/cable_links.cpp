#include "partition/cable_links.h"

#include <algorithm>
#include <tuple>

#include "partition/link_frames.h"

namespace tessera::partition {

namespace {

/// The lanes of one direction of a cable and what crosses it, the largest first.
class Cable {
  public:
    Cable(const Mapping& mapping, std::vector<std::uint32_t> transfers, int lanes, std::int64_t most_frames)
        : mapping_(mapping), transfers_(std::move(transfers)), lanes_(lanes), most_frames_(most_frames) {
        const auto key = [&](std::uint32_t t) { return std::tuple(-mapping_.transfers[t].bits, t); };
        std::sort(transfers_.begin(), transfers_.end(), [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
    }

    std::vector<CableLink> shared() const {
        constexpr double kLittleBusy = 0.85;
        constexpr int kMostLinks = 16;
        const auto little = static_cast<std::int64_t>(kLittleBusy * static_cast<double>(most_frames_));
        std::vector<CableLink> best;
        const int most = std::min({kMostLinks, lanes_, std::max(1, static_cast<int>(transfers_.size()))});
        for (int links = 1; links <= most; ++links) {
            take_if_better(evenly(links), best);
            if (best.front().frames <= little) return best;
        }
        for (int width = 1; width <= lanes_ && best.front().frames > most_frames_; ++width) {
            auto links = by_need(width);
            if (!links.empty()) take_if_better(std::move(links), best);
        }
        return best;
    }

  private:
    std::int64_t frames(std::uint32_t transfer, int lanes) const {
        const Transfer& t = mapping_.transfers[transfer];
        return transfer_frames(t.bits, mapping_.shards[index(t.from)].chunks, lanes, mapping_.link_timing);
    }

    std::int64_t load(const CableLink& link, int lanes) const {
        std::int64_t sum = 0;
        for (const std::uint32_t t : link.transfers) sum += frames(t, lanes);
        return sum;
    }

    static void take_if_better(std::vector<CableLink> links, std::vector<CableLink>& best) {
        const auto busier = [](const CableLink& a, const CableLink& b) { return a.frames > b.frames; };
        std::stable_sort(links.begin(), links.end(), busier);
        if (best.empty() || links.front().frames < best.front().frames) best = std::move(links);
    }

    /// Links as wide as each other, but for a lane: each transfer joins those where it is over first.
    std::vector<CableLink> evenly(int count) const {
        std::vector<CableLink> links(static_cast<std::size_t>(count));
        for (int l = 0; l < count; ++l) links[static_cast<std::size_t>(l)].lanes = lanes_ / count + (l < lanes_ % count ? 1 : 0);
        for (const std::uint32_t t : transfers_) {
            const auto over = [&](const CableLink& link) { return link.frames + frames(t, link.lanes); };
            const auto first =
                std::min_element(links.begin(), links.end(), [&](const auto& a, const auto& b) { return over(a) < over(b); });
            first->frames = over(*first);
            first->transfers.push_back(t);
        }
        return links;
    }

    /// Links of one width, wider only where a transfer needs it, that are full one after another; what lanes are left go to the
    /// busiest, one by one. Nothing where the lanes do not suffice.
    std::vector<CableLink> by_need(int width) const {
        std::vector<CableLink> links;
        int left = lanes_;
        for (const std::uint32_t t : transfers_) {
            const auto fits = [&](const CableLink& link) { return link.frames + frames(t, link.lanes) <= most_frames_; };
            auto place = std::find_if(links.begin(), links.end(), fits);
            if (place == links.end()) {
                const Transfer& transfer = mapping_.transfers[t];
                const int chunks = mapping_.shards[index(transfer.from)].chunks;
                const int needed = lanes_for(transfer.bits, chunks, most_frames_, mapping_.link_timing);
                const int lanes = std::max(needed, width);
                if (needed == 0 || lanes > left) return {};
                left -= lanes;
                place = links.insert(links.end(), CableLink{lanes, {}, 0});
            }
            place->frames += frames(t, place->lanes);
            place->transfers.push_back(t);
        }
        for (; left > 0; --left) {
            const auto busier = [](const CableLink& a, const CableLink& b) { return a.frames < b.frames; };
            CableLink& link = *std::max_element(links.begin(), links.end(), busier);
            link.frames = load(link, ++link.lanes);
        }
        return links;
    }

    const Mapping& mapping_;
    std::vector<std::uint32_t> transfers_;
    int lanes_;
    std::int64_t most_frames_;
};

}  // namespace

std::vector<CableLink> share_lanes(const Mapping& mapping, std::vector<std::uint32_t> transfers, int lanes, std::int64_t most_frames) {
    return Cable(mapping, std::move(transfers), lanes, most_frames).shared();
}

}  // namespace tessera::partition
