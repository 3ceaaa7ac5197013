#include "partition/sharding.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "partition/link_frames.h"

namespace tessera::partition {

using models::Flow;
using models::Range;
using models::Region;

std::int64_t PlannedShard::tokens_per_chunk() const { return ceil_div(region.tokens.size(), chunks); }

int PlannedShard::chunk_interval_cycles() const {
    return outside ? 0 : static_cast<int>(ceil_div(tokens_per_chunk(), engines)) * token_interval_cycles;
}

int PlannedShard::chunk_latency_cycles() const {
    return outside ? 0 : token_latency_cycles + static_cast<int>(ceil_div(tokens_per_chunk(), engines) - 1) * token_interval_cycles;
}

int element_bits(const models::Tensor& tensor, int otherwise) { return tensor.format.width > 0 ? tensor.format.width : otherwise; }

namespace {

Range intersection(const Range& a, const Range& b) { return {std::max(a.begin, b.begin), std::min(a.end, b.end)}; }

/// The most chunks, up to `most`, with which a shard still keeps up with its events.
int chunks_for(const PlannedShard& shard, int most, std::int64_t cycles_per_event) {
    PlannedShard trial = shard;
    for (trial.chunks = static_cast<int>(std::min<std::int64_t>(most, shard.region.tokens.size())); trial.chunks > 1; --trial.chunks) {
        if (std::int64_t{trial.chunks} * trial.chunk_interval_cycles() <= cycles_per_event) break;
    }
    return std::max(1, trial.chunks);
}

/// The implementation of a smaller region that corresponds to the one chosen for the whole operator.
models::Implementation same_kind(const ShardingContext& context, const models::Operator& op, const models::ImplementationRequest& request,
                                 const models::Implementation& model) {
    const auto all = models::implementations(*context.network, op, request, context.board->device);
    const auto distance = [&](const models::Implementation& candidate) {
        return std::tuple(candidate.strategy != model.strategy, std::abs(candidate.reuse_factor - model.reuse_factor),
                          candidate.resources.max_fraction(context.board->slr_capacity()));
    };
    const auto nearest = std::min_element(all.begin(), all.end(), [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
    return nearest == all.end() ? model : *nearest;
}

PlannedShard plan_shard(const ShardingContext& context, const models::Operator& op, const OperatorOption& option, const Region& region) {
    PlannedShard shard;
    shard.op = static_cast<std::uint32_t>(index(op.id));
    shard.region = region;
    shard.engines = static_cast<int>(ceil_div(region.tokens.size(), option.tokens_per_engine));
    const Range first_engine{region.tokens.begin, region.tokens.begin + ceil_div(region.tokens.size(), shard.engines)};
    const auto built = same_kind(context, op, {{first_engine, region.channels}, context.cycles_per_event}, option.implementation);
    shard.strategy = models::name_of(built.strategy);
    shard.reuse_factor = built.reuse_factor;
    shard.resources = built.resources * shard.engines;
    shard.token_interval_cycles = built.token_interval_cycles;
    shard.token_latency_cycles = built.latency_cycles;
    shard.chunks = chunks_for(shard, context.most_chunks, context.cycles_per_event);
    return shard;
}

PlannedShard plan_source(const ShardingContext& context, const models::Operator& op, const Region& region) {
    PlannedShard shard;
    shard.op = static_cast<std::uint32_t>(index(op.id));
    shard.region = region;
    shard.strategy = models::name_of(models::Strategy::wiring);
    shard.chunks = static_cast<int>(std::min<std::int64_t>(context.most_chunks, region.tokens.size()));
    shard.outside = true;
    return shard;
}

/// Finds the needs of every consumer along one flow.
class FlowTracer {
  public:
    FlowTracer(const ShardingContext& context, const std::vector<ShardGrid>& grids, const std::vector<std::uint32_t>& first_shard,
               ShardGraph& graph)
        : context_(context), grids_(grids), first_shard_(first_shard), graph_(graph) {}

    void trace(const Flow& flow) {
        const auto& consumer = context_.network->op(flow.consumer);
        if (consumer.kind == models::OperatorKind::output) {
            add_needs(flow, flow.from, ShardGraph::kNone, {});
            return;
        }
        const auto& split = grids_[index(flow.consumer)].split;
        const std::uint32_t first = first_shard_[index(flow.consumer)];
        for (std::int64_t s = 0; s < split.slices * split.parts; ++s) {
            const auto to = first + static_cast<std::uint32_t>(s);
            const Region needed = models::needed(flow, graph_.shards[to].region);
            if (needed.tokens.empty() || needed.channels.empty()) continue;
            add_needs(flow, needed, to, needed_ends(flow, graph_.shards[to]));
        }
    }

  private:
    /// For each chunk of the consumer: the end of the producer's tokens that it and those before it need.
    static std::vector<std::int64_t> needed_ends(const Flow& flow, const PlannedShard& consumer) {
        std::vector<std::int64_t> ends;
        const Range tokens = consumer.region.tokens;
        for (int chunk = 0; chunk < consumer.chunks; ++chunk) {
            const std::int64_t end = std::min(tokens.end, tokens.begin + (chunk + 1) * consumer.tokens_per_chunk());
            const Region so_far = models::needed(flow, {{tokens.begin, end}, consumer.region.channels});
            ends.push_back(so_far.tokens.empty() ? 0 : so_far.tokens.end);
        }
        return ends;
    }

    /// False where waiting chunk by chunk (rule 1 of mapping.h) covers all that the consumer's chunks need.
    static bool needs_barrier(const PlannedShard& producer, const std::vector<std::int64_t>& ends) {
        const auto consumer_chunks = static_cast<std::int64_t>(ends.size());
        for (std::int64_t chunk = 0; chunk < consumer_chunks; ++chunk) {
            const std::int64_t end = std::min(ends[static_cast<std::size_t>(chunk)], producer.region.tokens.end);
            const std::int64_t waits_for = ceil_div((chunk + 1) * producer.chunks, consumer_chunks) * producer.tokens_per_chunk();
            if (end - producer.region.tokens.begin > waits_for) return true;
        }
        return false;
    }

    void add_needs(const Flow& flow, const Region& needed, std::uint32_t to, const std::vector<std::int64_t>& ends) {
        const auto& grid = grids_[index(flow.producer)];
        const std::uint32_t first = first_shard_[index(flow.producer)];
        const int bits = element_bits(context_.network->tensor(flow.tensor), context_.input_bits);
        for (std::int64_t slice = 0; slice < grid.split.slices; ++slice) {
            const Range tokens = intersection(needed.tokens, grid.slice(slice));
            if (tokens.empty()) continue;
            for (std::int64_t part = 0; part < grid.split.parts; ++part) {
                const Range channels = intersection(needed.channels, grid.part(part));
                if (channels.empty()) continue;
                const auto from = first + static_cast<std::uint32_t>(slice * grid.split.parts + part);
                if (to == ShardGraph::kNone && graph_.shards[from].outside) continue;  // it never entered
                const Region region{tokens, channels};
                const bool barrier = flow.tokens == models::Access::whole || needs_barrier(graph_.shards[from], ends);
                graph_.needs.push_back({from, to, flow.tensor, region, region.elements() * bits, barrier && to != ShardGraph::kNone});
            }
        }
    }

    const ShardingContext& context_;
    const std::vector<ShardGrid>& grids_;
    const std::vector<std::uint32_t>& first_shard_;
    ShardGraph& graph_;
};

/// Groups needs into nets: same producer, same tensor, same region.
void make_nets(ShardGraph& graph, const ShardingContext& context) {
    const auto key = [](const Need& need) {
        return std::tuple(need.from, index(need.tensor), need.region.tokens.begin, need.region.tokens.end, need.region.channels.begin,
                          need.region.channels.end);
    };
    std::vector<std::uint32_t> order(graph.needs.size());
    for (std::size_t n = 0; n < order.size(); ++n) order[n] = static_cast<std::uint32_t>(n);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return key(graph.needs[a]) < key(graph.needs[b]); });
    const Need* last = nullptr;
    for (const std::uint32_t n : order) {
        const Need& need = graph.needs[n];
        if (last == nullptr || key(*last) != key(need)) {
            graph.nets.push_back({need.from, need.bits, ceil_div(need.bits, context.frame_bits) + context.overhead_frames, {}});
        }
        auto& consumers = graph.nets.back().consumers;
        if (consumers.empty() || consumers.back() != need.to) consumers.push_back(need.to);
        last = &need;
    }
    graph.inputs.resize(graph.shards.size());
    graph.outputs.resize(graph.shards.size());
    for (std::size_t n = 0; n < graph.nets.size(); ++n) {
        graph.outputs[graph.nets[n].from].push_back(static_cast<std::uint32_t>(n));
        for (const std::uint32_t to : graph.nets[n].consumers) {
            if (to != ShardGraph::kNone) graph.inputs[to].push_back(static_cast<std::uint32_t>(n));
        }
    }
}

}  // namespace

ShardGraph make_shard_graph(const ShardingContext& context, const std::vector<std::vector<OperatorOption>>& options,
                            const std::vector<std::size_t>& chosen, const std::vector<ShardGrid>& grids) {
    ShardGraph graph;
    std::vector<std::uint32_t> first_shard(grids.size(), 0);
    for (const auto& op : context.network->operators) {
        const std::size_t position = index(op.id);
        first_shard[position] = static_cast<std::uint32_t>(graph.shards.size());
        const bool source = op.kind == models::OperatorKind::input;
        if (!source && !has_hardware(op)) continue;
        const auto& grid = grids[position];
        for (std::int64_t slice = 0; slice < grid.split.slices; ++slice) {
            for (std::int64_t part = 0; part < grid.split.parts; ++part) {
                const Region region{grid.slice(slice), grid.part(part)};
                graph.shards.push_back(source ? plan_source(context, op, region)
                                              : plan_shard(context, op, options[position][chosen[position]], region));
            }
        }
    }
    FlowTracer tracer(context, grids, first_shard, graph);
    for (const auto& flow : *context.flows) tracer.trace(flow);
    std::stable_sort(graph.needs.begin(), graph.needs.end(),
                     [](const Need& a, const Need& b) { return std::tie(a.to, a.from) < std::tie(b.to, b.from); });
    make_nets(graph, context);
    return graph;
}

}  // namespace tessera::partition
