#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "models/dataflow.h"
#include "models/implementation.h"
#include "partition/check_rectangles.h"
#include "partition/check_rules.h"

namespace tessera::partition {

using models::Flow;
using models::Network;
using models::OperatorKind;
using models::Range;
using models::Region;

namespace {

Region region_of(const Shard& shard) { return {{shard.token_begin, shard.token_end}, {shard.channel_begin, shard.channel_end}}; }

std::string text_of(const Region& region) {
    return fmt::format("tokens {}-{}, channels {}-{}", region.tokens.begin, region.tokens.end - 1, region.channels.begin,
                       region.channels.end - 1);
}

bool takes_hardware(OperatorKind kind) {
    return kind != OperatorKind::input && kind != OperatorKind::output && kind != OperatorKind::wiring;
}

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// The board types offer no more than the board that they stand for.
void check_board_types(const Mapping& mapping, const boards::Board& board, Violations& found) {
    for (std::size_t t = 0; t < mapping.board_types.size(); ++t) {
        const BoardType& type = mapping.board_types[t];
        if (type.is_switch) continue;
        const std::string where = fmt::format("board type {} ({})", t, type.name);
        const auto no_more = [&](const std::string& what, double value, double allowed) {
            if (value > allowed * (1 + 1e-9))
                found.push_back({"board_type", where, fmt::format("{} {}, {} has {}", value, what, board.name, allowed)});
        };
        for (std::size_t r = 0; r < Resources::names.size(); ++r) {
            no_more(std::string(Resources::names[r]) + " of an SLR", type.slr_capacity.values()[r], board.slr_capacity().values()[r]);
        }
        no_more("SLRs", type.slrs, board.slrs());
        no_more("ports", type.ports, board.ports);
        if (type.slr_crossing_cycles >= board.device.slr_crossing_cycles) continue;
        found.push_back({"board_type", where,
                         fmt::format("crosses an SLR in {} cycles, {} takes {}", type.slr_crossing_cycles, board.name,
                                     board.device.slr_crossing_cycles)});
    }
}

/// Every shard is a piece of an operator of the network.
void check_operators(const Mapping& mapping, const Network& network, Violations& found) {
    for (std::size_t s = 0; s < mapping.shards.size(); ++s) {
        const Shard& shard = mapping.shards[s];
        const std::string where = place_of(mapping, id_at<ShardId>(s));
        if (shard.op >= network.operators.size()) {
            found.push_back({"operator", where, fmt::format("operator {} named, {} there", shard.op, network.operators.size())});
            continue;
        }
        const auto& op = network.operators[shard.op];
        const bool outside = shard.board == kOutside;
        if (outside != (op.kind == OperatorKind::input) || (!outside && !takes_hardware(op.kind))) {
            found.push_back({"operator", where, fmt::format("{} {} stands {}", models::name_of(op.kind), op.name, place_of(shard.board))});
        }
        if (shard.kind != models::name_of(op.kind)) {
            found.push_back({"operator", where, fmt::format("kind \"{}\", {} is \"{}\"", shard.kind, op.name, models::name_of(op.kind))});
        }
        const models::StreamShape stream = network.stream(op.id);
        if (shard.token_end > stream.tokens || shard.channel_end > stream.channels) {
            found.push_back({"operator", where,
                             fmt::format("makes {} of {} tokens, {} channels", text_of(region_of(shard)), stream.tokens, stream.channels)});
        }
    }
}

/// Every operator with hardware is made whole. That nothing is made twice is the rule "overlap" of `check`.
void check_coverage(const Mapping& mapping, const Network& network, Violations& found) {
    std::vector<std::int64_t> made(network.operators.size());
    for (const Shard& shard : mapping.shards) made[shard.op] += area(region_of(shard));
    for (const auto& op : network.operators) {
        const std::int64_t elements = network.stream(op.id).elements();
        if (!takes_hardware(op.kind) || made[index(op.id)] == elements) continue;
        found.push_back({"coverage", fmt::format("operator {} ({})", index(op.id), op.name),
                         fmt::format("{} of {} elements are made", made[index(op.id)], elements)});
    }
}

/// Follows every flow of the network through the mapping.
class FlowCheck {
  public:
    FlowCheck(const Mapping& mapping, const Network& network, Violations& found) : mapping_(mapping), network_(network), found_(found) {
        shards_of_.resize(network.operators.size());
        for (std::uint32_t s = 0; s < mapping.shards.size(); ++s) shards_of_[mapping.shards[s].op].push_back(s);
        for (std::uint32_t t = 0; t < mapping.transfers.size(); ++t) {
            if (mapping.transfers[t].to == kOutside) delivery_of_[mapping.transfers[t].from] = id_at<TransferId>(t);
        }
    }

    void run() {
        const auto flows = models::dataflow(network_);
        for (std::size_t first = 0; first < flows.size();) {
            std::size_t last = first;
            while (last < flows.size() && flows[last].consumer == flows[first].consumer) ++last;
            check_consumer({flows.begin() + static_cast<std::ptrdiff_t>(first), flows.begin() + static_cast<std::ptrdiff_t>(last)});
            first = last;
        }
        check_bits();
    }

  private:
    using InputsByOperator = std::map<std::uint32_t, std::vector<const ShardInput*>>;

    void check_consumer(const std::vector<Flow>& flows) {
        const auto& consumer = network_.op(flows.front().consumer);
        if (consumer.kind == OperatorKind::output) {
            for (const Flow& flow : flows) check_delivery(flow);
            return;
        }
        for (const std::uint32_t s : shards_of_[index(consumer.id)]) {
            const InputsByOperator inputs = inputs_of(mapping_.shards[s]);
            for (const Flow& flow : flows) check_shard(flow, s, inputs);
        }
    }

    /// The inputs of a shard by the operator that they come from, each producer once.
    InputsByOperator inputs_of(const Shard& shard) const {
        std::map<ShardId, const ShardInput*> unique;
        for (const ShardInput& input : shard.inputs) {
            const auto [place, fresh] = unique.try_emplace(input.from, &input);
            if (!fresh && input.barrier) place->second = &input;
        }
        InputsByOperator by_operator;
        for (const auto& [from, input] : unique) by_operator[mapping_.shards[index(from)].op].push_back(input);
        return by_operator;
    }

    void check_shard(const Flow& flow, std::uint32_t s, const InputsByOperator& inputs) {
        const Shard& shard = mapping_.shards[s];
        const Region needed = models::needed(flow, region_of(shard));
        if (area(needed) == 0) return;
        const auto from = inputs.find(static_cast<std::uint32_t>(index(flow.producer)));
        std::int64_t fed = 0;
        if (from != inputs.end()) {
            const std::vector<std::int64_t> ends = needed_ends(flow, shard);
            for (const ShardInput* input : from->second) {
                const Region part = common_part(needed, region_of(mapping_.shards[index(input->from)]));
                if (area(part) == 0) continue;
                fed += area(part);
                check_barrier(flow, s, *input, ends);
                if (input->transfer) carried_[{*input->transfer, flow.tensor}].push_back(part);
            }
        }
        if (fed >= area(needed)) return;
        found_.push_back({"flow", place_of(mapping_, id_at<ShardId>(s)),
                          fmt::format("{} of the {} elements that it needs of {} ({}) are fed", fed, area(needed),
                                      network_.op(flow.producer).name, text_of(needed))});
    }

    /// For each chunk of the consumer: the end of the producer's tokens that it and those before need.
    static std::vector<std::int64_t> needed_ends(const Flow& flow, const Shard& consumer) {
        std::vector<std::int64_t> ends;
        const Region all = region_of(consumer);
        const std::int64_t per_chunk = divide_up(all.tokens.size(), consumer.chunks);
        for (std::int64_t chunk = 1; chunk <= consumer.chunks; ++chunk) {
            const Range tokens{all.tokens.begin, std::min(all.tokens.end, all.tokens.begin + chunk * per_chunk)};
            const Region needed = models::needed(flow, {tokens, all.channels});
            ends.push_back(area(needed) == 0 ? 0 : needed.tokens.end);
        }
        return ends;
    }

    /// Without a barrier, chunk k of n waits for the first ceil((k+1) m / n) of m chunks (rule 1 of
    /// mapping.h): the tokens that it needs must be among theirs.
    void check_barrier(const Flow& flow, std::uint32_t s, const ShardInput& input, const std::vector<std::int64_t>& ends) {
        const Shard& consumer = mapping_.shards[s];
        const Shard& producer = mapping_.shards[index(input.from)];
        if (input.barrier || consumer.chunks == 1 || producer.chunks == 1) return;  // it waits for all anyway
        const std::string where = place_of(mapping_, id_at<ShardId>(s));
        if (flow.tokens == models::Access::whole) {
            found_.push_back(
                {"barrier", where, fmt::format("its first chunk needs all of shard {}, and does not wait for it", index(input.from))});
            return;
        }
        const std::int64_t per_chunk = divide_up(producer.token_end - producer.token_begin, producer.chunks);
        for (std::int64_t chunk = 0; chunk < consumer.chunks; ++chunk) {
            const std::int64_t there = producer.token_begin + divide_up((chunk + 1) * producer.chunks, consumer.chunks) * per_chunk;
            const std::int64_t end = std::min(ends[static_cast<std::size_t>(chunk)], producer.token_end);
            if (end <= there) continue;
            found_.push_back({"barrier", where,
                              fmt::format("chunk {} needs the tokens of shard {} before {}, and waits for those before {}", chunk,
                                          index(input.from), end, there)});
            return;
        }
    }

    /// A network output leaves the boards whole; an input that goes straight out never entered.
    void check_delivery(const Flow& flow) {
        if (network_.op(flow.producer).kind == OperatorKind::input) return;
        for (const std::uint32_t s : shards_of_[index(flow.producer)]) {
            const Region part = common_part(flow.from, region_of(mapping_.shards[s]));
            if (area(part) == 0) continue;
            const auto delivery = delivery_of_.find(id_at<ShardId>(s));
            if (delivery != delivery_of_.end()) {
                carried_[{delivery->second, flow.tensor}].push_back(part);
                continue;
            }
            found_.push_back({"flow", place_of(mapping_, id_at<ShardId>(s)),
                              fmt::format("{} of the output {} do not leave", text_of(part), network_.op(flow.consumer).name)});
        }
    }

    /// Each transfer has room for all that its users need of the shard; an element takes a bit at least.
    void check_bits() {
        std::map<TransferId, std::int64_t> needed;
        for (const auto& [key, regions] : carried_) {
            needed[key.first] += union_area(regions) * std::max(1, network_.tensor(key.second).format.width);
        }
        for (const auto& [transfer, bits] : needed) {
            if (mapping_.transfers[index(transfer)].bits >= bits) continue;
            found_.push_back({"bits", place_of(mapping_, transfer),
                              fmt::format("{} bits an event, at least {} needed", mapping_.transfers[index(transfer)].bits, bits)});
        }
    }

    const Mapping& mapping_;
    const Network& network_;
    Violations& found_;
    std::vector<std::vector<std::uint32_t>> shards_of_;                       ///< by operator
    std::map<ShardId, TransferId> delivery_of_;                               ///< transfers to the outside
    std::map<std::pair<TransferId, TensorId>, std::vector<Region>> carried_;  ///< what the users of a transfer need
};

/// Holds every shard against the cost model.
class CostCheck {
  public:
    CostCheck(const Mapping& mapping, const Network& network, const boards::Board& board, Violations& found)
        : mapping_(mapping), network_(network), board_(board), found_(found) {}

    void run() {
        for (std::size_t s = 0; s < mapping_.shards.size(); ++s) {
            if (mapping_.shards[s].board != kOutside) check_shard(id_at<ShardId>(s));
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
            place->second = models::implementations(network_, network_.operators[shard.op], request, board_.device);
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
    const Network& network_;
    const boards::Board& board_;
    Violations& found_;
    std::map<std::tuple<std::uint32_t, std::int64_t, std::int64_t, std::int64_t>, Implementations> known_;
};

}  // namespace

std::vector<Violation> check_against(const Mapping& mapping, const Network& network, const boards::Board& board) {
    Violations found;
    check_values(mapping, found);
    check_ids(mapping, found);
    if (!found.empty()) return found;
    check_board_types(mapping, board, found);
    check_operators(mapping, network, found);
    if (!found.empty()) return found;  // the rules below look shards up in the network
    check_coverage(mapping, network, found);
    FlowCheck(mapping, network, found).run();
    CostCheck(mapping, network, board, found).run();
    return found;
}

}  // namespace tessera::partition
