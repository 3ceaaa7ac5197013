#include "tests/partition/random_shard_graph.h"

#include <algorithm>
#include <array>
#include <random>

#include "partition/random.h"

namespace tessera::tests {

using namespace tessera::partition;

namespace {

/// What shards of one kind take, in fractions of their scarcest resource.
constexpr std::array<Resources, 3> kProfiles{{{1, 0.7, 0, 0.1, 0}, {0.3, 0.4, 1, 0.2, 0}, {0.2, 0.2, 0, 1, 0.6}}};

class Generator {
  public:
    Generator(const RandomShardGraph& kind, const BoardSpace& space, std::uint64_t seed) : kind_(kind), space_(space), random_(seed) {}

    ShardGraph run() {
        add_sources();
        for (std::size_t op = 0; op < kind_.operators; ++op) add_operator(static_cast<std::uint32_t>(op));
        for (std::size_t i = 0; i < kind_.shards_each; ++i) {
            connect(static_cast<std::uint32_t>(graph_.shards.size() - kind_.shards_each + i), ShardGraph::kNone);
        }
        index_nets();
        return std::move(graph_);
    }

  private:
    double uniform(double from, double to) { return from + (to - from) * static_cast<double>(draw(random_, 1 << 20)) / (1 << 20); }
    bool one_in(std::uint64_t times) { return draw(random_, times) == 0; }

    void add_sources() {
        ShardVariant nothing;
        nothing.token_interval_cycles = 0;
        graph_.variants.push_back({nothing});
        PlannedShard source;
        source.region = {{0, 1}, {0, 1}};
        source.outside = true;
        for (std::size_t i = 0; i < kind_.shards_each; ++i) add_shard(source);
    }

    void add_operator(std::uint32_t op) {
        PlannedShard shard;
        shard.op = op;
        shard.latency_price.boards_per_cycle = kind_.latency_price;
        shard.region = {{0, 1 << draw(random_, 5)}, {0, 8}};
        shard.variants = static_cast<std::uint32_t>(graph_.variants.size());
        shard.chunks = static_cast<int>(std::min<std::int64_t>(shard.region.tokens.size(), 1 << draw(random_, 3)));
        graph_.variants.push_back(variants());
        const bool barrier = one_in(3);
        const auto before = static_cast<std::uint32_t>(graph_.shards.size() - kind_.shards_each);
        for (std::uint32_t i = 0; i < kind_.shards_each; ++i) {
            add_shard(shard);
            const auto self = static_cast<std::uint32_t>(graph_.shards.size() - 1);
            const std::uint32_t beside = before + (i + 1) % static_cast<std::uint32_t>(kind_.shards_each);
            if (before > kind_.shards_each && one_in(4)) connect(before + i - static_cast<std::uint32_t>(kind_.shards_each), self, barrier);
            connect(before + i, self, barrier);
            if (beside != before + i && one_in(2)) connect(beside, self, barrier);
        }
    }

    std::vector<ShardVariant> variants() {
        ShardVariant slow;
        const std::uint64_t profile = draw(random_, kProfiles.size());
        slow.resources = of_slr(kProfiles[profile]);
        slow.token_latency_cycles = static_cast<int>(uniform(20, 200));
        ShardVariant fast = slow, other = slow;
        fast.resources = slow.resources * uniform(1.2, 1.8);
        fast.token_latency_cycles = slow.token_latency_cycles / 2;
        other.resources = of_slr(kProfiles[(profile + 1) % kProfiles.size()]);
        std::vector<ShardVariant> all{slow, fast, other};
        all.resize(1 + draw(random_, all.size()));
        return all;
    }

    Resources of_slr(const Resources& profile) {
        return (space_.types.front().slr_capacity * (kind_.mean_slr_fraction * uniform(0.5, 1.5))).scaled(profile);
    }

    void add_shard(const PlannedShard& shard) {
        graph_.shards.push_back(shard);
        graph_.outputs.push_back({static_cast<std::uint32_t>(graph_.nets.size())});
        Net& net = graph_.nets.emplace_back();
        net.from = static_cast<std::uint32_t>(graph_.shards.size() - 1);
        const auto frames = static_cast<std::int64_t>(1 + draw(random_, static_cast<std::uint64_t>(kind_.most_frames)));
        net.bits = 64 * frames;
        net.frames = frames + 2;
    }

    void connect(std::uint32_t from, std::uint32_t to, bool barrier = true) {
        Need& need = graph_.needs.emplace_back();
        need.from = from, need.to = to, need.barrier = barrier;
        need.bits = graph_.nets[from].bits;
        graph_.nets[from].consumers.push_back(to);
    }

    void index_nets() {
        graph_.inputs.resize(graph_.shards.size());
        for (std::uint32_t n = 0; n < graph_.nets.size(); ++n) {
            auto& consumers = graph_.nets[n].consumers;
            std::sort(consumers.begin(), consumers.end());
            for (const std::uint32_t consumer : consumers) {
                if (consumer != ShardGraph::kNone) graph_.inputs[consumer].push_back(n);
            }
        }
        std::stable_sort(graph_.needs.begin(), graph_.needs.end(),
                         [](const Need& a, const Need& b) { return std::pair(a.to, a.from) < std::pair(b.to, b.from); });
    }

    const RandomShardGraph& kind_;
    const BoardSpace& space_;
    std::mt19937_64 random_;
    ShardGraph graph_;
};

}  // namespace

BoardSpace board_space(int slrs, int ports, std::int64_t frames_per_event) {
    BoardSpace space;
    BoardOffer& offer = space.types.front();
    offer.slr_capacity = {400000, 800000, 3000, 650, 300};
    offer.slrs = slrs;
    offer.ports = ports;
    space.frames_per_event = frames_per_event;
    return space;
}

ShardGraph random_shard_graph(const RandomShardGraph& kind, const BoardSpace& space, std::uint64_t seed) {
    return Generator(kind, space, seed).run();
}

}  // namespace tessera::tests
