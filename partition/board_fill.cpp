#include "partition/board_fill.h"

#include <cmath>

#include "partition/link_frames.h"

namespace tessera::partition {

BoardFill::BoardFill(const ShardGraph& graph, const BoardOffer& offer, double fill)
    : graph_(&graph),
      offer_(&offer),
      free_(static_cast<std::size_t>(offer.slrs), offer.slr_capacity * (fill * (1 - 1e-9))),
      all_free_(offer.slr_capacity * (fill * offer.slrs)) {}

std::optional<std::vector<Fit>> BoardFill::fit(const std::vector<std::uint32_t>& shards) const {
    BoardFill trial = *this;
    std::vector<Fit> fits;
    for (const std::uint32_t shard : shards) {
        const auto found = trial.fit_one(shard);
        if (!found) return std::nullopt;
        trial.add_one(*found);
        fits.push_back(*found);
    }
    return fits;
}

void BoardFill::add(const std::vector<Fit>& fits) {
    for (const Fit& fit : fits) add_one(fit);
}

void BoardFill::add_one(const Fit& fit) {
    const Resources& needed = graph_->variants_of(fit.shard)[fit.variant].resources;
    free_[static_cast<std::size_t>(fit.slr)] -= needed;
    all_free_ -= needed;
    used_ += needed;
    ++shards_;
}

std::optional<Fit> BoardFill::fit_one(std::uint32_t shard) const {
    std::optional<Fit> best;
    double best_cost = 0;
    const auto& variants = graph_->variants_of(shard);
    for (std::uint32_t v = 0; v < variants.size(); ++v) {
        const int slr = tightest_slr(variants[v].resources);
        if (slr < 0) continue;
        const PlannedShard& planned = graph_->shards[shard];
        const double cost = evenness(used_ + variants[v].resources) + planned.latency_price.of(variants[v], planned.region.tokens.size());
        if (!best || cost < best_cost) best = Fit{shard, slr, v}, best_cost = cost;
    }
    return best;
}

/// Of the SLRs with room the one that it fills most; -1 where there is none.
int BoardFill::tightest_slr(const Resources& needed) const {
    int best = -1;
    double best_left = 0;
    for (std::size_t slr = 0; slr < free_.size(); ++slr) {
        if (!needed.fits(free_[slr])) continue;
        const double left = (free_[slr] - needed).max_fraction(offer_->slr_capacity);
        if (best < 0 || left < best_left) best = static_cast<int>(slr), best_left = left;
    }
    return best;
}

/// The sixteenth norm of a board's five utilisations: near the largest, but all count. In boards.
double BoardFill::evenness(const Resources& used) const {
    double sum = 0;
    for (std::size_t r = 0; r < Resources::names.size(); ++r) {
        const double of = offer_->slr_capacity.values()[r] * offer_->slrs;
        if (of <= 0) continue;
        double power = used.values()[r] / of;
        power *= power, power *= power, power *= power, power *= power;
        sum += power;
    }
    return std::sqrt(std::sqrt(std::sqrt(std::sqrt(sum))));
}

std::int64_t PortFill::lanes(std::int64_t frames) const { return divide_up(frames, space_->frames_per_event); }

/// That so much more from a board takes.
std::int64_t PortFill::more_lanes(std::uint32_t board, std::int64_t frames) const {
    const auto known = in_frames_.find(board);
    const std::int64_t before = known == in_frames_.end() ? 0 : known->second;
    return lanes(before + frames) - lanes(before);
}

bool PortFill::allows(const Change& change) const {
    std::int64_t in = in_lanes_, outside = outside_lanes_;
    for (const auto& [board, frames] : change.in) (apart(board) ? outside : in) += more_lanes(board, frames);
    return static_cast<double>(in) <= most_lanes_ && static_cast<double>(outside) <= most_outside_ &&
           (out_frames_ + change.out) / static_cast<double>(space_->frames_per_event) <= most_lanes_;
}

void PortFill::add(const Change& change) {
    for (const auto& [board, frames] : change.in) {
        (apart(board) ? outside_lanes_ : in_lanes_) += more_lanes(board, frames);
        in_frames_[board] += frames;
    }
    out_frames_ += change.out;
}

}  // namespace tessera::partition
