#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "core/arithmetic.h"
#include "models/implementation.h"
#include "partition/check_rules.h"

namespace tessera::partition {

namespace {

/// Holds every shard against the cost model.
class CostCheck {
  public:
    CostCheck(const Mapping& mapping, const models::Network& network, const boards::Device& device, Violations& found)
        : mapping_(mapping), network_(network), device_(device), found_(found) {}

    void run() {
        for (std::size_t s = 0; s < mapping_.shards.size(); ++s) {
            const Shard& shard = mapping_.shards[s];
            if (shard.kind == kExternal) continue;
            const bool input = network_.operators[shard.op].kind == models::OperatorKind::input;
            if (input && shard.board == kOutside) check_arrival(id_at<ShardId>(s));
            if (!input) check_shard(id_at<ShardId>(s));
        }
    }

  private:
    using Implementations = std::vector<models::Implementation>;

    /// Estimates are rounded on their way through a file.
    static constexpr double kTolerance = 0.99;

    /// An engine makes its share of the shard's tokens; the cost depends on how many, not on which.
    const Implementations& of_engine(const Shard& shard) {
        const std::int64_t tokens = divide_up(shard.token_end - shard.token_begin, shard.engines);
        const auto [place, fresh] = known_.try_emplace({shard.op, tokens, shard.channel_begin, shard.channel_end});
        if (fresh) {
            const models::ImplementationRequest request{{{0, tokens}, {shard.channel_begin, shard.channel_end}},
                                                        mapping_.cycles_per_event()};
            place->second = models::implementations(network_, network_.operators[shard.op], request, device_);
        }
        return place->second;
    }

    /// Tokens of a chunk are shared by the engines, one after another through each.
    static bool keeps_time(const Shard& shard, const models::Implementation& built) {
        const std::int64_t chunk_tokens = divide_up(shard.token_end - shard.token_begin, shard.chunks);
        const std::int64_t turns = divide_up(chunk_tokens, shard.engines);
        return shard.chunk_interval_cycles >= turns * built.token_interval_cycles &&
               shard.latency_cycles >= built.latency_cycles + (turns - 1) * built.token_interval_cycles;
    }

    void check_arrival(ShardId id) {
        const Shard& shard = mapping_.shards[index(id)];
        const double arrival_ns = network_.operators[shard.op].arrival_ns;
        const double claimed_ns = shard.latency_cycles * mapping_.clock.cycle_ns();
        if (claimed_ns >= arrival_ns * kTolerance) return;
        found_.push_back(
            {"timing", place_of(mapping_, id), fmt::format("its data are there after {:.1f} ns, not {:.1f} ns", arrival_ns, claimed_ns)});
    }

    void check_shard(ShardId id) {
        const Shard& shard = mapping_.shards[index(id)];
        Implementations same = of_engine(shard);
        std::erase_if(same, [&](const models::Implementation& built) {
            return shard.strategy != models::name_of(built.strategy) || shard.reuse_factor != built.reuse_factor;
        });
        const std::string how = fmt::format("{} at reuse factor {} on {} engines", shard.strategy, shard.reuse_factor, shard.engines);
        if (same.empty()) {
            found_.push_back({"strategy", place_of(mapping_, id),
                              fmt::format("{} keeps up with no event every {} cycles", how, mapping_.cycles_per_event())});
            return;
        }
        std::erase_if(same, [&](const models::Implementation& built) {
            return !(built.resources * (shard.engines * kTolerance)).fits(shard.resources * (1 + 1e-9));
        });
        if (same.empty()) {
            found_.push_back({"resources", place_of(mapping_, id),
                              fmt::format("{} takes more than the {} that it claims", how, text_of_amounts(shard.resources))});
            return;
        }
        if (std::any_of(same.begin(), same.end(), [&](const models::Implementation& built) { return keeps_time(shard, built); })) return;
        found_.push_back({"timing", place_of(mapping_, id),
                          fmt::format("{} is slower than the interval of {} and the latency of {} cycles that it claims", how,
                                      shard.chunk_interval_cycles, shard.latency_cycles)});
    }

    static std::string text_of_amounts(const Resources& resources) {
        return fmt::format("{:.0f} LUT, {:.0f} FF, {:.0f} DSP, {:.1f} BRAM, {:.0f} URAM", resources.lut, resources.ff, resources.dsp,
                           resources.bram36, resources.uram);
    }

    const Mapping& mapping_;
    const models::Network& network_;
    const boards::Device& device_;
    Violations& found_;
    std::map<std::tuple<std::uint32_t, std::int64_t, std::int64_t, std::int64_t>, Implementations> known_;
};

}  // namespace

void check_costs(const Mapping& mapping, const models::Network& network, const boards::Device& device, Violations& found) {
    CostCheck(mapping, network, device, found).run();
}

}  // namespace tessera::partition
