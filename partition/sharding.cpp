#include "partition/sharding.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <map>
#include <tuple>

#include "models/arrival.h"
#include "partition/link_frames.h"

namespace tessera::partition {

using models::Flow;
using models::Range;
using models::Region;

std::int64_t PlannedShard::tokens_per_chunk() const { return divide_up(region.tokens.size(), chunks); }

int ShardVariant::chunk_interval_cycles(std::int64_t tokens_per_chunk) const {
    return static_cast<int>(divide_up(tokens_per_chunk, engines)) * token_interval_cycles;
}

int ShardVariant::chunk_latency_cycles(std::int64_t tokens_per_chunk) const {
    return token_latency_cycles + static_cast<int>(divide_up(tokens_per_chunk, engines) - 1) * token_interval_cycles;
}

double ShardVariant::cycles(std::int64_t tokens) const { return 0.75 * token_latency_cycles + 0.25 * chunk_latency_cycles(tokens); }

int element_bits(const models::Tensor& tensor, int otherwise) { return tensor.format.width > 0 ? tensor.format.width : otherwise; }

double LatencyPrice::of(const ShardVariant& built, std::int64_t tokens) const {
    const int streaming = built.chunk_latency_cycles(tokens) - built.token_latency_cycles;
    return boards_per_cycle * (built.token_latency_cycles + streaming_share * std::max(0.0, streaming - free_streaming));
}

namespace {

Range intersection(const Range& a, const Range& b) { return {std::max(a.begin, b.begin), std::min(a.end, b.end)}; }

/// Of an operator's pieces each pays its part of the operator's latency.
LatencyPrice price_of_piece(const ShardingContext& context, std::size_t op, double pieces) {
    LatencyPrice price = context.latency_prices.empty() ? LatencyPrice{} : context.latency_prices[op];
    price.boards_per_cycle /= pieces;
    return price;
}

/// Enumerates the ways to build shards; shards of one operator and of the same size and channels share them.
class VariantTable {
  public:
    VariantTable(const ShardingContext& context, ShardGraph& graph) : context_(context), graph_(graph) {}

    std::uint32_t find(const models::Operator& op, const OperatorOption& model, double pieces, const Region& region) {
        const auto key = std::tuple(index(op.id), region.tokens.size(), region.channels.begin, region.channels.end);
        const auto [place, fresh] = known_.try_emplace(key, static_cast<std::uint32_t>(graph_.variants.size()));
        if (fresh) graph_.variants.push_back(enumerate(op, model, pieces, region));
        return place->second;
    }

    /// The one set of a source: nothing to build, its data are there when they arrive.
    std::uint32_t of_source(const models::Operator& input) {
        const int arrival_cycles = models::arrival_cycles(*context_.network, input);
        const auto [place, fresh] = sources_.try_emplace(arrival_cycles, static_cast<std::uint32_t>(graph_.variants.size()));
        if (fresh) graph_.variants.push_back({ShardVariant{models::Strategy::wiring, 1, 1, {}, 0, arrival_cycles}});
        return place->second;
    }

  private:
    std::vector<ShardVariant> enumerate(const models::Operator& op, const OperatorOption& model, double pieces,
                                        const Region& region) const {
        const Resources& slr = context_.slr_capacity;
        const std::int64_t tokens = region.tokens.size();
        const double share = static_cast<double>(region.channels.size() * tokens) /
                             static_cast<double>(context_.network->stream(op.id).channels * model.tokens_per_engine * model.engines);
        std::vector<std::pair<double, ShardVariant>> all;  // distance to the model, variant
        std::int64_t engines = splits_tokens(op) ? divide_up(tokens, context_.cycles_per_event) : 1;
        for (;; engines *= 2) {
            const std::int64_t of_engine = divide_up(tokens, engines);
            const Range first_engine{region.tokens.begin, region.tokens.begin + of_engine};
            for (const auto& made : models::implementations(
                     *context_.network, op, {{first_engine, region.channels}, context_.cycles_per_event}, context_.device)) {
                const Resources resources = made.resources * static_cast<double>(engines);
                all.emplace_back(distance(resources, model.total * share, slr),
                                 ShardVariant{made.strategy, static_cast<int>(engines), made.reuse_factor, resources,
                                              made.token_interval_cycles, made.latency_cycles});
            }
            if (of_engine <= 1 || !splits_tokens(op)) break;
        }
        std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        return worth_considering(op, all, pieces, region);
    }

    static double distance(const Resources& a, const Resources& b, const Resources& slr) {
        double sum = 0;
        for (std::size_t r = 0; r < Resources::names.size(); ++r) {
            const double of = slr.values()[r];
            if (of > 0) sum += std::abs(a.values()[r] - b.values()[r]) / of;
        }
        return sum;
    }

    /// Those that fit, that no other beats and that are not much dearer than the cheapest, at the price of latency now (of each of an
    /// operator's pieces its part) or at a fair one: what a slow layout saves need not be saved where a cycle costs next to nothing. Where
    /// none fits, the smallest.
    std::vector<ShardVariant> worth_considering(const models::Operator& op, const std::vector<std::pair<double, ShardVariant>>& all,
                                                double pieces, const Region& region) const {
        const Resources& slr = context_.slr_capacity;
        const auto size = [&](const ShardVariant& variant) { return variant.resources.max_fraction(slr); };
        std::vector<ShardVariant> kept;
        for (const auto& [away, variant] : all) {
            if (!(size(variant) <= context_.largest_variant)) continue;
            const auto beats = [&](const ShardVariant& a, const ShardVariant& b) {
                return a.resources.fits(b.resources) && full_latency(a) <= full_latency(b);
            };
            const auto& candidate = variant;
            if (std::any_of(kept.begin(), kept.end(), [&](const ShardVariant& other) { return beats(other, candidate); })) continue;
            std::erase_if(kept, [&](const ShardVariant& other) { return beats(candidate, other); });
            kept.push_back(variant);
        }
        std::vector<bool> worthwhile(kept.size(), false);
        const LatencyPrice now = price_of_piece(context_, index(op.id), pieces), fair{context_.fair_latency_price / pieces};
        const std::array<LatencyPrice, 3> latency_prices{LatencyPrice{}, now, fair};
        for (const auto& latency_price : latency_prices) {
            const auto price = [&](const ShardVariant& variant) {
                return price_of(variant) + latency_price.of(variant, region.tokens.size());
            };
            double cheapest = std::numeric_limits<double>::infinity();
            for (const auto& variant : kept) cheapest = std::min(cheapest, price(variant));
            for (std::size_t v = 0; v < kept.size(); ++v) {
                if (price(kept[v]) <= context_.about_the_same * cheapest) worthwhile[v] = true;
            }
        }
        std::size_t next = 0;
        std::erase_if(kept, [&](const ShardVariant&) { return !worthwhile[next++]; });
        if (kept.empty()) {
            const auto smaller = [&](const auto& a, const auto& b) { return size(a.second) < size(b.second); };
            kept.push_back(std::min_element(all.begin(), all.end(), smaller)->second);
        }
        return kept;
    }

    /// Of the resources, in boards.
    double price_of(const ShardVariant& variant) const {
        const Resources& board = context_.board_capacity;
        double sum = 0;
        for (std::size_t r = 0; r < context_.prices.size(); ++r) {
            if (board.values()[r] > 0) sum += context_.prices[r] * variant.resources.values()[r] / board.values()[r];
        }
        return sum;
    }

    static int full_latency(const ShardVariant& variant) { return variant.token_latency_cycles + variant.token_interval_cycles; }

    const ShardingContext& context_;
    ShardGraph& graph_;
    std::map<std::tuple<std::size_t, std::int64_t, std::int64_t, std::int64_t>, std::uint32_t> known_;
    std::map<int, std::uint32_t> sources_;  ///< by arrival
};

/// Finds the needs of every consumer along one flow.
class FlowTracer {
  public:
    FlowTracer(const ShardingContext& context, const std::vector<ShardGrid>& grids, const std::vector<std::uint32_t>& first_shard,
               ShardGraph& graph)
        : context_(context), grids_(grids), first_shard_(first_shard), graph_(graph) {}

    void trace(std::uint32_t flow_position) {
        const Flow& flow = (*context_.flows)[flow_position];
        const auto& consumer = context_.network->op(flow.consumer);
        if (consumer.kind == models::OperatorKind::output) {
            add_needs(flow_position, flow.from, ShardGraph::kNone);
            return;
        }
        const auto& split = grids_[index(flow.consumer)].split;
        const std::uint32_t first = first_shard_[index(flow.consumer)];
        for (std::int64_t s = 0; s < split.slices * split.parts; ++s) {
            const auto to = first + static_cast<std::uint32_t>(s);
            const Region needed = models::needed(flow, graph_.shards[to].region);
            if (needed.tokens.empty() || needed.channels.empty()) continue;
            add_needs(flow_position, needed, to);
        }
    }

  private:
    void add_needs(std::uint32_t flow_position, const Region& needed, std::uint32_t to) {
        const Flow& flow = (*context_.flows)[flow_position];
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
                graph_.needs.push_back({from, to, flow_position, flow.tensor, region, region.elements() * bits, false});
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
            graph.nets.push_back({need.from, need.bits, divide_up(need.bits, context.frame_bits) + context.overhead_frames, {}});
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

/// For each chunk of the consumer: the end of the producer's tokens that it and those before it need.
std::vector<std::int64_t> needed_ends(const Flow& flow, const PlannedShard& consumer) {
    std::vector<std::int64_t> ends;
    const Range tokens = consumer.region.tokens;
    for (int chunk = 0; chunk < consumer.chunks; ++chunk) {
        const std::int64_t end = tokens.begin + divide_up(tokens.size() * (chunk + 1), consumer.chunks);
        const Region so_far = models::needed(flow, {{tokens.begin, end}, consumer.region.channels});
        ends.push_back(so_far.tokens.empty() ? 0 : so_far.tokens.end);
    }
    return ends;
}

/// False where waiting chunk by chunk (rule 1 of mapping.h) covers all that the consumer's chunks need.
bool needs_barrier(const PlannedShard& producer, const std::vector<std::int64_t>& ends) {
    const auto consumer_chunks = static_cast<std::int64_t>(ends.size());
    for (std::int64_t chunk = 0; chunk < consumer_chunks; ++chunk) {
        const std::int64_t end = std::min(ends[static_cast<std::size_t>(chunk)], producer.region.tokens.end);
        const std::int64_t chunks = divide_up((chunk + 1) * producer.chunks, consumer_chunks);
        if (end - producer.region.tokens.begin > divide_up(producer.region.tokens.size() * chunks, producer.chunks)) return true;
    }
    return false;
}

}  // namespace

ShardGraph make_shard_graph(const ShardingContext& context, const std::vector<std::vector<OperatorOption>>& options,
                            const std::vector<std::size_t>& chosen, const std::vector<ShardGrid>& grids) {
    ShardGraph graph;
    VariantTable table(context, graph);
    std::vector<std::uint32_t> first_shard(grids.size(), 0);
    std::map<std::pair<std::uint32_t, std::int64_t>, std::uint32_t> columns;  // by group and slice
    for (const auto& op : context.network->operators) {
        const std::size_t position = index(op.id);
        first_shard[position] = static_cast<std::uint32_t>(graph.shards.size());
        const bool source = op.kind == models::OperatorKind::input;
        if (!source && !has_hardware(op)) continue;
        const auto& grid = grids[position];
        const auto pieces = static_cast<double>(grid.split.slices * grid.split.parts);
        for (std::int64_t s = 0; s < grid.split.slices * grid.split.parts; ++s) {
            PlannedShard shard;
            shard.op = static_cast<std::uint32_t>(position);
            shard.region = {grid.slice(s / grid.split.parts), grid.part(s % grid.split.parts)};
            shard.outside = source;
            const auto group = context.streaming_groups.empty() ? static_cast<std::uint32_t>(position) : context.streaming_groups[position];
            shard.column = columns.try_emplace({group, s / grid.split.parts}, static_cast<std::uint32_t>(columns.size())).first->second;
            shard.variants = source ? table.of_source(op) : table.find(op, options[position][chosen[position]], pieces, shard.region);
            shard.latency_price = price_of_piece(context, position, pieces);
            graph.shards.push_back(shard);
        }
    }
    FlowTracer tracer(context, grids, first_shard, graph);
    for (std::uint32_t flow = 0; flow < context.flows->size(); ++flow) tracer.trace(flow);
    std::stable_sort(graph.needs.begin(), graph.needs.end(),
                     [](const Need& a, const Need& b) { return std::tie(a.to, a.from) < std::tie(b.to, b.from); });
    make_nets(graph, context);
    return graph;
}

void set_chunks(ShardGraph& graph, const ShardingContext& context, const std::vector<int>& chunks) {
    for (std::size_t s = 0; s < graph.shards.size(); ++s) graph.shards[s].chunks = chunks[s];
    std::vector<std::int64_t> ends;
    std::pair<std::uint32_t, std::uint32_t> known{ShardGraph::kNone, ShardGraph::kNone};  // consumer and flow that `ends` are for
    for (Need& need : graph.needs) {
        if (need.to == ShardGraph::kNone) continue;
        const Flow& flow = (*context.flows)[need.flow];
        if (known != std::pair(need.to, need.flow)) known = {need.to, need.flow}, ends = needed_ends(flow, graph.shards[need.to]);
        need.barrier = flow.tokens == models::Access::whole || needs_barrier(graph.shards[need.from], ends);
    }
}

}  // namespace tessera::partition
